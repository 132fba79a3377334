// SPDX-License-Identifier: MIT OR Apache-2.0
// Every allocation of a call fails in turn: the call works or says that there is no memory, and leaves
// nothing behind.
#include "kernel/maps/map.h"
#include "kernel_fixture.h"
#include <functional>

namespace kbpf::test {
namespace {

class AllocationFailure : public KernelTest {
protected:
  // call: 0 or more where it worked. undo: takes back what it did, given its result. At least `least`
  // allocations are expected.
  static void every_allocation_may_fail(const std::function<int64_t()> &call,
                                        const std::function<void(int64_t)> &undo, int least) {
    const size_t memory = hostport::live_allocations(), fds = hostport::open_fds();
    int failures = 0;
    for (int64_t nth = 0;; nth++) {
      hostport::fail_allocation(nth);
      const uint64_t before = hostport::allocation_count();
      const int64_t result = call();
      const bool met = hostport::allocation_count() - before > static_cast<uint64_t>(nth);
      hostport::fail_allocation(-1);
      if (result >= 0)
        undo(result);
      else
        EXPECT_EQ(result, -ENOMEM);
      EXPECT_EQ(hostport::live_allocations(), memory) << "after failure " << nth;
      EXPECT_EQ(hostport::open_fds(), fds) << "after failure " << nth;
      failures += result < 0;
      if (!met)
        break;
      ASSERT_LT(nth, 1000);
    }
    EXPECT_GE(failures, least);
  }
  static void close(int64_t fd) { hostport::close_fd(static_cast<int>(fd)); }
  static void nothing(int64_t) {}
};

struct MapCase {
  uint32_t type, key_size, value_size, max_entries, flags;
};
class MapAllocationFailure : public AllocationFailure, public testing::WithParamInterface<MapCase> {};
INSTANTIATE_TEST_SUITE_P(
    Types, MapAllocationFailure,
    testing::Values(MapCase{1, 4, 8, 10, 0}, MapCase{2, 4, 8, 10, 0}, MapCase{3, 4, 4, 10, 0},
                    MapCase{4, 4, 4, 10, 0}, MapCase{5, 4, 8, 10, 0}, MapCase{6, 4, 8, 10, 0},
                    MapCase{7, 4, 80, 10, 0}, MapCase{9, 4, 8, 10, 0}, MapCase{10, 4, 8, 10, 0},
                    MapCase{11, 8, 8, 10, KBPF_MAP_F_NO_PREALLOC}, MapCase{12, 4, 4, 10, 0},
                    MapCase{13, 4, 4, 10, 0}, MapCase{22, 0, 8, 10, 0}, MapCase{23, 0, 8, 10, 0},
                    MapCase{27, 0, 0, 4096, 0}, MapCase{30, 0, 8, 10, 0}),
    [](const auto &info) { return "Type" + std::to_string(info.param.type); });

TEST_P(MapAllocationFailure, CreationLeavesNothing) {
  const MapCase &map = GetParam();
  kbpf_attr_map_create attr = map_attr(map.type, map.key_size, map.value_size, map.max_entries, map.flags);
  attr.inner_map_fd = static_cast<uint32_t>(make_map(kHash, 4, 8, 1));
  every_allocation_may_fail([&] { return bpf(MAP_CREATE, attr); }, close, 2);
}

TEST_F(AllocationFailure, EveryMapTypeHasACase) {
  size_t types = 0;
#define KBPF_MAP_TYPE(number, name, NAME, uses, since, text) types++;
#include "abi/map_types.def"
#undef KBPF_MAP_TYPE
  EXPECT_EQ(types, 16u) << "MapAllocationFailure needs the new type too";
}

TEST_F(AllocationFailure, LargeKeysAndValues) {
  constexpr size_t kSize = 1000;
  const int64_t fd = make_map(kHash, kSize, kSize, 4);
  std::vector<char> key(kSize, 'k'), value(kSize, 'v'), other(kSize, 'o');
  ASSERT_EQ(update(fd, key.data(), value.data()), 0);
  every_allocation_may_fail([&] { return update(fd, other.data(), value.data()); }, nothing, 2);
  every_allocation_may_fail([&] { return lookup(fd, key.data(), value.data()); }, nothing, 2);
  // After a key that is not there comes the first: one that is there may be the last.
  every_allocation_may_fail([&] { return next_key(fd, value.data(), other.data()); }, nothing, 2);
  every_allocation_may_fail([&] { return remove(fd, key.data()); }, nothing, 1);
}

TEST_F(AllocationFailure, Batches) {
  constexpr size_t kSize = 200, kCount = 20;
  const int64_t fd = make_map(kHash, kSize, kSize, kCount);
  std::vector<char> keys(kSize * kCount), values(kSize * kCount);
  for (size_t i = 0; i < kCount; i++)
    keys[i * kSize] = static_cast<char>(i);
  uint64_t out = 0;
  auto batch = [&](uint64_t command) {
    return [&, command] {
      kbpf_attr_map_batch attr{};
      attr.out_batch = address(&out);
      attr.keys = address(keys.data());
      attr.values = address(values.data());
      attr.count = kCount;
      attr.map_fd = static_cast<uint32_t>(fd);
      const int64_t status = bpf(command, attr);
      return status == -ENOENT ? 0 : status; // the end of the map
    };
  };
  every_allocation_may_fail(batch(MAP_UPDATE_BATCH), nothing, 2);
  every_allocation_may_fail(batch(MAP_LOOKUP_BATCH), nothing, 2);
  every_allocation_may_fail(batch(MAP_DELETE_BATCH), nothing, 2);
}

TEST_F(AllocationFailure, PerfEventsAndTheirRings) {
  const kbpf_perf_event_attr attr{0, 1, 1024, 0, 0};
  kbpf_object *event = nullptr;
  every_allocation_may_fail([&] { return kbpf_perf_event_create(&attr, &event); },
                            [&](int64_t) { kbpf_object_release(event); }, 1);
  ASSERT_EQ(kbpf_perf_event_create(&attr, &event), 0);
  every_allocation_may_fail([&] { return kbpf_object_map(event, 0, 3 * 4096, 1); },
                            [&](int64_t) { kbpf_object_unmap(event, 0, 3 * 4096, 1); }, 2);
  kbpf_object_release(event);
}

} // namespace
} // namespace kbpf::test
