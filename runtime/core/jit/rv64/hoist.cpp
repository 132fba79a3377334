// SPDX-License-Identifier: MIT OR Apache-2.0
// Constants that loops need again and again get a register for the whole function, and the prologue builds
// them once. Registers come from what the function leaves unused; a function that calls others has to save
// them, a leaf has not. The choice is one linear walk and only a matter of speed: lowering asks for a
// constant and finds it in a register, or builds it in place.
#include "core/jit/rv64/hoist.h"
#include <algorithm>
#include <array>
#include <bit>

namespace kbpf::rv64 {
namespace {

struct Candidate {
  uint64_t value;
  uint32_t weight; // instructions saved, as if each loop ran eight times
};
constexpr unsigned kMaxCandidates = 16; // later ones are not looked at
constexpr uint32_t kMaxWeightedDepth = 4;

// The constant that lowering of the instruction would build in a register, if any.
std::optional<uint64_t> built_constant(std::span<const Insn> insns, size_t index) {
  const Insn &insn = insns[index];
  uint64_t imm = static_cast<uint64_t>(int64_t{insn.imm});
  bool is_short = fits_signed(insn.imm, 12);
  switch (insn.cls()) {
  case KBPF_CLASS_LD:
    if (!insn.is_ld_imm64() || insn.src() != 0)
      return std::nullopt;
    return static_cast<uint32_t>(insn.imm) | uint64_t{static_cast<uint32_t>(insns[index + 1].imm)} << 32;
  case KBPF_CLASS_ST:
    return imm ? std::optional(imm) : std::nullopt;
  case KBPF_CLASS_JMP:
  case KBPF_CLASS_JMP32:
    if (insn.src_is_reg() || insn.code() == KBPF_JMP_JA || insn.is_call() || insn.is_exit())
      return std::nullopt;
    return imm == 0 || (insn.code() == KBPF_JMP_JSET && is_short) ? std::nullopt : std::optional(imm);
  case KBPF_CLASS_ALU:
  case KBPF_CLASS_ALU64:
    break;
  default:
    return std::nullopt;
  }
  if (insn.src_is_reg())
    return std::nullopt;
  switch (insn.code()) {
  case KBPF_ALU_SUB:
    return fits_signed(-int64_t{insn.imm}, 12) ? std::nullopt : std::optional(-imm);
  case KBPF_ALU_ADD:
  case KBPF_ALU_AND:
  case KBPF_ALU_OR:
  case KBPF_ALU_XOR:
  case KBPF_ALU_MOV:
    return is_short ? std::nullopt : std::optional(imm);
  case KBPF_ALU_MUL:
  case KBPF_ALU_DIV:
  case KBPF_ALU_MOD:
    return insn.imm > 0 && std::has_single_bit(static_cast<uint32_t>(insn.imm)) ? std::nullopt
                                                                                : std::optional(imm);
  default:
    return std::nullopt;
  }
}

// Opcodes for which built_constant() may have one.
constexpr auto kMayBuild = [] {
  std::array<bool, 256> all{};
  for (unsigned opcode = 0; opcode < 256; opcode++) {
    Insn insn{.opcode = static_cast<uint8_t>(opcode), .regs = 0, .off = 0, .imm = 0};
    all[opcode] = insn.cls() == KBPF_CLASS_LD       ? insn.is_ld_imm64()
                  : insn.cls() == KBPF_CLASS_ST     ? true
                  : insn.is_jump() || insn.is_alu() ? !insn.src_is_reg()
                                                    : false;
  }
  return all;
}();

// Instructions saved each time that the constant is in a register: its own, but for the copy where the
// instruction is nothing but the constant.
uint32_t saving(const Insn &insn, uint64_t value) {
  uint32_t length = constant_length(value);
  bool is_copied = insn.cls() == KBPF_CLASS_LD || (insn.is_alu() && insn.code() == KBPF_ALU_MOV);
  return is_copied ? length - 1 : length;
}

void add_candidate(std::span<Candidate> candidates, unsigned &count, uint64_t value, uint32_t weight) {
  for (Candidate &candidate : candidates.first(count))
    if (candidate.value == value) {
      candidate.weight += weight;
      return;
    }
  if (count < candidates.size())
    candidates[count++] = {value, weight};
}

} // namespace

void hoist_constants(Plan &plan, const Loops &loops, std::span<const Reg> registers, Layout &layout) {
  std::span<const Insn> insns = plan.program.insns();
  std::span<const InsnFacts> facts = plan.program.facts();
  if (registers.empty())
    return;
  const uint32_t *const nesting = plan.fixups_before.data(); // see Scan::note_loop()
  Candidate candidates[kMaxCandidates];
  unsigned count = 0;
  uint32_t depth = 0;
  for (size_t i = loops.begin; i < loops.end; i++) {
    depth += nesting[i];
    if (!kMayBuild[insns[i].opcode] || depth == 0 || !facts[i].reachable)
      continue;
    if (std::optional<uint64_t> value = built_constant(insns, i))
      if (uint32_t saved = saving(insns[i], *value)) {
        uint32_t weighted_depth = std::min(depth, kMaxWeightedDepth);
        add_candidate(candidates, count, *value, std::min(saved << (3 * weighted_depth), 1u << 20));
      }
  }
  std::sort(candidates, candidates + count, [](const Candidate &a, const Candidate &b) {
    return a.weight != b.weight ? a.weight > b.weight : a.value < b.value;
  });
  layout.constant_count = static_cast<uint8_t>(std::min<size_t>({count, registers.size(), kMaxConstants}));
  for (unsigned i = 0; i < layout.constant_count; i++)
    layout.constants[i] = {candidates[i].value, registers[i]};
}

} // namespace kbpf::rv64
