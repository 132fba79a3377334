// SPDX-License-Identifier: MIT OR Apache-2.0
// What distinguishes each map type, through bpf(2) and as programs use it.
#include "kernel/epoch.h"
#include "kernel/maps/map.h"
#include "kernel_fixture.h"
#include <map>
#include <random>

namespace kbpf::test {
namespace {

constexpr uint32_t kCpus = 4;

class MapTypes : public KernelTest {
protected:
  void SetUp() override {
    KernelTest::SetUp();
    hostport::set_cpu_count(kCpus);
  }
  Map *map_of(int64_t fd) { // lives as long as the descriptor
    return Ref<Map>::adopt(static_cast<Map *>(hostport::object_of(static_cast<int>(fd)))).get();
  }
  // A program's update on that CPU.
  void update_on(uint32_t cpu, int64_t fd, const void *key, uint64_t value) {
    hostport::BoundCpu bound(cpu);
    EXPECT_TRUE(map_of(fd)->update(key, &value, KBPF_MAP_UPDATE_ANY).ok());
  }
  uint64_t *lookup_on(uint32_t cpu, int64_t fd, const void *key) {
    hostport::BoundCpu bound(cpu);
    ReadSection section;
    return static_cast<uint64_t *>(map_of(fd)->lookup(key));
  }
};

int64_t take(int64_t fd, const void *key, void *value) {
  return bpf(MAP_LOOKUP_AND_DELETE_ELEM, elem_attr(fd, key, value));
}

class PerCpuTypes : public MapTypes, public testing::WithParamInterface<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Types, PerCpuTypes, testing::Values(kPerCpuHash, kPerCpuArray, kLruPerCpuHash));

TEST_P(PerCpuTypes, EachCpuHasItsOwnValue) {
  int64_t fd = make_map(GetParam(), 4, 8, 4);
  ASSERT_GE(fd, 0);
  uint32_t key = 2;
  for (uint32_t cpu = 0; cpu < kCpus; cpu++)
    update_on(cpu, fd, &key, 100 + cpu);
  for (uint32_t cpu = 0; cpu < kCpus; cpu++)
    EXPECT_EQ(*lookup_on(cpu, fd, &key), 100 + cpu);
  ReadSection section;
  EXPECT_EQ(*static_cast<uint64_t *>(map_of(fd)->lookup_percpu(&key, 3)), 103u);
  EXPECT_EQ(map_of(fd)->lookup_percpu(&key, kCpus), nullptr);
}

TEST_P(PerCpuTypes, SystemCallsSeeTheValuesOfAllCpusPaddedToEightBytes) {
  int64_t fd = make_map(GetParam(), 4, 5, 4);
  uint32_t key = 1;
  uint8_t values[kCpus][8] = {}, read[kCpus][8] = {};
  for (uint8_t cpu = 0; cpu < kCpus; cpu++)
    memset(values[cpu], cpu + 1, 5);
  EXPECT_EQ(update(fd, &key, values), 0);
  EXPECT_EQ(lookup(fd, &key, read), 0);
  EXPECT_EQ(memcmp(values, read, sizeof(values)), 0);
  hostport::BoundCpu bound(2);
  ReadSection section;
  EXPECT_EQ(memcmp(map_of(fd)->lookup(&key), values[2], 5), 0);
}

TEST_F(MapTypes, AFirstUpdateFromAProgramLeavesTheOtherCpusZero) {
  int64_t fd = make_map(kPerCpuHash, 4, 8, 4);
  uint32_t key = 1, other = 2;
  uint64_t ones[kCpus] = {~0ull, ~0ull, ~0ull, ~0ull}, read[kCpus];
  EXPECT_EQ(update(fd, &other, ones), 0); // so that the element was used before
  EXPECT_EQ(remove(fd, &other), 0);
  update_on(1, fd, &key, 7);
  EXPECT_EQ(lookup(fd, &key, read), 0);
  EXPECT_EQ(read[0], 0u);
  EXPECT_EQ(read[1], 7u);
  EXPECT_EQ(read[2], 0u);
}

TEST_F(MapTypes, APerCpuArrayValueHasALimit) {
  EXPECT_GE(make_map(kPerCpuArray, 4, 32768, 1), 0);
  EXPECT_EQ(make_map(kPerCpuArray, 4, 32769, 1), -E2BIG);
}

class LruTypes : public MapTypes, public testing::WithParamInterface<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Types, LruTypes, testing::Values(kLruHash, kLruPerCpuHash));

