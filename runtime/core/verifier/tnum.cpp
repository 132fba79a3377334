// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/tnum.h"

namespace kbpf {
namespace {

constexpr uint64_t low_bits(unsigned bits) { return Tnum::unknown_bits(bits).mask; }

} // namespace

// Long multiplication: a known one in a adds b, an unknown bit adds either b or nothing.
Tnum multiply(const Tnum &a, const Tnum &b) {
  Tnum sum = Tnum::constant(0);
  for (unsigned bit = 0; bit < 64 && (a.max() >> bit) != 0; bit++) {
    Tnum partial = shift_left(b, bit);
    if (a.mask >> bit & 1)
      sum = add(sum, make_tnum(0, partial.max()));
    else if (a.value >> bit & 1)
      sum = add(sum, partial);
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
