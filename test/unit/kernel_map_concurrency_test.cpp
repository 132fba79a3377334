// SPDX-License-Identifier: MIT OR Apache-2.0
// Maps under several CPUs at once: threads stand for them. Run under TSan too.
#include "kernel/epoch.h"
#include "kernel/maps/map.h"
#include "kernel_fixture.h"
#include <atomic>
#include <thread>

namespace kbpf::test {
namespace {

constexpr uint32_t kCpus = 4;

class MapConcurrency : public KernelTest {
protected:
  void SetUp() override {
    KernelTest::SetUp();
    hostport::set_cpu_count(kCpus);
  }

  Ref<Map> make_hash(uint32_t value_size, uint32_t max_entries) {
    Result<Ref<Map>> map = create_map({kHash, 4, value_size, max_entries, 0, {}});
    EXPECT_TRUE(map.ok());
    return *std::move(map);
  }

  template <typename Body> void on_every_cpu(Body body) {
    std::vector<std::thread> threads;
    for (uint32_t cpu = 0; cpu < kCpus; cpu++)
      threads.emplace_back([cpu, &body] {
        hostport::BoundCpu bound(cpu);
        body(cpu);
      });
    for (std::thread &thread : threads)
      thread.join();
  }
};

TEST_F(MapConcurrency, KeysOfDifferentCpusDoNotDisturbEachOther) {
  Ref<Map> map = make_hash(8, 64 * kCpus);
  std::atomic<int> errors = 0;
  on_every_cpu([&](uint32_t cpu) {
    for (uint32_t round = 0; round < 300; round++)
      for (uint32_t i = 0; i < 64; i++) {
        uint32_t key = i * kCpus + cpu;
        uint64_t value = uint64_t{round} << 32 | key, read = 0;
        errors += !map->update(&key, &value, KBPF_MAP_UPDATE_ANY).ok();
        errors += !map->read_value(&key, &read).ok() || read != value;
        if (round % 3 == 0)
          errors += !map->remove(&key).ok();
      }
  });
  EXPECT_EQ(errors, 0);
}

TEST_F(MapConcurrency, AReplacedKeyIsNeverMissing) {
  Ref<Map> map = make_hash(8, 4);
  uint32_t key = 1;
  uint64_t first = 0;
  ASSERT_TRUE(map->update(&key, &first, KBPF_MAP_UPDATE_ANY).ok());
  std::atomic<int> missing = 0;
  std::atomic<bool> done = false;
  on_every_cpu([&](uint32_t cpu) {
    if (cpu == 0) {
      for (uint64_t value = 1; value < 20000; value++)
        (void)map->update(&key, &value, KBPF_MAP_UPDATE_EXIST).ok();
      done = true;
      return;
    }
    while (!done) {
      ReadSection section;
      missing += map->lookup(&key) == nullptr;
    }
  });
  EXPECT_EQ(missing, 0);
}

// A key that stays must be found although its bucket's neighbours come, go and turn up in other buckets.
TEST_F(MapConcurrency, AKeyThatStaysIsFoundWhileElementsAreReused) {
  Ref<Map> map = make_hash(8, 8);
  uint32_t stays = 1000000;
  uint64_t value = 5;
  ASSERT_TRUE(map->update(&stays, &value, KBPF_MAP_UPDATE_ANY).ok());
  std::atomic<int> missing = 0;
  std::atomic<bool> done = false;
  on_every_cpu([&](uint32_t cpu) {
    if (cpu < 2) {
      for (uint32_t i = 0; i < 20000; i++) {
        uint32_t key = i * 2 + cpu;
        (void)map->update(&key, &value, KBPF_MAP_UPDATE_ANY).ok();
        (void)map->remove(&key).ok();
      }
      done = true;
      return;
    }
    while (!done) {
      uint64_t read = 0;
      missing += !map->read_value(&stays, &read).ok();
      uint32_t next;
      (void)map->next_key(&stays, &next).ok();
    }
  });
  EXPECT_EQ(missing, 0);
}

TEST_F(MapConcurrency, TheCapacityIsExactWhoeverFillsIt) {
  Ref<Map> map = make_hash(8, 1000);
  std::atomic<uint32_t> stored = 0, refused = 0;
  on_every_cpu([&](uint32_t cpu) {
    for (uint32_t i = 0; i < 500; i++) {
      uint32_t key = i * kCpus + cpu;
      uint64_t value = key;
      Result<void> done = map->update(&key, &value, KBPF_MAP_UPDATE_NOEXIST);
      (done.ok() ? stored : refused)++;
    }
  });
  EXPECT_EQ(stored, 1000u);
  EXPECT_EQ(refused, 1000u);
}

TEST_F(MapConcurrency, ValuesOfAnArrayAreNotTornWithinAWord) {
  Result<Ref<Map>> made = create_map({kArray, 4, 8, 1, 0, {}});
  ASSERT_TRUE(made.ok());
  Ref<Map> map = *std::move(made);
  std::atomic<int> torn = 0;
  on_every_cpu([&](uint32_t cpu) {
    uint32_t key = 0;
    for (uint32_t i = 0; i < 20000; i++) {
      uint64_t value = 0x0101010101010101 * (cpu + 1), read = 0;
      (void)map->update(&key, &value, KBPF_MAP_UPDATE_ANY).ok();
      (void)map->read_value(&key, &read).ok();
      torn += read != 0x0101010101010101 * (read & 0xff);
    }
  });
  EXPECT_EQ(torn, 0);
}

} // namespace
} // namespace kbpf::test