TEST_P(LruTypes, AFullTableDropsAKeyThatWasNotLookedUp) {
  int64_t fd = make_map(GetParam(), 4, 8, 8);
  uint64_t values[kCpus] = {};
  for (uint32_t key = 0; key < 8; key++)
    EXPECT_EQ(update(fd, &key, values), 0);
  for (uint32_t key : {0u, 3u})
    EXPECT_NE(lookup_on(0, fd, &key), nullptr);
  for (uint32_t key = 100; key < 106; key++)
    EXPECT_EQ(update(fd, &key, values), 0);
  for (uint32_t key : {0u, 3u, 105u})
    EXPECT_EQ(lookup(fd, &key, values), 0) << key;
  size_t present = 0;
  for (uint32_t key = 0; key < 106; key++)
    present += lookup(fd, &key, values) == 0;
  EXPECT_EQ(present, 8u);
}

TEST_P(LruTypes, MoreKeysThanRoomAreNeverAnError) {
  int64_t fd = make_map(GetParam(), 4, 8, 3);
  uint64_t values[kCpus] = {};
  for (uint32_t key = 0; key < 1000; key++) {
    ASSERT_EQ(update(fd, &key, values, key % 2 ? KBPF_MAP_UPDATE_NOEXIST : KBPF_MAP_UPDATE_ANY), 0);
    EXPECT_EQ(lookup(fd, &key, values), 0);
  }
}

TEST_P(LruTypes, AReplacedKeyDrivesNoOtherOut) {
  int64_t fd = make_map(GetParam(), 4, 8, 2);
  uint64_t values[kCpus] = {};
  uint32_t first = 1, second = 2;
  EXPECT_EQ(update(fd, &first, values), 0);
  EXPECT_EQ(update(fd, &second, values), 0);
  for (int i = 0; i < 10; i++)
    EXPECT_EQ(update(fd, &second, values), 0);
  EXPECT_EQ(lookup(fd, &first, values), 0);
}

TEST_P(LruTypes, FlagsAreThoseOfLinux) {
  EXPECT_GE(make_map(GetParam(), 4, 8, 8, KBPF_MAP_F_NO_COMMON_LRU), 0);
  EXPECT_EQ(make_map(GetParam(), 4, 8, 8, KBPF_MAP_F_NO_PREALLOC), -524); // ENOTSUPP
  EXPECT_EQ(make_map(kHash, 4, 8, 8, KBPF_MAP_F_NO_COMMON_LRU), -EINVAL);
}

TEST_F(MapTypes, AQueueGivesTheOldestFirst) {
  int64_t fd = make_map(kQueue, 0, 4, 3);
  ASSERT_GE(fd, 0);
  for (uint32_t value : {1u, 2u, 3u})
    EXPECT_EQ(update(fd, nullptr, &value), 0);
  uint32_t value = 4;
  EXPECT_EQ(update(fd, nullptr, &value), -E2BIG);
  EXPECT_EQ(lookup(fd, nullptr, &value), 0);
  EXPECT_EQ(value, 1u);
  for (uint32_t expected : {1u, 2u, 3u}) {
    EXPECT_EQ(take(fd, nullptr, &value), 0);
    EXPECT_EQ(value, expected);
  }
  EXPECT_EQ(take(fd, nullptr, &value), -ENOENT);
  EXPECT_EQ(lookup(fd, nullptr, &value), -ENOENT);
}

TEST_F(MapTypes, AStackGivesTheNewestFirst) {
  int64_t fd = make_map(kStack, 0, 4, 3);
  uint32_t value;
  for (uint32_t pushed : {1u, 2u, 3u})
    EXPECT_EQ(update(fd, nullptr, &pushed), 0);
  for (uint32_t expected : {3u, 2u, 1u}) {
    EXPECT_EQ(take(fd, nullptr, &value), 0);
    EXPECT_EQ(value, expected);
  }
  EXPECT_EQ(take(fd, nullptr, &value), -ENOENT);
}

