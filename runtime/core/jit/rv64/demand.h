// SPDX-License-Identifier: MIT OR Apache-2.0
// Which registers' upper halves are read later on, and so which 32-bit results need no zero extension: one
// step of the backward walk, for the two who walk.
#pragma once
#include "core/isa/encoding.h"
#include "core/jit/rv64/plan.h"
#include <array>

namespace kbpf::rv64 {

// A set of registers whose upper halves are demanded, one bit each; inverted it is the low part of a mark, so
// that everything is demanded where nobody has been yet.
using Demand = uint32_t;
constexpr Demand kEverything = mark::kUndemanded;
inline Demand demand_in(uint32_t mark) { return ~mark & kEverything; }
// What to put into a mark that says nothing yet; before: as below.
inline uint32_t in_mark(uint32_t before) { return before ^ mark::kUndemanded; }

namespace demand {

// The operands of an instruction, one bit each: dst in the low half of the word, src in the high half.
constexpr uint32_t kDst = 0x07ff, kSrc = kDst << 16;

// Of operands: one of them is no register.
constexpr uint32_t kInvalid = 1u << 11;

// What an operation does with the upper halves of its operands, by opcode: masks for such a word, and flags.
struct Effect {
  uint32_t written;  // kDst, or 0 also where the demand does not change; kSpares, kWritesMore, which all
                     // operands have as well; the kinds below
  uint32_t demanded; // kDst, kSrc, both; kUpperHalfUnused where the result may go without, as all operands
                     // have that bit; kOfConstant
};
// Lowering heeds that nobody reads the upper half of the result: nothing else may have kUpperHalfUnused
// without that being true.
constexpr uint32_t kSpares = mark::kUpperHalfUnused;
// Another register than dst may be written without its upper half.
constexpr uint32_t kWritesMore = 1u << 12;
constexpr uint32_t kOfAll = mark::kUpperHalfUnused | kWritesMore;

// Lowering may build the constant in a register: see hoist.h; but not where it fits 12 bits, or is 0.
constexpr uint32_t kBuilds = 1u << 31, kUnlessShort = 1u << 30, kUnlessZero = 1u << 29,
                   kOfConstant = kBuilds | kUnlessShort | kUnlessZero;

// Where the fields matter, too: nothing else is said; or a jump, which demands what its target does as well;
// or an operation whose constant may keep the upper half from being demanded; or an atomic operation, which
// is said without its result.
constexpr uint32_t kIsSpecial = 1u << 31, kIsJump = 1u << 30, kHasConstant = 1u << 29, kIsAtomic = 1u << 28,
                   kNeedsMore = kIsSpecial | kIsJump | kHasConstant | kIsAtomic;
constexpr uint32_t kResultBit = 1, kScratch = 0x3f, kArguments = 0x3e; // r0, r0 .. r5, r1 .. r5

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

// is_demanded: the upper half of dst, behind the instruction.
constexpr Effect halves_of(uint8_t opcode, bool is_demanded) {
  Insn insn{.opcode = opcode, .regs = 0, .off = 0, .imm = 0};
  constexpr Effect kSpecial{kIsSpecial, 0}, kSwap{kIsSpecial | kSpares | kWritesMore, 0};
  const uint32_t spared = is_demanded ? 0 : kSpares;
  bool by_register = insn.src_is_reg();
  uint32_t src = by_register ? kSrc : 0, unused = is_demanded ? 0 : mark::kUpperHalfUnused;
  switch (insn.cls()) {
  case KBPF_CLASS_ALU:
    if (insn.code() == KBPF_ALU_MOV && !by_register)
      return {kDst | kHasConstant | spared, unused};
    return insn.code() == KBPF_ALU_END ? kSwap : Effect{kDst | spared, unused};
  case KBPF_CLASS_ALU64:
    if (insn.code() == KBPF_ALU_MOV && by_register)
      return {kDst | kHasConstant, is_demanded ? kSrc : unused};
    if ((insn.code() == KBPF_ALU_AND || insn.code() == KBPF_ALU_LSH) && !by_register)
      return {kDst | kHasConstant, is_demanded ? kDst : unused};
    if (insn.code() == KBPF_ALU_END)
      return kSwap;
    if ((insn.code() == KBPF_ALU_ADD || insn.code() == KBPF_ALU_SUB) && !by_register)
      return {0, unused};                           // demanded as it was; r10 is refused later
    if (insn.code() == KBPF_ALU_OR && !is_demanded) // a rotation of 32 bits may end so
      return {kDst | spared, unused};
    if (insn.code() == KBPF_ALU_MOV || (keeps_halves_apart(insn.code()) && !is_demanded))
      return {kDst, unused};
    return {kDst, kDst | src | unused};
  case KBPF_CLASS_LD:
    if (insn.is_told())
      return {kIsSpecial | kDst, 0};
    return insn.is_ld_imm64() ? Effect{kDst, 0} : kSpecial;
  case KBPF_CLASS_LDX:
    return {kDst | (insn.size() == KBPF_SIZE_W ? spared : 0), kSrc | unused};
  case KBPF_CLASS_ST:
    return {0, kDst};
  case KBPF_CLASS_STX:
    return {insn.mode() == KBPF_MODE_ATOMIC ? kIsAtomic | kSpares | kWritesMore : 0,
            kDst | (insn.size() == KBPF_SIZE_DW ? kSrc : 0)};
  default:
    if (!insn.is_jump() || insn.code() == KBPF_JMP_JA || insn.code() == KBPF_JMP_JCOND)
      return kSpecial;
    return {kIsJump, insn.cls() == KBPF_CLASS_JMP32 ? 0 : kDst | src};
  }
}

// Some of kOfConstant.
constexpr uint32_t builds(uint8_t opcode) {
  Insn insn{.opcode = opcode, .regs = 0, .off = 0, .imm = 0};
  if (insn.cls() == KBPF_CLASS_LD)
    return insn.is_ld_imm64() ? kBuilds : 0;
  if (insn.cls() == KBPF_CLASS_ST)
    return insn.mode() == KBPF_MODE_MEM ? kBuilds | kUnlessZero : 0;
  if ((!insn.is_alu() && !insn.is_jump()) || insn.src_is_reg())
    return 0;
  if (insn.is_jump())
    return insn.code() != KBPF_JMP_JA && insn.code() != KBPF_JMP_JCOND ? kBuilds | kUnlessZero : 0;
  switch (insn.code()) {
  case KBPF_ALU_ADD:
  case KBPF_ALU_AND:
  case KBPF_ALU_OR:
  case KBPF_ALU_XOR:
  case KBPF_ALU_MOV:
    return kBuilds | kUnlessShort;
  case KBPF_ALU_SUB:
  case KBPF_ALU_MUL:
  case KBPF_ALU_DIV:
  case KBPF_ALU_MOD:
    return kBuilds | kUnlessZero;
  default:
    return 0;
  }
}
constexpr Effect effect_of(uint8_t opcode, bool is_demanded) {
  Effect effect = halves_of(opcode, is_demanded);
  return {effect.written, effect.demanded | builds(opcode)};
}

// By regs byte and by opcode: in one place, as they are read together.
struct Tables {
  std::array<uint32_t, 256> operands;
  std::array<std::array<Effect, 2>, 256> effects;
};
constexpr Tables kTables = [] {
  Tables all{};
  for (unsigned byte = 0; byte < 256; byte++) {
    unsigned dst = byte & 15, src = byte >> 4;
    all.operands[byte] =
        dst < KBPF_REG_COUNT && src < KBPF_REG_COUNT ? 1u << dst | 1u << (16 + src) | kOfAll : kInvalid;
    all.effects[byte] = {effect_of(static_cast<uint8_t>(byte), false),
                         effect_of(static_cast<uint8_t>(byte), true)};
  }
  return all;
}();

// Of an instruction that is special: the demands in front of it where `after` is behind it and at_target
// where it jumps, with mark::kUpperHalfUnused where nobody reads the upper half of its result.
uint32_t before_special(const Insn &insn, Demand after, Demand at_target);

// The same of any other instruction, but for what its target demands. Bits 11 to 26 mean nothing, in marks as
// well.
[[gnu::always_inline]] inline uint32_t before(Effect effect, uint32_t operands, Demand after) {
  uint32_t demanded = operands & effect.demanded;
  return (after & ~(operands & effect.written)) | demanded | demanded >> 16;
}

// A move of 64 bits that sign-extends, a shift to the left by 32 or more and a mask without an upper half
// demand nothing.
[[gnu::always_inline]] inline Effect with_constant(Effect effect, const Insn &insn) {
  bool demands = true;
  if (insn.code() == KBPF_ALU_MOV) [[likely]]
    demands = insn.off == 0;
  else
    demands = insn.code() == KBPF_ALU_LSH ? !(insn.imm & 32) : insn.imm < 0;
  if (!demands) [[unlikely]]
    effect.demanded &= mark::kUpperHalfUnused | kOfConstant;
  return effect;
}
constexpr uint32_t before_call(Demand after) { return (after & ~kScratch) | kArguments; }

} // namespace demand

// The same of any instruction.
inline uint32_t demanded_before(std::span<const Insn> insns, const uint32_t *marks, size_t index,
                                Demand after) {
  using namespace demand;
  const Insn &insn = insns[index];
  uint32_t operands = kTables.operands[insn.regs];
  Effect effect = kTables.effects[insn.opcode][(after & operands) != 0];
  if (!(effect.written & kNeedsMore))
    return before(effect, operands, after);
  if (effect.written & kHasConstant)
    return before(with_constant(effect, insn), operands, after);
  if (effect.written & kIsJump) {
    Demand at_target = demand_in(marks[index + 1 + static_cast<size_t>(ptrdiff_t{insn.off})]);
    return before(effect, operands, after | at_target);
  }
  size_t target = insn.is_jump() ? static_cast<size_t>(jump_target(index, insn)) : index;
  return before_special(insn, after, demand_in(marks[target]));
}

} // namespace kbpf::rv64
