// SPDX-License-Identifier: MIT OR Apache-2.0
// Timers of programs: when their callbacks run, what stops them, and CPUs that start, stop and run one timer
// (threads stand for them; run under TSan too). The clock stands still where the tests put it.
#include "btf_builder.h"
#include "insn_builders.h"
#include "kernel/epoch.h"
#include "kernel/helpers/helpers.h"
#include "kernel/maps/map.h"
#include "kernel_fixture.h"
#include <array>
#include <thread>

namespace kbpf::test {
namespace {

constexpr uint32_t kClassifier = 3, kCpus = 4;
constexpr uint64_t kNow = 1'000'000, kDelay = 500, kNever = UINT64_MAX;
constexpr uint64_t kRealtime = 0, kMonotonic = 1, kAbsolute = 1, kPinned = 2;

struct Timed {
  uint64_t timer[2];
  uint64_t runs;
  uint32_t last_key, result; // of a helper that the callback calls
};

class Timers : public KernelTest {
protected:
  void SetUp() override {
    KernelTest::SetUp();
    hostport::set_time_ns(kNow);
  }
  int64_t make(uint32_t type, uint32_t max_entries = 4) {
    const uint32_t integer = builder_.integer();
    const uint32_t timer =
        builder_.structure("bpf_timer", 16, {{"opaque", builder_.array(integer, integer, 4), 0}});
    const uint32_t words = builder_.array(integer, integer, 4);
    const uint32_t value =
        builder_.structure("value", sizeof(Timed), {{"timer", timer, 0}, {"rest", words, 128}});
    const std::string blob = builder_.build();
    kbpf_attr_btf_load load{};
    load.btf = address(blob.data());
    load.btf_size = static_cast<uint32_t>(blob.size());
    kbpf_attr_map_create attr = map_attr(type, 4, sizeof(Timed), max_entries);
    attr.btf_fd = static_cast<uint32_t>(bpf(BTF_LOAD, load));
    attr.btf_key_type_id = integer;
    attr.btf_value_type_id = value;
    const int64_t fd = bpf(MAP_CREATE, attr);
    EXPECT_GE(fd, 0);
    hostport::close_fd(static_cast<int>(attr.btf_fd));
    return fd;
  }
  // A program that makes element key's timer one, gives it a callback and starts it; r0: of bpf_timer_start,
  // or what failed before. The callback counts its runs, notes its key, and does what extra says, r6 being
  // the value.
  int64_t starter(int64_t map, uint32_t key, uint64_t delay, uint64_t flags,
                  std::initializer_list<Slots> extra = {}) {
    std::vector<Insn> code = assemble(
        {store_imm(KBPF_SIZE_W, R10, -4, static_cast<int32_t>(key)),
         ld_imm64_from(KBPF_PSEUDO_MAP_FD, R1, map, 0), mov64_reg(R2, R10), add64_imm(R2, -4), call_helper(1),
         jump_imm(KBPF_JMP_JEQ, R0, 0, 17), mov64_reg(R6, R0), mov64_reg(R1, R6),
         ld_imm64_from(KBPF_PSEUDO_MAP_FD, R2, map, 0), mov64_imm(R3, kMonotonic), call_helper(169),
         jump_imm(KBPF_JMP_JNE, R0, 0, 9), mov64_reg(R1, R6), ld_imm64_from(KBPF_PSEUDO_FUNC, R2, 10, 0),
         call_helper(170), mov64_reg(R1, R6), ld_imm64(R2, delay), mov64_imm(R3, static_cast<int32_t>(flags)),
         call_helper(171), exit_insn(), mov64_imm(R0, -1), exit_insn(),
         // the callback
         mov64_reg(R6, R3), load(KBPF_SIZE_W, R4, R2, 0), store_reg(KBPF_SIZE_W, R6, 24, R4),
         load(KBPF_SIZE_DW, R5, R6, 16), add64_imm(R5, 1), store_reg(KBPF_SIZE_DW, R6, 16, R5)});
    const std::vector<Insn> more = assemble(extra), end = assemble({mov64_imm(R0, 0), exit_insn()});
    code.insert(code.end(), more.begin(), more.end());
    code.insert(code.end(), end.begin(), end.end());
    std::vector<char> log(4096);
    kbpf_attr_prog_load attr{};
    attr.prog_type = kClassifier;
    attr.insns = address(code.data());
    attr.insn_cnt = static_cast<uint32_t>(code.size());
    attr.license = address("GPL");
    attr.log_buf = address(log.data());
    attr.log_size = static_cast<uint32_t>(log.size());
    attr.log_level = 1;
    const int64_t fd = bpf(PROG_LOAD, attr);
    EXPECT_GE(fd, 0) << log.data();
    return fd;
  }
  static int32_t run(int64_t program) {
    std::array<uint8_t, 64> packet{};
    kbpf_attr_prog_test_run attr{};
    attr.prog_fd = static_cast<uint32_t>(program);
    attr.data_in = address(packet.data());
    attr.data_size_in = packet.size();
    EXPECT_EQ(bpf(PROG_TEST_RUN, attr), 0);
    return static_cast<int32_t>(attr.retval);
  }
  static Timed value(int64_t map, uint32_t key) {
    Timed read{};
    EXPECT_EQ(lookup(map, &key, &read), 0);
    EXPECT_EQ(read.timer[0] | read.timer[1], 0u); // processes see nothing of it
    return read;
  }
  static void pass_to(uint64_t now) {
    hostport::set_time_ns(now);
    kbpf_on_timer(nullptr);
  }
  static Ref<Map> map_of(int64_t fd) {
    return Ref<Map>::adopt(static_cast<Map *>(hostport::object_of(static_cast<int>(fd))));
  }
  // As a program would, of element 0.
  template <typename Call> static int64_t on_timer(Map &map, Call call) {
    const uint32_t key = 0;
    ReadSection section;
    return static_cast<int64_t>(call(reinterpret_cast<uintptr_t>(map.lookup(&key))));
  }
  static int64_t cancel(Map &map) {
    return on_timer(map, [](uint64_t timer) { return helpers::timer_cancel(timer, 0, 0, 0, 0); });
  }
  static int64_t start(Map &map, uint64_t delay, uint64_t flags) {
    return on_timer(map, [=](uint64_t timer) { return helpers::timer_start(timer, delay, flags, 0, 0); });
  }
  static int64_t init(Map &map, uint64_t clock) {
    return on_timer(map, [&map, clock](uint64_t timer) {
      return helpers::timer_init(timer, reinterpret_cast<uintptr_t>(&map), clock, 0, 0);
    });
  }
  static void fill(int64_t map, uint32_t key = 0) {
    const Timed zeros{};
    ASSERT_EQ(update(map, &key, &zeros), 0);
  }

