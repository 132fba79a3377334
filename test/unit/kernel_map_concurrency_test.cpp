// SPDX-License-Identifier: MIT OR Apache-2.0
// Maps under several CPUs at once: threads stand for them. Run under TSan too.
#include "core/profile/profile.h"
#include "kernel/epoch.h"
#include "kernel/helpers/helpers.h"
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

// Values of one word are changed where they are, longer ones are replaced.
TEST_F(MapConcurrency, AReplacedKeyIsNeverMissing) {
  for (uint32_t value_size : {8u, 24u}) {
    Ref<Map> map = make_hash(value_size, 4);
    uint32_t key = 1;
    uint64_t first[3] = {};
    ASSERT_TRUE(map->update(&key, first, KBPF_MAP_UPDATE_ANY).ok());
    std::atomic<int> missing = 0;
    std::atomic<bool> done = false;
    on_every_cpu([&](uint32_t cpu) {
      if (cpu == 0) {
        for (uint64_t i = 1; i < 20000; i++) {
          uint64_t value[3] = {i, i, i};
          (void)map->update(&key, value, KBPF_MAP_UPDATE_EXIST).ok();
        }
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
}

// The helpers that programs call for one kind of table, against system calls and against each other: a key
// that a CPU owns has the value that it stored last, whatever the others do in the same buckets.
TEST_F(MapConcurrency, HelpersOfATableKeepKeysApart) {
  for (uint32_t key_size : {4u, 8u, 16u, 20u}) {
    Result<Ref<Map>> made = create_map({kHash, key_size, 8, 16 * kCpus, 0, {}});
    ASSERT_TRUE(made.ok());
    Map &map = **made;
    const MapRef ref = map.ref();
    const Environment &environment = helper_environment(kKbpfProfile);
    HelperFunction look_up = environment.helper(ref.lookup_call), store = environment.helper(ref.update_call);
    ASSERT_NE(look_up, nullptr);
    ASSERT_NE(store, nullptr);
    std::atomic<int> errors = 0;
    on_every_cpu([&](uint32_t cpu) {
      for (uint32_t i = 0; i < 4000; i++) {
        alignas(8) uint32_t key[5] = {i % 16 * kCpus + cpu, 1, 2, 3, 4};
        const uint64_t value = uint64_t{i} << 32 | key[0];
        {
          ReadSection section;
          errors += store(ref.handle, address(key), address(&value), KBPF_MAP_UPDATE_ANY, 0) != 0;
          const uint64_t found = look_up(ref.handle, address(key), 0, 0, 0);
          errors += !found || __atomic_load_n(reinterpret_cast<uint64_t *>(found), __ATOMIC_RELAXED) != value;
        }
        uint64_t read = 0;
        errors += !map.read_for_user(key, &read).ok() || read != value;
        if (i % 5 == 0)
          errors += !map.remove(key).ok();
      }
    });
    EXPECT_EQ(errors, 0) << key_size;
  }
}

// Whoever looks a map up in another one gets one of those that were in it, alive.
TEST_F(MapConcurrency, AMapInAMapIsWholeForWhoFindsIt) {
  constexpr uint32_t kArrayOfMaps = 12, kHashOfMaps = 13;
  for (uint32_t type : {kArrayOfMaps, kHashOfMaps}) {
    kbpf_attr_map_create attr = map_attr(type, 4, 4, 2);
    const uint32_t key = 1;
    attr.inner_map_fd = static_cast<uint32_t>(make_map(kArray, 4, 8, 1));
    const int64_t outer = bpf(MAP_CREATE, attr);
    ASSERT_GE(outer, 0);
    ASSERT_EQ(update(outer, &key, &attr.inner_map_fd), 0);
    Ref<Map> map = Ref<Map>::adopt(static_cast<Map *>(hostport::object_of(static_cast<int>(outer))));
    std::atomic<int> errors = 0;
    std::atomic<bool> done = false;
    on_every_cpu([&](uint32_t cpu) {
      if (cpu == 0) {
        for (int i = 0; i < 300; i++) {
          const int64_t fresh = make_map(kArray, 4, 8, 1);
          errors += update(outer, &key, &fresh) != 0;
          hostport::close_fd(static_cast<int>(fresh)); // the outer map keeps it until the next one comes
        }
        done = true;
        return;
      }
      while (!done) {
        ReadSection section;
        const uint32_t first = 0;
        Map *inner = static_cast<Map *>(map->lookup(&key));
        errors += !inner || inner->spec().type != kArray || !inner->lookup(&first);
      }
    });
    EXPECT_EQ(errors, 0) << type;
  }
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
class SequenceConcurrency : public MapConcurrency, public testing::WithParamInterface<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Types, SequenceConcurrency, testing::Values(kQueue, kStack));

TEST_P(SequenceConcurrency, LosesNothingAndGivesNothingTwice) {
  Ref<Map> map = make(GetParam(), 0, 16);
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
