// SPDX-License-Identifier: MIT OR Apache-2.0
// Constants beyond 32 bits that two instructions build: one that has a single instruction, then a shift.
// Longer ones are better read from memory.
#pragma once
#include "core/jit/rv64/jit.h"
#include <optional>

namespace kbpf::rv64 {

struct ShiftedConstant {
  enum class Shift : uint8_t { slli, srli, zext_w };
  int32_t start; // 12 bits, or nothing in its low 12 bits
  Shift shift;
  uint8_t count; // of slli and srli
};

// A quick answer for most of the others: what two instructions build and begins in the low 12 bits ends
// within 32, or goes on in ones.
constexpr bool is_long_constant(uint64_t value) {
  uint32_t upper = static_cast<uint32_t>(value >> 32);
  return (value & 0xfff) != 0 && (upper & (upper + 1)) != 0;
}

std::optional<ShiftedConstant> as_shifted(uint64_t value, CpuFeatures cpu);

// Instructions that a constant takes, one that is read from memory two.
unsigned constant_length(uint64_t value);

} // namespace kbpf::rv64
