// SPDX-License-Identifier: MIT OR Apache-2.0
// Keys of a hash table, by size: those of 4, 8 and 16 bytes are hashed and compared as words. The hash is
// multiplication by secret odd numbers, of which the upper bits pick the bucket: whatever two keys are, they
// meet in one with a probability of at most 2 / buckets (Dietzfelbinger and others, 1997), so that nobody who
// does not know the numbers can choose keys that do. One multiplication would put keys that count up into as
// few buckets as an unlucky number has it, all of them at once: a fold and another break their rows up.
#pragma once
#include "kernel/maps/hashing.h"

namespace kbpf::maps {

struct HashSeeds {
  uint64_t first, second, last; // odd
  // Drawn for the map; always the same where its flags say so.
  static HashSeeds draw(const MapSpec &spec) {
    constexpr uint64_t kFirst = 0x9e3779b97f4a7c15, kSecond = 0xd6e8feb86659fd93, kLast = 0xbf58476d1ce4e5b9;
    return {(draw_seed(spec) ^ kFirst) | 1, (draw_seed(spec) ^ kSecond) | 1, (draw_seed(spec) ^ kLast) | 1};
  }
  // The shift is a short one, so that keys which differ in their upper bits alone leave it enough to fold.
  uint64_t finish(uint64_t product) const { return (product ^ product >> 20) * last; }
};

struct Key4 {
  static constexpr size_t kWords = 1;
  static constexpr bool kHasWords = true;
  explicit Key4(const void *key) : word(plain_u32(key)) {}
  uint64_t hash(const HashSeeds &seeds) const { return seeds.finish(word * seeds.first); }
  bool matches(const Word *stored) const { return load_word(stored) == word; }
  const Word word;
};

struct Key8 {
  static constexpr size_t kWords = 1;
  static constexpr bool kHasWords = true;
  explicit Key8(const void *key) : Key8(plain_word(key)) {}
  explicit Key8(Word key) : word(key) {}
  uint64_t hash(const HashSeeds &seeds) const { return seeds.finish(word * seeds.first); }
  bool matches(const Word *stored) const { return load_word(stored) == word; }
  const Word word;
};

struct Key16 {
  static constexpr size_t kWords = 2;
  static constexpr bool kHasWords = true;
  explicit Key16(const void *key)
      : words{plain_word(key), plain_word(static_cast<const char *>(key) + sizeof(Word))} {}
  uint64_t hash(const HashSeeds &seeds) const {
    return seeds.finish(words[0] * seeds.first + words[1] * seeds.second);
  }
  bool matches(const Word *stored) const {
    return load_word(stored) == words[0] && load_word(stored + 1) == words[1];
  }
  const Word words[2];
};

struct KeyOfAnySize {
  static constexpr bool kHasWords = false;
  KeyOfAnySize(const void *key, uint32_t key_size) : bytes(key), size(key_size) {}
  uint64_t hash(const HashSeeds &seeds) const { return hash_bytes_64(bytes, size, seeds.first); }
  bool matches(const Word *stored) const { return words_equal(stored, bytes, size); }
  const void *const bytes;
  const uint32_t size;
};

} // namespace kbpf::maps
