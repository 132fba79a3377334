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

  Ref<Map> make(uint32_t type, uint32_t key_size, uint32_t max_entries, uint32_t flags = 0) {
    Result<Ref<Map>> map = create_map({type, key_size, 8, max_entries, flags, {}});
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

TEST_F(MapConcurrency, AFullLruTableTakesNewKeysOnEveryCpu) {
  for (uint32_t type : {kLruHash, kLruPerCpuHash}) {
    Ref<Map> map = make(type, 4, 16);
    std::atomic<int> errors = 0;
    on_every_cpu([&](uint32_t cpu) {
      for (uint32_t i = 0; i < 5000; i++) {
        uint32_t key = i % 64;
        uint64_t value = key;
        ReadSection section;
        errors += !map->update(&key, &value, KBPF_MAP_UPDATE_ANY).ok();
        map->lookup(&key);
        if (i % 7 == cpu)
          (void)map->remove(&key).ok();
      }
    });
    EXPECT_EQ(errors, 0);
    // Nothing was lost: as many keys as ever find room.
    for (uint32_t key = 1000; key < 1016; key++) {
      uint64_t value = key;
      EXPECT_TRUE(map->update(&key, &value, KBPF_MAP_UPDATE_ANY).ok());
    }
  }
}

TEST_F(MapConcurrency, CountersOfDifferentCpusAreNotMixed) {
  for (uint32_t type : {kPerCpuHash, kPerCpuArray}) {
    Ref<Map> map = make(type, 4, 2);
    uint32_t key = 1;
    uint64_t zeros[kCpus] = {};
    ASSERT_TRUE(map->write_for_user(&key, zeros, KBPF_MAP_UPDATE_ANY).ok());
    on_every_cpu([&](uint32_t) {
      for (int i = 0; i < 20000; i++) {
        ReadSection section;
        ++*static_cast<uint64_t *>(map->lookup(&key));
      }
    });
    EXPECT_TRUE(map->read_for_user(&key, zeros).ok());
    for (uint64_t count : zeros)
      EXPECT_EQ(count, 20000u);
  }
}

// What one CPU pushes another pops: each value once.
TEST_F(MapConcurrency, AQueueLosesNothingAndGivesNothingTwice) {
  Ref<Map> map = make(kQueue, 0, 16);
  constexpr uint64_t kPerCpu = 3000;
  std::atomic<uint64_t> popped = 0, sum = 0;
  on_every_cpu([&](uint32_t cpu) {
    for (uint64_t i = 0; cpu < 2 && i < kPerCpu;) {
      uint64_t value = cpu * kPerCpu + i;
      i += map->push(&value, 0).ok();
    }
    while (cpu >= 2 && popped < 2 * kPerCpu) {
      uint64_t value;
      if (!map->pop(&value).ok())
        continue;
      popped++;
      sum += value;
    }
  });
  EXPECT_EQ(sum, (2 * kPerCpu) * (2 * kPerCpu - 1) / 2);
}

// Readers of a trie in which prefixes come and go always find the one that stays, and its value.
TEST_F(MapConcurrency, APrefixThatStaysIsFoundWhileOthersChange) {
  Ref<Map> map = make(kLpmTrie, 8, 32, KBPF_MAP_F_NO_PREALLOC);
  struct {
    uint32_t length;
    uint8_t bytes[4];
  } stays{8, {10}}, wanted{32, {10, 0, 0, 1}};
  uint64_t value = 42;
  ASSERT_TRUE(map->update(&stays, &value, KBPF_MAP_UPDATE_ANY).ok());
  std::atomic<int> wrong = 0;
  std::atomic<bool> done = false;
  on_every_cpu([&](uint32_t cpu) {
    if (cpu == 0) {
      for (uint32_t i = 0; i < 20000; i++) {
        auto key = stays;
        key.length = 9 + i % 7;
        key.bytes[1] = static_cast<uint8_t>(0x80 | i % 128);
        uint64_t other = 7;
        if (i % 2)
          (void)map->update(&key, &other, KBPF_MAP_UPDATE_ANY).ok();
        else
          (void)map->remove(&key).ok();
      }
      done = true;
      return;
    }
    while (!done) {
      ReadSection section;
      auto *found = static_cast<uint64_t *>(map->lookup(&wanted));
      wrong += !found || __atomic_load_n(found, __ATOMIC_RELAXED) != 42;
    }
  });
  EXPECT_EQ(wrong, 0);
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
