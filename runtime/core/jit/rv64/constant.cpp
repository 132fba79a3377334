// SPDX-License-Identifier: MIT OR Apache-2.0
// A constant is split from its low end: the last 12 bits are added, what is above them is built the same way
// and shifted into place. Two more ways are tried where the upper bits are zero: build the number shifted up
// to bit 63, with ones or zeros below, and shift it back down.
#include "core/jit/rv64/constant.h"
#include <bit>

namespace kbpf::rv64 {
namespace {

using Op = ConstantStep::Op;

bool fits(int64_t value, unsigned bits) { return value >> (bits - 1) == 0 || value >> (bits - 1) == -1; }
int32_t low_12(int64_t value) { return static_cast<int32_t>(static_cast<uint32_t>(value) << 20) >> 20; }

void append(ConstantSequence &sequence, Op op, int32_t imm) { sequence.steps[sequence.count++] = {op, imm}; }

void build_from_low_end(ConstantSequence &sequence, int64_t value) {
  int32_t low = low_12(value);
  if (fits(value, 32)) {
    int32_t upper = static_cast<int32_t>((static_cast<uint32_t>(value) + 0x800) >> 12);
    if (upper)
      append(sequence, Op::lui, upper);
    if (low || !upper)
      append(sequence, upper ? Op::addiw : Op::addi, low);
    return;
  }
  uint64_t rest = static_cast<uint64_t>(value) - static_cast<uint64_t>(int64_t{low});
  unsigned shift = static_cast<unsigned>(std::countr_zero(rest));
  int64_t upper = static_cast<int64_t>(rest) >> shift;
  // lui fills bits 12 and up by itself: leave it twelve zeros where that saves an addi.
  if (shift > 12 && !fits(upper, 12) && fits(upper, 20)) {
    shift -= 12;
    upper *= 4096;
  }
  build_from_low_end(sequence, upper);
  append(sequence, Op::slli, static_cast<int32_t>(shift));
  if (low)
    append(sequence, Op::addi, low);
}

} // namespace

ConstantSequence build_constant(uint64_t value, CpuFeatures cpu) {
  ConstantSequence best;
  build_from_low_end(best, static_cast<int64_t>(value));
  if (best.count <= 2)
    return best;
  if (unsigned zeros = static_cast<unsigned>(std::countl_zero(value))) {
    uint64_t shifted = value << zeros;
    for (uint64_t candidate : {shifted | ((uint64_t{1} << zeros) - 1), shifted}) {
      ConstantSequence sequence;
      build_from_low_end(sequence, static_cast<int64_t>(candidate));
      if (sequence.count + 1 < best.count) {
        append(sequence, Op::srli, static_cast<int32_t>(zeros));
        best = sequence;
      }
    }
  }
  if (cpu.zba && value >> 32 == 0) {
    ConstantSequence sequence;
    build_from_low_end(sequence, static_cast<int32_t>(value));
    if (sequence.count + 1 < best.count) {
      append(sequence, Op::zext_w, 0);
      best = sequence;
    }
  }
  return best;
}

} // namespace kbpf::rv64
