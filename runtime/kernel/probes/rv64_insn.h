// SPDX-License-Identifier: MIT OR Apache-2.0
// What a probe must know about the instruction that it replaces: its length, whether a probe may stand there
// at all, and whether it can run at another address. RISC-V Instruction Set Manual, volume I (RV64GC),
// chapters 2, 5, 8 and 27 (C extension); privileged instructions: volume II.
//
// Integer computation, jumps and branches are taken apart here and emulated on the saved registers
// (rv64_emulate.h), because they depend on pc or because that is cheaper than running them elsewhere.
// Everything that touches memory, floating point or control registers is executed by the hart itself, in a
// slot (slots.h).
#pragma once
#include <cstdint>

namespace kbpf::probes {

constexpr uint16_t kCompressedBreakpoint = 0x9002; // c.ebreak

// Bytes of the instruction that starts with this halfword: 2, 4, or more for encodings beyond RV64GC.
unsigned instruction_length(uint16_t first_halfword);

// The operation of the uncompressed form. w: 32-bit result, sign-extended.
enum class Operation : uint8_t {
  out_of_line, // not emulated: run a copy
  lui,
  auipc,
  jal,
  jalr,
  beq,
  bne,
  blt,
  bge,
  bltu,
  bgeu,
  addi,
  slti,
  sltiu,
  xori,
  ori,
  andi,
  slli,
  srli,
  srai,
  addiw,
  slliw,
  srliw,
  sraiw,
  add,
  sub,
  sll,
  slt,
  sltu,
  xor_,
  srl,
  sra,
  or_,
  and_,
  addw,
  subw,
  sllw,
  srlw,
  sraw,
};

struct NativeInsn {
  Operation operation = Operation::out_of_line;
  uint8_t length = 0; // bytes in the text: 2 or 4
  uint8_t rd = 0, rs1 = 0, rs2 = 0;
  int32_t imm = 0;       // sign-extended; lui and auipc: the whole value; shifts: the amount
  uint32_t encoding = 0; // as in the text
};

// What an instruction does to the hart's reservation (A extension).
enum class Reservation : uint8_t { unchanged, loads, stores };

struct DecodedNative {
  NativeInsn insn;
  Reservation reservation = Reservation::unchanged;
  const char *refusal = nullptr; // why no probe can stand here, or null where one can
};

// word: the instruction's four bytes; only the low two count where it is compressed.
DecodedNative decode_native(uint32_t word);

} // namespace kbpf::probes
