// SPDX-License-Identifier: MIT OR Apache-2.0
// What operations and comparisons do to words, for tests that hold abstract results against them. T is
// uint32_t or uint64_t.
#pragma once
#include "abi/insn.h"
#include "core/isa/arithmetic.h"

namespace kbpf::test {

// code: KBPF_ALU_*, off as in the instruction.
template <typename T> T compute(uint8_t code, int off, T a, T b) {
  switch (code) {
  case KBPF_ALU_ADD:
    return a + b;
  case KBPF_ALU_SUB:
    return a - b;
  case KBPF_ALU_MUL:
    return a * b;
  case KBPF_ALU_DIV:
    return off ? signed_divide(a, b) : divide(a, b);
  case KBPF_ALU_MOD:
    return off ? signed_modulo(a, b) : modulo(a, b);
  case KBPF_ALU_OR:
    return a | b;
  case KBPF_ALU_AND:
    return a & b;
  case KBPF_ALU_XOR:
    return a ^ b;
  case KBPF_ALU_LSH:
    return shift_left(a, b);
  case KBPF_ALU_RSH:
    return shift_right(a, b);
  case KBPF_ALU_ARSH:
    return shift_right_signed(a, b);
  case KBPF_ALU_NEG:
    return T{0} - a;
  default:
    return off ? sign_extend(b, static_cast<unsigned>(off)) : b; // MOV
  }
}

inline constexpr uint8_t kComparisons[] = {KBPF_JMP_JEQ,  KBPF_JMP_JNE,  KBPF_JMP_JGT,  KBPF_JMP_JGE,
                                           KBPF_JMP_JLT,  KBPF_JMP_JLE,  KBPF_JMP_JSGT, KBPF_JMP_JSGE,
                                           KBPF_JMP_JSLT, KBPF_JMP_JSLE, KBPF_JMP_JSET};

// code: KBPF_JMP_J*.
template <typename T> bool holds(uint8_t code, T a, T b) {
  using S = std::make_signed_t<T>;
  S sa = static_cast<S>(a), sb = static_cast<S>(b);
  switch (code) {
  case KBPF_JMP_JEQ:
    return a == b;
  case KBPF_JMP_JNE:
    return a != b;
  case KBPF_JMP_JGT:
    return a > b;
  case KBPF_JMP_JGE:
    return a >= b;
  case KBPF_JMP_JLT:
    return a < b;
  case KBPF_JMP_JLE:
    return a <= b;
  case KBPF_JMP_JSGT:
    return sa > sb;
  case KBPF_JMP_JSGE:
    return sa >= sb;
  case KBPF_JMP_JSLT:
    return sa < sb;
  case KBPF_JMP_JSLE:
    return sa <= sb;
  default:
    return a & b; // JSET
  }
}

} // namespace kbpf::test