  BtfBuilder builder_;
};

TEST_F(Timers, ACallbackRunsOnceWhenItsTimeHasCome) {
  for (uint32_t type : {kHash, kArray, kLruHash}) {
    hostport::set_time_ns(kNow);
    const int64_t map = make(type);
    fill(map, 3);
    ASSERT_EQ(run(starter(map, 3, kDelay, 0)), 0);
    EXPECT_EQ(hostport::timer_deadline(0), kNow + kDelay);
    pass_to(kNow + kDelay - 1);
    EXPECT_EQ(value(map, 3).runs, 0u);
    EXPECT_EQ(hostport::timer_deadline(0), kNow + kDelay - 1 + 20'000); // two rounds have a gap between them
    pass_to(kNow + kDelay);
    EXPECT_EQ(value(map, 3).runs, 1u);
    EXPECT_EQ(value(map, 3).last_key, 3u);
    EXPECT_EQ(hostport::timer_deadline(0), kNever);
    pass_to(kNow + 10 * kDelay);
    EXPECT_EQ(value(map, 3).runs, 1u);
  }
}

TEST_F(Timers, ManyRunInTheOrderOfTheirTimes) {
  constexpr uint32_t kCount = 64;
  const int64_t map = make(kArray, kCount);
  for (uint32_t key = 0; key < kCount; key++)
    ASSERT_EQ(run(starter(map, key, 1 + key * 37 % kCount, 0)), 0);
  for (uint64_t passed = 1; passed <= kCount; passed++) {
    pass_to(kNow + passed);
    for (uint32_t key = 0; key < kCount; key++)
      EXPECT_EQ(value(map, key).runs, 1 + key * 37 % kCount <= passed ? 1u : 0u)
          << key << " after " << passed;
  }
}

TEST_F(Timers, AStartPutsOffAndACancelStops) {
  const int64_t fd = make(kArray);
  ASSERT_EQ(run(starter(fd, 0, kDelay, kPinned)), 0);
  Ref<Map> map = map_of(fd);
  EXPECT_EQ(start(*map, 3 * kDelay, 0), 0);
  pass_to(kNow + kDelay);
  EXPECT_EQ(value(fd, 0).runs, 0u);
  EXPECT_EQ(cancel(*map), 1);
  EXPECT_EQ(cancel(*map), 0);
  pass_to(kNow + 4 * kDelay);
  EXPECT_EQ(value(fd, 0).runs, 0u);
  EXPECT_EQ(start(*map, kDelay, 0), -EINVAL); // its callback went with it
}

TEST_F(Timers, WhatIsNoTimerOrHasNoCallbackIsRefused) {
  const int64_t fd = make(kArray);
  Ref<Map> map = map_of(fd);
  EXPECT_EQ(start(*map, kDelay, 0), -EINVAL);
  EXPECT_EQ(cancel(*map), -EINVAL);
  EXPECT_EQ(init(*map, 2), -EINVAL); // CLOCK_PROCESS_CPUTIME_ID
  EXPECT_EQ(init(*map, kMonotonic), 0);
  EXPECT_EQ(init(*map, kMonotonic), -EBUSY);
  EXPECT_EQ(start(*map, kDelay, 0), -EINVAL);
  EXPECT_EQ(start(*map, kDelay, 4), -EINVAL);
  EXPECT_EQ(cancel(*map), 0);
}

TEST_F(Timers, AnAbsoluteTimeIsOfTheTimersClock) {
  const int64_t fd = make(kArray);
  ASSERT_EQ(run(starter(fd, 0, kNow + kDelay, kAbsolute)), 0);
  EXPECT_EQ(hostport::timer_deadline(0), kNow + kDelay);
  pass_to(kNow + kDelay);
  EXPECT_EQ(value(fd, 0).runs, 1u);
}

TEST_F(Timers, AnElementThatIsGivenUpTakesItsTimerAlong) {
  const uint32_t key = 0;
  const Timed zeros{};
  for (uint32_t type : {kHash, kLruHash, kArray}) {
    hostport::set_time_ns(kNow);
    const int64_t fd = make(type);
    fill(fd);
    ASSERT_EQ(run(starter(fd, 0, kDelay, 0)), 0);
    ASSERT_EQ(update(fd, &key, &zeros), 0);
    pass_to(kNow + kDelay);
    EXPECT_EQ(value(fd, 0).runs, 0u);
    Ref<Map> map = map_of(fd);
    EXPECT_EQ(init(*map, kRealtime), 0); // a new one
    if (type == kArray)
      continue;
    ASSERT_EQ(remove(fd, &key), 0);
    fill(fd);
    EXPECT_EQ(init(*map, kRealtime), 0);
    Timed taken;
    ASSERT_EQ(bpf(MAP_LOOKUP_AND_DELETE_ELEM, elem_attr(fd, &key, &taken)), 0);
    fill(fd);
    EXPECT_EQ(init(*map, kRealtime), 0);
  }
}

TEST_F(Timers, AnEvictedKeysTimerStops) {
  const int64_t fd = make(kLruHash, 2);
  fill(fd, 0);
  ASSERT_EQ(run(starter(fd, 0, kDelay, 0)), 0);
  for (uint32_t key = 1; key < 20; key++)
    fill(fd, key);
  const uint32_t key = 0;
  Timed read;
  ASSERT_EQ(lookup(fd, &key, &read), -ENOENT);
  pass_to(kNow + kDelay);
  for (uint32_t other = 18; other < 20; other++)
    EXPECT_EQ(value(fd, other).runs, 0u);
}

// The map keeps the program, the program the map: the test's end finds nothing of either.
TEST_F(Timers, TheLastDescriptorsEndStopsTheMapsTimers) {
  const int64_t fd = make(kArray);
  const int64_t program = starter(fd, 0, kDelay, 0);
  ASSERT_EQ(run(program), 0);
  hostport::close_fd(static_cast<int>(program));
  Ref<Map> map = map_of(fd);
  hostport::close_fd(static_cast<int>(fd));
  EXPECT_EQ(init(*map, kMonotonic), -EPERM);
  pass_to(kNow + kDelay);
}

TEST_F(Timers, ACallbackMayStartItsTimerAgainAndNotWaitForItself) {
  const int64_t fd = make(kArray);
  ASSERT_EQ(run(starter(fd, 0, kDelay, 0,
                        {mov64_reg(R1, R6), call_helper(172), store_reg(KBPF_SIZE_W, R6, 28, R0),
                         mov64_reg(R1, R6), ld_imm64(R2, kDelay), mov64_imm(R3, 0), call_helper(171)})),
            0);
  for (uint64_t round = 1; round <= 5; round++) {
    pass_to(kNow + round * kDelay);
    EXPECT_EQ(value(fd, 0).runs, round);
    EXPECT_EQ(static_cast<int32_t>(value(fd, 0).result), -EDEADLK);
  }
}

TEST_F(Timers, ACallbackThatStartsItsTimerAtOnceLeavesTimeForOthers) {
  const int64_t fd = make(kArray);
  ASSERT_EQ(
      run(starter(fd, 0, 0, 0, {mov64_reg(R1, R6), mov64_imm(R2, 1), mov64_imm(R3, 0), call_helper(171)})),
      0);
  kbpf_on_timer(nullptr);
  EXPECT_EQ(value(fd, 0).runs, 1u);
  EXPECT_EQ(hostport::timer_deadline(0), kNow + 20'000);
}

TEST_F(Timers, OneOfManyCpusRunsIt) {
  hostport::set_time_ns(0);
  hostport::set_cpu_count(kCpus);
  const int64_t fd = make(kArray);
  const int64_t program = starter(fd, 0, 0, 0);
  ASSERT_EQ(run(program), 0);
  Ref<Map> map = map_of(fd);
  std::vector<std::thread> threads;
  for (uint32_t cpu = 0; cpu < kCpus; cpu++)
    threads.emplace_back([&, cpu] {
      hostport::BoundCpu bound(cpu);
      for (uint32_t round = 0; round < 2000; round++) {
        const uintptr_t irq = kbpf_port_irq_save();
        kbpf_on_timer(nullptr);
        kbpf_port_irq_restore(irq);
        const int64_t started = start(*map, round % 3, 0);
        EXPECT_TRUE(started == 0 || started == -EINVAL);
        if (cpu == 0 && round % 64 == 63) {
          EXPECT_GE(cancel(*map), 0);
          const Timed zeros{};
          const uint32_t key = 0;
          EXPECT_EQ(update(fd, &key, &zeros), 0);
          EXPECT_EQ(run(program), 0);
        }
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_GE(cancel(*map), 0);
  kbpf_on_timer(nullptr);
  EXPECT_EQ(hostport::timer_deadline(0), kNever);
}

} // namespace
} // namespace kbpf::test
