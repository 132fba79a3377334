// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/isa/encoding.h"

namespace kbpf {
namespace {

// Null: well-formed.
using Reason = const char *;

Reason check_alu(const Insn &insn) {
  bool is_64 = insn.cls() == KBPF_CLASS_ALU64;
  switch (insn.code()) {
  case KBPF_ALU_END:
    if (is_64 && insn.src_is_reg())
      return "unknown byte swap";
    if (insn.src() != 0 || insn.off != 0)
      return "reserved fields of a byte swap are set";
    return insn.imm == 16 || insn.imm == 32 || insn.imm == 64 ? nullptr
                                                              : "byte swap of a width not 16, 32 or 64";
  case KBPF_ALU_NEG:
    if (insn.src_is_reg() || insn.src() != 0 || insn.off != 0 || insn.imm != 0)
      return "reserved fields of neg are set";
    return nullptr;
  case KBPF_ALU_MOV:
    if (insn.off != 0) {
      bool known = insn.off == 8 || insn.off == 16 || (is_64 && insn.off == 32);
      if (!insn.src_is_reg() || !known)
        return "unknown sign-extending move";
    }
    break;
  case KBPF_ALU_DIV:
  case KBPF_ALU_MOD:
    if (insn.off != 0 && insn.off != 1)
      return "off of a division is not 0 or 1";
    break;
  case KBPF_ALU_ADD:
  case KBPF_ALU_SUB:
  case KBPF_ALU_MUL:
  case KBPF_ALU_OR:
  case KBPF_ALU_AND:
  case KBPF_ALU_LSH:
  case KBPF_ALU_RSH:
  case KBPF_ALU_XOR:
  case KBPF_ALU_ARSH:
    if (insn.off != 0)
      return "off of an arithmetic instruction is set";
    break;
  default:
    return "unknown arithmetic operation";
  }
  if (insn.src_is_reg() ? insn.imm != 0 : insn.src() != 0)
    return "reserved fields of an arithmetic instruction are set";
  return nullptr;
}

Reason check_jump(const Insn &insn) {
  bool is_64 = insn.cls() == KBPF_CLASS_JMP;
  switch (insn.code()) {
  case KBPF_JMP_JA:
    if (insn.src_is_reg() || insn.regs != 0 || (is_64 ? insn.imm != 0 : insn.off != 0))
      return "reserved fields of a jump are set";
    return nullptr;
  case KBPF_JMP_CALL:
    if (!is_64 || insn.src_is_reg())
      return "unknown call instruction";
    if (insn.src() > KBPF_PSEUDO_KFUNC_CALL)
      return "unknown kind of call";
    if (insn.dst() != 0 || (insn.src() != KBPF_PSEUDO_KFUNC_CALL && insn.off != 0))
      return "reserved fields of a call are set";
    return nullptr;
  case KBPF_JMP_EXIT:
    if (!is_64 || insn.src_is_reg() || insn.regs != 0 || insn.off != 0 || insn.imm != 0)
      return "reserved fields of exit are set";
    return nullptr;
  case KBPF_JMP_JCOND:
    if (!is_64 || insn.src_is_reg() || insn.src() != 0)
      return "unknown jump";
    if (insn.off == 0)
      return "may_goto goes to the next instruction";
    return insn.dst() != 0 || insn.imm != 0 ? "reserved fields of may_goto are set" : nullptr;
  case KBPF_JMP_JEQ:
  case KBPF_JMP_JGT:
  case KBPF_JMP_JGE:
  case KBPF_JMP_JSET:
  case KBPF_JMP_JNE:
  case KBPF_JMP_JSGT:
  case KBPF_JMP_JSGE:
  case KBPF_JMP_JLT:
  case KBPF_JMP_JLE:
  case KBPF_JMP_JSLT:
  case KBPF_JMP_JSLE:
    if (insn.src_is_reg() ? insn.imm != 0 : insn.src() != 0)
      return "reserved fields of a conditional jump are set";
    return nullptr;
  default:
    return "unknown jump";
  }
}

Reason check_load(const Insn &insn) { // LDX
  if (insn.imm != 0)
    return "imm of a load is set";
  bool known =
      insn.mode() == KBPF_MODE_MEM || (insn.mode() == KBPF_MODE_MEMSX && insn.size() != KBPF_SIZE_DW);
  return known ? nullptr : "unknown load";
}

Reason check_atomic(const Insn &insn) {
  if (insn.is_load_acquire() || insn.is_store_release())
    return nullptr;
  if (insn.size() != KBPF_SIZE_W && insn.size() != KBPF_SIZE_DW)
    return "atomic operation on a width not 32 or 64";
  switch (insn.imm) {
  case KBPF_ATOMIC_ADD:
  case KBPF_ATOMIC_OR:
  case KBPF_ATOMIC_AND:
  case KBPF_ATOMIC_XOR:
  case KBPF_ATOMIC_ADD | KBPF_ATOMIC_FETCH:
  case KBPF_ATOMIC_OR | KBPF_ATOMIC_FETCH:
  case KBPF_ATOMIC_AND | KBPF_ATOMIC_FETCH:
  case KBPF_ATOMIC_XOR | KBPF_ATOMIC_FETCH:
  case KBPF_ATOMIC_XCHG:
  case KBPF_ATOMIC_CMPXCHG:
    return nullptr;
  default:
    return "unknown atomic operation";
  }
}

Reason check_store(const Insn &insn) { // ST, STX
  bool from_register = insn.cls() == KBPF_CLASS_STX;
  if (from_register && insn.mode() == KBPF_MODE_ATOMIC)
    return check_atomic(insn);
  if (insn.mode() != KBPF_MODE_MEM)
    return "unknown store";
  return (from_register ? insn.imm != 0 : insn.src() != 0) ? "reserved fields of a store are set" : nullptr;
}

Reason check_wide_load(std::span<const Insn> rest) {
  const Insn &insn = rest[0];
  if (!insn.is_ld_imm64())
    return "unknown load";
  if (rest.size() < 2)
    return "the second half of ld_imm64 is missing";
  if (rest[1].opcode != 0 || rest[1].regs != 0 || rest[1].off != 0)
    return "the second half of ld_imm64 is not one";
  if (insn.off != 0)
    return "off of ld_imm64 is set";
  if (insn.src() > KBPF_PSEUDO_MAP_IDX_VALUE && insn.src() != KBPF_PSEUDO_ZCORE_FD_SLOT)
    return "unknown kind of ld_imm64";
  if ((insn.src() == KBPF_PSEUDO_MAP_FD || insn.src() == KBPF_PSEUDO_MAP_IDX) && rest[1].imm != 0)
    return "the second half of a map's ld_imm64 is set";
  return nullptr;
}

Reason check_packet_load(const Insn &insn) {
  if (insn.src() >= KBPF_REG_COUNT)
    return "no such register";
  bool is_reserved = insn.dst() != 0 || insn.off != 0 || (insn.mode() == KBPF_MODE_ABS && insn.src() != 0);
  return is_reserved ? "reserved fields of a packet load are set" : nullptr;
}

// Of the instructions that have no rules but reserved fields, by opcode: which bits of them are reserved. All
// ones where there are other rules: those are looked at one by one. kJumps: of the two bits, the one that the
// opcode of such a jump has not.
struct ReservedBits {
  static constexpr uint64_t kOther = ~uint64_t{0};
  static constexpr uint64_t kJumps = 3;
  uint64_t of[256];
  constexpr ReservedBits() : of() {
    constexpr uint64_t kSrc = 0xf000, kOff = 0xffff0000, kImm = 0xffffffff00000000;
    constexpr uint8_t kPlainAlu[] = {KBPF_ALU_ADD, KBPF_ALU_SUB, KBPF_ALU_MUL, KBPF_ALU_OR,
                                     KBPF_ALU_AND, KBPF_ALU_LSH, KBPF_ALU_RSH, KBPF_ALU_XOR,
                                     KBPF_ALU_MOV, KBPF_ALU_DIV, KBPF_ALU_MOD, KBPF_ALU_ARSH};
    constexpr uint8_t kConditions[] = {KBPF_JMP_JEQ, KBPF_JMP_JGT,  KBPF_JMP_JGE,  KBPF_JMP_JSET,
                                       KBPF_JMP_JNE, KBPF_JMP_JSGT, KBPF_JMP_JSGE, KBPF_JMP_JLT,
                                       KBPF_JMP_JLE, KBPF_JMP_JSLT, KBPF_JMP_JSLE};
    constexpr uint8_t kSizes[] = {KBPF_SIZE_B, KBPF_SIZE_H, KBPF_SIZE_W, KBPF_SIZE_DW};
    for (uint64_t &mask : of)
      mask = kOther;
    for (uint8_t cls : {KBPF_CLASS_ALU, KBPF_CLASS_ALU64})
      for (uint8_t code : kPlainAlu) {
        of[cls | code | KBPF_SRC_K] = kSrc | kOff;
        of[cls | code | KBPF_SRC_X] = kOff | kImm;
      }
    for (uint8_t cls : {KBPF_CLASS_JMP, KBPF_CLASS_JMP32})
      for (uint8_t code : kConditions) {
        of[cls | code | KBPF_SRC_K] = kSrc | (kJumps & ~cls);
        of[cls | code | KBPF_SRC_X] = kImm | (kJumps & ~cls);
      }
    constexpr uint64_t kRegs = 0xff00;
    of[KBPF_OP_EXIT] = kRegs | kOff | kImm; // leads nowhere
    of[KBPF_CLASS_JMP | KBPF_JMP_JA] = kRegs | kImm | (kJumps & ~KBPF_CLASS_JMP);
    of[KBPF_CLASS_JMP32 | KBPF_JMP_JA] = kRegs | kOff | (kJumps & ~KBPF_CLASS_JMP32);
    for (uint8_t size : kSizes) {
      of[KBPF_CLASS_LDX | KBPF_MODE_MEM | size] = kImm;
      of[KBPF_CLASS_STX | KBPF_MODE_MEM | size] = kImm;
      of[KBPF_CLASS_ST | KBPF_MODE_MEM | size] = kSrc;
    }
  }
};
constexpr ReservedBits kReserved;

// Of all ones, and of jumps, it says no.
[[gnu::always_inline]] inline bool is_plain(const Insn &insn, uint64_t reserved) {
  uint64_t word;
  __builtin_memcpy(&word, &insn, sizeof word);
  // A nibble above 10 carries into the next where 5 is added.
  const bool has_bad_register = ((insn.dst() + 5u) | (insn.regs + 0x50u) >> 4) & 0x10;
  return ((word & reserved) | (reserved & ReservedBits::kJumps)) == 0 && !has_bad_register;
}

// A number or a map's name in both halves of an ld_imm64.
bool is_plain_wide(std::span<const Insn> rest) {
  const Insn &insn = rest[0];
  if (!insn.is_ld_imm64() || rest.size() < 2 || insn.off != 0 || insn.dst() >= KBPF_REG_COUNT)
    return false;
  uint64_t second;
  __builtin_memcpy(&second, &rest[1], sizeof second);
  const bool names_map = insn.src() == KBPF_PSEUDO_MAP_FD || insn.src() == KBPF_PSEUDO_MAP_IDX;
  return names_map ? second == 0 : insn.src() == 0 && static_cast<uint32_t>(second) == 0;
}

// Of helpers and of functions of the program.
bool is_plain_call(const Insn &insn) {
  return insn.is_call() && (insn.regs & ~(KBPF_PSEUDO_CALL << 4)) == 0 && insn.off == 0;
}

Reason check_insn(std::span<const Insn> rest, bool allow_unverifiable) {
  const Insn &insn = rest[0];
  if (insn.is_packet_load())
    return check_packet_load(insn);
  bool src_is_pseudo = insn.is_ld_imm64() || insn.is_call();
  if (insn.dst() >= KBPF_REG_COUNT || (!src_is_pseudo && insn.src() >= KBPF_REG_COUNT))
    return "no such register";
  if (insn.is_callx() && allow_unverifiable)
    return insn.src() != 0 || insn.off != 0 || insn.imm != 0 ? "reserved fields of a call are set" : nullptr;
  switch (insn.cls()) {
  case KBPF_CLASS_LD:
    return check_wide_load(rest);
  case KBPF_CLASS_LDX:
    return check_load(insn);
  case KBPF_CLASS_ST:
  case KBPF_CLASS_STX:
    return check_store(insn);
  case KBPF_CLASS_ALU:
  case KBPF_CLASS_ALU64:
    return check_alu(insn);
  default:
    return check_jump(insn);
  }
}

Reason check_target(std::span<const Insn> insns, size_t index) {
  const Insn &insn = insns[index];
  if (insn.is_exit() || insn.is_callx() || (insn.is_call() && insn.src() != KBPF_PSEUDO_CALL))
    return nullptr;
  int64_t target = jump_target(index, insn);
  if (target < 0 || static_cast<uint64_t>(target) >= insns.size())
    return "jumps out of the program";
  // Every slot of opcode 0 is the second half of an ld_imm64, or refused itself.
  return insns[static_cast<size_t>(target)].opcode == 0 ? "jumps into the middle of ld_imm64" : nullptr;
}

} // namespace

std::optional<EncodingFault> check_encoding(std::span<const Insn> insns, bool allow_unverifiable) {
  std::optional<EncodingFault> jump; // the first that goes where it may not, if all else is well
  for (size_t i = 0; i < insns.size(); i++) {
    const Insn &insn = insns[i];
    const uint64_t reserved = kReserved.of[insn.opcode];
    if (is_plain(insn, reserved))
      continue;
    if (reserved != ReservedBits::kOther && is_plain(insn, reserved & ~ReservedBits::kJumps)) {
      const size_t target = i + 1 + static_cast<size_t>(int64_t{insn.off}); // of most jumps
      if (insn.opcode != (KBPF_CLASS_JMP32 | KBPF_JMP_JA) && target < insns.size() &&
          insns[target].opcode != 0)
        continue;
    } else if (is_plain_call(insn)) {
      if (insn.src() == 0)
        continue;
    } else if (is_plain_wide(insns.subspan(i))) {
      i++;
      continue;
    } else {
      if (Reason reason = check_insn(insns.subspan(i), allow_unverifiable))
        return EncodingFault{i, reason};
    }
    if (insn.is_jump_class() && !jump)
      if (Reason reason = check_target(insns, i))
        jump = EncodingFault{i, reason};
    if (insn.is_ld_imm64())
      i++;
  }
  return jump;
}

} // namespace kbpf
