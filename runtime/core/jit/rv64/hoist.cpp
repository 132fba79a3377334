// SPDX-License-Identifier: MIT OR Apache-2.0
// Constants that loops need again and again get a register for the whole function, and the prologue builds
// them once. Registers come from what the function leaves unused; a function that calls others has to save
// them, a leaf has not. The choice is only a matter of speed: lowering asks for a constant and finds it in a
// register, or builds it in place.
#include "core/jit/rv64/hoist.h"
#include <algorithm>
#include <array>
#include <bit>

namespace kbpf::rv64 {
namespace {

constexpr uint32_t kMaxWeightedDepth = 4;

// The constant that lowering of the instruction would build in a register, if any. It is one of those that
// demand::kBuilds is said of.
std::optional<uint64_t> built_constant(std::span<const Insn> insns, size_t index) {
  const Insn &insn = insns[index];
  uint64_t imm = static_cast<uint64_t>(int64_t{insn.imm});
  bool is_short = fits_signed(insn.imm, 12);
  switch (insn.cls()) {
  case KBPF_CLASS_LD:
    if (insn.src() != 0)
      return std::nullopt;
    return static_cast<uint32_t>(insn.imm) | uint64_t{static_cast<uint32_t>(insns[index + 1].imm)} << 32;
  case KBPF_CLASS_ST:
    return imm ? std::optional(imm) : std::nullopt;
  case KBPF_CLASS_JMP:
  case KBPF_CLASS_JMP32:
    return imm == 0 || (insn.code() == KBPF_JMP_JSET && is_short) ? std::nullopt : std::optional(imm);
  default:
    break;
  }
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

} // namespace

void LoopConstants::add(std::span<const Insn> insns, size_t index, unsigned depth) {
  const Insn &insn = insns[index];
  std::optional<uint64_t> value = built_constant(insns, index);
  if (!value)
    return;
  Candidate *candidate = candidates_, *const end = candidates_ + count_;
  while (candidate != end && candidate->value != *value)
    candidate++;
  if (candidate == end) {
    if (count_ == kMaxCandidates)
      return;
    count_++;
    *candidate = {*value, constant_length(*value), 0};
  }
  // Its own instructions, but for the copy where the instruction is nothing but the constant.
  const bool is_copied = insn.cls() == KBPF_CLASS_LD || (insn.is_alu() && insn.code() == KBPF_ALU_MOV);
  const uint32_t saved = is_copied ? candidate->length - 1 : candidate->length;
  candidate->weight += saved << (3 * std::min(depth, kMaxWeightedDepth));
}

void LoopConstants::choose(std::span<const Reg> registers, Layout &layout) {
  std::sort(candidates_, candidates_ + count_, [](const Candidate &a, const Candidate &b) {
    return a.weight != b.weight ? a.weight > b.weight : a.value < b.value;
  });
  while (count_ > 0 && !candidates_[count_ - 1].weight)
    count_--;
  layout.constant_count = static_cast<uint8_t>(std::min<size_t>({count_, registers.size(), kMaxConstants}));
  for (unsigned i = 0; i < layout.constant_count; i++)
    layout.constants[i] = {candidates_[i].value, registers[i]};
}

} // namespace kbpf::rv64
