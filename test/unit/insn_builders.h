// SPDX-License-Identifier: MIT OR Apache-2.0
// A tiny assembler: one constexpr function per instruction form, so that tests write programs as they read.
//   const Insn program[] = {mov64_imm(R0, 0), jump_imm(KBPF_JMP_JEQ, R1, 0, +1), ...};
// ld_imm64 takes two slots; lists of instructions are put together with assemble().
#pragma once
#include "core/isa/insn.h"
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace kbpf::test {

enum Reg : uint8_t { R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, R10 };

constexpr Insn make_insn(unsigned opcode, unsigned dst, unsigned src, int off, int64_t imm) {
  Insn insn{static_cast<uint8_t>(opcode), 0, static_cast<int16_t>(off), static_cast<int32_t>(imm)};
  insn.set_regs(static_cast<uint8_t>(dst), static_cast<uint8_t>(src));
  return insn;
}

// ALU. code: KBPF_ALU_*; off: 1 for signed division and modulo, 8/16/32 for a sign-extending move.
constexpr Insn alu64_imm(unsigned code, Reg dst, int64_t imm, int off = 0) {
  return make_insn(KBPF_CLASS_ALU64 | code | KBPF_SRC_K, dst, 0, off, imm);
}
constexpr Insn alu64_reg(unsigned code, Reg dst, Reg src, int off = 0) {
  return make_insn(KBPF_CLASS_ALU64 | code | KBPF_SRC_X, dst, src, off, 0);
}
constexpr Insn alu32_imm(unsigned code, Reg dst, int64_t imm, int off = 0) {
  return make_insn(KBPF_CLASS_ALU | code | KBPF_SRC_K, dst, 0, off, imm);
}
constexpr Insn alu32_reg(unsigned code, Reg dst, Reg src, int off = 0) {
  return make_insn(KBPF_CLASS_ALU | code | KBPF_SRC_X, dst, src, off, 0);
}
constexpr Insn mov64_imm(Reg dst, int64_t imm) { return alu64_imm(KBPF_ALU_MOV, dst, imm); }
constexpr Insn mov64_reg(Reg dst, Reg src) { return alu64_reg(KBPF_ALU_MOV, dst, src); }
constexpr Insn mov32_imm(Reg dst, int64_t imm) { return alu32_imm(KBPF_ALU_MOV, dst, imm); }
constexpr Insn mov32_reg(Reg dst, Reg src) { return alu32_reg(KBPF_ALU_MOV, dst, src); }
constexpr Insn movsx64_reg(Reg dst, Reg src, int bits) { return alu64_reg(KBPF_ALU_MOV, dst, src, bits); }
constexpr Insn movsx32_reg(Reg dst, Reg src, int bits) { return alu32_reg(KBPF_ALU_MOV, dst, src, bits); }
constexpr Insn add64_imm(Reg dst, int64_t imm) { return alu64_imm(KBPF_ALU_ADD, dst, imm); }
constexpr Insn add64_reg(Reg dst, Reg src) { return alu64_reg(KBPF_ALU_ADD, dst, src); }
constexpr Insn and64_imm(Reg dst, int64_t imm) { return alu64_imm(KBPF_ALU_AND, dst, imm); }
constexpr Insn lsh64_imm(Reg dst, int64_t imm) { return alu64_imm(KBPF_ALU_LSH, dst, imm); }
constexpr Insn neg64(Reg dst) { return alu64_imm(KBPF_ALU_NEG, dst, 0); }
constexpr Insn neg32(Reg dst) { return alu32_imm(KBPF_ALU_NEG, dst, 0); }
constexpr Insn to_le(Reg dst, int bits) {
  return make_insn(KBPF_CLASS_ALU | KBPF_ALU_END | KBPF_SRC_K, dst, 0, 0, bits);
}
constexpr Insn to_be(Reg dst, int bits) {
  return make_insn(KBPF_CLASS_ALU | KBPF_ALU_END | KBPF_SRC_X, dst, 0, 0, bits);
}
constexpr Insn bswap(Reg dst, int bits) {
  return make_insn(KBPF_CLASS_ALU64 | KBPF_ALU_END | KBPF_SRC_K, dst, 0, 0, bits);
}

// Memory. size: KBPF_SIZE_*.
constexpr Insn load(unsigned size, Reg dst, Reg base, int off) {
  return make_insn(KBPF_CLASS_LDX | KBPF_MODE_MEM | size, dst, base, off, 0);
}
constexpr Insn load_signed(unsigned size, Reg dst, Reg base, int off) {
  return make_insn(KBPF_CLASS_LDX | KBPF_MODE_MEMSX | size, dst, base, off, 0);
}
constexpr Insn store_reg(unsigned size, Reg base, int off, Reg src) {
  return make_insn(KBPF_CLASS_STX | KBPF_MODE_MEM | size, base, src, off, 0);
}
constexpr Insn store_imm(unsigned size, Reg base, int off, int64_t imm) {
  return make_insn(KBPF_CLASS_ST | KBPF_MODE_MEM | size, base, 0, off, imm);
}
// operation: KBPF_ATOMIC_*; size: KBPF_SIZE_W or KBPF_SIZE_DW.
constexpr Insn atomic(unsigned size, int operation, Reg base, int off, Reg src) {
  return make_insn(KBPF_CLASS_STX | KBPF_MODE_ATOMIC | size, base, src, off, operation);
}

// Control. code: KBPF_JMP_*; off counts slots from the next instruction.
constexpr Insn ja(int off) { return make_insn(KBPF_CLASS_JMP | KBPF_JMP_JA, 0, 0, off, 0); }
constexpr Insn gotol(int imm) { return make_insn(KBPF_CLASS_JMP32 | KBPF_JMP_JA, 0, 0, 0, imm); }
constexpr Insn jump_imm(unsigned code, Reg dst, int64_t imm, int off) {
  return make_insn(KBPF_CLASS_JMP | code | KBPF_SRC_K, dst, 0, off, imm);
}
constexpr Insn jump_reg(unsigned code, Reg dst, Reg src, int off) {
  return make_insn(KBPF_CLASS_JMP | code | KBPF_SRC_X, dst, src, off, 0);
}
constexpr Insn jump32_imm(unsigned code, Reg dst, int64_t imm, int off) {
  return make_insn(KBPF_CLASS_JMP32 | code | KBPF_SRC_K, dst, 0, off, imm);
}
constexpr Insn jump32_reg(unsigned code, Reg dst, Reg src, int off) {
  return make_insn(KBPF_CLASS_JMP32 | code | KBPF_SRC_X, dst, src, off, 0);
}
constexpr Insn call_helper(int number) { return make_insn(KBPF_OP_CALL, 0, 0, 0, number); }
// distance: slots from the next instruction to the called function.
constexpr Insn call_subprogram(int distance) {
  return make_insn(KBPF_OP_CALL, 0, KBPF_PSEUDO_CALL, 0, distance);
}
constexpr Insn exit_insn() { return make_insn(KBPF_OP_EXIT, 0, 0, 0, 0); }

// Wide loads.
struct Insn2 {
  Insn first, second;
};
constexpr Insn2 ld_imm64_from(unsigned src, Reg dst, int64_t low, int64_t high) {
  return {make_insn(KBPF_OP_LD_IMM64, dst, src, 0, low), make_insn(0, 0, 0, 0, high)};
}
constexpr Insn2 ld_imm64(Reg dst, uint64_t value) {
  return ld_imm64_from(0, dst, static_cast<int32_t>(value), static_cast<int32_t>(value >> 32));
}
constexpr Insn2 ld_callback(Reg dst, int subprogram) {
  return ld_imm64_from(KBPF_PSEUDO_FUNC, dst, subprogram, 0);
}
constexpr Insn may_goto(int off) { return make_insn(KBPF_OP_JCOND, 0, 0, off, 0); }
constexpr Insn2 ld_map(Reg dst, int index) { return ld_imm64_from(KBPF_PSEUDO_MAP_IDX, dst, index, 0); }
constexpr Insn2 ld_map_value(Reg dst, int index, int offset) {
  return ld_imm64_from(KBPF_PSEUDO_MAP_IDX_VALUE, dst, index, offset);
}
constexpr Insn2 ld_fd_slot(Reg dst, int index) {
  return ld_imm64_from(KBPF_PSEUDO_ZCORE_FD_SLOT, dst, index, 0);
}

// One or two slots; lets both kinds stand in one list.
struct Slots {
  constexpr Slots(Insn insn) : insns{insn, {}}, count(1) {}
  constexpr Slots(Insn2 pair) : insns{pair.first, pair.second}, count(2) {}
  Insn insns[2];
  unsigned count;
};
inline std::vector<Insn> assemble(std::initializer_list<Slots> list) {
  std::vector<Insn> code;
  for (const Slots &slots : list)
    code.insert(code.end(), slots.insns, slots.insns + slots.count);
  return code;
}

} // namespace kbpf::test
