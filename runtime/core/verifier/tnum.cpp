// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/tnum.h"

namespace kbpf {
namespace {

// A tnum whose unknown bits are known to be unknown: clears value there.
constexpr Tnum make(uint64_t value, uint64_t mask) { return {value & ~mask, mask}; }

constexpr uint64_t low_bits(unsigned bits) { return Tnum::unknown_bits(bits).mask; }

} // namespace

// The common upper bits of min and max are known, all below the first difference is not.
Tnum Tnum::range(uint64_t min, uint64_t max) {
  uint64_t differing = min ^ max;
  for (unsigned shift = 1; shift < 64; shift *= 2) // ones below the first one: cheaper than to count
    differing |= differing >> shift;
  return make(min, differing);
}

// A bit of the sum is known where both bits and the carry into them are. The carries of the smallest and of
// the largest pair of operands bound those of all pairs; where the two sums differ, a carry is unknown.
Tnum add(const Tnum &a, const Tnum &b) {
  uint64_t smallest = a.value + b.value;
  uint64_t largest = a.max() + b.max();
  return make(smallest, (smallest ^ largest) | a.mask | b.mask);
}

Tnum subtract(const Tnum &a, const Tnum &b) {
  uint64_t largest = a.max() - b.value;
  uint64_t smallest = a.value - b.max();
  return make(a.value - b.value, (smallest ^ largest) | a.mask | b.mask);
}

// Long multiplication: a known one in a adds b, an unknown bit adds either b or nothing.
Tnum multiply(const Tnum &a, const Tnum &b) {
  Tnum sum = Tnum::constant(0);
  for (unsigned bit = 0; bit < 64 && (a.max() >> bit) != 0; bit++) {
    Tnum partial = shift_left(b, bit);
    if (a.mask >> bit & 1)
      sum = add(sum, make(0, partial.max()));
    else if (a.value >> bit & 1)
      sum = add(sum, partial);
  }
  return sum;
}

Tnum bit_and(const Tnum &a, const Tnum &b) {
  uint64_t ones = a.value & b.value;
  return make(ones, a.max() & b.max() & ~ones);
}

Tnum bit_or(const Tnum &a, const Tnum &b) {
  uint64_t ones = a.value | b.value;
  return make(ones, (a.mask | b.mask) & ~ones);
}

Tnum bit_xor(const Tnum &a, const Tnum &b) { return make(a.value ^ b.value, a.mask | b.mask); }

Tnum shift_left(const Tnum &a, unsigned shift) { return {a.value << shift, a.mask << shift}; }

Tnum shift_right(const Tnum &a, unsigned shift) { return {a.value >> shift, a.mask >> shift}; }

Tnum shift_right_signed(const Tnum &a, unsigned shift, unsigned width) {
  Tnum wide = sign_extend(a, width);
  Tnum shifted{static_cast<uint64_t>(static_cast<int64_t>(wide.value) >> shift),
               static_cast<uint64_t>(static_cast<int64_t>(wide.mask) >> shift)};
  return truncate(shifted, width);
}

Tnum truncate(const Tnum &a, unsigned bits) { return {a.value & low_bits(bits), a.mask & low_bits(bits)}; }

Tnum sign_extend(const Tnum &a, unsigned bits) {
  unsigned unused = 64 - bits;
  return {static_cast<uint64_t>(static_cast<int64_t>(a.value << unused) >> unused),
          static_cast<uint64_t>(static_cast<int64_t>(a.mask << unused) >> unused)};
}

} // namespace kbpf
