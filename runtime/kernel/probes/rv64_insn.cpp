// SPDX-License-Identifier: MIT OR Apache-2.0
// Decoding goes through one form: a compressed integer instruction is first expanded to the 32-bit
// instruction that the manual defines it by, so the operands are taken apart in one place only.
#include "kernel/probes/rv64_insn.h"

namespace kbpf::probes {
namespace {

constexpr uint32_t bits(uint32_t value, unsigned high, unsigned low) {
  return value >> low & ((uint32_t(2) << (high - low)) - 1);
}

constexpr int32_t sign_extend(uint32_t value, unsigned width) {
  return static_cast<int32_t>(value << (32 - width)) >> (32 - width);
}

// Major opcodes (bits 6 to 0).
enum Opcode : uint32_t {
  kLoad = 0x03,
  kLoadFp = 0x07,
  kMiscMem = 0x0f,
  kOpImm = 0x13,
  kAuipc = 0x17,
  kOpImm32 = 0x1b,
  kStore = 0x23,
  kStoreFp = 0x27,
  kAmo = 0x2f,
  kOp = 0x33,
  kLui = 0x37,
  kOp32 = 0x3b,
  kMadd = 0x43,
  kMsub = 0x47,
  kNmsub = 0x4b,
  kNmadd = 0x4f,
  kOpFp = 0x53,
  kOpVector = 0x57,
  kBranch = 0x63,
  kJalr = 0x67,
  kJal = 0x6f,
  kSystem = 0x73,
};

// Instruction formats, assembled.
constexpr uint32_t make_i(Opcode opcode, uint32_t funct3, uint32_t rd, uint32_t rs1, int32_t imm) {
  return static_cast<uint32_t>(imm) << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode;
}
constexpr uint32_t make_r(Opcode opcode, uint32_t funct7, uint32_t funct3, uint32_t rd, uint32_t rs1,
                          uint32_t rs2) {
  return funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode;
}
constexpr uint32_t make_b(uint32_t funct3, uint32_t rs1, uint32_t rs2, int32_t imm) {
  const uint32_t offset = static_cast<uint32_t>(imm);
  return bits(offset, 12, 12) << 31 | bits(offset, 10, 5) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 |
         bits(offset, 4, 1) << 8 | bits(offset, 11, 11) << 7 | kBranch;
}
constexpr uint32_t make_j(uint32_t rd, int32_t imm) {
  const uint32_t offset = static_cast<uint32_t>(imm);
  return bits(offset, 20, 20) << 31 | bits(offset, 10, 1) << 21 | bits(offset, 11, 11) << 20 |
         bits(offset, 19, 12) << 12 | rd << 7 | kJal;
}

// Immediates that several compressed formats share.
constexpr int32_t ci_imm(uint32_t c) { return sign_extend(bits(c, 12, 12) << 5 | bits(c, 6, 2), 6); }
constexpr int32_t cj_offset(uint32_t c) {
  return sign_extend(bits(c, 12, 12) << 11 | bits(c, 8, 8) << 10 | bits(c, 10, 9) << 8 | bits(c, 6, 6) << 7 |
                         bits(c, 7, 7) << 6 | bits(c, 2, 2) << 5 | bits(c, 11, 11) << 4 | bits(c, 5, 3) << 1,
                     12);
}
constexpr int32_t cb_offset(uint32_t c) {
  return sign_extend(bits(c, 12, 12) << 8 | bits(c, 6, 5) << 6 | bits(c, 2, 2) << 5 | bits(c, 11, 10) << 3 |
                         bits(c, 4, 3) << 1,
                     9);
}

// c.srli, c.srai, c.andi and the register-register forms; 0 where it is none of the base set's (Zcb).
uint32_t expand_misc_alu(uint32_t c) {
  const uint32_t rd = 8 + bits(c, 9, 7), rs2 = 8 + bits(c, 4, 2);
  const int32_t shift = static_cast<int32_t>(bits(c, 12, 12) << 5 | bits(c, 6, 2));
  switch (bits(c, 11, 10)) {
  case 0:
    return make_i(kOpImm, 5, rd, rd, shift);
  case 1:
    return make_i(kOpImm, 5, rd, rd, 0x400 | shift);
  case 2:
    return make_i(kOpImm, 7, rd, rd, ci_imm(c));
  }
  switch (bits(c, 12, 12) << 2 | bits(c, 6, 5)) {
  case 0:
    return make_r(kOp, 0x20, 0, rd, rd, rs2); // c.sub
  case 1:
    return make_r(kOp, 0, 4, rd, rd, rs2); // c.xor
  case 2:
    return make_r(kOp, 0, 6, rd, rd, rs2); // c.or
  case 3:
    return make_r(kOp, 0, 7, rd, rd, rs2); // c.and
  case 4:
    return make_r(kOp32, 0x20, 0, rd, rd, rs2); // c.subw
  case 5:
    return make_r(kOp32, 0, 0, rd, rd, rs2); // c.addw
  }
  return 0;
}

// The 32-bit form of a compressed integer, jump or branch instruction; 0 for all others (memory, floating
// point, c.ebreak, reserved).
uint32_t expand_compressed(uint32_t c) {
  const uint32_t rd = bits(c, 11, 7), rs2 = bits(c, 6, 2), short_rs1 = 8 + bits(c, 9, 7);
  switch (bits(c, 1, 0) << 3 | bits(c, 15, 13)) {
  case 0x00: { // c.addi4spn
    const uint32_t imm = bits(c, 10, 7) << 6 | bits(c, 12, 11) << 4 | bits(c, 5, 5) << 3 | bits(c, 6, 6) << 2;
    return imm ? make_i(kOpImm, 0, 8 + bits(c, 4, 2), 2, static_cast<int32_t>(imm)) : 0;
  }
  case 0x08: // c.addi, c.nop
    return make_i(kOpImm, 0, rd, rd, ci_imm(c));
  case 0x09: // c.addiw
    return rd ? make_i(kOpImm32, 0, rd, rd, ci_imm(c)) : 0;
  case 0x0a: // c.li
    return make_i(kOpImm, 0, rd, 0, ci_imm(c));
  case 0x0b: {
    if (ci_imm(c) == 0)
      return 0;  // reserved, or Zcmop
    if (rd != 2) // c.lui
      return static_cast<uint32_t>(ci_imm(c)) << 12 | rd << 7 | kLui;
    const int32_t imm = sign_extend(bits(c, 12, 12) << 9 | bits(c, 4, 3) << 7 | bits(c, 5, 5) << 6 |
                                        bits(c, 2, 2) << 5 | bits(c, 6, 6) << 4,
                                    10);
    return make_i(kOpImm, 0, 2, 2, imm); // c.addi16sp
  }
  case 0x0c:
    return expand_misc_alu(c);
  case 0x0d: // c.j
    return make_j(0, cj_offset(c));
  case 0x0e: // c.beqz
    return make_b(0, short_rs1, 0, cb_offset(c));
  case 0x0f: // c.bnez
    return make_b(1, short_rs1, 0, cb_offset(c));
  case 0x10: // c.slli
    return make_i(kOpImm, 1, rd, rd, static_cast<int32_t>(bits(c, 12, 12) << 5 | rs2));
  case 0x14:
    if (rs2) // c.add, c.mv
      return make_r(kOp, 0, 0, rd, bits(c, 12, 12) ? rd : 0, rs2);
    if (rd) // c.jalr, c.jr
      return make_i(kJalr, 0, bits(c, 12, 12), rd, 0);
    return 0;
  }
  return 0;
}

Operation op_imm(uint32_t word) {
  using enum Operation;
  const uint32_t upper = bits(word, 31, 26);
  switch (bits(word, 14, 12)) {
  case 0:
    return addi;
  case 1:
    return upper == 0 ? slli : out_of_line;
  case 2:
    return slti;
  case 3:
    return sltiu;
  case 4:
    return xori;
  case 5:
    return upper == 0 ? srli : upper == 0x10 ? srai : out_of_line;
  case 6:
    return ori;
  default:
    return andi;
  }
}

Operation op_imm_32(uint32_t word) {
  using enum Operation;
  const uint32_t funct7 = bits(word, 31, 25);
  switch (bits(word, 14, 12)) {
  case 0:
    return addiw;
  case 1:
    return funct7 == 0 ? slliw : out_of_line;
  case 5:
    return funct7 == 0 ? srliw : funct7 == 0x20 ? sraiw : out_of_line;
  }
  return out_of_line;
}

// Register-register forms. Multiplication and the B extensions have other values of funct7 and run out of
// line.
Operation op(uint32_t word) {
  using enum Operation;
  static constexpr Operation plain[8] = {add, sll, slt, sltu, xor_, srl, or_, and_};
  const uint32_t funct3 = bits(word, 14, 12), funct7 = bits(word, 31, 25);
  if (funct7 == 0)
    return plain[funct3];
  if (funct7 == 0x20)
    return funct3 == 0 ? sub : funct3 == 5 ? sra : out_of_line;
  return out_of_line;
}

Operation op_32(uint32_t word) {
  using enum Operation;
  const uint32_t funct3 = bits(word, 14, 12), funct7 = bits(word, 31, 25);
  if (funct7 == 0)
    return funct3 == 0 ? addw : funct3 == 1 ? sllw : funct3 == 5 ? srlw : out_of_line;
  if (funct7 == 0x20)
    return funct3 == 0 ? subw : funct3 == 5 ? sraw : out_of_line;
  return out_of_line;
}

// Privileged and control-register instructions. Those that use what a trap overwrites cannot follow a
// breakpoint.
const char *refuse_system(uint32_t word) {
  constexpr uint32_t kSepc = 0x141, kScause = 0x142, kStval = 0x143;
  const uint32_t funct3 = bits(word, 14, 12), funct12 = bits(word, 31, 20);
  if (funct3 == 4)
    return nullptr; // hypervisor loads and stores, may-be-operations
  if (funct3 != 0)
    return funct12 == kSepc || funct12 == kScause || funct12 == kStval
               ? "the instruction uses a trap register, which the probe's own trap overwrites"
               : nullptr;
  switch (funct12) {
  case 0x000: // ecall: a call of the machine below, which returns behind the copy
  case 0x105: // wfi
    return nullptr;
  case 0x001:
    return "the instruction is itself a breakpoint";
  case 0x002:
  case 0x102:
  case 0x302:
    return "the instruction returns from a trap, whose state the probe's own trap overwrites";
  case 0x00d:
  case 0x01d:
    return "the instruction waits on a reservation, which a trap may drop";
  }
  switch (funct12 >> 5) {
  case 0x09: // sfence.vma, then its Svinval parts and the hypervisor's fences
  case 0x0b:
  case 0x0c:
  case 0x11:
  case 0x13:
  case 0x31:
  case 0x33:
    return nullptr;
  }
  return "unknown privileged instruction";
}

void decode_atomic(uint32_t word, DecodedNative &decoded) {
  constexpr uint32_t kLoadReserved = 2, kStoreConditional = 3;
  const uint32_t funct5 = bits(word, 31, 27);
  if (funct5 == kLoadReserved)
    decoded.reservation = Reservation::loads;
  else if (funct5 == kStoreConditional)
    decoded.reservation = Reservation::stores;
  if (decoded.reservation != Reservation::unchanged)
    decoded.refusal = "the instruction is part of an lr/sc sequence, which a trap may break for ever";
}

// Sets operation, registers and immediate of a 32-bit form, or the refusal.
void decode_word(uint32_t word, DecodedNative &decoded) {
  using enum Operation;
  static constexpr Operation branches[8] = {beq, bne, out_of_line, out_of_line, blt, bge, bltu, bgeu};
  static constexpr const char *kUnknown = "unknown instruction";
  NativeInsn &insn = decoded.insn;
  insn.rd = static_cast<uint8_t>(bits(word, 11, 7));
  insn.rs1 = static_cast<uint8_t>(bits(word, 19, 15));
  insn.rs2 = static_cast<uint8_t>(bits(word, 24, 20));
  const int32_t i_imm = static_cast<int32_t>(word) >> 20;
  const uint32_t funct3 = bits(word, 14, 12);

  switch (bits(word, 6, 0)) {
  case kLui:
  case kAuipc:
    insn.operation = bits(word, 6, 0) == kLui ? lui : auipc;
    insn.imm = static_cast<int32_t>(word & 0xfffff000);
    return;
  case kJal:
    insn.operation = jal;
    insn.imm = sign_extend(bits(word, 31, 31) << 20 | bits(word, 19, 12) << 12 | bits(word, 20, 20) << 11 |
                               bits(word, 30, 21) << 1,
                           21);
    return;
  case kJalr:
    insn.operation = funct3 == 0 ? jalr : out_of_line;
    insn.imm = i_imm;
    if (funct3 != 0)
      decoded.refusal = kUnknown;
    return;
  case kBranch:
    insn.operation = branches[funct3];
    insn.imm = sign_extend(bits(word, 31, 31) << 12 | bits(word, 7, 7) << 11 | bits(word, 30, 25) << 5 |
                               bits(word, 11, 8) << 1,
                           13);
    if (insn.operation == out_of_line)
      decoded.refusal = kUnknown;
    return;
  case kOpImm:
  case kOpImm32:
    insn.operation = bits(word, 6, 0) == kOpImm ? op_imm(word) : op_imm_32(word);
    insn.imm = i_imm;
    if (funct3 == 1 || funct3 == 5)
      insn.imm &= 0x3f;
    return;
  case kOp:
    insn.operation = op(word);
    return;
  case kOp32:
    insn.operation = op_32(word);
    return;
  case kSystem:
    decoded.refusal = refuse_system(word);
    return;
  case kAmo:
    return decode_atomic(word, decoded);
  case kLoad:
  case kLoadFp:
  case kMiscMem:
  case kStore:
  case kStoreFp:
  case kMadd:
  case kMsub:
  case kNmsub:
  case kNmadd:
  case kOpFp:
  case kOpVector:
    return;
  }
  decoded.refusal = kUnknown;
}

} // namespace

unsigned instruction_length(uint16_t first_halfword) {
  if ((first_halfword & 0x03) != 0x03)
    return 2;
  if ((first_halfword & 0x1c) != 0x1c)
    return 4;
  if ((first_halfword & 0x3f) == 0x1f)
    return 6;
  if ((first_halfword & 0x7f) == 0x3f)
    return 8;
  return 10 + 2 * bits(first_halfword, 14, 12);
}

namespace {

// gp and tp belong to the kernel's own conventions: its trap return may leave them as they are, so what is
// emulated cannot change them. The hart itself can.
void leave_to_hart(DecodedNative &decoded) {
  constexpr uint8_t kGp = 3, kTp = 4;
  NativeInsn &insn = decoded.insn;
  if (decoded.refusal || insn.operation == Operation::out_of_line || (insn.rd != kGp && insn.rd != kTp))
    return;
  switch (insn.operation) {
  case Operation::beq:
  case Operation::bne:
  case Operation::blt:
  case Operation::bge:
  case Operation::bltu:
  case Operation::bgeu:
    return; // the field is a part of the offset
  case Operation::auipc:
  case Operation::jal:
  case Operation::jalr:
    decoded.refusal =
        "the instruction sets gp or tp from pc, which can be neither emulated nor done elsewhere";
    return;
  default:
    insn.operation = Operation::out_of_line;
  }
}

} // namespace

DecodedNative decode_native(uint32_t word) {
  DecodedNative decoded;
  const unsigned length = instruction_length(static_cast<uint16_t>(word));
  decoded.insn.length = static_cast<uint8_t>(length);
  decoded.insn.encoding = length == 2 ? word & 0xffff : word;
  if (length > 4) {
    decoded.refusal = "the instruction is longer than 32 bits";
  } else if (length == 4) {
    decode_word(word, decoded);
  } else if (const uint32_t compressed = word & 0xffff; compressed == kCompressedBreakpoint) {
    decoded.refusal = "the instruction is itself a breakpoint";
  } else if (compressed == 0) {
    decoded.refusal = "the instruction is the illegal one, all zeros";
  } else if (const uint32_t expanded = expand_compressed(compressed)) {
    decode_word(expanded, decoded);
  }
  leave_to_hart(decoded);
  return decoded;
}

} // namespace kbpf::probes
