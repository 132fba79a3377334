// SPDX-License-Identifier: MIT OR Apache-2.0
// Liveness against its definition: the equations of all instructions, solved by trying them until none
// changes anything.
#include "core/isa/encoding.h"
#include "core/verifier/cfg.h"
#include "insn_builders.h"
#include "verify_fixture.h"
#include <random>

namespace kbpf::test {
namespace {

constexpr uint16_t kAllRegs = 0x7ff;

class Programs {
public:
  // Of some functions that jump about in themselves and call each other.
  std::vector<Insn> next() {
    const size_t functions = 1 + below(3), size = 4 + below(20);
    std::vector<Insn> insns;
    for (size_t f = 0; f < functions; f++) {
      for (size_t i = 0; i + 1 < size; i++)
        insns.push_back(any(f * size, size, i, f == 0 ? functions : 1));
      insns.push_back(exit_insn());
    }
    for (size_t f = 1; f < functions; f++) // each is called, so that it is one
      insns[f - 1] = call_subprogram(static_cast<int>(f * size - f));
    return insns;
  }

private:
  uint64_t below(uint64_t end) { return engine_() % end; }
  Reg reg() { return static_cast<Reg>(below(10)); }

  Insn any(size_t first, size_t size, size_t i, size_t functions) {
    const int off = static_cast<int>(below(size)) - static_cast<int>(i) - 1;
    switch (below(functions > 1 ? 9 : 8)) {
    case 0:
      return mov64_imm(reg(), 1);
    case 1:
      return mov64_reg(reg(), reg());
    case 2:
      return add64_reg(reg(), reg());
    case 3:
      return load(KBPF_SIZE_DW, reg(), reg(), 0);
    case 4:
      return jump_reg(KBPF_JMP_JEQ, reg(), reg(), off);
    case 5:
    case 6:
      return jump_imm(KBPF_JMP_JLT, reg(), 7, off);
    case 7:
      return below(4) ? mov64_imm(reg(), 0) : exit_insn();
    default:
      return call_subprogram(static_cast<int>((1 + below(functions - 1)) * size - first - i - 1));
    }
  }

  std::mt19937_64 engine_{20261130};
};

std::vector<uint16_t> by_definition(const std::vector<Insn> &insns, const Profile &profile) {
  std::vector<uint16_t> live(insns.size());
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < insns.size(); i++) {
      const Insn &insn = insns[i];
      uint16_t behind = insn.is_exit() ? uint16_t{0} : live[i + 1];
      if (insn.is_jump())
        behind |= live[static_cast<size_t>(jump_target(i, insn))];
      const RegisterUse use = register_use(insn, profile);
      const auto before = static_cast<uint16_t>((behind & ~use.writes) | use.reads);
      changed |= before != live[i];
      live[i] = before;
    }
  }
  return live;
}

TEST(Cfg, LivenessIsWhatItsDefinitionGives) {
  Programs programs;
  int built = 0, with_loops = 0;
  for (int round = 0; round < 100000; round++) {
    const std::vector<Insn> insns = programs.next();
    const RawProgram program{insns, {}, &kKbpfProfile, kKbpfProfile.prog_type(uint32_t{2}), true, false};
    Arena arena(malloc_source(), size_t{1} << 20);
    Rejection rejection{};
    Result<Cfg> cfg = build_cfg(program, arena, rejection);
    if (!cfg.ok()) // code that no path leads to
      continue;
    built++;
    with_loops += !cfg->back_jumps.empty();
    const std::vector<uint16_t> expected = by_definition(insns, kKbpfProfile);
    for (const Subprogram &function : cfg->subprograms) {
      const auto live = cfg->live.subspan(function.first, function.count);
      if (std::all_of(live.begin(), live.end(), [](uint16_t regs) { return regs == kAllRegs; }))
        continue; // given up, which is safe
      for (uint32_t i = 0; i < function.count; i++)
        ASSERT_EQ(live[i], expected[function.first + i]) << "at " << function.first + i;
    }
  }
  EXPECT_GT(built, 1000);
  EXPECT_GT(with_loops, 500);
}

} // namespace
} // namespace kbpf::test
