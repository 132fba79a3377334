// SPDX-License-Identifier: MIT OR Apache-2.0
// The hash function of maps: multiply and fold, keyed by a seed that the map draws when it is made, so that
// nobody can choose keys that meet in one bucket.
#pragma once
#include "kernel/maps/map.h"
#include "kernel/maps/words.h"
#include "kernel/port.h"

namespace kbpf::maps {

inline uint64_t mix(uint64_t a, uint64_t b) {
  unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t hash_bytes_64(const void *bytes, size_t size, uint64_t seed) {
  uint64_t hash = seed ^ size;
  each_word(bytes, size, [&](size_t, Word word) {
    hash = mix(hash ^ word, 0x9e3779b97f4a7c15);
    return true;
  });
  return mix(hash, 0xd6e8feb86659fd93);
}
inline uint32_t hash_bytes(const void *bytes, size_t size, uint64_t seed) {
  const uint64_t hash = hash_bytes_64(bytes, size, seed);
  return static_cast<uint32_t>(hash ^ hash >> 32);
}

inline uint64_t draw_seed(const MapSpec &spec) {
  if (spec.flags & KBPF_MAP_F_ZERO_SEED)
    return 0;
  return uint64_t{kbpf_port_random_u32()} << 32 | kbpf_port_random_u32();
}

} // namespace kbpf::maps
