// SPDX-License-Identifier: MIT OR Apache-2.0
// Maps of maps: what may be inside, what a lookup gives, and who keeps whom alive.
#include "kernel/epoch.h"
#include "kernel/maps/map.h"
#include "kernel_fixture.h"
#include <thread>

namespace kbpf::test {
namespace {

constexpr uint32_t kArrayOfMaps = 12, kHashOfMaps = 13;

class MapOfMaps : public KernelTest {
protected:
  static int64_t make_outer(uint32_t type, int64_t inner, uint32_t entries = 4) {
    kbpf_attr_map_create attr = map_attr(type, 4, 4, entries);
    attr.inner_map_fd = static_cast<uint32_t>(inner);
    return bpf(MAP_CREATE, attr);
  }
  static int64_t put(int64_t outer, uint32_t key, int64_t inner, uint64_t flags = 0) {
    uint32_t fd = static_cast<uint32_t>(inner);
    return update(outer, &key, &fd, flags);
  }
  // What a program's lookup gives.
  static void *found(int64_t outer, uint32_t key) {
    Map *map = static_cast<Map *>(hostport::object_of(static_cast<int>(outer)));
    void *inner;
    {
      ReadSection section;
      inner = map->lookup(&key);
    }
    drop_reference(map);
    return inner;
  }
  static uint32_t id_of(int64_t fd) {
    Map *map = static_cast<Map *>(hostport::object_of(static_cast<int>(fd)));
    uint32_t id = map->id();
    drop_reference(map);
    return id;
  }
};

class MapOfMapsTest : public MapOfMaps, public testing::WithParamInterface<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Types, MapOfMapsTest, testing::Values(kArrayOfMaps, kHashOfMaps));

TEST_P(MapOfMapsTest, ProgramsFindTheMapProcessesItsId) {
  int64_t inner = make_map(kHash, 8, 16, 10), outer = make_outer(GetParam(), inner);
  ASSERT_GE(outer, 0);
  uint32_t key = 2, id = 0;
  EXPECT_EQ(found(outer, key), nullptr);
  EXPECT_EQ(lookup(outer, &key, &id), -ENOENT);
  EXPECT_EQ(put(outer, key, inner), 0);
  Map *map = static_cast<Map *>(hostport::object_of(static_cast<int>(inner)));
  EXPECT_EQ(found(outer, key), map);
  drop_reference(map);
  EXPECT_EQ(lookup(outer, &key, &id), 0);
  EXPECT_EQ(id, id_of(inner));
}

TEST_P(MapOfMapsTest, OnlyMapsLikeTheTemplateGoIn) {
  int64_t outer = make_outer(GetParam(), make_map(kArray, 4, 16, 10));
  EXPECT_EQ(put(outer, 0, make_map(kArray, 4, 16, 10)), 0);
  EXPECT_EQ(put(outer, 0, make_map(kArray, 4, 16, 11)), -EINVAL);
  EXPECT_EQ(put(outer, 0, make_map(kArray, 4, 8, 10)), -EINVAL);
  EXPECT_EQ(put(outer, 0, make_map(kHash, 4, 16, 10)), -EINVAL);
  EXPECT_EQ(put(outer, 0, make_map(kArray, 4, 16, 10, KBPF_MAP_F_RDONLY_PROG)), -EINVAL);
  EXPECT_EQ(put(outer, 0, 1000), -EBADF);
  EXPECT_EQ(put(outer, 0, hostport::open_foreign_fd()), -EINVAL);
}

TEST_P(MapOfMapsTest, HashesAndFlaggedArraysMayDifferInSize) {
  int64_t of_hashes = make_outer(GetParam(), make_map(kHash, 4, 16, 10));
  EXPECT_EQ(put(of_hashes, 0, make_map(kHash, 4, 16, 99)), 0);
  int64_t of_arrays = make_outer(GetParam(), make_map(kArray, 4, 16, 10, KBPF_MAP_F_INNER_MAP));
  EXPECT_EQ(put(of_arrays, 0, make_map(kArray, 4, 16, 99, KBPF_MAP_F_INNER_MAP)), 0);
}

TEST_P(MapOfMapsTest, ATemplateIsNeededAndHoldsNoMaps) {
  int64_t inner = make_map(kHash, 4, 8, 1), outer = make_outer(GetParam(), inner);
  EXPECT_EQ(make_outer(GetParam(), 1000), -EBADF);
  EXPECT_EQ(make_outer(GetParam(), outer), -EINVAL);
  kbpf_attr_map_create attr = map_attr(GetParam(), 4, 8, 4);
  attr.inner_map_fd = static_cast<uint32_t>(inner);
  EXPECT_EQ(bpf(MAP_CREATE, attr), -EINVAL);
}

TEST_P(MapOfMapsTest, TheOuterMapKeepsTheInnerAliveUntilItIsReplacedOrRemoved) {
  int64_t inner = make_map(kHash, 4, 8, 1), outer = make_outer(GetParam(), inner);
  uint32_t key = 1, id = id_of(inner), next = 0;
  EXPECT_EQ(put(outer, key, inner), 0);
  hostport::close_fd(static_cast<int>(inner));
  EXPECT_NE(map_registry.next(id - 1), 0u);
  EXPECT_EQ(map_registry.next(id - 1), id);
  int64_t other = make_map(kHash, 4, 8, 1);
  EXPECT_EQ(put(outer, key, other), 0);
  EXPECT_NE(map_registry.next(id - 1), id);
  EXPECT_EQ(lookup(outer, &key, &next), 0);
  EXPECT_EQ(next, id_of(other));
  EXPECT_EQ(remove(outer, &key), 0);
  EXPECT_EQ(found(outer, key), nullptr);
  EXPECT_EQ(remove(outer, &key), -ENOENT);
  EXPECT_EQ(put(outer, key, other), 0); // goes with the outer map
}

TEST_P(MapOfMapsTest, AMapThatProgramsLookAtStaysUntilTheyAreDone) {
  hostport::set_cpu_count(2);
  int64_t template_map = make_map(kHash, 4, 8, 4), outer = make_outer(GetParam(), template_map);
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    hostport::BoundCpu bound(1);
    uint32_t key = 0;
    Map *map = static_cast<Map *>(hostport::object_of(static_cast<int>(outer)));
    while (!stop) {
      ReadSection section;
      if (auto *inner = static_cast<Map *>(map->lookup(&key))) {
        uint64_t value = 7;
        (void)inner->update(&key, &value, 0);
        void *seen = inner->lookup(&key);
        EXPECT_TRUE(!seen || *static_cast<uint64_t *>(seen) == 7);
      }
    }
    drop_reference(map);
  });
  for (int i = 0; i < 2000; i++) {
    int64_t inner = make_map(kHash, 4, 8, 4);
    uint32_t key = 0;
    EXPECT_EQ(put(outer, key, inner), 0);
    hostport::close_fd(static_cast<int>(inner));
    if (i % 3 == 0)
      EXPECT_EQ(remove(outer, &key), 0);
  }
  stop = true;
  reader.join();
}