TEST_F(MapTypes, APushThatMayReplaceDropsTheOldest) {
  for (uint32_t type : {kQueue, kStack}) {
    int64_t fd = make_map(type, 0, 4, 2);
    for (uint32_t value : {1u, 2u, 3u})
      EXPECT_EQ(update(fd, nullptr, &value, KBPF_MAP_UPDATE_EXIST), 0);
    uint32_t value;
    EXPECT_EQ(take(fd, nullptr, &value), 0);
    EXPECT_EQ(value, type == kQueue ? 2u : 3u);
  }
}

TEST_F(MapTypes, QueuesHaveNoKeys) {
  EXPECT_EQ(make_map(kQueue, 4, 4, 3), -EINVAL);
  int64_t fd = make_map(kQueue, 0, 4, 3);
  uint32_t key = 0, value = 0;
  EXPECT_EQ(update(fd, &key, &value), -EINVAL);
  EXPECT_EQ(update(fd, nullptr, &value, KBPF_MAP_UPDATE_NOEXIST), -EINVAL);
  EXPECT_EQ(remove(fd, nullptr), -EINVAL);
  EXPECT_EQ(next_key(fd, nullptr, &value), -EINVAL);
}

TEST_F(MapTypes, ABloomFilterKnowsWhatWasAdded) {
  int64_t fd = make_map(kBloomFilter, 0, 8, 500);
  ASSERT_GE(fd, 0);
  for (uint64_t value = 0; value < 500; value++)
    EXPECT_EQ(update(fd, nullptr, &value), 0);
  unsigned mistaken = 0;
  for (uint64_t value = 0; value < 500; value++)
    EXPECT_EQ(lookup(fd, nullptr, &value), 0);
  for (uint64_t value = 1000; value < 2000; value++) {
    int64_t status = lookup(fd, nullptr, &value);
    EXPECT_TRUE(status == 0 || status == -ENOENT);
    mistaken += status == 0;
  }
  EXPECT_LT(mistaken, 150u);
}

TEST_F(MapTypes, ABloomFilterOnlyGrows) {
  kbpf_attr_map_create attr = map_attr(kBloomFilter, 0, 8, 4);
  attr.map_extra = 16;
  EXPECT_EQ(bpf(MAP_CREATE, attr), -EINVAL);
  attr.map_extra = 3;
  int64_t fd = bpf(MAP_CREATE, attr);
  uint64_t value = 1;
  EXPECT_EQ(update(fd, nullptr, &value, KBPF_MAP_UPDATE_EXIST), -EINVAL);
  EXPECT_EQ(remove(fd, nullptr), -EOPNOTSUPP);
  EXPECT_EQ(next_key(fd, nullptr, &value), -EOPNOTSUPP);
  EXPECT_EQ(take(fd, nullptr, &value), -524);
  attr = map_attr(kHash, 4, 8, 4);
  attr.map_extra = 3;
  EXPECT_EQ(bpf(MAP_CREATE, attr), -EINVAL);
}

struct Ipv4Key {
  uint32_t length;
  uint8_t bytes[4];
  bool operator<(const Ipv4Key &other) const { return memcmp(this, &other, sizeof(*this)) < 0; }
};
uint32_t word_of(const uint8_t (&bytes)[4]) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

TEST_F(MapTypes, ATrieFindsTheLongestPrefix) {
  int64_t fd = make_map(kLpmTrie, 8, 8, 8, KBPF_MAP_F_NO_PREALLOC);
  ASSERT_GE(fd, 0);
  const std::pair<Ipv4Key, uint64_t> entries[] = {
      {{16, {192, 168, 0, 0}}, 1}, {{24, {192, 168, 1, 0}}, 2}, {{24, {192, 168, 128, 0}}, 3}, {{0, {}}, 4}};
  for (auto &[key, value] : entries)
    EXPECT_EQ(update(fd, &key, &value), 0);
  auto found = [&](Ipv4Key key) {
    uint64_t value = 0;
    return lookup(fd, &key, &value) == 0 ? value : 0;
  };
  EXPECT_EQ(found({32, {192, 168, 1, 7}}), 2u);
  EXPECT_EQ(found({32, {192, 168, 2, 7}}), 1u);
  EXPECT_EQ(found({32, {192, 168, 128, 7}}), 3u);
  EXPECT_EQ(found({32, {10, 0, 0, 1}}), 4u);
  EXPECT_EQ(found({20, {192, 168, 1, 0}}), 1u);
  EXPECT_EQ(found({33, {192, 168, 1, 0}}), 0u);
}

