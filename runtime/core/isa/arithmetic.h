// SPDX-License-Identifier: MIT OR Apache-2.0
// What the ALU operations compute where C++ leaves it undefined or differs (RFC 9669 section 4.1): division
// by zero, the most negative number divided by -1, shift counts beyond the width. T is uint32_t or uint64_t.
#pragma once
#include <cstdint>
#include <type_traits>

namespace kbpf {

template <typename T> constexpr T divide(T a, T b) { return b ? a / b : 0; }
template <typename T> constexpr T modulo(T a, T b) { return b ? a % b : a; }

// Truncates towards zero; INT_MIN / -1 wraps to INT_MIN.
template <typename T> constexpr T signed_divide(T a, T b) {
  using Signed = std::make_signed_t<T>;
  if (b == static_cast<T>(-1))
    return T{0} - a;
  return b ? static_cast<T>(static_cast<Signed>(a) / static_cast<Signed>(b)) : 0;
}

// The sign is the dividend's; INT_MIN % -1 is 0.
template <typename T> constexpr T signed_modulo(T a, T b) {
  using Signed = std::make_signed_t<T>;
  if (b == static_cast<T>(-1))
    return 0;
  return b ? static_cast<T>(static_cast<Signed>(a) % static_cast<Signed>(b)) : a;
}

// Shift counts are taken modulo the width.
template <typename T> constexpr T shift_left(T a, T b) { return a << (b & (sizeof(T) * 8 - 1)); }
template <typename T> constexpr T shift_right(T a, T b) { return a >> (b & (sizeof(T) * 8 - 1)); }
template <typename T> constexpr T shift_right_signed(T a, T b) {
  return static_cast<T>(static_cast<std::make_signed_t<T>>(a) >> (b & (sizeof(T) * 8 - 1)));
}

// The low `bits` (8, 16, 32 or 64) of a, sign-extended to T.
template <typename T> constexpr T sign_extend(T a, unsigned bits) {
  unsigned shift = sizeof(T) * 8 - bits;
  return static_cast<T>(static_cast<std::make_signed_t<T>>(a << shift) >> shift);
}

// Conversion between little-endian and big-endian: the low `bits` (16, 32 or 64) reversed, the rest zero.
constexpr uint64_t swap_bytes(uint64_t a, unsigned bits) { return __builtin_bswap64(a) >> (64 - bits); }

// The low `bits` (16, 32 or 64), zero-extended.
constexpr uint64_t truncate(uint64_t a, unsigned bits) { return a & (~uint64_t{0} >> (64 - bits)); }

} // namespace kbpf
