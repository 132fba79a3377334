// SPDX-License-Identifier: MIT OR Apache-2.0
// Encodings of the RISC-V instructions that the JIT uses (unprivileged specification: RV64I, M, A, C, Zba,
// Zbb): one constexpr function an instruction, named after it. Operands are not checked here; the emit layer
// knows the ranges. The tables serve the functions below and the test that compares each with LLVM's
// assembler.
#pragma once
#include <cstdint>

namespace kbpf::rv64 {

// clang-format off: tables
enum Reg : uint8_t {
  zero, ra, sp, gp, tp, t0, t1, t2, s0, s1, a0, a1, a2, a3, a4, a5,
  a6, a7, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, t3, t4, t5, t6,
};

// name, opcode, funct3, funct7
#define KBPF_RV64_R_TYPE(V)                                                                                 \
  V(add, 0x33, 0, 0x00)    V(sub, 0x33, 0, 0x20)    V(sll, 0x33, 1, 0x00)    V(srl, 0x33, 5, 0x00)          \
  V(sra, 0x33, 5, 0x20)    V(or_, 0x33, 6, 0x00)    V(and_, 0x33, 7, 0x00)   V(xor_, 0x33, 4, 0x00)         \
  V(addw, 0x3b, 0, 0x00)   V(subw, 0x3b, 0, 0x20)   V(sllw, 0x3b, 1, 0x00)   V(srlw, 0x3b, 5, 0x00)         \
  V(sraw, 0x3b, 5, 0x20)   V(mul, 0x33, 0, 0x01)    V(div, 0x33, 4, 0x01)    V(divu, 0x33, 5, 0x01)         \
  V(rem, 0x33, 6, 0x01)    V(remu, 0x33, 7, 0x01)   V(mulw, 0x3b, 0, 0x01)   V(divw, 0x3b, 4, 0x01)         \
  V(divuw, 0x3b, 5, 0x01)  V(remw, 0x3b, 6, 0x01)   V(remuw, 0x3b, 7, 0x01)  V(add_uw, 0x3b, 0, 0x04)       \
  V(sh1add, 0x33, 2, 0x10) V(sh2add, 0x33, 4, 0x10) V(sh3add, 0x33, 6, 0x10)
// name, opcode, funct3
#define KBPF_RV64_I_TYPE(V)                                                                                 \
  V(addi, 0x13, 0)         V(sltiu, 0x13, 3)        V(xori, 0x13, 4)         V(ori, 0x13, 6)                \
  V(andi, 0x13, 7)         V(addiw, 0x1b, 0)
#define KBPF_RV64_LOADS(V)                                                                                  \
  V(lb, 0x03, 0)           V(lh, 0x03, 1)           V(lw, 0x03, 2)           V(ld, 0x03, 3)                 \
  V(lbu, 0x03, 4)          V(lhu, 0x03, 5)          V(lwu, 0x03, 6)
#define KBPF_RV64_STORES(V)                                                                                 \
  V(sb, 0x23, 0)           V(sh, 0x23, 1)           V(sw, 0x23, 2)           V(sd, 0x23, 3)
// name, opcode, funct3, bits 31 .. 26
#define KBPF_RV64_SHIFTS(V)                                                                                 \
  V(slli, 0x13, 1, 0x00)   V(srli, 0x13, 5, 0x00)   V(srai, 0x13, 5, 0x10)                                  \
  V(slliw, 0x1b, 1, 0x00)  V(srliw, 0x1b, 5, 0x00)  V(sraiw, 0x1b, 5, 0x10)      \
  V(rori, 0x13, 5, 0x18)   V(roriw, 0x1b, 5, 0x18)
// name, opcode, funct3
#define KBPF_RV64_BRANCHES(V)                                                                               \
  V(beq, 0x63, 0)          V(bne, 0x63, 1)          V(blt, 0x63, 4)          V(bge, 0x63, 5)                \
  V(bltu, 0x63, 6)         V(bgeu, 0x63, 7)
// name, opcode, funct3, bits 31 .. 20
#define KBPF_RV64_UNARY(V)                                                                                  \
  V(sext_b, 0x13, 1, 0x604) V(sext_h, 0x13, 1, 0x605) V(zext_h, 0x3b, 4, 0x080) V(rev8, 0x13, 5, 0x6b8)
// name, funct5: .w and .d, with and without acquire and release
#define KBPF_RV64_AMOS(V)                                                                                   \
  V(amoadd, 0x00)          V(amoswap, 0x01)         V(amoxor, 0x04)          V(amoor, 0x08)           V(amoand, 0x0c)
// clang-format on

namespace encode {

constexpr uint32_t field(int64_t value, unsigned high, unsigned low) {
  return static_cast<uint32_t>(static_cast<uint64_t>(value) >> low) & ((1u << (high - low + 1)) - 1);
}

#define KBPF_RV64_DEFINE(name, opcode, funct3, funct7)                                                       \
  constexpr uint32_t name(Reg rd, Reg rs1, Reg rs2) {                                                        \
    return opcode | rd << 7 | funct3 << 12 | rs1 << 15 | rs2 << 20 | static_cast<uint32_t>(funct7) << 25;    \
  }
KBPF_RV64_R_TYPE(KBPF_RV64_DEFINE)
#undef KBPF_RV64_DEFINE

// imm: -2048 .. 2047
#define KBPF_RV64_DEFINE(name, opcode, funct3)                                                               \
  constexpr uint32_t name(Reg rd, Reg rs1, int32_t imm) {                                                    \
    return opcode | rd << 7 | funct3 << 12 | rs1 << 15 | static_cast<uint32_t>(imm) << 20;                   \
  }
KBPF_RV64_I_TYPE(KBPF_RV64_DEFINE)
KBPF_RV64_LOADS(KBPF_RV64_DEFINE)
#undef KBPF_RV64_DEFINE

// Stores rs2 at base + offset.
#define KBPF_RV64_DEFINE(name, opcode, funct3)                                                               \
  constexpr uint32_t name(Reg rs2, Reg base, int32_t offset) {                                               \
    return opcode | field(offset, 4, 0) << 7 | funct3 << 12 | base << 15 | rs2 << 20 |                       \
           field(offset, 11, 5) << 25;                                                                       \
  }
KBPF_RV64_STORES(KBPF_RV64_DEFINE)
#undef KBPF_RV64_DEFINE

#define KBPF_RV64_DEFINE(name, opcode, funct3, high)                                                         \
  constexpr uint32_t name(Reg rd, Reg rs1, unsigned count) {                                                 \
    return opcode | rd << 7 | funct3 << 12 | rs1 << 15 | count << 20 | static_cast<uint32_t>(high) << 26;    \
  }
KBPF_RV64_SHIFTS(KBPF_RV64_DEFINE)
#undef KBPF_RV64_DEFINE

// distance: from the branch itself, even, -4096 .. 4094
#define KBPF_RV64_DEFINE(name, opcode, funct3)                                                               \
  constexpr uint32_t name(Reg rs1, Reg rs2, int32_t distance) {                                              \
    return opcode | field(distance, 11, 11) << 7 | field(distance, 4, 1) << 8 | funct3 << 12 | rs1 << 15 |   \
           rs2 << 20 | field(distance, 10, 5) << 25 | field(distance, 12, 12) << 31;                         \
  }
KBPF_RV64_BRANCHES(KBPF_RV64_DEFINE)
#undef KBPF_RV64_DEFINE

#define KBPF_RV64_DEFINE(name, opcode, funct3, high)                                                         \
  constexpr uint32_t name(Reg rd, Reg rs1) {                                                                 \
    return opcode | rd << 7 | funct3 << 12 | rs1 << 15 | static_cast<uint32_t>(high) << 20;                  \
  }
KBPF_RV64_UNARY(KBPF_RV64_DEFINE)
#undef KBPF_RV64_DEFINE

constexpr uint32_t kAcquire = 2, kRelease = 1;
constexpr uint32_t atomic(uint32_t funct5, uint32_t order, bool is64, Reg rd, Reg rs2, Reg address) {
  return 0x2f | rd << 7 | (is64 ? 3u : 2u) << 12 | address << 15 | rs2 << 20 | order << 25 | funct5 << 27;
}
// Puts the old value (.w: sign-extended) into rd.
#define KBPF_RV64_DEFINE(name, funct5)                                                                       \
  constexpr uint32_t name(bool is64, uint32_t order, Reg rd, Reg rs2, Reg address) {                         \
    return atomic(funct5, order, is64, rd, rs2, address);                                                    \
  }
KBPF_RV64_AMOS(KBPF_RV64_DEFINE)
#undef KBPF_RV64_DEFINE
constexpr uint32_t lr(bool is64, uint32_t order, Reg rd, Reg address) {
  return atomic(0x02, order, is64, rd, zero, address);
}
constexpr uint32_t sc(bool is64, uint32_t order, Reg rd, Reg rs2, Reg address) {
  return atomic(0x03, order, is64, rd, rs2, address);
}

// upper: bits 31 .. 12 of the value
constexpr uint32_t lui(Reg rd, uint32_t upper) { return 0x37 | rd << 7 | upper << 12; }
constexpr uint32_t auipc(Reg rd, uint32_t upper) { return 0x17 | rd << 7 | upper << 12; }
constexpr uint32_t jalr(Reg rd, Reg rs1, int32_t offset) {
  return 0x67 | rd << 7 | rs1 << 15 | static_cast<uint32_t>(offset) << 20;
}
// distance: even, -2^20 .. 2^20 - 2
constexpr uint32_t jal(Reg rd, int32_t distance) {
  return 0x6f | rd << 7 | field(distance, 19, 12) << 12 | field(distance, 11, 11) << 20 |
         field(distance, 10, 1) << 21 | field(distance, 20, 20) << 31;
}
// Sets of accesses that fence orders.
constexpr uint32_t rdtime(Reg rd) { return 0x73 | rd << 7 | 2u << 12 | 0xc01u << 20; }
constexpr uint32_t kRead = 2, kWrite = 1;
constexpr uint32_t fence(uint32_t before, uint32_t after) { return 0x0f | after << 20 | before << 24; }

// The compressed forms. A register of the "narrow" ones is x8 .. x15.
constexpr uint32_t narrow(Reg reg) { return reg & 7u; }
constexpr uint16_t ci(uint32_t funct3, uint32_t quadrant, Reg rd, int32_t imm) {
  return static_cast<uint16_t>(quadrant | field(imm, 4, 0) << 2 | rd << 7 | field(imm, 5, 5) << 12 |
                               funct3 << 13);
}
constexpr uint16_t c_addi(Reg rd, int32_t imm) { return ci(0, 1, rd, imm); }  // imm: -32 .. 31, not 0
constexpr uint16_t c_addiw(Reg rd, int32_t imm) { return ci(1, 1, rd, imm); } // rd: not zero
constexpr uint16_t c_li(Reg rd, int32_t imm) { return ci(2, 1, rd, imm); }
constexpr uint16_t c_lui(Reg rd, int32_t upper) { return ci(3, 1, rd, upper); } // not 0; rd: not zero, not sp
constexpr uint16_t c_slli(Reg rd, unsigned count) { return ci(0, 2, rd, static_cast<int32_t>(count)); }
constexpr uint16_t c_addi16sp(int32_t imm) { // -512 .. 496, multiple of 16, not 0
  return static_cast<uint16_t>(0x6101 | field(imm, 5, 5) << 2 | field(imm, 8, 7) << 3 |
                               field(imm, 6, 6) << 5 | field(imm, 4, 4) << 6 | field(imm, 9, 9) << 12);
}
constexpr uint16_t c_addi4spn(Reg rd, int32_t imm) { // 4 .. 1020, multiple of 4
  return static_cast<uint16_t>(narrow(rd) << 2 | field(imm, 3, 3) << 5 | field(imm, 2, 2) << 6 |
                               field(imm, 9, 6) << 7 | field(imm, 5, 4) << 11);
}
constexpr uint16_t cb(uint32_t kind, Reg rd, int32_t imm) { // arithmetic on a narrow register and 6 bits
  return static_cast<uint16_t>(0x8001 | field(imm, 4, 0) << 2 | narrow(rd) << 7 | kind << 10 |
                               field(imm, 5, 5) << 12);
}
constexpr uint16_t c_srli(Reg rd, unsigned count) { return cb(0, rd, static_cast<int32_t>(count)); }
constexpr uint16_t c_srai(Reg rd, unsigned count) { return cb(1, rd, static_cast<int32_t>(count)); }
constexpr uint16_t c_andi(Reg rd, int32_t imm) { return cb(2, rd, imm); }
constexpr uint16_t ca(uint32_t wide, uint32_t kind, Reg rd, Reg rs2) {
  return static_cast<uint16_t>(0x8c01 | narrow(rs2) << 2 | kind << 5 | narrow(rd) << 7 | wide << 12);
}
constexpr uint16_t c_sub(Reg rd, Reg rs2) { return ca(0, 0, rd, rs2); }
constexpr uint16_t c_xor(Reg rd, Reg rs2) { return ca(0, 1, rd, rs2); }
constexpr uint16_t c_or(Reg rd, Reg rs2) { return ca(0, 2, rd, rs2); }
constexpr uint16_t c_and(Reg rd, Reg rs2) { return ca(0, 3, rd, rs2); }
constexpr uint16_t c_subw(Reg rd, Reg rs2) { return ca(1, 0, rd, rs2); }
constexpr uint16_t c_addw(Reg rd, Reg rs2) { return ca(1, 1, rd, rs2); }
constexpr uint16_t cr(uint32_t funct4, Reg rd, Reg rs2) {
  return static_cast<uint16_t>(2 | rs2 << 2 | rd << 7 | funct4 << 12);
}
constexpr uint16_t c_mv(Reg rd, Reg rs2) { return cr(8, rd, rs2); }
constexpr uint16_t c_add(Reg rd, Reg rs2) { return cr(9, rd, rs2); }
constexpr uint16_t c_jr(Reg rs1) { return cr(8, rs1, zero); }
constexpr uint16_t c_jalr(Reg rs1) { return cr(9, rs1, zero); }

// Loads and stores of a word (offset 0 .. 124, multiple of 4) and a double word (0 .. 248, multiple of 8).
constexpr uint16_t c_access(uint32_t funct3, Reg value, Reg base, uint32_t offset_bits) {
  return static_cast<uint16_t>(narrow(value) << 2 | narrow(base) << 7 | offset_bits | funct3 << 13);
}
constexpr uint32_t word_bits(int32_t offset) {
  return field(offset, 6, 6) << 5 | field(offset, 2, 2) << 6 | field(offset, 5, 3) << 10;
}
constexpr uint32_t double_bits(int32_t offset) {
  return field(offset, 7, 6) << 5 | field(offset, 5, 3) << 10;
}
constexpr uint16_t c_lw(Reg rd, Reg base, int32_t offset) { return c_access(2, rd, base, word_bits(offset)); }
constexpr uint16_t c_ld(Reg rd, Reg base, int32_t offset) {
  return c_access(3, rd, base, double_bits(offset));
}
constexpr uint16_t c_sw(Reg rs2, Reg base, int32_t offset) {
  return c_access(6, rs2, base, word_bits(offset));
}
constexpr uint16_t c_sd(Reg rs2, Reg base, int32_t offset) {
  return c_access(7, rs2, base, double_bits(offset));
}
// The same relative to sp: offset 0 .. 252 and 0 .. 504.
constexpr uint16_t c_lwsp(Reg rd, int32_t offset) {
  return static_cast<uint16_t>(0x4002 | field(offset, 7, 6) << 2 | field(offset, 4, 2) << 4 | rd << 7 |
                               field(offset, 5, 5) << 12);
}
constexpr uint16_t c_ldsp(Reg rd, int32_t offset) {
  return static_cast<uint16_t>(0x6002 | field(offset, 8, 6) << 2 | field(offset, 4, 3) << 5 | rd << 7 |
                               field(offset, 5, 5) << 12);
}
constexpr uint16_t c_swsp(Reg rs2, int32_t offset) {
  return static_cast<uint16_t>(0xc002 | rs2 << 2 | field(offset, 7, 6) << 7 | field(offset, 5, 2) << 9);
}
constexpr uint16_t c_sdsp(Reg rs2, int32_t offset) {
  return static_cast<uint16_t>(0xe002 | rs2 << 2 | field(offset, 8, 6) << 7 | field(offset, 5, 3) << 10);
}

constexpr uint16_t c_j(int32_t distance) { // even, -2048 .. 2046
  return static_cast<uint16_t>(0xa001 | field(distance, 5, 5) << 2 | field(distance, 3, 1) << 3 |
                               field(distance, 7, 7) << 6 | field(distance, 6, 6) << 7 |
                               field(distance, 10, 10) << 8 | field(distance, 9, 8) << 9 |
                               field(distance, 4, 4) << 11 | field(distance, 11, 11) << 12);
}
constexpr uint16_t c_branch(uint32_t funct3, Reg rs1, int32_t distance) { // even, -256 .. 254
  return static_cast<uint16_t>(1 | field(distance, 5, 5) << 2 | field(distance, 2, 1) << 3 |
                               field(distance, 7, 6) << 5 | narrow(rs1) << 7 | field(distance, 4, 3) << 10 |
                               field(distance, 8, 8) << 12 | funct3 << 13);
}
constexpr uint16_t c_beqz(Reg rs1, int32_t distance) { return c_branch(6, rs1, distance); }
constexpr uint16_t c_bnez(Reg rs1, int32_t distance) { return c_branch(7, rs1, distance); }

} // namespace encode
} // namespace kbpf::rv64
