// SPDX-License-Identifier: MIT OR Apache-2.0
// bpf_spin_lock in the values of maps: what BTF makes of it, what copies do with it, BPF_F_LOCK, and CPUs
// that meet at a lock (threads stand for them; run under TSan too).
#include "btf_builder.h"
#include "insn_builders.h"
#include "kernel/epoch.h"
#include "kernel/helpers/helpers.h"
#include "kernel/maps/map.h"
#include "kernel_fixture.h"
#include <algorithm>
#include <atomic>
#include <thread>

namespace kbpf::test {
namespace {

constexpr uint32_t kKey = 0, kCpus = 4, kClassifier = 3;

struct Locked {
  uint32_t before, lock;
  uint64_t numbers[6];
};
constexpr Locked kFilled{~0u, ~0u, {1, 2, 3, 4, 5, 6}};

class MapLock : public KernelTest {
protected:
  // A value of one word, the lock and six words more; and what else the tests ask for.
  MapLock() {
    integer_ = builder_.integer();
    lock_ = builder_.structure("bpf_spin_lock", 4, {{"val", integer_, 0}});
    const uint32_t words = builder_.array(integer_, integer_, 12);
    locked_ = builder_.structure("value", sizeof(Locked),
                                 {{"before", integer_, 0}, {"lock", lock_, 32}, {"numbers", words, 64}});
    twice_ = builder_.structure("twice", 8, {{"first", lock_, 0}, {"second", lock_, 32}});
    unaligned_ = builder_.structure("unaligned", 8, {{"lock", lock_, 16}});
  }
  kbpf_attr_map_create attr_for(uint32_t type, uint32_t value, uint32_t value_size) {
    kbpf_attr_map_create attr = map_attr(type, 4, value_size, 4);
    const std::string blob = builder_.build();
    kbpf_attr_btf_load load{};
    load.btf = address(blob.data());
    load.btf_size = static_cast<uint32_t>(blob.size());
    const int64_t btf = bpf(BTF_LOAD, load);
    EXPECT_GE(btf, 0);
    attr.btf_fd = static_cast<uint32_t>(btf);
    attr.btf_key_type_id = integer_;
    attr.btf_value_type_id = value;
    return attr;
  }
  int64_t make(uint32_t type) {
    const int64_t fd = bpf(MAP_CREATE, attr_for(type, locked_, sizeof(Locked)));
    EXPECT_GE(fd, 0);
    return fd;
  }
  // The fd's map for a test that takes its locks as programs do.
  static Ref<Map> map_of(int64_t fd) {
    return Ref<Map>::adopt(static_cast<Map *>(hostport::object_of(static_cast<int>(fd))));
  }
  static uint64_t lock_of(void *value) { return address(&static_cast<Locked *>(value)->lock); }
  // Adds one to numbers[0] of element 0 under its lock.
  static std::vector<Insn> counting_program(int64_t map) {
    return assemble({store_imm(KBPF_SIZE_W, R10, -4, 0), ld_imm64_from(KBPF_PSEUDO_MAP_FD, R1, map, 0),
                     mov64_reg(R2, R10), add64_imm(R2, -4), call_helper(1), jump_imm(KBPF_JMP_JEQ, R0, 0, 10),
                     mov64_reg(R6, R0), mov64_reg(R1, R6), add64_imm(R1, 4), call_helper(93),
                     load(KBPF_SIZE_DW, R2, R6, 8), add64_imm(R2, 1), store_reg(KBPF_SIZE_DW, R6, 8, R2),
                     mov64_reg(R1, R6), add64_imm(R1, 4), call_helper(94), mov64_imm(R0, 0), exit_insn()});
  }
  template <typename Body> static void on_every_cpu(Body body) {
    hostport::set_cpu_count(kCpus);
    std::vector<std::thread> threads;
    for (uint32_t cpu = 0; cpu < kCpus; cpu++)
      threads.emplace_back([cpu, &body] {
        hostport::BoundCpu bound(cpu);
        body(cpu);
      });
    for (std::thread &thread : threads)
      thread.join();
  }

