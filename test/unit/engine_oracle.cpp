// SPDX-License-Identifier: MIT OR Apache-2.0
// The oracle: one instruction's effect as RFC 9669 states it, in 128-bit arithmetic where that avoids corner
// cases.
#include "engine_cases.h"
#include <cstring>

namespace kbpf {
namespace {

using Wide = __int128;
using UnsignedWide = unsigned __int128;

UnsignedWide low_bits(UnsignedWide value, unsigned bits) { return value & ((UnsignedWide{1} << bits) - 1); }

// The low bits of value as a signed number.
Wide signed_value(UnsignedWide value, unsigned bits) {
  UnsignedWide low = low_bits(value, bits);
  return low >> (bits - 1) ? static_cast<Wide>(low) - (Wide{1} << bits) : static_cast<Wide>(low);
}

uint64_t byte_reversed(uint64_t value, unsigned bytes) {
  uint64_t result = 0;
  for (unsigned i = 0; i < bytes; i++)
    result = result << 8 | (value >> (8 * i) & 0xff);
  return result;
}

uint64_t alu(const Insn &insn, uint64_t dst, uint64_t src) {
  unsigned bits = insn.cls() == KBPF_CLASS_ALU64 ? 64 : 32;
  if (insn.code() == KBPF_ALU_END) {
    unsigned width = static_cast<unsigned>(insn.imm);
    bool swap = insn.cls() == KBPF_CLASS_ALU64 || insn.src_is_reg();
    return swap ? byte_reversed(dst, width / 8) : static_cast<uint64_t>(low_bits(dst, width));
  }
  UnsignedWide operand = insn.src_is_reg() ? UnsignedWide{src} : static_cast<UnsignedWide>(Wide{insn.imm});
  UnsignedWide a = low_bits(dst, bits), b = low_bits(operand, bits);
  Wide signed_a = signed_value(a, bits), signed_b = signed_value(b, bits);
  unsigned count = static_cast<unsigned>(b % bits);
  UnsignedWide result = 0;
  switch (insn.code()) {
  case KBPF_ALU_ADD:
    result = a + b;
    break;
  case KBPF_ALU_SUB:
    result = a - b;
    break;
  case KBPF_ALU_MUL:
    result = a * b;
    break;
  case KBPF_ALU_OR:
    result = a | b;
    break;
  case KBPF_ALU_AND:
    result = a & b;
    break;
  case KBPF_ALU_XOR:
    result = a ^ b;
    break;
  case KBPF_ALU_LSH:
    result = a << count;
    break;
  case KBPF_ALU_RSH:
    result = a >> count;
    break;
  case KBPF_ALU_ARSH:
    result = static_cast<UnsignedWide>(signed_a >> count);
    break;
  case KBPF_ALU_NEG:
    result = -a;
    break;
  case KBPF_ALU_DIV:
    result = b == 0 ? 0 : insn.off == 1 ? static_cast<UnsignedWide>(signed_a / signed_b) : a / b;
    break;
  case KBPF_ALU_MOD:
    result = b == 0 ? a : insn.off == 1 ? static_cast<UnsignedWide>(signed_a % signed_b) : a % b;
    break;
  case KBPF_ALU_MOV:
    result = insn.off ? static_cast<UnsignedWide>(signed_value(b, static_cast<unsigned>(insn.off))) : b;
    break;
  }
  return static_cast<uint64_t>(low_bits(result, bits));
}

bool taken(const Insn &insn, uint64_t dst, uint64_t src) {
  unsigned bits = insn.cls() == KBPF_CLASS_JMP ? 64 : 32;
  UnsignedWide operand = insn.src_is_reg() ? UnsignedWide{src} : static_cast<UnsignedWide>(Wide{insn.imm});
  UnsignedWide a = low_bits(dst, bits), b = low_bits(operand, bits);
  Wide signed_a = signed_value(a, bits), signed_b = signed_value(b, bits);
  switch (insn.code()) {
  case KBPF_JMP_JA:
    return true;
  case KBPF_JMP_JEQ:
    return a == b;
  case KBPF_JMP_JNE:
    return a != b;
  case KBPF_JMP_JSET:
    return (a & b) != 0;
  case KBPF_JMP_JGT:
    return a > b;
  case KBPF_JMP_JGE:
    return a >= b;
  case KBPF_JMP_JLT:
    return a < b;
  case KBPF_JMP_JLE:
    return a <= b;
  case KBPF_JMP_JSGT:
    return signed_a > signed_b;
  case KBPF_JMP_JSGE:
    return signed_a >= signed_b;
  case KBPF_JMP_JSLT:
    return signed_a < signed_b;
  default:
    return signed_a <= signed_b;
  }
}

// The number of `bytes` bytes at offset of memory.
uint64_t peek(const CaseMemory &memory, int offset, unsigned bytes) {
  uint64_t value = 0;
  for (unsigned i = 0; i < bytes; i++)
    value |= uint64_t{reinterpret_cast<const uint8_t *>(&memory)[offset + static_cast<int>(i)]} << (8 * i);
  return value;
}

void poke(CaseMemory &memory, int offset, unsigned bytes, uint64_t value) {
  for (unsigned i = 0; i < bytes; i++)
    reinterpret_cast<uint8_t *>(&memory)[offset + static_cast<int>(i)] =
        static_cast<uint8_t>(value >> (8 * i));
}

uint64_t atomic(const Insn &insn, CaseMemory &memory) {
  unsigned bytes = insn.access_bytes();
  uint64_t old = peek(memory, insn.off, bytes);
  uint64_t operand = static_cast<uint64_t>(low_bits(memory.b, bytes * 8));
  uint64_t r0 = memory.a;
  memory.source = insn.imm & KBPF_ATOMIC_FETCH && insn.imm != KBPF_ATOMIC_CMPXCHG ? old : memory.b;
  switch (insn.imm & ~KBPF_ATOMIC_FETCH) {
  case KBPF_ATOMIC_ADD:
    poke(memory, insn.off, bytes, old + operand);
    break;
  case KBPF_ATOMIC_OR:
    poke(memory, insn.off, bytes, old | operand);
    break;
  case KBPF_ATOMIC_AND:
    poke(memory, insn.off, bytes, old & operand);
    break;
  case KBPF_ATOMIC_XOR:
    poke(memory, insn.off, bytes, old ^ operand);
    break;
  case KBPF_ATOMIC_XCHG & ~KBPF_ATOMIC_FETCH:
    poke(memory, insn.off, bytes, operand);
    break;
  case KBPF_ATOMIC_CMPXCHG & ~KBPF_ATOMIC_FETCH:
    if (old == low_bits(memory.a, bytes * 8))
      poke(memory, insn.off, bytes, operand);
    r0 = old;
    break;
  case KBPF_ATOMIC_STORE_REL:
    poke(memory, insn.off, bytes, operand);
    break;
  }
  return r0;
}

} // namespace

uint64_t expected_result(const EngineCase &test, CaseMemory &memory) {
  const Insn &insn = test.tested;
  bool same_register = insn.src_is_reg() && insn.dst() == insn.src();
  uint64_t src = same_register ? memory.a : memory.b;
  switch (insn.cls()) {
  case KBPF_CLASS_ALU:
  case KBPF_CLASS_ALU64:
    return alu(insn, memory.a, src);
  case KBPF_CLASS_JMP:
  case KBPF_CLASS_JMP32:
    return taken(insn, memory.a, src);
  case KBPF_CLASS_LD:
    return test.constant;
  case KBPF_CLASS_LDX: {
    uint64_t value = peek(memory, insn.off, insn.access_bytes());
    return insn.mode() == KBPF_MODE_MEMSX
               ? static_cast<uint64_t>(signed_value(value, insn.access_bytes() * 8))
               : value;
  }
  case KBPF_CLASS_ST:
    poke(memory, insn.off, insn.access_bytes(), static_cast<uint64_t>(int64_t{insn.imm}));
    return 0;
  default: // STX
    if (insn.mode() == KBPF_MODE_ATOMIC && insn.imm == KBPF_ATOMIC_LOAD_ACQ)
      return peek(memory, insn.off, insn.access_bytes());
    if (insn.mode() == KBPF_MODE_ATOMIC)
      return atomic(insn, memory);
    poke(memory, insn.off, insn.access_bytes(), memory.b);
    return 0;
  }
}

} // namespace kbpf
