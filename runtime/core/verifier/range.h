// SPDX-License-Identifier: MIT OR Apache-2.0
// What is known of a number's size: bounds of its unsigned and of its signed reading, at one width. A range
// stands for the words that lie within both. Every operation returns a range that contains each possible
// (wrapped) result. U is uint64_t or uint32_t; the tests use uint8_t, where all cases can be tried.
#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace kbpf {

template <typename U> struct Range {
  using S = std::make_signed_t<U>;
  static constexpr U kUnsignedMax = std::numeric_limits<U>::max();
  static constexpr S kSignedMin = std::numeric_limits<S>::min();
  static constexpr S kSignedMax = std::numeric_limits<S>::max();
  static constexpr unsigned kWidth = 8 * sizeof(U);

  U umin = 0, umax = kUnsignedMax;
  S smin = kSignedMin, smax = kSignedMax;

  static constexpr Range constant(U word) { return {word, word, static_cast<S>(word), static_cast<S>(word)}; }
  static constexpr Range of_unsigned(U min, U max) { return {min, max, kSignedMin, kSignedMax}; }
  static constexpr Range of_signed(S min, S max) { return {0, kUnsignedMax, min, max}; }

  constexpr bool is_empty() const { return umin > umax || smin > smax; }
  constexpr bool contains(U word) const {
    S number = static_cast<S>(word);
    return umin <= word && word <= umax && smin <= number && number <= smax;
  }
  constexpr bool operator==(const Range &) const = default;

  // Narrows each reading by the other, as far as they do. May make the range empty, never drops a member.
  constexpr void deduce() {
    if (narrow_signed()) {
      narrow_unsigned();
    } else if (narrow_unsigned() || narrow_to_one_sign()) {
      narrow_signed();
      narrow_unsigned();
    }
  }
  // Whether the signed reading leaves only numbers of one sign to an unsigned one that has both. Both go over
  // their middles.
  constexpr bool is_of_one_sign() const {
    return umax < static_cast<U>(smin) || static_cast<U>(smax) < umin;
  }

private:
  // Where both readings go over their middles, and the negative numbers of the one are above the other, or its
  // positive ones below.
  constexpr bool narrow_to_one_sign() {
    if (!is_of_one_sign() || is_empty())
      return false;
    if (umax < static_cast<U>(smin))
      smin = 0;
    else
      smax = -1;
    return narrow_unsigned();
  }
  // By the unsigned bounds, where they have one sign; the other way round.
  constexpr bool narrow_signed() {
    if (static_cast<S>(umin) > static_cast<S>(umax) || umin > umax)
      return false;
    smin = std::max(smin, static_cast<S>(umin));
    smax = std::min(smax, static_cast<S>(umax));
    return true;
  }
  constexpr bool narrow_unsigned() {
    if (static_cast<U>(smin) > static_cast<U>(smax) || smin > smax)
      return false;
    umin = std::max(umin, static_cast<U>(smin));
    umax = std::min(umax, static_cast<U>(smax));
    return true;
  }
};

template <typename U> constexpr bool is_subset(const Range<U> &inner, const Range<U> &outer) {
  return outer.umin <= inner.umin && inner.umax <= outer.umax && outer.smin <= inner.smin &&
         inner.smax <= outer.smax;
}
template <typename U> constexpr Range<U> intersect(const Range<U> &a, const Range<U> &b) {
  return {std::max(a.umin, b.umin), std::min(a.umax, b.umax), std::max(a.smin, b.smin),
          std::min(a.smax, b.smax)};
}

// Where the sums of both ends wrap alike, so does every sum between them.
template <typename U> constexpr Range<U> add(const Range<U> &a, const Range<U> &b) {
  Range<U> sum;
  U low, high;
  if (__builtin_add_overflow(a.umin, b.umin, &low) == __builtin_add_overflow(a.umax, b.umax, &high))
    sum.umin = low, sum.umax = high;
  typename Range<U>::S slow, shigh;
  bool low_wraps = __builtin_add_overflow(a.smin, b.smin, &slow);
  bool high_wraps = __builtin_add_overflow(a.smax, b.smax, &shigh);
  if (!low_wraps && !high_wraps)
    sum.smin = slow, sum.smax = shigh;
  return sum;
}

template <typename U> constexpr Range<U> subtract(const Range<U> &a, const Range<U> &b) {
  Range<U> difference;
  U low, high;
  if (__builtin_sub_overflow(a.umin, b.umax, &low) == __builtin_sub_overflow(a.umax, b.umin, &high))
    difference.umin = low, difference.umax = high;
  typename Range<U>::S slow, shigh;
  bool low_wraps = __builtin_sub_overflow(a.smin, b.smax, &slow);
  bool high_wraps = __builtin_sub_overflow(a.smax, b.smin, &shigh);
  if (!low_wraps && !high_wraps)
    difference.smin = slow, difference.smax = shigh;
  return difference;
}

template <typename U> constexpr Range<U> multiply(const Range<U> &a, const Range<U> &b) {
  using S = typename Range<U>::S;
  Range<U> product;
  U high;
  if (!__builtin_mul_overflow(a.umax, b.umax, &high)) {
    product.umin = static_cast<U>(a.umin * b.umin);
    product.umax = high;
  }
  S corners[4];
  bool wraps = __builtin_mul_overflow(a.smin, b.smin, &corners[0]);
  wraps |= __builtin_mul_overflow(a.smin, b.smax, &corners[1]);
  wraps |= __builtin_mul_overflow(a.smax, b.smin, &corners[2]);
  wraps |= __builtin_mul_overflow(a.smax, b.smax, &corners[3]);
  if (!wraps) {
    product.smin = std::min({corners[0], corners[1], corners[2], corners[3]});
    product.smax = std::max({corners[0], corners[1], corners[2], corners[3]});
  }
  return product;
}