TEST_F(MapOfMaps, HashFlagsHold) {
  int64_t inner = make_map(kHash, 4, 8, 1), outer = make_outer(kHashOfMaps, inner, 2);
  EXPECT_EQ(put(outer, 1, inner, KBPF_MAP_UPDATE_EXIST), -ENOENT);
  EXPECT_EQ(put(outer, 1, inner, KBPF_MAP_UPDATE_NOEXIST), 0);
  EXPECT_EQ(put(outer, 1, inner, KBPF_MAP_UPDATE_NOEXIST), -EEXIST);
  EXPECT_EQ(put(outer, 1, inner, KBPF_MAP_UPDATE_EXIST), 0);
  EXPECT_EQ(put(outer, 2, inner), 0);
  EXPECT_EQ(put(outer, 3, inner), -E2BIG);
  uint32_t next;
  EXPECT_EQ(next_key(outer, nullptr, &next), 0);
}

TEST_F(MapOfMaps, EveryFailingAllocationLeavesNothing) {
  int64_t inner = make_map(kHash, 4, 8, 1);
  for (uint32_t type : {kArrayOfMaps, kHashOfMaps}) {
    size_t live = hostport::live_allocations();
    int64_t outer = -1;
    for (int64_t nth = 0; outer < 0; nth++) {
      hostport::fail_allocation(nth);
      outer = make_outer(type, inner);
      hostport::fail_allocation(-1);
      ASSERT_TRUE(outer >= 0 || outer == -ENOMEM) << outer;
      if (outer < 0)
        EXPECT_EQ(hostport::live_allocations(), live);
    }
  }
}

} // namespace
} // namespace kbpf::test
