// SPDX-License-Identifier: MIT OR Apache-2.0
// RV64I computation and control transfer (volume I, chapters 2 and 5). Nothing here can fault: loads and
// stores are left to the hart.
#include "kernel/probes/rv64_emulate.h"

namespace kbpf::probes {
namespace {

uint64_t sign_extend_word(uint64_t value) {
  return static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(value)));
}

bool branch_taken(Operation operation, uint64_t a, uint64_t b) {
  const int64_t signed_a = static_cast<int64_t>(a), signed_b = static_cast<int64_t>(b);
  switch (operation) {
  case Operation::beq:
    return a == b;
  case Operation::bne:
    return a != b;
  case Operation::blt:
    return signed_a < signed_b;
  case Operation::bge:
    return signed_a >= signed_b;
  case Operation::bltu:
    return a < b;
  default:
    return a >= b;
  }
}

uint64_t shift_right_arithmetic(uint64_t value, uint64_t amount) {
  return static_cast<uint64_t>(static_cast<int64_t>(value) >> (amount & 63));
}

uint64_t shift_right_arithmetic_word(uint64_t value, uint64_t amount) {
  return static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(value) >> (amount & 31)));
}

} // namespace

void emulate(const NativeInsn &insn, kbpf_regs &regs) {
  using enum Operation;
  const uint64_t pc = regs.epc;
  const uint64_t next = pc + insn.length;
  const uint64_t a = insn.rs1 ? regs.x[insn.rs1 - 1] : 0;
  const uint64_t b = insn.rs2 ? regs.x[insn.rs2 - 1] : 0;
  const uint64_t imm = static_cast<uint64_t>(static_cast<int64_t>(insn.imm));
  uint64_t result = 0;
  regs.epc = next;

  switch (insn.operation) {
  case out_of_line:
    return;
  case beq:
  case bne:
  case blt:
  case bge:
  case bltu:
  case bgeu:
    if (branch_taken(insn.operation, a, b))
      regs.epc = pc + imm;
    return;
  case jal:
    regs.epc = pc + imm;
    result = next;
    break;
  case jalr:
    regs.epc = (a + imm) & ~uint64_t(1);
    result = next;
    break;
  case lui:
    result = imm;
    break;
  case auipc:
    result = pc + imm;
    break;
  case addi:
    result = a + imm;
    break;
  case slti:
    result = static_cast<int64_t>(a) < static_cast<int64_t>(imm);
    break;
  case sltiu:
    result = a < imm;
    break;
  case xori:
    result = a ^ imm;
    break;
  case ori:
    result = a | imm;
    break;
  case andi:
    result = a & imm;
    break;
  case slli:
    result = a << imm;
    break;
  case srli:
    result = a >> imm;
    break;
  case srai:
    result = shift_right_arithmetic(a, imm);
    break;
  case addiw:
    result = sign_extend_word(a + imm);
    break;
  case slliw:
    result = sign_extend_word(a << (imm & 31));
    break;
  case srliw:
    result = sign_extend_word(static_cast<uint32_t>(a) >> (imm & 31));
    break;
  case sraiw:
    result = shift_right_arithmetic_word(a, imm);
    break;
  case add:
    result = a + b;
    break;
  case sub:
    result = a - b;
    break;
  case sll:
    result = a << (b & 63);
    break;
  case slt:
    result = static_cast<int64_t>(a) < static_cast<int64_t>(b);
    break;
  case sltu:
    result = a < b;
    break;
  case xor_:
    result = a ^ b;
    break;
  case srl:
    result = a >> (b & 63);
    break;
  case sra:
    result = shift_right_arithmetic(a, b);
    break;
  case or_:
    result = a | b;
    break;
  case and_:
    result = a & b;
    break;
  case addw:
    result = sign_extend_word(a + b);
    break;
  case subw:
    result = sign_extend_word(a - b);
    break;
  case sllw:
    result = sign_extend_word(a << (b & 31));
    break;
  case srlw:
    result = sign_extend_word(static_cast<uint32_t>(a) >> (b & 31));
    break;
  case sraw:
    result = shift_right_arithmetic_word(a, b);
    break;
  }
  if (insn.rd)
    regs.x[insn.rd - 1] = result;
}

} // namespace kbpf::probes
