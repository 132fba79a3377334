// SPDX-License-Identifier: MIT OR Apache-2.0
// The transformer against execution: random straight-line code with comparisons, spills and fills runs on
// words and on the abstract state at once, along the path that the words take. The state must contain the
// words at every step; links between copies and parts of a number are where this could fail.
#include "concrete_alu.h"
#include "core/verifier/transformer.h"
#include "insn_builders.h"
#include "verify_fixture.h"
#include <array>
#include <gtest/gtest.h>
#include <random>

namespace kbpf::test {
namespace {

constexpr unsigned kRegs = 5, kSlots = 3, kLength = 40;
constexpr int kPrograms = 5000;

class Words { // the concrete machine
public:
  std::array<uint64_t, kRegs> regs;
  std::array<uint64_t, kSlots> slots{};

  void run(const Insn &insn) {
    uint64_t &dst = regs[insn.dst() % kRegs];
    if (insn.cls() == KBPF_CLASS_LDX) {
      dst = truncate(slot(insn.off), insn.access_bytes() * 8);
    } else if (insn.cls() == KBPF_CLASS_STX) {
      unsigned bits = insn.access_bytes() * 8;
      uint64_t kept = bits == 64 ? 0 : slot(insn.off) >> bits << bits;
      slot(insn.off) = kept | truncate(regs[insn.src()], bits);
    } else if (insn.cls() == KBPF_CLASS_ALU64) {
      dst = compute<uint64_t>(insn.code(), insn.off, dst, operand(insn));
    } else {
      dst = compute<uint32_t>(insn.code(), insn.off, static_cast<uint32_t>(dst),
                              static_cast<uint32_t>(operand(insn)));
    }
  }
  bool takes(const Insn &jump) const {
    uint64_t a = regs[jump.dst()], b = operand(jump);
    return jump.cls() == KBPF_CLASS_JMP
               ? holds<uint64_t>(jump.code(), a, b)
               : holds<uint32_t>(jump.code(), static_cast<uint32_t>(a), static_cast<uint32_t>(b));
  }

private:
  uint64_t &slot(int off) { return slots[static_cast<size_t>(-off / 8 - 1)]; }
  uint64_t operand(const Insn &insn) const {
    return insn.src_is_reg() ? regs[insn.src()] : static_cast<uint64_t>(int64_t{insn.imm});
  }
};

class RandomCode {
public:
  explicit RandomCode(uint64_t seed) : engine_(seed) {}
  uint64_t word() {
    switch (below(3)) {
    case 0:
      return engine_();
    case 1:
      return engine_() >> below(64);
    default:
      return below(300) - 20;
    }
  }
  uint64_t below(uint64_t bound) { return engine_() % bound; }

  // Copies, extensions and comparisons more often than the rest.
  Insn insn() {
    static constexpr uint8_t kAlu[] = {KBPF_ALU_ADD, KBPF_ALU_SUB, KBPF_ALU_MUL, KBPF_ALU_DIV,
                                       KBPF_ALU_OR,  KBPF_ALU_AND, KBPF_ALU_LSH, KBPF_ALU_RSH,
                                       KBPF_ALU_MOD, KBPF_ALU_XOR, KBPF_ALU_ARSH};
    static constexpr uint8_t kJumps[] = {KBPF_JMP_JEQ,  KBPF_JMP_JNE,  KBPF_JMP_JGT,  KBPF_JMP_JGE,
                                         KBPF_JMP_JLT,  KBPF_JMP_JLE,  KBPF_JMP_JSGT, KBPF_JMP_JSGE,
                                         KBPF_JMP_JSLT, KBPF_JMP_JSLE, KBPF_JMP_JSET};
    static constexpr unsigned kSizes[] = {KBPF_SIZE_DW, KBPF_SIZE_W, KBPF_SIZE_H, KBPF_SIZE_B};
    Reg dst = reg(), src = reg();
    int imm = static_cast<int>(word());
    int slot = -8 * static_cast<int>(1 + below(kSlots));
    switch (below(12)) {
    case 0:
      return mov64_reg(dst, src);
    case 1:
      return mov32_reg(dst, src);
    case 2:
      return movsx64_reg(dst, src, 8 << below(3));
    case 3:
      return and64_imm(dst, below(2) ? 0xffff : 0xff);
    case 4:
      return lsh64_imm(dst, below(2) ? 32 : 48);
    case 5:
      return alu64_imm(below(2) ? KBPF_ALU_RSH : KBPF_ALU_ARSH, dst, below(2) ? 32 : 48);
    case 6:
      return store_reg(kSizes[below(4)], R10, slot, src);
    case 7:
      return load(kSizes[below(4)], dst, R10, slot);
    case 8: {
      uint8_t code = kAlu[below(std::size(kAlu))];
      return below(2)   ? alu64_imm(code, dst, imm)
             : below(2) ? alu32_imm(code, dst, imm)
                        : alu64_reg(code, dst, src);
    }
    default: {
      uint8_t code = kJumps[below(std::size(kJumps))];
      switch (below(4)) {
      case 0:
        return jump_imm(code, dst, imm, 0);
      case 1:
        return jump32_imm(code, dst, imm, 0);
      case 2:
        return jump_reg(code, dst, src, 0);
      default:
        return jump32_reg(code, dst, src, 0);
      }
    }
    }
  }

private:
  Reg reg() { return static_cast<Reg>(below(kRegs)); }
  std::mt19937_64 engine_;
};

void expect_contained(const State &state, const Words &words, const std::vector<Insn> &code, uint64_t seed) {
  for (unsigned reg = 0; reg < kRegs; reg++)
    ASSERT_TRUE(state.reg(reg).number.contains(words.regs[reg]))
        << "seed " << seed << ", instruction " << state.insn << " of " << code.size() << ", r" << reg << " = "
        << words.regs[reg];
}

void run_both(uint64_t seed) {
  RandomCode random(seed);
  std::vector<Insn> code;
  for (unsigned i = 0; i < kLength; i++)
    code.push_back(random.insn());
  Arena arena(malloc_source(), size_t{1} << 20);
  RawProgram program{code, {}, &kKbpfProfile, kKbpfProfile.prog_type(2u), true, false};
  Rejection rejection;
  Analysis analysis{.program = program, .rejection = rejection};
  StatePool pool(arena);
  Transformer transformer(analysis, pool);
  State *state = pool.make_state();
  ASSERT_TRUE(state && pool.push_frame(*state, 0, 0) && pool.reserve_slots(state->frame(), kSlots));
  Words words;
  for (unsigned reg = 0; reg < kRegs; reg++) {
    words.regs[reg] = random.word();
    state->reg(reg) = Value::unknown();
  }
  for (uint32_t slot = 0; slot < kSlots; slot++)
    for (ByteKind &kind : state->frame().slots[slot].bytes)
      kind = ByteKind::zero;

  for (; state->insn < code.size(); state->insn++) {
    const Insn &insn = code[state->insn];
    if (insn.is_jump_class()) {
      ASSERT_TRUE(transformer.assume_jump(*state, words.takes(insn)))
          << "seed " << seed << ": a side that is taken was said to be impossible, at " << state->insn;
    } else {
      ASSERT_TRUE(transformer.apply(*state).ok());
      words.run(insn);
    }
    ASSERT_NO_FATAL_FAILURE(expect_contained(*state, words, code, seed));
  }
}

TEST(Transformer, StateContainsWhatExecutionGives) {
  for (uint64_t seed = 0; seed < kPrograms; seed++)
    ASSERT_NO_FATAL_FAILURE(run_both(seed));
}

} // namespace
} // namespace kbpf::test
