// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/tnum.h"

namespace kbpf {
namespace {

constexpr uint64_t low_bits(unsigned bits) { return Tnum::unknown_bits(bits).mask; }

} // namespace

// Long multiplication: a known one in a adds b, an unknown bit adds either b or nothing. The sum mostly
// becomes a row of unknown bits with zeroes around it. What is added to such a row makes it longer by one,
// where it begins in it or above and does not reach above it, or is the unknown bit above it; so does all
// else that one row of ones in a adds.
Tnum multiply(const Tnum &a, const Tnum &b) {
  Tnum sum = Tnum::constant(0), partial = b;
  uint64_t ones = a.value;
  for (uint64_t left = a.max(); left && partial.max();
       left >>= 1, ones >>= 1, partial = shift_left(partial, 1)) {
    if (!(left & 1))
      continue;
    const uint64_t end = left + 1; // of the row in a
    if (sum.value == 0 && sum.mask != 0 && (left & end) == 0) {
      const uint64_t lowest = sum.mask & -sum.mask,
                     above = sum.mask + lowest; // 0: the row ends with the word
      const bool adds_unknown = ones == 0 || partial.value == 0;
      if ((sum.mask & above) == 0 && (partial.max() <= sum.mask || (partial.max() == above && adds_unknown)))
        return {0, above * end - lowest};
    }
    sum = add(sum, ones & 1 ? partial : make_tnum(0, partial.max()));
  }
  return sum;
}

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
