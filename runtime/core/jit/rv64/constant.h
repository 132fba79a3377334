// SPDX-License-Identifier: MIT OR Apache-2.0
// The shortest way to build a 64-bit constant in a register from immediates.
#pragma once
#include "core/jit/rv64/jit.h"

namespace kbpf::rv64 {

struct ConstantStep {
  enum class Op : uint8_t { lui, addi, addiw, slli, srli, zext_w };
  Op op;
  int32_t imm; // lui: bits 31 .. 12 of its value
};

// A first step addi adds to zero; every other step works on the register that is being built.
struct ConstantSequence {
  static constexpr unsigned kMaxSteps = 8;
  ConstantStep steps[kMaxSteps];
  unsigned count = 0;
};

ConstantSequence build_constant(uint64_t value, CpuFeatures cpu);

} // namespace kbpf::rv64