  BtfBuilder builder_;
  uint32_t integer_, lock_, locked_, twice_, unaligned_;
};

TEST_F(MapLock, AProcessReadsZerosInTheLocksPlace) {
  for (uint32_t type : {kHash, kArray}) {
    const int64_t fd = make(type);
    ASSERT_EQ(update(fd, &kKey, &kFilled), 0);
    Locked read;
    memset(&read, 0xee, sizeof(read));
    ASSERT_EQ(lookup(fd, &kKey, &read), 0);
    EXPECT_EQ(read.before, kFilled.before);
    EXPECT_EQ(read.lock, 0u);
    EXPECT_TRUE(std::ranges::equal(read.numbers, kFilled.numbers));
  }
}

TEST_F(MapLock, AnUpdateLeavesTheLockAsItIs) {
  const int64_t fd = make(kArray);
  Ref<Map> map = map_of(fd);
  ReadSection section;
  auto *value = static_cast<Locked *>(map->lookup(&kKey));
  helpers::spin_lock(lock_of(value), 0, 0, 0, 0);
  Locked zeros{};
  EXPECT_TRUE(map->update(&kKey, &zeros, KBPF_MAP_UPDATE_ANY).ok());
  EXPECT_EQ(value->lock, 1u);
  EXPECT_TRUE(map->update(&kKey, &kFilled, KBPF_MAP_UPDATE_ANY).ok());
  EXPECT_EQ(value->lock, 1u);
  helpers::spin_unlock(lock_of(value), 0, 0, 0, 0);
  EXPECT_EQ(value->lock, 0u);
}

TEST_F(MapLock, ALockedUpdateOfAHashChangesTheValueInPlace) {
  const int64_t fd = make(kHash);
  Ref<Map> map = map_of(fd);
  ASSERT_EQ(update(fd, &kKey, &kFilled, KBPF_MAP_ELEM_LOCK), 0); // a new key
  ReadSection section;
  auto *value = static_cast<Locked *>(map->lookup(&kKey));
  const Locked other{7, 0, {8}};
  EXPECT_TRUE(map->update(&kKey, &other, KBPF_MAP_ELEM_LOCK | KBPF_MAP_UPDATE_EXIST).ok());
  EXPECT_EQ(map->lookup(&kKey), value);
  EXPECT_EQ(value->numbers[0], 8u);
  EXPECT_EQ(value->lock, 0u);
}

TEST_F(MapLock, TheConditionsOfAnUpdateHoldUnderTheLockToo) {
  const int64_t hash = make(kHash), array = make(kArray);
  EXPECT_EQ(update(hash, &kKey, &kFilled, KBPF_MAP_ELEM_LOCK | KBPF_MAP_UPDATE_EXIST), -ENOENT);
  EXPECT_EQ(update(array, &kKey, &kFilled, KBPF_MAP_ELEM_LOCK | KBPF_MAP_UPDATE_NOEXIST), -EEXIST);
  EXPECT_EQ(update(hash, &kKey, &kFilled, KBPF_MAP_ELEM_LOCK | 3), -EINVAL);
}

TEST_F(MapLock, AskingForALockThatValuesDoNotHaveIsInvalid) {
  for (uint32_t type : {kHash, kArray, kPerCpuArray, kLruHash}) {
    const int64_t fd = make_map(type, 4, 8, 4);
    uint64_t value[kMaxCpus] = {};
    EXPECT_EQ(update(fd, &kKey, value, KBPF_MAP_ELEM_LOCK), -EINVAL) << type;
    EXPECT_EQ(bpf(MAP_LOOKUP_ELEM, elem_attr(fd, &kKey, value, KBPF_MAP_ELEM_LOCK)), -EINVAL) << type;
    EXPECT_FALSE(map_of(fd)->update(&kKey, value, KBPF_MAP_ELEM_LOCK).ok()) << type;
  }
}

TEST_F(MapLock, BatchesTakeTheFlagWhereValuesHaveALock) {
  for (uint32_t type : {kHash, kArray}) {
    uint32_t keys[2] = {0, 1}, position = 0;
    Locked values[4] = {kFilled, kFilled};
    kbpf_attr_map_batch attr{};
    attr.keys = address(keys);
    attr.values = address(values);
    attr.count = 2;
    attr.map_fd = static_cast<uint32_t>(make(type));
    attr.elem_flags = KBPF_MAP_ELEM_LOCK;
    EXPECT_EQ(bpf(MAP_UPDATE_BATCH, attr), 0);
    uint32_t all_keys[4];
    attr.keys = address(all_keys);
    attr.out_batch = address(&position);
    attr.count = 4;
    memset(values, 0xee, sizeof(values));
    const int64_t read = bpf(MAP_LOOKUP_BATCH, attr);
    EXPECT_TRUE(read == 0 || read == -ENOENT);
    EXPECT_EQ(values[0].lock, 0u);
    EXPECT_EQ(values[0].before, ~0u);
    attr.map_fd = static_cast<uint32_t>(make_map(type, 4, sizeof(Locked), 4));
    EXPECT_EQ(bpf(MAP_LOOKUP_BATCH, attr), -EINVAL);
  }
}

TEST_F(MapLock, LookupAndDeleteTakesTheFlagWhereValuesHaveALock) {
  const int64_t hash = make(kHash), array = make(kArray), without = make_map(kHash, 4, sizeof(Locked), 4);
  Locked read{};
  const auto take = [&](int64_t fd) {
    return bpf(MAP_LOOKUP_AND_DELETE_ELEM, elem_attr(fd, &kKey, &read, KBPF_MAP_ELEM_LOCK));
  };
  ASSERT_EQ(update(hash, &kKey, &kFilled), 0);
  EXPECT_EQ(take(hash), 0);
  EXPECT_EQ(read.lock, 0u);
  EXPECT_TRUE(std::ranges::equal(read.numbers, kFilled.numbers));
  EXPECT_EQ(take(hash), -ENOENT);
  EXPECT_EQ(take(array), -524);
  EXPECT_EQ(take(without), -EINVAL);
}

TEST_F(MapLock, AMapInsideHasTheTemplatesLock) {
  constexpr uint32_t kArrayOfMaps = 12, kHashOfMaps = 13;
  for (uint32_t type : {kArrayOfMaps, kHashOfMaps}) {
    kbpf_attr_map_create attr = map_attr(type, 4, 4, 4);
    const int64_t inner = make(kHash), without = make_map(kHash, 4, sizeof(Locked), 4);
    attr.inner_map_fd = static_cast<uint32_t>(inner);
    const int64_t outer = bpf(MAP_CREATE, attr);
    ASSERT_GE(outer, 0);
    EXPECT_EQ(update(outer, &kKey, &without), -EINVAL);
    EXPECT_EQ(update(outer, &kKey, &inner), 0);
    attr.inner_map_fd = static_cast<uint32_t>(without);
    const int64_t other = bpf(MAP_CREATE, attr);
    ASSERT_GE(other, 0);
    EXPECT_EQ(update(other, &kKey, &inner), -EINVAL);
  }
}

TEST_F(MapLock, ValuesWithALockAreNotMapped) {
  kbpf_attr_map_create attr = attr_for(kArray, locked_, sizeof(Locked));
  attr.map_flags = KBPF_MAP_F_MMAPABLE;
  const int64_t fd = bpf(MAP_CREATE, attr);
  ASSERT_GE(fd, 0);
  for (int writable : {0, 1})
    EXPECT_EQ(kbpf_object_map(map_of(fd).get(), 0, 4096, writable), -524);
}

TEST_F(MapLock, OtherTypesOfMapsDoNotHaveLocks) {
  for (uint32_t type : {kPerCpuHash, kPerCpuArray, kLruHash, kLruPerCpuHash})
    EXPECT_EQ(bpf(MAP_CREATE, attr_for(type, locked_, sizeof(Locked))), -EOPNOTSUPP) << type;
}

TEST_F(MapLock, AValueHasOneAlignedLockThatProgramsMayWrite) {
  EXPECT_EQ(bpf(MAP_CREATE, attr_for(kArray, twice_, 8)), -E2BIG);
  EXPECT_EQ(bpf(MAP_CREATE, attr_for(kArray, unaligned_, 8)), -EINVAL);
  kbpf_attr_map_create read_only = attr_for(kArray, locked_, sizeof(Locked));
  read_only.map_flags = KBPF_MAP_F_RDONLY_PROG;
  EXPECT_EQ(bpf(MAP_CREATE, read_only), -EACCES);
}

TEST_F(MapLock, AProgramChangesAValueUnderItsLock) {
  const int64_t map = make(kArray);
  const int64_t program = load_code(kClassifier, counting_program(map));
  ASSERT_GE(program, 0);
  const char packet[64] = {};
  kbpf_attr_prog_test_run attr{};
  attr.prog_fd = static_cast<uint32_t>(program);
  attr.data_in = address(packet);
  attr.data_size_in = sizeof(packet);
  attr.repeat = 5;
  ASSERT_EQ(bpf(PROG_TEST_RUN, attr), 0);
  Locked read{};
  ASSERT_EQ(bpf(MAP_LOOKUP_ELEM, elem_attr(map, &kKey, &read, KBPF_MAP_ELEM_LOCK)), 0);
  EXPECT_EQ(read.numbers[0], 5u);
}

TEST_F(MapLock, AProbeMayNotUseAMapWithLocks) {
  EXPECT_EQ(load_code(kKprobe, counting_program(make(kArray))), -EINVAL);
}

TEST_F(MapLock, NothingIsLostThatProgramsCountUnderALock) {
  for (uint32_t type : {kHash, kArray}) {
    const int64_t fd = make(type);
    Ref<Map> map = map_of(fd);
    Locked zeros{};
    ASSERT_EQ(update(fd, &kKey, &zeros), 0);
    constexpr uint64_t kRounds = 2000;
    on_every_cpu([&](uint32_t) {
      for (uint64_t i = 0; i < kRounds; i++) {
        ReadSection section;
        auto *value = static_cast<Locked *>(map->lookup(&kKey));
        helpers::spin_lock(lock_of(value), 0, 0, 0, 0);
        value->numbers[0]++;
        helpers::spin_unlock(lock_of(value), 0, 0, 0, 0);
      }
    });
    Locked read{};
    ASSERT_EQ(lookup(fd, &kKey, &read), 0);
    EXPECT_EQ(read.numbers[0], kRounds * kCpus);
  }
}

TEST_F(MapLock, LockedCopiesAreNeverTorn) {
  for (uint32_t type : {kHash, kArray}) {
    Ref<Map> map = map_of(make(type));
    Locked zeros{};
    ASSERT_TRUE(map->update(&kKey, &zeros, KBPF_MAP_UPDATE_ANY).ok());
    std::atomic<int> torn = 0;
    on_every_cpu([&](uint32_t cpu) {
      for (uint64_t i = 1; i <= 1500; i++) {
        Locked value{};
        if (cpu % 2) {
          std::ranges::fill(value.numbers, i << 8 | cpu);
          torn += !map->update(&kKey, &value, KBPF_MAP_ELEM_LOCK).ok();
          continue;
        }
        torn += !map->read_locked(&kKey, &value).ok();
        torn += std::ranges::count(value.numbers, value.numbers[0]) != 6;
      }
    });
    EXPECT_EQ(torn, 0);
  }
}

} // namespace
} // namespace kbpf::test
