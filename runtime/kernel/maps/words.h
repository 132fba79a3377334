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
constexpr size_t word_count(size_t bytes) { return (bytes + sizeof(Word) - 1) / sizeof(Word); }

inline Word load_word(const Word *word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }
inline void store_word(Word *word, Word value) { __atomic_store_n(word, value, __ATOMIC_RELAXED); }

// Word number index of a caller's unshared bytes, wherever they are aligned.
inline Word plain_word(const void *bytes, size_t size, size_t index) {
  Word word = 0;
  size_t at = index * sizeof(Word);
  size_t left = size - at;
  memcpy(&word, static_cast<const char *>(bytes) + at, left < sizeof(Word) ? left : sizeof(Word));
  return word;
}

inline void store_words(Word *to, const void *from, size_t size) {
  for (size_t i = 0; i < word_count(size); i++)
    store_word(to + i, plain_word(from, size, i));
}

inline void load_words(void *to, const Word *from, size_t size) {
  for (size_t at = 0; at < size; at += sizeof(Word)) {
    Word word = load_word(from + at / sizeof(Word));
    size_t left = size - at;
    memcpy(static_cast<char *>(to) + at, &word, left < sizeof(Word) ? left : sizeof(Word));
  }
}

inline bool words_equal(const Word *stored, const void *bytes, size_t size) {
  for (size_t i = 0; i < word_count(size); i++)
    if (load_word(stored + i) != plain_word(bytes, size, i))
      return false;
  return true;
}

} // namespace kbpf::maps