TEST_F(MapTypes, ATrieKeepsLinuxsErrors) {
  EXPECT_EQ(make_map(kLpmTrie, 8, 8, 8), -EINVAL);
  EXPECT_EQ(make_map(kLpmTrie, 4, 8, 8, KBPF_MAP_F_NO_PREALLOC), -EINVAL);
  EXPECT_EQ(make_map(kLpmTrie, 261, 8, 8, KBPF_MAP_F_NO_PREALLOC), -EINVAL);
  int64_t fd = make_map(kLpmTrie, 8, 8, 2, KBPF_MAP_F_NO_PREALLOC);
  uint64_t value = 1;
  Ipv4Key key{8, {10}}, other{8, {11}}, third{8, {12}}, too_long{33, {}};
  EXPECT_EQ(update(fd, &key, &value, KBPF_MAP_UPDATE_EXIST), -ENOENT);
  EXPECT_EQ(update(fd, &key, &value, KBPF_MAP_UPDATE_NOEXIST), 0);
  EXPECT_EQ(update(fd, &key, &value, KBPF_MAP_UPDATE_NOEXIST), -EEXIST);
  EXPECT_EQ(update(fd, &other, &value), 0);
  EXPECT_EQ(update(fd, &third, &value), -ENOSPC);
  EXPECT_EQ(update(fd, &too_long, &value), -EINVAL);
  EXPECT_EQ(remove(fd, &too_long), -EINVAL);
  EXPECT_EQ(remove(fd, &third), -ENOENT);
}

TEST_F(MapTypes, ATrieAgreesWithAListOfPrefixes) {
  int64_t fd = make_map(kLpmTrie, 8, 8, 64, KBPF_MAP_F_NO_PREALLOC);
  std::map<Ipv4Key, uint64_t> model;
  std::mt19937 random(7);
  auto random_key = [&] { // few different bits, so that prefixes meet
    Ipv4Key key{static_cast<uint32_t>(random() % 33), {}};
    uint32_t word = (random() % 4) << 30 | (random() % 4) << 20 | (random() % 8);
    word = key.length ? word & ~0u << (32 - key.length) : 0;
    for (int i = 0; i < 4; i++)
      key.bytes[i] = static_cast<uint8_t>(word >> (24 - 8 * i));
    return key;
  };
  for (int step = 0; step < 6000; step++) {
    Ipv4Key key = random_key();
    uint64_t value = random() | 1, found = 0;
    if (random() % 3) {
      bool room = model.contains(key) || model.size() < 64;
      ASSERT_EQ(update(fd, &key, &value), room ? 0 : -ENOSPC);
      if (room)
        model[key] = value;
    } else {
      ASSERT_EQ(remove(fd, &key), model.erase(key) ? 0 : -ENOENT);
    }
    Ipv4Key wanted = random_key();
    uint64_t expected = 0;
    int best = -1;
    for (auto &[prefix, stored] : model)
      if (prefix.length <= wanted.length && static_cast<int>(prefix.length) > best &&
          (prefix.length == 0 ||
           (word_of(prefix.bytes) ^ word_of(wanted.bytes)) >> (32 - prefix.length) == 0)) {
        best = static_cast<int>(prefix.length);
        expected = stored;
      }
    ASSERT_EQ(lookup(fd, &wanted, &found), best < 0 ? -ENOENT : 0);
    ASSERT_EQ(found, expected);
    if (step % 200 == 0) {
      size_t seen = 0;
      Ipv4Key at{}, next{};
      for (int64_t status = next_key(fd, nullptr, &next); status == 0; status = next_key(fd, &at, &next)) {
        ASSERT_TRUE(model.contains(next));
        at = next;
        ASSERT_LE(++seen, model.size());
      }
      ASSERT_EQ(seen, model.size());
    }
  }
}

