// SPDX-License-Identifier: MIT OR Apache-2.0
// How the views of one number follow from one another: for scalar.cpp, where each may narrow the others, and
// for scalar_alu.cpp, which mostly knows which of them say something.
#pragma once
#include "core/verifier/scalar.h"

namespace kbpf {

constexpr uint64_t kUpperHalf = 0xffffffff00000000;
constexpr uint64_t kLowerHalf = 0x00000000ffffffff;

// The range of the words that a tnum contains, at one width.
template <typename U> constexpr Range<U> range_of(const Tnum &bits) {
  using S = typename Range<U>::S;
  constexpr U kSign = U{1} << (Range<U>::kWidth - 1);
  const U value = static_cast<U>(bits.value), mask = static_cast<U>(bits.mask);
  return {value, static_cast<U>(value | mask), static_cast<S>(value | (mask & kSign)),
          static_cast<S>(value | (mask & ~kSign))};
}

// A number of which the bits say all.
[[gnu::always_inline]] inline void set_bits(Scalar &number, Tnum bits) {
  number.bits = bits;
  number.r64 = range_of<uint64_t>(bits);
  number.r32 = range_of<uint32_t>(bits);
}

// Whether the highest one of a is above that of b.
constexpr bool is_longer(uint64_t a, uint64_t b) { return b < a && b < (a ^ b); }

// What both say of a number, which is one interval and the bits of that. False: nothing is left.
[[gnu::always_inline]] inline bool settle(Tnum &bits, uint64_t &low, uint64_t &high) {
  for (;;) {
    low = std::max(low, bits.min());
    high = std::min(high, bits.max());
    if (low > high)
      return false;
    // Above the bits where its ends differ, the interval knows all; what is known there already agrees.
    if (!is_longer(bits.mask, low ^ high))
      return true;
    const Tnum interval = Tnum::range(low, high);
    if (are_disjoint(bits, interval))
      return false;
    bits = intersect(bits, interval);
  }
}

// Of 0 to INT32_MAX: it reads the same in all views. False: there is none.
[[gnu::always_inline]] inline bool set_small(Scalar &number, Tnum bits, uint64_t low, uint64_t high) {
  if (!settle(bits, low, high))
    return false;
  const uint32_t low32 = static_cast<uint32_t>(low), high32 = static_cast<uint32_t>(high);
  number.bits = bits;
  number.r64 = {low, high, static_cast<int64_t>(low), static_cast<int64_t>(high)};
  number.r32 = {low32, high32, static_cast<int32_t>(low32), static_cast<int32_t>(high32)};
  return true;
}

// Of low to high, at most INT64_MAX, of whose lower half nothing is known but what follows from the rest.
// False: there is none.
bool set_wide(Scalar &number, Tnum bits, uint64_t low, uint64_t high);

} // namespace kbpf
