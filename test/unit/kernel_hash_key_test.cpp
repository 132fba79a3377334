// SPDX-License-Identifier: MIT OR Apache-2.0
// How keys that count up spread over a table's buckets, whatever numbers the table has drawn.
#include "kernel/maps/hash_key.h"
#include <functional>
#include <gtest/gtest.h>
#include <random>

namespace kbpf::maps::test {
namespace {

constexpr unsigned kKeys = 512, kBucketBits = 10, kTables = 1000;

// Elements that a look-up passes before its own, on average over keys; the worst of many tables.
template <typename Key> double worst_passed(const std::function<void(unsigned, std::byte *)> &make_key) {
  std::mt19937_64 random(1);
  double worst = 0;
  for (unsigned table = 0; table < kTables; table++) {
    const HashSeeds seeds{random() | 1, random() | 1, random() | 1};
    unsigned count[1 << kBucketBits] = {}, passed = 0;
    for (unsigned i = 0; i < kKeys; i++) {
      alignas(8) std::byte key[16] = {};
      make_key(i, key);
      passed += count[Key(key).hash(seeds) >> (64 - kBucketBits)]++;
    }
    worst = std::max(worst, double(passed) / kKeys);
  }
  return worst;
}
template <typename Number> void put(std::byte *key, Number number) { memcpy(key, &number, sizeof(number)); }

// Random buckets would have 0.25.
TEST(HashKey, KeysThatCountUpSpreadInEveryTable) {
  EXPECT_LT(worst_passed<Key4>([](unsigned i, std::byte *key) { put(key, uint32_t{i}); }), 0.5);
  EXPECT_LT(worst_passed<Key8>([](unsigned i, std::byte *key) { put(key, uint64_t{i}); }), 0.5);
  EXPECT_LT(worst_passed<Key16>([](unsigned i, std::byte *key) { put(key, uint64_t{i}); }), 0.5);
  EXPECT_LT(worst_passed<Key16>([](unsigned i, std::byte *key) { put(key + 8, uint64_t{i}); }), 0.5);
}
TEST(HashKey, AddressesSpreadInEveryTable) {
  for (uint64_t stride : {16u, 64u, 192u, 1984u, 4096u, 65536u})
    EXPECT_LT(
        worst_passed<Key8>([=](unsigned i, std::byte *key) { put(key, 0xffffffd800000000 + i * stride); }),
        0.5)
        << stride;
}
TEST(HashKey, ProcessAndThreadNumbersSpreadInEveryTable) {
  EXPECT_LT(worst_passed<Key8>([](unsigned i, std::byte *key) { put(key, (uint64_t{i} << 32) | i); }), 0.5);
  EXPECT_LT(worst_passed<Key8>([](unsigned i, std::byte *key) { put(key, uint64_t{i} << 32); }), 0.75);
}

} // namespace
} // namespace kbpf::maps::test