TEST_F(MapTypes, ATrieIsReadFromTheLongPrefixesToTheShort) {
  int64_t fd = make_map(kLpmTrie, 8, 8, 8, KBPF_MAP_F_NO_PREALLOC);
  const Ipv4Key expected[] = {
      {24, {192, 168, 0, 0}}, {24, {192, 168, 128, 0}}, {16, {192, 168, 0, 0}}, {0, {}}};
  uint64_t value = 0;
  for (const Ipv4Key &key : {expected[3], expected[1], expected[2], expected[0]})
    EXPECT_EQ(update(fd, &key, &value), 0);
  Ipv4Key at{}, next{};
  int64_t status = next_key(fd, nullptr, &next);
  for (const Ipv4Key &key : expected) {
    EXPECT_EQ(status, 0);
    EXPECT_EQ(memcmp(&next, &key, sizeof(key)), 0);
    at = next;
    status = next_key(fd, &at, &next);
  }
  EXPECT_EQ(status, -ENOENT);
}

TEST_F(MapTypes, AProgramThatReplacesManyPrefixesInOneRunRunsOutOfNodes) {
  int64_t fd = make_map(kLpmTrie, 8, 8, 1, KBPF_MAP_F_NO_PREALLOC);
  Ipv4Key key{8, {10}};
  uint64_t value = 1;
  unsigned done = 0;
  {
    ReadSection program;
    while (done < 1000 && map_of(fd)->update(&key, &value, KBPF_MAP_UPDATE_ANY).ok())
      done++;
  }
  EXPECT_GE(done, 64u);
  EXPECT_LT(done, 1000u);
  for (int i = 0; i < 1000; i++) {
    ReadSection program;
    EXPECT_TRUE(map_of(fd)->update(&key, &value, KBPF_MAP_UPDATE_ANY).ok());
  }
}

TEST_F(MapTypes, TakingAnElementReadsAndRemovesIt) {
  for (uint32_t type : {kHash, kLruHash}) {
    int64_t fd = make_map(type, 4, 8, 4);
    uint32_t key = 1;
    uint64_t value = 9, read = 0;
    EXPECT_EQ(update(fd, &key, &value), 0);
    EXPECT_EQ(take(fd, &key, &read), 0);
    EXPECT_EQ(read, 9u);
    EXPECT_EQ(take(fd, &key, &read), -ENOENT);
  }
  uint32_t key = 0;
  uint64_t read;
  EXPECT_EQ(take(make_map(kArray, 4, 8, 1), &key, &read), -524);
}

TEST_F(MapTypes, AFrozenMapIsReadOnlyForProcesses) {
  int64_t fd = make_map(kHash, 4, 8, 4);
  uint32_t key = 1;
  uint64_t value = 9;
  EXPECT_EQ(update(fd, &key, &value), 0);
  kbpf_attr_map_elem attr{};
  attr.map_fd = static_cast<uint32_t>(fd);
  EXPECT_EQ(bpf(MAP_FREEZE, attr), 0);
  EXPECT_EQ(bpf(MAP_FREEZE, attr), -EBUSY);
  EXPECT_EQ(update(fd, &key, &value), -EPERM);
  EXPECT_EQ(remove(fd, &key), -EPERM);
  EXPECT_EQ(lookup(fd, &key, &value), 0);
  update_on(0, fd, &key, 10); // programs go on
}

class Batches : public MapTypes {
protected:
  kbpf_attr_map_batch attr_for(int64_t fd, uint32_t count, const void *in = nullptr) {
    kbpf_attr_map_batch attr{};
    attr.map_fd = static_cast<uint32_t>(fd);
    attr.in_batch = address(static_cast<const char *>(in));
    attr.out_batch = address(&out_);
    attr.keys = address(keys_);
    attr.values = address(values_);
    attr.count = count;
    return attr;
  }
  void number_elements() {
    for (uint32_t i = 0; i < kElements; i++) {
      keys_[i] = i;
      values_[i] = 1000 + i;
    }
  }
  static constexpr uint32_t kElements = 100;
  uint32_t keys_[kElements] = {}, out_ = 0;
  uint64_t values_[kElements] = {};
};

