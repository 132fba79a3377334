// SPDX-License-Identifier: MIT OR Apache-2.0
// Element bytes that several CPUs read and write at once. They are stored as 8-byte words, the last one
// padded with zeros, and every access is a relaxed atomic one: whole words are never torn, which is what
// Linux promises too.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace kbpf::maps {

using Word = uint64_t;
using AliasingWord = Word __attribute__((may_alias)); // a memcpy of 8 bytes would become a call
constexpr size_t word_count(size_t bytes) { return (bytes + sizeof(Word) - 1) / sizeof(Word); }

inline Word load_word(const Word *word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }
inline void store_word(Word *word, Word value) { __atomic_store_n(word, value, __ATOMIC_RELAXED); }

// A whole word of a caller's unshared bytes. Keys and values are aligned almost always; the processor may not
// take the others at once.
inline Word plain_word(const void *bytes) {
  if (reinterpret_cast<uintptr_t>(bytes) % sizeof(Word) == 0) [[likely]]
    return *static_cast<const AliasingWord *>(bytes);
  Word word;
  memcpy(&word, bytes, sizeof(word));
  return word;
}
inline uint32_t plain_u32(const void *bytes) {
  using AliasingHalf = uint32_t __attribute__((may_alias));
  if (reinterpret_cast<uintptr_t>(bytes) % sizeof(uint32_t) == 0) [[likely]]
    return *static_cast<const AliasingHalf *>(bytes);
  uint32_t value;
  memcpy(&value, bytes, sizeof(value));
  return value;
}
// Fewer bytes than a word has, padded with zeros.
inline Word plain_tail(const void *bytes, size_t size) {
  Word word = 0;
  for (size_t i = 0; i < size; i++)
    word |= Word{static_cast<const unsigned char *>(bytes)[i]} << 8 * i;
  return word;
}

// Calls visit(index, word) for each word of size unshared bytes; visit returns false to stop.
template <typename Visit> inline bool each_word(const void *bytes, size_t size, Visit visit) {
  const char *at = static_cast<const char *>(bytes);
  size_t index = 0;
  for (; size >= sizeof(Word); at += sizeof(Word), size -= sizeof(Word))
    if (!visit(index++, plain_word(at)))
      return false;
  return size == 0 || visit(index, plain_tail(at, size));
}

inline void store_words(Word *to, const void *from, size_t size) {
  each_word(from, size, [&](size_t index, Word word) {
    store_word(to + index, word);
    return true;
  });
}

inline void load_words(void *to, const Word *from, size_t size) {
  char *at = static_cast<char *>(to);
  for (; size >= sizeof(Word); from++, at += sizeof(Word), size -= sizeof(Word)) {
    Word word = load_word(from);
    if (reinterpret_cast<uintptr_t>(at) % sizeof(Word) == 0)
      *reinterpret_cast<AliasingWord *>(at) = word;
    else
      memcpy(at, &word, sizeof(word));
  }
  if (size == 0)
    return;
  Word word = load_word(from);
  for (size_t i = 0; i < size; i++)
    at[i] = static_cast<char>(word >> 8 * i);
}

inline bool words_equal(const Word *stored, const void *bytes, size_t size) {
  return each_word(bytes, size, [&](size_t index, Word word) { return load_word(stored + index) == word; });
}

} // namespace kbpf::maps