// Whether all ones, and at most all zeroes too, are in it: what a sign becomes that was shifted down.
template <typename U> constexpr bool is_smeared_sign(const Range<U> &a) { return a.smin == -1 && a.smax <= 0; }
// The smallest 2^n - 1 that is not less than a number that is not negative.
template <typename U> constexpr std::make_signed_t<U> filled(std::make_signed_t<U> number) {
  U ones = static_cast<U>(number);
  for (unsigned shift = 1; shift < Range<U>::kWidth; shift *= 2)
    ones |= static_cast<U>(ones >> shift);
  return static_cast<std::make_signed_t<U>>(ones);
}

// Bitwise results are bounded by their operands; the rest is known from the tnum of the result.
template <typename U> constexpr Range<U> bit_and(const Range<U> &a, const Range<U> &b) {
  using S = typename Range<U>::S;
  Range<U> result = Range<U>::of_unsigned(0, std::min(a.umax, b.umax));
  if (is_smeared_sign(a) || is_smeared_sign(b)) { // the other one, or 0
    const Range<U> &other = is_smeared_sign(a) ? b : a;
    result.smin = std::min<S>(0, other.smin);
    result.smax = std::max<S>(0, other.smax);
    return result;
  }
  result.smin =
      a.smin >= 0 || b.smin >= 0 ? S{0} : static_cast<S>(~filled<U>(static_cast<S>(~std::min(a.smin, b.smin))));
  result.smax = std::max(a.smax, b.smax);
  return result;
}
template <typename U> constexpr Range<U> bit_or(const Range<U> &a, const Range<U> &b) {
  using S = typename Range<U>::S;
  Range<U> result = Range<U>::of_unsigned(std::max(a.umin, b.umin), Range<U>::kUnsignedMax);
  if (is_smeared_sign(a) || is_smeared_sign(b)) { // the other one, or all ones
    const Range<U> &other = is_smeared_sign(a) ? b : a;
    result.smin = std::min<S>(-1, other.smin);
    result.smax = std::max<S>(-1, other.smax);
    return result;
  }
  result.smin = std::min(a.smin, b.smin);
  result.smax = a.smax < 0 || b.smax < 0 ? S{-1} : filled<U>(std::max(a.smax, b.smax));
  return result;
}
template <typename U> constexpr Range<U> bit_xor(const Range<U> &, const Range<U> &) { return {}; }

// Shift amounts count modulo the width (RFC 9669 section 4.1).
template <typename U> constexpr Range<U> shift_amounts(const Range<U> &amount) {
  constexpr U kLast = Range<U>::kWidth - 1;
  if (amount.umin == amount.umax)
    return Range<U>::constant(amount.umin & kLast);
  return amount.umax <= kLast ? amount : Range<U>::of_unsigned(0, kLast);
}
template <typename U> constexpr Range<U> shift_left(const Range<U> &a, const Range<U> &amount) {
  Range<U> by = shift_amounts(amount);
  if (a.umax > static_cast<U>(Range<U>::kUnsignedMax >> by.umax))
    return {};
  return Range<U>::of_unsigned(static_cast<U>(a.umin << by.umin), static_cast<U>(a.umax << by.umax));
}
template <typename U> constexpr Range<U> shift_right(const Range<U> &a, const Range<U> &amount) {
  Range<U> by = shift_amounts(amount);
  return Range<U>::of_unsigned(static_cast<U>(a.umin >> by.umax), static_cast<U>(a.umax >> by.umin));
}
template <typename U> constexpr Range<U> shift_right_signed(const Range<U> &a, const Range<U> &amount) {
  using S = typename Range<U>::S;
  Range<U> by = shift_amounts(amount);
  S low = std::min(static_cast<S>(a.smin >> by.umin), static_cast<S>(a.smin >> by.umax));
  S high = std::max(static_cast<S>(a.smax >> by.umin), static_cast<S>(a.smax >> by.umax));
  return Range<U>::of_signed(low, high);
}

// A quotient by zero is zero, a remainder by zero the dividend (RFC 9669 section 4.1).
template <typename U> constexpr Range<U> divide(const Range<U> &a, const Range<U> &b) {
  if (b.umin == 0)
    return Range<U>::of_unsigned(0, a.umax);
  return Range<U>::of_unsigned(a.umin / b.umax, a.umax / b.umin);
}
template <typename U> constexpr Range<U> modulo(const Range<U> &a, const Range<U> &b) {
  if (a.umax < b.umin)
    return a;
  if (b.umin == 0)
    return Range<U>::of_unsigned(0, a.umax);
  return Range<U>::of_unsigned(0, std::min<U>(a.umax, b.umax - 1));
}
// Signed forms: for a constant positive divisor, the case that compilers emit; anything otherwise.
template <typename U> constexpr Range<U> divide_signed(const Range<U> &a, const Range<U> &b) {
  if (b.smin != b.smax || b.smin <= 0)
    return {};
  return Range<U>::of_signed(a.smin / b.smin, a.smax / b.smin);
}
template <typename U> constexpr Range<U> modulo_signed(const Range<U> &a, const Range<U> &b) {
  using S = typename Range<U>::S;
  if (b.smin != b.smax || b.smin <= 0)
    return {};
  S last = b.smin - 1;
  S low = a.smin < 0 ? std::max<S>(a.smin, static_cast<S>(-last)) : 0;
  S high = a.smax > 0 ? std::min<S>(a.smax, last) : 0;
  return Range<U>::of_signed(low, high);
}

} // namespace kbpf
