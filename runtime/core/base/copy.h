// SPDX-License-Identifier: MIT OR Apache-2.0
// Copies that run often, of objects or rows of words that are too small for a call of memcpy to be worth it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace kbpf {

// Word by word, however large it is. Of a type that only its own copying keeps from being trivially copyable.
template <typename T> [[gnu::always_inline]] inline void copy_inline(T &to, const T &from) {
  static_assert(std::is_trivially_destructible_v<T> && std::is_standard_layout_v<T>);
#if __has_builtin(__builtin_memcpy_inline)
  __builtin_memcpy_inline(&to, &from, sizeof to);
#else
  __builtin_memcpy(&to, &from, sizeof to);
#endif
}

// count: words. Gives the place behind them.
inline uint64_t *copy_words(uint64_t *to, const uint64_t *from, size_t count) {
  for (; count >= 4; count -= 4, to += 4, from += 4) {
    const uint64_t a = from[0], b = from[1], c = from[2], d = from[3];
    to[0] = a, to[1] = b, to[2] = c, to[3] = d;
  }
  for (; count; count--) {
    *to++ = *from++;
    asm volatile("" ::: "memory"); // stays a loop: the compiler knows it for memcpy otherwise
  }
  return to;
}

} // namespace kbpf
