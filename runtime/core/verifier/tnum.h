// SPDX-License-Identifier: MIT OR Apache-2.0
// Tristate numbers: a 64-bit word of which each bit is known to be 0, known to be 1, or unknown. A tnum
// stands for the set of all words that agree with its known bits; every operation returns a tnum that
// contains each possible result. The 32-bit operations of BPF use the same functions on words cut to 32 bits.
#pragma once
#include <cstdint>

namespace kbpf {

struct Tnum {
  uint64_t value; // the known ones; zero where mask is set
  uint64_t mask;  // the unknown bits

  static constexpr Tnum constant(uint64_t value) { return {value, 0}; }
  static constexpr Tnum unknown() { return {0, ~uint64_t{0}}; }
  // Any number of the given width, upper bits zero. bits: 0 to 64.
  static constexpr Tnum unknown_bits(unsigned bits) {
    return {0, bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1};
  }
  // The smallest tnum that contains min..max.
  static Tnum range(uint64_t min, uint64_t max);

  constexpr bool is_constant() const { return mask == 0; }
  constexpr bool contains(uint64_t word) const { return (word & ~mask) == value; }
  constexpr uint64_t min() const { return value; }
  constexpr uint64_t max() const { return value | mask; }
  constexpr bool operator==(const Tnum &) const = default;
};

// Whether every member of inner is one of outer.
constexpr bool is_subset(const Tnum &inner, const Tnum &outer) {
  return (inner.mask & ~outer.mask) == 0 && (inner.value & ~outer.mask) == outer.value;
}
// Whether no word is in both.
constexpr bool are_disjoint(const Tnum &a, const Tnum &b) {
  return ((a.value ^ b.value) & ~a.mask & ~b.mask) != 0;
}
// The members of both; meaningless where they are disjoint.
constexpr Tnum intersect(const Tnum &a, const Tnum &b) {
  uint64_t mask = a.mask & b.mask;
  return {(a.value | b.value) & ~mask, mask};
}

// A tnum whose unknown bits are known to be unknown: clears value there.
constexpr Tnum make_tnum(uint64_t value, uint64_t mask) { return {value & ~mask, mask}; }

// The common upper bits of min and max are known, all below the first difference is not.
inline Tnum Tnum::range(uint64_t min, uint64_t max) {
  uint64_t differing = min ^ max;
  for (unsigned shift = 1; shift < 64; shift *= 2) // ones below the first one: cheaper than to count
    differing |= differing >> shift;
  return make_tnum(min, differing);
}

// A bit of the sum is known where both bits and the carry into them are. The carries of the smallest and of
// the largest pair of operands bound those of all pairs; where the two sums differ, a carry is unknown.
inline Tnum add(const Tnum &a, const Tnum &b) {
  uint64_t smallest = a.value + b.value;
  uint64_t largest = a.max() + b.max();
  return make_tnum(smallest, (smallest ^ largest) | a.mask | b.mask);
}

inline Tnum subtract(const Tnum &a, const Tnum &b) {
  uint64_t largest = a.max() - b.value;
  uint64_t smallest = a.value - b.max();
  return make_tnum(a.value - b.value, (smallest ^ largest) | a.mask | b.mask);
}

Tnum multiply(const Tnum &a, const Tnum &b);
inline Tnum bit_and(const Tnum &a, const Tnum &b) {
  uint64_t ones = a.value & b.value;
  return make_tnum(ones, a.max() & b.max() & ~ones);
}

inline Tnum bit_or(const Tnum &a, const Tnum &b) {
  uint64_t ones = a.value | b.value;
  return make_tnum(ones, (a.mask | b.mask) & ~ones);
}

inline Tnum bit_xor(const Tnum &a, const Tnum &b) { return make_tnum(a.value ^ b.value, a.mask | b.mask); }

// shift: less than 64.
inline Tnum shift_left(const Tnum &a, unsigned shift) { return {a.value << shift, a.mask << shift}; }

inline Tnum shift_right(const Tnum &a, unsigned shift) { return {a.value >> shift, a.mask >> shift}; }
// Shifts copies of the topmost of `width` bits in; a has no bits above it, neither has the result. width: 1
// to 64.
Tnum shift_right_signed(const Tnum &a, unsigned shift, unsigned width);
// The lowest bits of a; the others are zero.
Tnum truncate(const Tnum &a, unsigned bits);
// The lowest bits of a, the topmost of them repeated above.
Tnum sign_extend(const Tnum &a, unsigned bits);

} // namespace kbpf
