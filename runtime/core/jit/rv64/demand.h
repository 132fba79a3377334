// SPDX-License-Identifier: MIT OR Apache-2.0
// Which registers' upper halves are read later on: one step of the backward walk, for the two who walk.
#pragma once
#include "core/isa/encoding.h"
#include "core/jit/rv64/plan.h"
#include <array>

namespace kbpf::rv64 {

// A set of registers whose upper halves are demanded, one bit each, is the low part of a mark.
using Demand = uint32_t;

namespace demand {

// What an operation does with its operands, by opcode: four bits where the upper half of its result is not
// demanded, and four where it is.
constexpr unsigned kWritesDst = 1, kDemandsDst = 2, kDemandsSrc = 4, kUnused = 8;
constexpr unsigned kIsSpecial = 0x80; // its fields matter, too; nothing else is said

constexpr uint8_t effects(unsigned undemanded, unsigned demanded) {
  return static_cast<uint8_t>(undemanded | demanded << 4);
}

// Whether the low half of the result depends on the operands' low halves only.
constexpr bool keeps_halves_apart(uint8_t code) {
  switch (code) {
  case KBPF_ALU_ADD:
  case KBPF_ALU_SUB:
  case KBPF_ALU_MUL:
  case KBPF_ALU_OR:
  case KBPF_ALU_AND:
  case KBPF_ALU_XOR:
  case KBPF_ALU_NEG:
    return true;
  default:
    return false;
  }
}

constexpr uint8_t effects_of(uint8_t opcode) {
  Insn insn{.opcode = opcode, .regs = 0, .off = 0, .imm = 0};
  bool by_register = insn.src_is_reg();
  unsigned src = by_register ? kDemandsSrc : 0;
  switch (insn.cls()) {
  case KBPF_CLASS_ALU:
    return insn.code() == KBPF_ALU_END ? kIsSpecial : effects(kWritesDst | kUnused, kWritesDst);
  case KBPF_CLASS_ALU64:
    if (insn.code() == KBPF_ALU_END || (insn.code() == KBPF_ALU_MOV && by_register) ||
        ((insn.code() == KBPF_ALU_AND || insn.code() == KBPF_ALU_LSH) && !by_register))
      return kIsSpecial;
    if (insn.code() == KBPF_ALU_MOV)
      return effects(kWritesDst | kUnused, kWritesDst);
    if (keeps_halves_apart(insn.code()))
      return effects(kWritesDst | kUnused, kWritesDst | kDemandsDst | src);
    return effects(kWritesDst | kUnused | kDemandsDst | src, kWritesDst | kDemandsDst | src);
  case KBPF_CLASS_LD: // the second half of ld_imm64 does nothing
    return insn.is_packet_load() ? kIsSpecial
           : insn.is_ld_imm64()  ? effects(kWritesDst, kWritesDst)
                                 : effects(0, 0);
  case KBPF_CLASS_LDX:
    return effects(kWritesDst | kUnused | kDemandsSrc, kWritesDst | kDemandsSrc);
  case KBPF_CLASS_ST:
    return effects(kDemandsDst, kDemandsDst);
  case KBPF_CLASS_STX: {
    unsigned operands = kDemandsDst | (insn.size() == KBPF_SIZE_DW ? kDemandsSrc : 0);
    return insn.mode() == KBPF_MODE_ATOMIC ? kIsSpecial : effects(operands, operands);
  }
  default:
    return kIsSpecial;
  }
}

// For instructions that are special. at_target: demands where a jump goes.
uint32_t before_special(const Insn &insn, Demand after, Demand at_target);

} // namespace demand

// What is demanded in front of an instruction where `after` is behind it; with mark::kUpperHalfUnused where
// nobody reads the upper half of its result. effects: of its opcode, not kIsSpecial.
inline uint32_t demanded_before(const Insn &insn, uint32_t effects, Demand after) {
  using namespace demand;
  unsigned dst = insn.dst(), src = insn.src();
  effects >>= (after >> dst & 1) * 4;
  Demand before = after & ~((effects & kWritesDst) << dst);
  before |= (effects >> 1 & 1) << dst | (effects >> 2 & 1) << src;
  return before | (effects & kUnused) * (mark::kUpperHalfUnused / kUnused);
}

// The same for any instruction.
inline uint32_t demanded_before(std::span<const Insn> insns, const uint32_t *marks, size_t index,
                                Demand after) {
  const Insn &insn = insns[index];
  uint8_t effects = demand::effects_of(insn.opcode);
  if (effects != demand::kIsSpecial)
    return demanded_before(insn, effects, after);
  size_t target = insn.is_jump() ? static_cast<size_t>(jump_target(index, insn)) : index;
  return demand::before_special(insn, after, marks[target] & mark::kDemand);
}

} // namespace kbpf::rv64