TEST_F(Batches, AWholeMapIsReadInPieces) {
  for (uint32_t type : {kHash, kArray, kLruHash}) {
    int64_t fd = make_map(type, 4, 8, kElements);
    number_elements();
    kbpf_attr_map_batch attr = attr_for(fd, kElements);
    EXPECT_EQ(bpf(MAP_UPDATE_BATCH, attr), 0);
    EXPECT_EQ(attr.count, kElements);
    std::map<uint32_t, uint64_t> seen;
    uint32_t in = 0;
    bool first = true;
    for (int64_t status = 0; status == 0; first = false) {
      attr = attr_for(fd, 30, first ? nullptr : &in);
      status = bpf(MAP_LOOKUP_BATCH, attr);
      ASSERT_TRUE(status == 0 || status == -ENOENT) << status;
      ASSERT_LE(attr.count, 30u);
      for (uint32_t i = 0; i < attr.count; i++)
        EXPECT_TRUE(seen.emplace(keys_[i], values_[i]).second);
      in = out_;
    }
    EXPECT_EQ(seen.size(), kElements);
    for (auto [key, value] : seen)
      EXPECT_EQ(value, 1000 + key);
  }
}

TEST_F(Batches, TakingEmptiesTheMap) {
  int64_t fd = make_map(kHash, 4, 8, kElements);
  number_elements();
  EXPECT_EQ(bpf(MAP_UPDATE_BATCH, attr_for(fd, kElements)), 0);
  kbpf_attr_map_batch attr = attr_for(fd, kElements);
  EXPECT_EQ(bpf(MAP_LOOKUP_AND_DELETE_BATCH, attr), -ENOENT);
  EXPECT_EQ(attr.count, kElements);
  uint32_t next;
  EXPECT_EQ(next_key(fd, nullptr, &next), -ENOENT);
}

TEST_F(Batches, ABucketThatDoesNotFitIsNoSpace) {
  int64_t fd = make_map(kHash, 4, 8, 64, KBPF_MAP_F_ZERO_SEED);
  number_elements();
  EXPECT_EQ(bpf(MAP_UPDATE_BATCH, attr_for(fd, 64)), 0);
  // With a count of 1 the walk stops at the first bucket of two.
  uint32_t in = 0;
  int64_t status = 0;
  for (bool first = true; status == 0; first = false) {
    status = bpf(MAP_LOOKUP_BATCH, attr_for(fd, 1, first ? nullptr : &in));
    in = out_;
  }
  EXPECT_EQ(status, -ENOSPC);
}

TEST_F(Batches, CountSaysHowFarAFailingBatchCame) {
  int64_t fd = make_map(kHash, 4, 8, 3);
  number_elements();
  kbpf_attr_map_batch attr = attr_for(fd, 5);
  EXPECT_EQ(bpf(MAP_UPDATE_BATCH, attr), -E2BIG);
  EXPECT_EQ(attr.count, 3u);
  attr = attr_for(fd, 5);
  EXPECT_EQ(bpf(MAP_DELETE_BATCH, attr), -ENOENT);
  EXPECT_EQ(attr.count, 3u);
}

TEST_F(Batches, TypesWithoutThemSaySo) {
  EXPECT_EQ(bpf(MAP_LOOKUP_BATCH, attr_for(make_map(kQueue, 0, 8, 4), 1)), -524);
  EXPECT_EQ(bpf(MAP_DELETE_BATCH, attr_for(make_map(kArray, 4, 8, 4), 1)), -524);
  kbpf_attr_map_batch attr = attr_for(make_map(kHash, 4, 8, 4), 1);
  attr.flags = 1;
  EXPECT_EQ(bpf(MAP_LOOKUP_BATCH, attr), -EINVAL);
}

} // namespace
} // namespace kbpf::test
