// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/scalar.h"
#include "core/verifier/scalar_views.h"

namespace kbpf {
namespace {

// Lower halves of the words from low on to high: where these are fewer than 2^32, they run from one to the
// other, and are an interval of the view in which they do not wrap.
void narrow_lower(Range32 &result, uint64_t low, uint64_t high) {
  if (high - low > kLowerHalf)
    return;
  const uint32_t ulow = static_cast<uint32_t>(low), uhigh = static_cast<uint32_t>(high);
  const int32_t slow = static_cast<int32_t>(low), shigh = static_cast<int32_t>(high);
  if (ulow <= uhigh) {
    result.umin = std::max(result.umin, ulow);
    result.umax = std::min(result.umax, uhigh);
  }
  if (slow <= shigh) {
    result.smin = std::max(result.smin, slow);
    result.smax = std::min(result.smax, shigh);
  }
}

// The lower half of a word within 64-bit bounds.
Range32 lower_range(const Range64 &r64) {
  Range32 result;
  narrow_lower(result, r64.umin, r64.umax);
  const uint64_t smin = static_cast<uint64_t>(r64.smin), smax = static_cast<uint64_t>(r64.smax);
  if (smin != r64.umin || smax != r64.umax)
    narrow_lower(result, smin, smax);
  return result;
}

// A word that is at least umin and has a lower half of at least r32.umin is at least umin with that lower
// half: where its upper half is not umin's own, it is greater anyway. Likewise for the other three bounds.
void narrow_by_lower(Range64 &r64, const Range32 &r32) {
  r64.umin = std::max(r64.umin, (r64.umin & kUpperHalf) | r32.umin);
  r64.umax = std::min(r64.umax, (r64.umax & kUpperHalf) | r32.umax);
  r64.smin =
      std::max(r64.smin, static_cast<int64_t>((static_cast<uint64_t>(r64.smin) & kUpperHalf) | r32.umin));
  r64.smax =
      std::min(r64.smax, static_cast<int64_t>((static_cast<uint64_t>(r64.smax) & kUpperHalf) | r32.umax));
  if (r64.smin >= INT32_MIN && r64.smax <= INT32_MAX) {
    r64.smin = std::max<int64_t>(r64.smin, r32.smin);
    r64.smax = std::min<int64_t>(r64.smax, r32.smax);
  }
}

// An operation on non-empty sets has a result, so this is never empty; unknown() keeps the caller sound all
// the same.
Scalar normalised(Scalar scalar) { return scalar.normalise() ? scalar : Scalar::unknown(); }

} // namespace

Scalar Scalar::zero_extended(unsigned width) {
  if (width >= 64)
    return unknown();
  const uint64_t mask = Tnum::unknown_bits(width).mask;
  Scalar result;
  result.bits = {0, mask};
  result.r64 = {0, mask, 0, static_cast<int64_t>(mask)};
  if (width < 32)
    result.r32 = {0, static_cast<uint32_t>(mask), 0, static_cast<int32_t>(mask)};
  return width == 32 || width < 32 ? result : normalised(result);
}

Scalar Scalar::sign_extended(unsigned width) {
  Scalar result;
  if (width < 64)
    result.r64 = Range64::of_signed(-(int64_t{1} << (width - 1)), (int64_t{1} << (width - 1)) - 1);
  return normalised(result);
}

namespace {

// What all views but the bits leave of a number that is not negative: false where that is nothing.
struct Interval {
  uint64_t low, high; // the latter at most INT64_MAX
  bool cut(int64_t smin, int64_t smax) {
    if (smax < 0 || smin > static_cast<int64_t>(high))
      return false;
    low = std::max(low, static_cast<uint64_t>(std::max<int64_t>(smin, 0)));
    high = std::min(high, static_cast<uint64_t>(smax));
    return true;
  }
};
// Of one that is its lower half.
Interval interval_of(const Scalar &number) {
  return {std::max<uint64_t>(number.r64.umin, number.r32.umin),
          std::min<uint64_t>(number.r64.umax, number.r32.umax)};
}

// One that is known to be one of 0 to INT32_MAX by its unsigned bounds.
bool normalise_small(Scalar &number) {
  Interval left = interval_of(number);
  return left.cut(number.r64.smin, number.r64.smax) && left.cut(number.r32.smin, number.r32.smax) &&
         set_small(number, number.bits, left.low, left.high);
}

bool narrow_all(Scalar &number);

// One of 0 to UINT32_MAX, settled, of whose lower half as a signed number nothing more is known. False: there
// is none.
bool set_word(Scalar &number, Tnum bits, uint64_t low, uint64_t high) {
  const uint32_t low32 = static_cast<uint32_t>(low), high32 = static_cast<uint32_t>(high);
  const bool one_sign = low > INT32_MAX || high <= INT32_MAX;
  const Range32 half = one_sign
                           ? Range32{low32, high32, static_cast<int32_t>(low32), static_cast<int32_t>(high32)}
                           : range_of<uint32_t>(bits);
  number.bits = bits;
  number.r64 = {low, high, static_cast<int64_t>(low), static_cast<int64_t>(high)};
  number.r32 = {low32, high32, half.smin, half.smax};
  return one_sign || !number.r32.is_of_one_sign() || narrow_all(number);
}

bool normalise_word(Scalar &number) {
  Interval left = interval_of(number);
  Tnum bits = number.bits;
  return left.cut(number.r64.smin, number.r64.smax) && settle(bits, left.low, left.high) &&
         set_word(number, bits, left.low, left.high);
}

// Each view may narrow the others until none does: what is left is the same in whatever order.
bool narrow_all(Scalar &number) {
  Tnum &bits = number.bits;
  Range64 &r64 = number.r64;
  Range32 &r32 = number.r32;
  for (;;) {
    r64 = intersect(r64, range_of<uint64_t>(bits));
    if (r64.umin <= r64.umax && r64.umax <= INT32_MAX)
      return normalise_small(number);
    r32 = intersect(r32, range_of<uint32_t>(bits));
    bool is_apart = false; // the lower half says nothing, and nothing is said of it
    for (;;) {
      r64.deduce();
      is_apart = r32 == Range32() && lower_range(r64) == Range32();
      if (is_apart) {
        if (r64.is_empty())
          return false;
        break;
      }
      r32 = intersect(r32, lower_range(r64));
      r32.deduce();
      const Range64 before = r64;
      narrow_by_lower(r64, r32);
      if (r64.is_empty() || r32.is_empty())
        return false;
      if (r64 == before)
        break;
    }
    const Tnum before = bits;
    const Tnum whole = Tnum::range(r64.umin, r64.umax);
    if (are_disjoint(bits, whole))
      return false;
    bits = intersect(bits, whole);
    if (!is_apart) {
      Tnum lower = Tnum::range(r32.umin, r32.umax);
      lower.mask |= kUpperHalf;
      if (are_disjoint(bits, lower))
        return false;
      bits = intersect(bits, lower);
    }
    if (bits == before)
      return true;
    // Where the new bits don't narrow the ranges, another round would change nothing.
    if (r64.umax > INT32_MAX && is_subset(r64, range_of<uint64_t>(bits)) &&
        is_subset(r32, range_of<uint32_t>(bits)))
      return true;
  }
}

// Whether it goes from below 0, or INT64_MAX, to above over more words than a lower half tells apart, so that
// one reading says nothing of the other, nor of the lower half, nor of the bits.
bool is_far_around_0(const Range64 &r64) {
  return r64.smin < 0 && r64.smax >= 0 &&
         static_cast<uint64_t>(r64.smax) - static_cast<uint64_t>(r64.smin) > kLowerHalf;
}
bool is_far_around_the_middle(const Range64 &r64) {
  return r64.umin <= INT64_MAX && r64.umax > INT64_MAX && r64.umax - r64.umin > kLowerHalf;
}

// One that may be negative.
bool normalise_signed(Scalar &number) {
  const Tnum bits = number.bits;
  const Range64 &r64 = number.r64;
  const Range32 &r32 = number.r32;
  if (is_subset(range_of<uint64_t>(bits), r64) && is_subset(range_of<uint32_t>(bits), r32)) {
    set_bits(number, bits); // which say all
    return true;
  }
  if (~bits.mask != 0)
    return narrow_all(number);
  if (r32 == Range32() && is_far_around_0(r64) && is_far_around_the_middle(r64) && !r64.is_of_one_sign())
    return true;
  // An error, or a size, as helpers return it: as a signed number it reads the same in both widths.
  if (r64.umin == 0 && ~r64.umax == 0 && r32.umin == 0 && ~r32.umax == 0 && r64.smin >= INT32_MIN &&
      r64.smax <= INT32_MAX) {
    const int32_t low = std::max(static_cast<int32_t>(r64.smin), r32.smin),
                  high = std::min(static_cast<int32_t>(r64.smax), r32.smax);
    if (low >= 0 && low <= high)
      return set_small(number, bits, static_cast<uint32_t>(low), static_cast<uint32_t>(high));
    if (low < 0 && high >= 0) {
      number.r64 = Range64::of_signed(low, high);
      number.r32 = Range32::of_signed(low, high);
      return true;
    }
  }
  return narrow_all(number);
}

} // namespace

bool set_wide(Scalar &number, Tnum bits, uint64_t low, uint64_t high) {
  for (;;) {
    if (!settle(bits, low, high))
      return false;
    if (high <= UINT32_MAX)
      return set_word(number, bits, low, high);
    const Range64 whole{low, high, static_cast<int64_t>(low), static_cast<int64_t>(high)};
    if (high - low <= kLowerHalf) { // its halves are an interval, perhaps
      number = {bits, whole, {}};
      return narrow_all(number);
    }
    const Range32 half = range_of<uint32_t>(bits);
    const uint64_t first = std::max(low, (low & kUpperHalf) | half.umin),
                   last = std::min(high, (high & kUpperHalf) | half.umax);
    if (first == low && last == high) {
      number = {bits, whole, half};
      return true;
    }
    low = first;
    high = last;
  }
}

bool Scalar::normalise() {
  if (bits.is_constant()) {
    const uint64_t word = bits.value;
    if (!contains(word))
      return false;
    *this = constant(word);
    return true;
  }
  if (r64.umin > r64.umax || r64.umax > INT64_MAX)
    return normalise_signed(*this);
  if (r64.umax <= INT32_MAX)
    return normalise_small(*this);
  if (r64.umax <= UINT32_MAX && r32.smin == INT32_MIN && r32.smax == INT32_MAX)
    return normalise_word(*this);
  if (r32 != Range32())
    return narrow_all(*this);
  Interval left{r64.umin, r64.umax};
  return left.cut(r64.smin, r64.smax) && set_wide(*this, bits, left.low, left.high);
}

bool is_subset(const Scalar &inner, const Scalar &outer) {
  return is_subset(inner.bits, outer.bits) && is_subset(inner.r64, outer.r64) &&
         is_subset(inner.r32, outer.r32);
}

namespace {

// The lowest bits of the words from low on to high, as numbers of that width: an interval, where they do not
// wrap.
void narrow_lowest(Range64 &result, unsigned width, bool is_signed, uint64_t low, uint64_t high) {
  const unsigned unused = 64 - width;
  const auto seen = [&](uint64_t word) {
    return is_signed ? static_cast<int64_t>(word << unused) >> unused
                     : static_cast<int64_t>(word << unused >> unused);
  };
  if (high - low > Tnum::unknown_bits(width).mask || seen(low) > seen(high))
    return;
  result.smin = std::max(result.smin, seen(low));
  result.smax = std::min(result.smax, seen(high));
}

// The same of a number. width: less than 32.
void narrow_lowest(Range64 &result, unsigned width, bool is_signed, const Scalar &a) {
  narrow_lowest(result, width, is_signed, a.r64.umin, a.r64.umax);
  narrow_lowest(result, width, is_signed, static_cast<uint64_t>(a.r64.smin), static_cast<uint64_t>(a.r64.smax));
  narrow_lowest(result, width, is_signed, a.r32.umin, a.r32.umax);
  narrow_lowest(result, width, is_signed, static_cast<uint64_t>(int64_t{a.r32.smin}),
                static_cast<uint64_t>(int64_t{a.r32.smax}));
}

} // namespace

Scalar sign_extend(const Scalar &a, unsigned width) {
  Scalar result = Scalar::sign_extended(width);
  if (is_subset(a.r64, result.r64)) // nothing to extend
    return a;
  result.bits = sign_extend(a.bits, width);
  if (width == 32) {
    result.r32 = a.r32;
    result.r64 = Range64::of_signed(a.r32.smin, a.r32.smax);
  } else {
    narrow_lowest(result.r64, width, true, a);
  }
  return normalised(result);
}

Scalar zero_extend(const Scalar &a, unsigned width) {
  if (width >= 64)
    return a;
  Scalar result;
  result.bits = truncate(a.bits, width);
  if (width == 32) {
    result.r32 = a.r32;
    result.r64 = Range64::of_unsigned(a.r32.umin, a.r32.umax);
  } else {
    result.r64 = Scalar::zero_extended(width).r64;
    narrow_lowest(result.r64, width, false, a);
  }
  return normalised(result);
}

Scalar byte_order(const Scalar &a, bool swap, unsigned width) {
  if (!swap)
    return zero_extend(a, width);
  auto reverse = [width](uint64_t word) { return __builtin_bswap64(word) >> (64 - width); };
  Scalar result;
  result.bits = {reverse(a.bits.value), reverse(a.bits.mask)};
  return normalised(result);
}

namespace {

// Narrowing by a comparison, at one width.
template <typename U> bool assume_less(Range<U> &small, Range<U> &large, bool or_equal) {
  if (!or_equal && (large.umax == 0 || small.umin == Range<U>::kUnsignedMax))
    return false;
  U gap = or_equal ? 0 : 1;
  small.umax = std::min<U>(small.umax, large.umax - gap);
  large.umin = std::max<U>(large.umin, small.umin + gap);
  return true;
}
template <typename U> bool assume_less_signed(Range<U> &small, Range<U> &large, bool or_equal) {
  using S = typename Range<U>::S;
  if (!or_equal && (large.smax == Range<U>::kSignedMin || small.smin == Range<U>::kSignedMax))
    return false;
  S gap = or_equal ? 0 : 1;
  small.smax = std::min<S>(small.smax, large.smax - gap);
  large.smin = std::max<S>(large.smin, small.smin + gap);
  return true;
}
// a is not the constant: takes it off an end of a.
template <typename U> void exclude(Range<U> &a, U constant) {
  using S = typename Range<U>::S;
  S number = static_cast<S>(constant);
  if (a.umin == a.umax && a.umin == constant) { // nothing is left
    a.umin = 1, a.umax = 0;
    return;
  }
  if (a.umin == constant)
    a.umin++;
  else if (a.umax == constant)
    a.umax--;
  if (a.smin == number && a.smin != a.smax)
    a.smin++;
  else if (a.smax == number && a.smin != a.smax)
    a.smax--;
}

template <typename U> bool assume_range(uint8_t code, Range<U> &a, Range<U> &b) {
  switch (code) {
  case KBPF_JMP_JEQ:
    a = b = intersect(a, b);
    return !a.is_empty();
  case KBPF_JMP_JNE:
    if (b.umin == b.umax)
      exclude(a, b.umin);
    else if (a.umin == a.umax)
      exclude(b, a.umin);
    return true;
  case KBPF_JMP_JGT:
    return assume_less(b, a, false);
  case KBPF_JMP_JGE:
    return assume_less(b, a, true);
  case KBPF_JMP_JLT:
    return assume_less(a, b, false);
  case KBPF_JMP_JLE:
    return assume_less(a, b, true);
  case KBPF_JMP_JSGT:
    return assume_less_signed(b, a, false);
  case KBPF_JMP_JSGE:
    return assume_less_signed(b, a, true);
  case KBPF_JMP_JSLT:
    return assume_less_signed(a, b, false);
  case KBPF_JMP_JSLE:
    return assume_less_signed(a, b, true);
  default:
    return true;
  }
}

// Whether a and b have a common bit, or not, learnt from JSET. mask: the bits that the comparison looks at.
bool assume_common_bits(Tnum &a, Tnum &b, uint64_t mask) {
  uint64_t possible = a.max() & b.max() & mask;
  if (possible == 0)
    return false;
  if ((possible & (possible - 1)) == 0) { // only one bit can be the common one
    a = {a.value | possible, a.mask & ~possible};
    b = {b.value | possible, b.mask & ~possible};
  }
  return true;
}
bool assume_no_common_bits(Tnum &a, Tnum &b, uint64_t mask) {
  if (a.value & b.value & mask)
    return false;
  uint64_t not_in_a = b.value & mask, not_in_b = a.value & mask;
  a.mask &= ~not_in_a;
  b.mask &= ~not_in_b;
  return true;
}

bool assume_bits_equal(Tnum &a, Tnum &b, uint64_t mask) {
  Tnum a_part = {a.value, a.mask | ~mask}, b_part = {b.value, b.mask | ~mask};
  a_part.value &= mask, b_part.value &= mask;
  if (are_disjoint(a, b_part) || are_disjoint(b, a_part))
    return false;
  a = intersect(a, b_part);
  b = intersect(b, a_part);
  return true;
}

uint8_t negated(uint8_t code) {
  switch (code) {
  case KBPF_JMP_JEQ:
    return KBPF_JMP_JNE;
  case KBPF_JMP_JNE:
    return KBPF_JMP_JEQ;
  case KBPF_JMP_JGT:
    return KBPF_JMP_JLE;
  case KBPF_JMP_JGE:
    return KBPF_JMP_JLT;
  case KBPF_JMP_JLT:
    return KBPF_JMP_JGE;
  case KBPF_JMP_JLE:
    return KBPF_JMP_JGT;
  case KBPF_JMP_JSGT:
    return KBPF_JMP_JSLE;
  case KBPF_JMP_JSGE:
    return KBPF_JMP_JSLT;
  case KBPF_JMP_JSLT:
    return KBPF_JMP_JSGE;
  default:
    return KBPF_JMP_JSGT; // JSLE
  }
}

} // namespace

bool goes_both_ways(uint8_t code, bool is_64, const Scalar &a, uint64_t b) {
  if (!is_64) {
    if (a.r64.umax > INT32_MAX)
      return false;
    b = static_cast<uint64_t>(int64_t{static_cast<int32_t>(b)}); // the order of halves is theirs
  }
  const uint64_t unsigned_b = is_64 ? b : static_cast<uint32_t>(b);
  const int64_t signed_b = static_cast<int64_t>(b);
  uint64_t low = a.r64.umin, high = a.r64.umax; // two words of a, if they are
  bool differ;
  switch (code) {
  case KBPF_JMP_JSET:
    low = a.bits.value;
    high = a.bits.max();
    differ = !(low & unsigned_b) && high & unsigned_b;
    break;
  case KBPF_JMP_JEQ:
  case KBPF_JMP_JNE:
    low = low == unsigned_b ? high : low;
    high = unsigned_b;
    differ = low != high;
    break;
  case KBPF_JMP_JGT:
  case KBPF_JMP_JLE:
    differ = low <= unsigned_b && unsigned_b < high;
    break;
  case KBPF_JMP_JGE:
  case KBPF_JMP_JLT:
    differ = low < unsigned_b && unsigned_b <= high;
    break;
  default: // signed
    low = static_cast<uint64_t>(a.r64.smin);
    high = static_cast<uint64_t>(a.r64.smax);
    differ = code == KBPF_JMP_JSGT || code == KBPF_JMP_JSLE ? a.r64.smin <= signed_b && signed_b < a.r64.smax
                                                            : a.r64.smin < signed_b && signed_b <= a.r64.smax;
  }
  return differ && a.contains(low) && a.contains(high);
}

bool assume(uint8_t code, bool is_64, Scalar &dst, Scalar &src) {
  uint64_t mask = is_64 ? ~uint64_t{0} : kLowerHalf;
  if (code == KBPF_JMP_JSET) {
    if (!assume_common_bits(dst.bits, src.bits, mask))
      return false;
  } else if (!(is_64 ? assume_range(code, dst.r64, src.r64) : assume_range(code, dst.r32, src.r32))) {
    return false;
  }
  if (code == KBPF_JMP_JEQ) {
    if (!assume_bits_equal(dst.bits, src.bits, mask))
      return false;
    if (is_64 && !assume_range(code, dst.r32, src.r32))
      return false;
  }
  return dst.normalise() && src.normalise();
}

bool assume_not(uint8_t code, bool is_64, Scalar &dst, Scalar &src) {
  if (code != KBPF_JMP_JSET)
    return assume(negated(code), is_64, dst, src);
  uint64_t mask = is_64 ? ~uint64_t{0} : kLowerHalf;
  return assume_no_common_bits(dst.bits, src.bits, mask) && dst.normalise() && src.normalise();
}

namespace {

bool is_signed_order(uint8_t code) {
  return code == KBPF_JMP_JSGT || code == KBPF_JMP_JSGE || code == KBPF_JMP_JSLT || code == KBPF_JMP_JSLE;
}

// Whether a number that is not negative, of which nothing but its interval and its bits is known, compares
// with the word as with one of the same kind, in unsigned order. Makes it that.
bool compares_as_positive(uint8_t code, bool is_64, const Scalar &dst, uint64_t &word) {
  const uint64_t most = dst.r64.umax;
  const bool is_signed = is_signed_order(code);
  if (!is_64) {
    if (most > (is_signed ? uint64_t{INT32_MAX} : uint64_t{UINT32_MAX}))
      return false;
    word = static_cast<uint32_t>(word);
    const bool is_end = word == uint32_t{INT32_MAX} || word == uint32_t{INT32_MAX} + 1; // of signed halves
    if (most > INT32_MAX && is_end && (code == KBPF_JMP_JEQ || code == KBPF_JMP_JNE))
      return false;
  }
  if (most > INT64_MAX || (is_signed && word > (is_64 ? uint64_t{INT64_MAX} : uint64_t{INT32_MAX})))
    return false;
  if (most <= INT32_MAX)
    return true;
  if (most <= UINT32_MAX)
    return dst.r64.umin > INT32_MAX || (dst.r32.smin == INT32_MIN && dst.r32.smax == INT32_MAX);
  return dst.r32 == Range32() || dst.r32 == range_of<uint32_t>(dst.bits);
}

enum class Narrowed : uint8_t { to_nothing, not_at_all, to_less };

// By "number code word", in unsigned order.
[[gnu::always_inline]] inline Narrowed narrow_positive(uint8_t code, bool holds, Tnum &bits, uint64_t &low,
                                                       uint64_t &high, uint64_t word) {
  const auto narrowed = [](bool is_less) { return is_less ? Narrowed::to_less : Narrowed::not_at_all; };
  const auto at_least = [&](uint64_t bound) {
    if (bound > high)
      return Narrowed::to_nothing;
    const bool is_less = bound > low;
    low = is_less ? bound : low;
    return narrowed(is_less);
  };
  const auto at_most = [&](uint64_t bound) {
    if (bound < low)
      return Narrowed::to_nothing;
    const bool is_less = bound < high;
    high = is_less ? bound : high;
    return narrowed(is_less);
  };
  switch (code) {
  case KBPF_JMP_JEQ:
  case KBPF_JMP_JNE:
    if ((code == KBPF_JMP_JEQ) == holds) {
      bits = Tnum::constant(word);
      const bool is_in = low <= word && word <= high;
      low = high = word;
      return is_in ? Narrowed::to_less : Narrowed::to_nothing;
    }
    if (low == word)
      return high == word ? Narrowed::to_nothing : at_least(word + 1);
    return high == word ? at_most(word - 1) : Narrowed::not_at_all;
  case KBPF_JMP_JGT:
  case KBPF_JMP_JSGT:
    return holds ? word > INT64_MAX ? Narrowed::to_nothing : at_least(word + 1) : at_most(word);
  case KBPF_JMP_JGE:
  case KBPF_JMP_JSGE:
    return holds ? at_least(word) : word == 0 ? Narrowed::to_nothing : at_most(word - 1);
  case KBPF_JMP_JLT:
  case KBPF_JMP_JSLT:
    return !holds ? at_least(word) : word == 0 ? Narrowed::to_nothing : at_most(word - 1);
  case KBPF_JMP_JLE:
  case KBPF_JMP_JSLE:
    return !holds ? word > INT64_MAX ? Narrowed::to_nothing : at_least(word + 1) : at_most(word);
  default: { // JSET
    if (!holds) {
      const bool is_less = bits.mask & word;
      bits.mask &= ~word;
      return bits.value & word ? Narrowed::to_nothing : narrowed(is_less);
    }
    const uint64_t possible = bits.max() & word;
    if (possible & (possible - 1) || bits.value & possible) // any of several, or one that is known
      return Narrowed::not_at_all;
    bits = {bits.value | possible, bits.mask & ~possible};
    return possible ? Narrowed::to_less : Narrowed::to_nothing;
  }
  }
}

} // namespace

bool assume(uint8_t code, bool is_64, bool holds, Scalar &dst, uint64_t word) {
  if (is_64 && code == (holds ? KBPF_JMP_JEQ : KBPF_JMP_JNE)) {
    if (!dst.contains(word))
      return false;
    dst = Scalar::constant(word);
    return true;
  }
  if (uint64_t positive = word; compares_as_positive(code, is_64, dst, positive)) {
    Tnum bits = dst.bits;
    uint64_t low = dst.r64.umin, high = dst.r64.umax;
    switch (narrow_positive(code, holds, bits, low, high, positive)) {
    case Narrowed::to_nothing:
      return false;
    case Narrowed::not_at_all:
      return true;
    default:
      if ((code == KBPF_JMP_JEQ || code == KBPF_JMP_JNE) && bits.is_constant()) {
        if (!dst.contains(positive))
          return false;
        dst = Scalar::constant(positive);
        return true;
      }
      return high <= INT32_MAX ? set_small(dst, bits, low, high) : set_wide(dst, bits, low, high);
    }
  }
  Scalar src = Scalar::constant(word);
  return holds ? assume(code, is_64, dst, src) : assume_not(code, is_64, dst, src);
}

} // namespace kbpf
