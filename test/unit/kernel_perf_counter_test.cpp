// SPDX-License-Identifier: MIT OR Apache-2.0
// Perf events that count what a CPU does, take samples of it, and run programs at them; what programs read of
// them.
#include "abi/info.h"
#include "insn_builders.h"
#include "kernel/epoch.h"
#include "kernel/helpers/helpers.h"
#include "kernel/maps/map.h"
#include "kernel/maps/perf_event_array.h"
#include "kernel_fixture.h"

namespace kbpf::test {
namespace {

constexpr uint32_t kPerfEventArray = 4, kPerfEventProgram = 7, kAttachPerfEvent = 41;
constexpr uint64_t kStart = 1'000'000, kPeriod = 50'000, kPreviousMode = 1 << 8;

class PerfCounterTest : public KernelTest {
protected:
  void SetUp() override {
    KernelTest::SetUp();
    hostport::set_time_ns(kStart);
    hostport::set_cpu_count(2);
  }
  int open(kbpf_event_source source, int cpu = 0, uint64_t period = 0, bool disabled = false) {
    kbpf_perf_event_attr attr{};
    attr.cpu = cpu;
    attr.source = source;
    attr.period = period;
    attr.disabled = disabled;
    attr.type = 1;
    attr.config = 7;
    attr.sample_type = 1; // IP
    attr.read_format = read_format_;
    attr.exclude_user = exclude_user_;
    attr.exclude_kernel = exclude_kernel_;
    const int result = kbpf_perf_event_create(&attr, &event_);
    return result < 0 ? result : kbpf_port_fd_install(event_, "[perf_event]", 1);
  }
  std::vector<uint64_t> read() {
    uint64_t words[KBPF_PERF_EVENT_WORDS];
    const int count = kbpf_perf_event_read(event_, words);
    EXPECT_GE(count, 0);
    return {words, words + count};
  }
  // The timer interrupt of CPU 0.
  void tick(uint64_t time, uint64_t pc = 0x1234, bool from_user = false) {
    hostport::set_time_ns(time);
    kbpf_regs regs{};
    regs.epc = pc;
    regs.status = from_user ? 0 : kPreviousMode;
    const uintptr_t irq = kbpf_port_irq_save();
    kbpf_on_timer(&regs);
    kbpf_port_irq_restore(irq);
  }
  int64_t call(std::string_view name, int64_t map_fd, uint64_t flags, void *buffer = nullptr,
               uint64_t size = 0) {
    Map *map = static_cast<Map *>(hostport::object_of(static_cast<int>(map_fd)));
    int64_t result;
    {
      ReadSection section;
      result = static_cast<int64_t>(
          helper_environment(kKbpfProfile)
              .helper(kKbpfProfile.helper(name)->number)(map->ref().handle, flags,
                                                         reinterpret_cast<uintptr_t>(buffer), size, 0));
    }
    drop_reference(map);
    return result;
  }
  int64_t array_with(int event, uint32_t key = 0) {
    const int64_t map = make_map(kPerfEventArray, 4, 4, 4);
    EXPECT_EQ(update(map, &key, &event), 0);
    return map;
  }
  // A program that adds to seen[0] one, and to seen[1] the word at offset of its context; returns result.
  int64_t load_program(int16_t offset, int32_t result) {
    seen_ = make_map(kArray, 4, 16, 1);
    return load_code(kPerfEventProgram, assemble({
                                            load(KBPF_SIZE_DW, R3, R1, offset),
                                            ld_imm64_from(KBPF_PSEUDO_MAP_VALUE, R1, seen_, 0),
                                            mov64_imm(R2, 1),
                                            atomic(KBPF_SIZE_DW, KBPF_ATOMIC_ADD, R1, 0, R2),
                                            atomic(KBPF_SIZE_DW, KBPF_ATOMIC_ADD, R1, 8, R3),
                                            mov64_imm(R0, result),
                                            exit_insn(),
                                        }));
  }
  std::pair<uint64_t, uint64_t> seen() {
    uint64_t values[2] = {};
    uint32_t key = 0;
    EXPECT_EQ(lookup(seen_, &key, values), 0);
    return {values[0], values[1]};
  }
  int set_program(int64_t program) {
    kbpf_object *object = hostport::object_of(static_cast<int>(program));
    const int result = kbpf_perf_event_set_program(event_, object);
    drop_reference(object);
    return result;
  }
  kbpf_object *event_ = nullptr;
  int64_t seen_ = -1;
  uint64_t read_format_ = 0;
  bool exclude_user_ = false, exclude_kernel_ = false;
};
using Pair = std::pair<uint64_t, uint64_t>;

TEST_F(PerfCounterTest, CountsWhatItsCpuDoesWhileItIsEnabled) {
  hostport::set_cycles(1, 1000);
  ASSERT_GE(open(KBPF_EVENT_CYCLES, 1), 0);
  hostport::set_cycles(0, 77);
  hostport::set_cycles(1, 1300);
  EXPECT_EQ(read(), std::vector<uint64_t>{300});
  EXPECT_EQ(kbpf_perf_event_enable(event_, 0), 0);
  hostport::set_cycles(1, 5000);
  EXPECT_EQ(read(), std::vector<uint64_t>{300});
  EXPECT_EQ(kbpf_perf_event_enable(event_, 1), 0);
  hostport::set_cycles(1, 5007);
  EXPECT_EQ(read(), std::vector<uint64_t>{307});
}

TEST_F(PerfCounterTest, ADisabledEventBeginsWhenItIsEnabled) {
  ASSERT_GE(open(KBPF_EVENT_CLOCK, 0, 0, true), 0);
  EXPECT_EQ(kbpf_perf_event_enable(event_, 0), 0);
  EXPECT_EQ(read(), std::vector<uint64_t>{0});
  hostport::set_time_ns(kStart + 100);
  EXPECT_EQ(kbpf_perf_event_enable(event_, 1), 0);
  hostport::set_time_ns(kStart + 150);
  EXPECT_EQ(read(), std::vector<uint64_t>{50});
}

TEST_F(PerfCounterTest, ReadGivesWhatTheFormatSays) {
  read_format_ = 1 | 2 | 4;
  ASSERT_GE(open(KBPF_EVENT_CLOCK), 0);
  hostport::set_time_ns(kStart + 30);
  std::vector<uint64_t> words = read();
  ASSERT_EQ(words.size(), 4u);
  EXPECT_EQ(std::vector(words.begin(), words.begin() + 3), (std::vector<uint64_t>{30, 30, 30}));
  const uint64_t id = words[3];
  read_format_ = 1 | 4 | 8 | 16;
  ASSERT_GE(open(KBPF_EVENT_CLOCK), 0);
  hostport::set_time_ns(kStart + 40);
  EXPECT_EQ(read(), (std::vector<uint64_t>{1, 10, 10, id + 1, 0}));
}

TEST_F(PerfCounterTest, WhatNobodyCountsIsRefused) {
  EXPECT_EQ(open(KBPF_EVENT_INSTRUCTIONS), -EOPNOTSUPP);
  EXPECT_EQ(open(KBPF_EVENT_CYCLES, 0, kPeriod), -EOPNOTSUPP);
  EXPECT_EQ(open(KBPF_EVENT_CLOCK, -1), -EINVAL);
  EXPECT_EQ(open(KBPF_EVENT_CLOCK, 2), -EINVAL);
}

TEST_F(PerfCounterTest, ProgramsReadTheEventsOfTheirCpu) {
  hostport::set_cycles(0, 40);
  const int64_t array = array_with(open(KBPF_EVENT_CYCLES));
  hostport::set_cycles(0, 100);
  hostport::set_time_ns(kStart + 5);
  uint64_t value[3] = {9, 9, 9};
  EXPECT_EQ(call("perf_event_read", array, 0), 60);
  EXPECT_EQ(call("perf_event_read", array, 0xffff'ffff), 60);
  EXPECT_EQ(call("perf_event_read_value", array, 0, value, sizeof(value)), 0);
  EXPECT_EQ(value[0], 60u);
  EXPECT_EQ(value[1], 5u);
  EXPECT_EQ(value[2], 5u);
  EXPECT_EQ(call("perf_event_read", array, 1), -ENOENT);
  EXPECT_EQ(call("perf_event_read", array, 4), -E2BIG);
  EXPECT_EQ(call("perf_event_read", array, uint64_t{1} << 32), -EINVAL);
  EXPECT_EQ(call("perf_event_read_value", array, 1, value, sizeof(value)), -ENOENT);
  EXPECT_EQ(value[0], 0u);
  EXPECT_EQ(call("perf_event_read_value", array, 0, value, 16), -EINVAL);
  const int64_t other = array_with(open(KBPF_EVENT_CYCLES, 1));
  EXPECT_EQ(call("perf_event_read", other, 0), -EINVAL);
}

TEST_F(PerfCounterTest, AProgramRunsAtEachSample) {
  ASSERT_GE(open(KBPF_EVENT_CLOCK, 0, kPeriod), 0);
  EXPECT_EQ(hostport::timer_deadline(0), kStart + kPeriod);
  ASSERT_EQ(set_program(load_program(0, 0)), 0); // the program counter
  EXPECT_EQ(set_program(load_program(0, 0)), -EEXIST);
  tick(kStart + kPeriod - 1);
  EXPECT_EQ(hostport::timer_deadline(0), kStart + kPeriod);
  tick(kStart + kPeriod);
  tick(kStart + kPeriod + 1);
  EXPECT_EQ(hostport::timer_deadline(0), kStart + 2 * kPeriod);
  tick(kStart + 5 * kPeriod + 1, 0x1000); // late: no run for each that was missed
  EXPECT_EQ(hostport::timer_deadline(0), kStart + 6 * kPeriod);
}

// Samples, of however many events, leave the CPU most of its time.
TEST_F(PerfCounterTest, AfterASampleTheCpuIsLeftAloneThreeTimesAsLong) {
  constexpr uint64_t kSpent = 1'000'000;
  constexpr int kProbeReadKernel = 113;
  static const uint64_t read = 1;
  const std::vector<Insn> code =
      assemble({mov64_reg(R1, R10), add64_imm(R1, -8), mov64_imm(R2, 8), ld_imm64(R3, address(&read)),
                call_helper(kProbeReadKernel), mov64_imm(R0, 0), exit_insn()});
  ASSERT_GE(open(KBPF_EVENT_CLOCK, 0, kPeriod), 0);
  ASSERT_EQ(set_program(load_code(kPerfEventProgram, code)), 0);
  hostport::before_next_kernel_read([] { hostport::set_time_ns(kStart + kPeriod + kSpent); });
  tick(kStart + kPeriod);
  EXPECT_EQ(hostport::timer_deadline(0), kStart + kPeriod + 4 * kSpent);
}

TEST_F(PerfCounterTest, SamplesShowWhatWasInterrupted) {
  ASSERT_GE(open(KBPF_EVENT_CLOCK, 0, kPeriod), 0);
  ASSERT_EQ(set_program(load_program(0, 0)), 0);
  tick(kStart + kPeriod, 0x1234);
  tick(kStart + 2 * kPeriod, 0x1000, true);
  EXPECT_EQ(seen(), Pair(2, 0x2234));
  EXPECT_EQ(kbpf_perf_event_enable(event_, 0), 0);
  tick(kStart + 9 * kPeriod);
  EXPECT_EQ(seen(), Pair(2, 0x2234));
  EXPECT_EQ(hostport::timer_deadline(0), UINT64_MAX);
}

TEST_F(PerfCounterTest, SamplesAreTakenWhereTheyAreWanted) {
  exclude_user_ = true;
  ASSERT_GE(open(KBPF_EVENT_CLOCK, 0, kPeriod), 0);
  ASSERT_EQ(set_program(load_program(256, 0)), 0); // the period
  tick(kStart + kPeriod, 1, true);
  EXPECT_EQ(seen(), Pair(0, 0));
  tick(kStart + 2 * kPeriod);
  EXPECT_EQ(seen(), Pair(1, kPeriod));
}

TEST_F(PerfCounterTest, SamplesGoToTheRingUnlessTheProgramSaysNo) {
  ASSERT_GE(open(KBPF_EVENT_CLOCK, 0, kPeriod), 0);
  ASSERT_EQ(kbpf_object_map(event_, 0, 2 * 4096, 1), 0);
  const auto *head =
      reinterpret_cast<const uint64_t *>(static_cast<char *>(kbpf_object_page(event_, 0)) + 1024);
  const auto *data = static_cast<const uint64_t *>(kbpf_object_page(event_, 1));
  tick(kStart + kPeriod, 0x77);
  EXPECT_EQ(*head, 16u);
  EXPECT_EQ(data[1], 0x77u);
  ASSERT_EQ(set_program(load_program(0, 0)), 0);
  tick(kStart + 2 * kPeriod);
  EXPECT_EQ(*head, 16u);
  kbpf_object_unmap(event_, 0, 2 * 4096, 1);
}

TEST_F(PerfCounterTest, OnlyProgramsOfThatTypeRunAtSamples) {
  const int64_t kprobe = load_code(kKprobe, assemble({mov64_imm(R0, 0), exit_insn()}));
  ASSERT_GE(open(KBPF_EVENT_CLOCK, 0, kPeriod), 0);
  EXPECT_EQ(set_program(kprobe), -EINVAL);
  kbpf_perf_event_attr attr{};
  ASSERT_EQ(kbpf_perf_event_create(&attr, &event_), 0); // a ring
  kbpf_port_fd_install(event_, "[perf_event]", 1);
  EXPECT_EQ(set_program(load_program(0, 0)), -EINVAL);
}

TEST_F(PerfCounterTest, ALinkRunsItsProgramUntilItEnds) {
  const int fd = open(KBPF_EVENT_CLOCK, 0, kPeriod);
  kbpf_attr_link_create attr{};
  attr.prog_fd = static_cast<uint32_t>(load_program(0, 0));
  attr.target_fd = static_cast<uint32_t>(fd);
  attr.attach_type = kAttachPerfEvent;
  attr.perf_event.cookie = 5;
  const int64_t link = bpf(LINK_CREATE, attr);
  ASSERT_GE(link, 0);
  EXPECT_EQ(bpf(LINK_CREATE, attr), -EEXIST);
  tick(kStart + kPeriod);
  EXPECT_EQ(seen().first, 1u);
  kbpf_link_info info{};
  kbpf_attr_info_by_fd get{};
  get.bpf_fd = static_cast<uint32_t>(link);
  get.info_len = sizeof(info);
  get.info = address(&info);
  ASSERT_EQ(bpf(OBJ_GET_INFO_BY_FD, get), 0);
  EXPECT_EQ(info.perf_event.type, 6u);
  EXPECT_EQ(info.perf_event.event.type, 1u);
  EXPECT_EQ(info.perf_event.event.config, 7u);
  EXPECT_EQ(info.perf_event.event.cookie, 5u);
  hostport::close_fd(static_cast<int>(link));
  tick(kStart + 2 * kPeriod);
  EXPECT_EQ(seen().first, 1u);
}

TEST_F(PerfCounterTest, AProgramReadsTheEventThatRunsIt) {
  seen_ = make_map(kArray, 4, 24, 1);
  const int64_t program = load_code(kPerfEventProgram, assemble({
                                                           ld_imm64_from(KBPF_PSEUDO_MAP_VALUE, R2, seen_, 0),
                                                           mov64_imm(R3, 24),
                                                           call_helper(56),
                                                           exit_insn(),
                                                       }));
  ASSERT_GE(program, 0);
  ASSERT_GE(open(KBPF_EVENT_CLOCK, 0, kPeriod), 0);
  ASSERT_EQ(set_program(program), 0);
  tick(kStart + kPeriod + 3);
  uint64_t value[3] = {};
  uint32_t key = 0;
  ASSERT_EQ(lookup(seen_, &key, value), 0);
  EXPECT_EQ(value[0], kPeriod + 3);
  EXPECT_EQ(value[1], kPeriod + 3);
}

TEST_F(PerfCounterTest, ThereAreNoBranchRecords) {
  uint64_t entries[3];
  const auto read_records = [&](uint64_t flags) {
    ReadSection section;
    return static_cast<int64_t>(
        helper_environment(kKbpfProfile).helper(119)(0, address(entries), sizeof(entries), flags, 0));
  };
  EXPECT_EQ(read_records(0), -ENOENT);
  EXPECT_EQ(read_records(1), -ENOENT);
  EXPECT_EQ(read_records(2), -EINVAL);
}

} // namespace
} // namespace kbpf::test
