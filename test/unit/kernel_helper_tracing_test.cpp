// SPDX-License-Identifier: MIT OR Apache-2.0
// Helpers about the probed code and the thread that it runs for: stacks, strings, signals, addresses.
#include "core/profile/profile.h"
#include "kernel/epoch.h"
#include "kernel/helpers/helpers.h"
#include "kernel/maps/map.h"
#include "kernel/run_context.h"
#include "kernel_fixture.h"

namespace kbpf::test {
namespace {

constexpr uint32_t kStackTrace = 7;
constexpr uint64_t kUserStack = 1 << 8, kCompareHash = 1 << 9, kReplace = 1 << 10;
enum : unsigned { kRa = 0, kFp = 7 };

class TracingHelperTest : public KernelTest {
protected:
  // As a program that was fired with run_.
  int64_t call(std::string_view name, uint64_t r1 = 0, uint64_t r2 = 0, uint64_t r3 = 0, uint64_t r4 = 0,
               uint64_t r5 = 0) {
    const HelperProto *proto = kKbpfProfile.helper(name);
    EXPECT_NE(proto, nullptr) << name;
    ReadSection section;
    RunScope scope(run_);
    return static_cast<int64_t>(helper_environment(kKbpfProfile).helper(proto->number)(r1, r2, r3, r4, r5));
  }

  // A stack of three frames, inside of functions "leaf" (no frame yet), "middle", "outer" and "start".
  void make_kernel_stack() {
    for (size_t i = 0; i < std::size(kFunctions); i++)
      hostport::add_symbol(kFunctions[i], kFunctions[i], kText + 0x1000 * i, 0x1000);
    regs_ = {};
    regs_.epc = kText;
    regs_.x[kRa] = kText + 0x1010; // in middle
    regs_.x[kFp] = address(&frames_[0].end);
    frames_[0] = {address(&frames_[1].end), kText + 0x2020, {}};
    frames_[1] = {address(&frames_[2].end), kText + 0x3030, {}};
    frames_[2] = {0, 0, {}};
    run_.regs = &regs_;
  }
  static constexpr uint64_t kText = 0x10000;
  static constexpr const char *kFunctions[] = {"leaf", "middle", "outer", "start"};
  const std::vector<uint64_t> whole_stack_{kText, kText + 0x1010, kText + 0x2020, kText + 0x3030};

  struct FrameMemory {
    uint64_t caller_fp, return_address;
    uint64_t end[2]; // fp points here
  };
  std::vector<uint64_t> stack(uint64_t flags = 0, size_t room = 16) {
    std::vector<uint64_t> addresses(room, 0xa5);
    int64_t bytes = call("get_stack", 0, address(addresses.data()), room * 8, flags);
    if (bytes < 0)
      return {static_cast<uint64_t>(bytes)};
    for (size_t i = static_cast<size_t>(bytes) / 8; i < room; i++)
      EXPECT_EQ(addresses[i], 0u);
    addresses.resize(static_cast<size_t>(bytes) / 8);
    return addresses;
  }

  RunContext run_;
  kbpf_regs regs_{};
  FrameMemory frames_[3];
};

TEST_F(TracingHelperTest, TheKernelStackIsTheChainOfFrames) {
  make_kernel_stack();
  EXPECT_EQ(stack(), whole_stack_);
}

TEST_F(TracingHelperTest, InsideAFunctionTheReturnRegisterSaysNothing) {
  make_kernel_stack();
  regs_.epc = kText + 4;
  EXPECT_EQ(stack(), (std::vector<uint64_t>{kText + 4, kText + 0x2020, kText + 0x3030}));
}

TEST_F(TracingHelperTest, StacksAreCutAndSkipped) {
  make_kernel_stack();
  EXPECT_EQ(stack(0, 2), (std::vector<uint64_t>{kText, kText + 0x1010}));
  EXPECT_EQ(stack(2), (std::vector<uint64_t>{kText + 0x2020, kText + 0x3030}));
  EXPECT_EQ(stack(2, 1), (std::vector<uint64_t>{kText + 0x2020}));
  EXPECT_EQ(stack(4), (std::vector<uint64_t>{static_cast<uint64_t>(-EFAULT)}));
  uint64_t buffer[2];
  EXPECT_EQ(call("get_stack", 0, address(buffer), 12, 0), -EINVAL);
  EXPECT_EQ(call("get_stack", 0, address(buffer), 16, 1 << 11), -EINVAL);
}

TEST_F(TracingHelperTest, BrokenChainsEndTheWalk) {
  make_kernel_stack();
  const std::vector<uint64_t> two{kText, kText + 0x1010}, three{kText, kText + 0x1010, kText + 0x2020};
  frames_[0].caller_fp = address(&frames_[0].end); // a circle
  EXPECT_EQ(stack(), three);
  frames_[0].caller_fp = 0xffff'ffff'0000'0000; // unmapped
  EXPECT_EQ(stack(), three);
  frames_[0].return_address = 8; // no code
  EXPECT_EQ(stack(), two);
  regs_.x[kFp] = address(&frames_[0].end) + 4; // not aligned
  EXPECT_EQ(stack(), two);
  regs_.x[kFp] = 8;
  EXPECT_EQ(stack(), two);
}

TEST_F(TracingHelperTest, WithoutAProbeThereIsNoKernelStack) {
  EXPECT_EQ(stack(), (std::vector<uint64_t>{static_cast<uint64_t>(-EFAULT)}));
}

TEST_F(TracingHelperTest, TheUserStackBeginsWhereTheProcessEntered) {
  kbpf_regs user{};
  user.epc = 0x4000;
  user.x[kRa] = 0x5000;
  user.x[kFp] = address(&frames_[0].end);
  frames_[0] = {address(&frames_[1].end), 0x6000, {}};
  frames_[1] = {0, 0x7000, {}};
  EXPECT_EQ(stack(kUserStack), (std::vector<uint64_t>{static_cast<uint64_t>(-EFAULT)})); // a kernel thread
  hostport::set_user_regs(&user);
  EXPECT_EQ(stack(kUserStack), (std::vector<uint64_t>{0x4000, 0x5000, 0x6000, 0x7000}));
  EXPECT_EQ(stack(kUserStack | 1), (std::vector<uint64_t>{0x5000, 0x6000, 0x7000}));
  user.x[kRa] = 0x6000; // the caller's frame says so too
  EXPECT_EQ(stack(kUserStack), (std::vector<uint64_t>{0x4000, 0x6000, 0x7000}));
}

TEST_F(TracingHelperTest, StacksOfOtherTasksBeginWhereTheyStopped) {
  constexpr uint64_t kCurrent = 0xabc, kOther = 0xdef, kEnded = 0x123;
  make_kernel_stack();
  hostport::set_current({7, 9, 0, 0, "worker", 1, kCurrent});
  hostport::set_task(kOther, 2);
  uint64_t addresses[4];
  auto take = [&](uint64_t task, uint64_t flags = 0, uint64_t size = sizeof(addresses)) {
    memset(addresses, 0xa5, sizeof(addresses));
    return call("get_task_stack", task, address(addresses), size, flags);
  };
  EXPECT_EQ(take(kCurrent), 32);
  EXPECT_EQ(addresses[0], kText);
  EXPECT_EQ(take(kOther), 0); // it runs
  EXPECT_EQ(addresses[0], 0u);
  hostport::set_stopped(kOther, kText + 0x1020, address(&frames_[0].end));
  EXPECT_EQ(take(kOther), 24);
  EXPECT_EQ(addresses[0], kText + 0x1020);
  EXPECT_EQ(addresses[1], kText + 0x2020);
  EXPECT_EQ(addresses[2], kText + 0x3030);
  EXPECT_EQ(addresses[3], 0u);
  EXPECT_EQ(take(kOther, 2), 8);
  EXPECT_EQ(addresses[0], kText + 0x3030);
  EXPECT_EQ(take(kOther, 4), -EFAULT);
  EXPECT_EQ(take(kOther, kUserStack), -EOPNOTSUPP);
  EXPECT_EQ(take(kEnded), -EFAULT);
  EXPECT_EQ(take(kOther, 1 << 11), -EINVAL);
  EXPECT_EQ(take(kOther, 0, 12), -EINVAL);
}

TEST_F(TracingHelperTest, NumbersInTheNamespaceThatItsFileNames) {
  using namespace hostport;
  uint32_t numbers[2] = {5, 5};
  hostport::set_current({7, 9, 0, 0, "worker", 1, 0xabc});
  const auto ask = [&](uint64_t device, uint64_t inode, uint64_t size = sizeof(numbers)) {
    return call("get_ns_current_pid_tgid", device, inode, address(numbers), size);
  };
  EXPECT_EQ(ask(kNamespaceDevice, kNamespaceInode), 0);
  EXPECT_EQ(numbers[0], 9u);
  EXPECT_EQ(numbers[1], 7u);
  EXPECT_EQ(ask(kNamespaceDevice + 1, kNamespaceInode), -EINVAL);
  EXPECT_EQ(numbers[0], 0u);
  EXPECT_EQ(ask(kNamespaceDevice, kNamespaceInode + 1), -EINVAL);
  EXPECT_EQ(ask(kNamespaceDevice, kNamespaceInode, 4), -EINVAL);
}

TEST_F(TracingHelperTest, StackNumbersNameStacks) {
  make_kernel_stack();
  int64_t fd = make_map(kStackTrace, 4, 4 * 8, 64);
  ASSERT_GE(fd, 0);
  Map *map = static_cast<Map *>(hostport::object_of(static_cast<int>(fd)));
  uint64_t handle = map->ref().handle;
  drop_reference(map);
  int64_t number = call("get_stackid", 0, handle, 0);
  ASSERT_GE(number, 0);
  EXPECT_EQ(call("get_stackid", 0, handle, 0), number);
  uint32_t key = static_cast<uint32_t>(number), next = 0;
  std::vector<uint64_t> addresses(4);
  EXPECT_EQ(lookup(fd, &key, addresses.data()), 0);
  EXPECT_EQ(addresses, whole_stack_);
  EXPECT_EQ(next_key(fd, nullptr, &next), 0);
  EXPECT_EQ(next, key);
  EXPECT_EQ(next_key(fd, &key, &next), -ENOENT);
  EXPECT_EQ(remove(fd, &key), 0);
  EXPECT_EQ(remove(fd, &key), -ENOENT);
  EXPECT_EQ(lookup(fd, &key, addresses.data()), -ENOENT);
  EXPECT_EQ(update(fd, &key, addresses.data()), -EINVAL);
}

TEST_F(TracingHelperTest, AnotherStackInTheBucketStaysUnlessReplaced) {
  make_kernel_stack();
  int64_t fd = make_map(kStackTrace, 4, 4 * 8, 1); // one bucket
  Map *map = static_cast<Map *>(hostport::object_of(static_cast<int>(fd)));
  uint64_t handle = map->ref().handle;
  drop_reference(map);
  EXPECT_EQ(call("get_stackid", 0, handle, 0), 0);
  regs_.x[kRa] = kText + 0x1014;
  EXPECT_EQ(call("get_stackid", 0, handle, 0), -EEXIST);
  EXPECT_EQ(call("get_stackid", 0, handle, kCompareHash), -EEXIST);
  EXPECT_EQ(call("get_stackid", 0, handle, kReplace), 0);
  EXPECT_EQ(call("get_stackid", 0, handle, 0), 0);
  EXPECT_EQ(call("get_stackid", 0, handle, 1 << 11), -EINVAL);
  EXPECT_EQ(call("get_stackid", 0, handle, 200), -EFAULT);
}

TEST_F(TracingHelperTest, StackMapsHoldWholeAddressesOfLimitedDepth) {
  EXPECT_EQ(make_map(kStackTrace, 8, 8, 1), -EINVAL);
  EXPECT_EQ(make_map(kStackTrace, 4, 4, 1), -EINVAL);
  EXPECT_EQ(make_map(kStackTrace, 4, 12, 1), -EINVAL);
  EXPECT_EQ(make_map(kStackTrace, 4, 128 * 8, 1), -EINVAL);
  EXPECT_EQ(make_map(kStackTrace, 4, 8, 0), -EINVAL);
  EXPECT_EQ(make_map(kStackTrace, 4, 8, 1, 1 << 5), -EINVAL); // build ids are not there
  EXPECT_GE(make_map(kStackTrace, 4, 127 * 8, 1), 0);
}

TEST_F(TracingHelperTest, TheProbedFunctionAndTheCookieAreTheRuns) {
  EXPECT_EQ(call("get_func_ip"), 0);
  EXPECT_EQ(call("get_attach_cookie"), 0);
  run_.function = 0x1234;
  run_.cookie = 0x5678;
  EXPECT_EQ(call("get_func_ip"), 0x1234);
  EXPECT_EQ(call("get_attach_cookie"), 0x5678);
}

TEST_F(TracingHelperTest, RunsNestAndEnd) {
  ReadSection section;
  RunContext outer{nullptr, 1, 0}, inner{nullptr, 2, 0};
  {
    RunScope first(outer);
    {
      RunScope second(inner);
      EXPECT_EQ(current_run().function, 2u);
    }
    EXPECT_EQ(current_run().function, 1u);
  }
  EXPECT_EQ(current_run().function, 0u);
}

TEST_F(TracingHelperTest, TheCurrentThreadsStructureAndRegisters) {
  kbpf_regs user{};
  hostport::set_user_regs(&user);
  hostport::set_current({7, 9, 0, 0, "worker", 1, 0xabc});
  EXPECT_EQ(call("get_current_task"), 0xabc);
  EXPECT_EQ(call("get_current_task_btf"), 0xabc);
  EXPECT_EQ(call("task_pt_regs", 0xabc), static_cast<int64_t>(address(&user)));
  EXPECT_EQ(call("task_pt_regs", 0xdef), 0);
  EXPECT_EQ(call("get_current_cgroup_id"), 1);
  EXPECT_EQ(call("get_current_ancestor_cgroup_id", 0), 1);
  EXPECT_EQ(call("get_current_ancestor_cgroup_id", 1), 0);
}

TEST_F(TracingHelperTest, SignalsGoToTheProcessOrTheThread) {
  EXPECT_EQ(call("send_signal", 10), 0);
  EXPECT_EQ(call("send_signal_thread", 12), 0);
  EXPECT_EQ(call("send_signal", 0), -EINVAL);
  EXPECT_EQ(call("send_signal", 65), -EINVAL);
  EXPECT_EQ(hostport::take_signals(), "10 12t ");
}

TEST_F(TracingHelperTest, UserMemoryIsWrittenWhereItIsWritable) {
  uint64_t target = 0, source = 77;
  EXPECT_EQ(call("probe_write_user", address(&target), address(&source), 8), 0);
  EXPECT_EQ(target, 77u);
  EXPECT_EQ(call("probe_write_user", kBadAddress, address(&source), 8), -EFAULT);
}

TEST_F(TracingHelperTest, NumbersAreParsedAsLinuxParsesThem) {
  auto parse = [&](std::string_view helper, std::string_view text, uint64_t base = 0) {
    int64_t value = 99;
    int64_t taken = call(helper, address(text.data()), text.size(), base, address(&value));
    return std::pair(taken, value);
  };
  using Pair = std::pair<int64_t, int64_t>;
  EXPECT_EQ(parse("strtol", "123"), Pair(3, 123));
  EXPECT_EQ(parse("strtol", " \t-42 rest"), Pair(5, -42));
  EXPECT_EQ(parse("strtol", "0x1F,"), Pair(4, 31));
  EXPECT_EQ(parse("strtol", "017"), Pair(3, 15));
  EXPECT_EQ(parse("strtol", "017", 10), Pair(3, 17));
  EXPECT_EQ(parse("strtol", "0xff", 16), Pair(4, 255));
  EXPECT_EQ(parse("strtol", "ff", 16), Pair(2, 255));
  EXPECT_EQ(parse("strtol", "0xg"), Pair(1, 0));
  EXPECT_EQ(parse("strtol", "9223372036854775807"), Pair(19, INT64_MAX));
  EXPECT_EQ(parse("strtol", "-9223372036854775808"), Pair(20, INT64_MIN));
  EXPECT_EQ(parse("strtol", "9223372036854775808"), Pair(-ERANGE, 0));
  EXPECT_EQ(parse("strtol", "-9223372036854775809"), Pair(-ERANGE, 0));
  EXPECT_EQ(parse("strtol", "x"), Pair(-EINVAL, 0));
  EXPECT_EQ(parse("strtol", "-"), Pair(-EINVAL, 0));
  EXPECT_EQ(parse("strtol", "1", 7), Pair(-EINVAL, 0));
  EXPECT_EQ(parse("strtoul", "18446744073709551615"), Pair(20, -1));
  EXPECT_EQ(parse("strtoul", "18446744073709551616"), Pair(-ERANGE, 0));
  EXPECT_EQ(parse("strtoul", "-1"), Pair(-EINVAL, 0));
}

TEST_F(TracingHelperTest, StringsAreComparedUpToTheirEnd) {
  auto compare = [&](std::string_view left, const char *right) {
    return call("strncmp", address(left.data()), left.size(), address(right));
  };
  EXPECT_EQ(compare("same", "same"), 0);
  EXPECT_EQ(compare("same and more", "same"), ' ');
  EXPECT_EQ(compare("cut", "cut short"), 0); // three bytes only
  EXPECT_LT(compare("a", "b"), 0);
  EXPECT_GT(compare("\xff", "b"), 0);
  EXPECT_EQ(compare(std::string_view("a\0x", 3), "a"), 0);
}

TEST_F(TracingHelperTest, TextsAreFormattedIntoMemory) {
  const uint64_t data[] = {42, 0xff};
  char text[32];
  memset(text, 'x', sizeof(text));
  EXPECT_EQ(call("snprintf", address(text), sizeof(text), address("%d %x"), address(data), sizeof(data)), 6);
  EXPECT_STREQ(text, "42 ff");
  EXPECT_EQ(call("snprintf", address(text), 3, address("%d %x"), address(data), sizeof(data)), 6); // cut
  EXPECT_STREQ(text, "42");
  EXPECT_EQ(call("snprintf", 0, 0, address("%d"), address(data), 8), 3);
  EXPECT_EQ(call("snprintf", address(text), sizeof(text), address("%d %x"), address(data), 8), -EINVAL);
  EXPECT_EQ(call("snprintf", address(text), sizeof(text), address("%d"), address(data), 7), -EINVAL);
  EXPECT_EQ(call("snprintf", address(text), sizeof(text), address("%f"), address(data), 8), -EINVAL);
}

TEST_F(TracingHelperTest, SymbolsAreFoundByName) {
  hostport::add_symbol("a_function", "a_function", 0x4321000, 16);
  uint64_t found = 9;
  const char name[] = "a_function", unknown[] = "another";
  EXPECT_EQ(call("kallsyms_lookup_name", address(name), sizeof(name), 0, address(&found)), 0);
  EXPECT_EQ(found, 0x4321000u);
  EXPECT_EQ(call("kallsyms_lookup_name", address(unknown), sizeof(unknown), 0, address(&found)), -ENOENT);
  EXPECT_EQ(found, 0u);
  EXPECT_EQ(call("kallsyms_lookup_name", address(name), sizeof(name) - 1, 0, address(&found)), -EINVAL);
  EXPECT_EQ(call("kallsyms_lookup_name", address(name), sizeof(name), 1, address(&found)), -EINVAL);
}

TEST_F(TracingHelperTest, AnOverriddenFunctionReturnsToItsCaller) {
  regs_.epc = 0x1000;
  regs_.x[kRa] = 0x2000;
  EXPECT_EQ(call("override_return", address(&regs_), static_cast<uint64_t>(-5)), 0);
  EXPECT_EQ(regs_.epc, 0x2000u);
  EXPECT_EQ(regs_.x[9], static_cast<uint64_t>(-5));
}

TEST_F(TracingHelperTest, DynptrsReachTheirMemoryAndNoFurther) {
  uint64_t memory[2] = {1, 2}, ptr[2], copy = 9, value = 7;
  EXPECT_EQ(call("dynptr_from_mem", address(memory), 16, 0, address(ptr)), 0);
  EXPECT_EQ(call("dynptr_read", address(&copy), 8, address(ptr), 8, 0), 0);
  EXPECT_EQ(copy, 2u);
  EXPECT_EQ(call("dynptr_read", address(&copy), 8, address(ptr), 9, 0), -E2BIG);
  EXPECT_EQ(call("dynptr_read", address(&copy), 8, address(ptr), 0xffff'ffff, 0), -E2BIG);
  EXPECT_EQ(call("dynptr_read", address(&copy), 8, address(ptr), 0, 1), -EINVAL);
  EXPECT_EQ(call("dynptr_write", address(ptr), 8, address(&value), 8, 0), 0);
  EXPECT_EQ(memory[1], 7u);
  EXPECT_EQ(call("dynptr_write", address(ptr), 9, address(&value), 8, 0), -E2BIG);
  EXPECT_EQ(call("dynptr_write", address(ptr), 0, address(&value), 8, 1), -EINVAL);
  EXPECT_EQ(call("dynptr_data", address(ptr), 8, 8), static_cast<int64_t>(address(&memory[1])));
  EXPECT_EQ(call("dynptr_data", address(ptr), 8, 9), 0);
}

TEST_F(TracingHelperTest, DynptrsOfNothingGiveNothing) {
  uint64_t memory = 1, ptr[2] = {5, 5}, copy = 9;
  EXPECT_EQ(call("dynptr_from_mem", address(&memory), 1 << 24, 0, address(ptr)), -E2BIG);
  EXPECT_EQ(call("dynptr_from_mem", address(&memory), 8, 1, address(ptr)), -EINVAL);
  EXPECT_EQ(call("dynptr_read", address(&copy), 8, address(ptr), 0, 0), -EINVAL);
  EXPECT_EQ(call("dynptr_write", address(ptr), 0, address(&copy), 8, 0), -EINVAL);
  EXPECT_EQ(call("dynptr_data", address(ptr), 0, 0), 0);
}

TEST_F(TracingHelperTest, RecordsAreReservedBehindDynptrs) {
  int64_t fd = make_map(27, 0, 0, 4096);
  kbpf_object *ring = hostport::object_of(static_cast<int>(fd));
  uint64_t handle = static_cast<Map *>(ring)->ref().handle, ptr[2], value = 77;
  EXPECT_EQ(call("ringbuf_reserve_dynptr", handle, 8, 0, address(ptr)), 0);
  EXPECT_EQ(call("dynptr_write", address(ptr), 0, address(&value), 8, 0), 0);
  call("ringbuf_submit_dynptr", address(ptr), 0);
  EXPECT_EQ(call("dynptr_data", address(ptr), 0, 1), 0);
  EXPECT_EQ(call("ringbuf_query", handle, 0), 16);
  EXPECT_EQ(static_cast<uint64_t *>(kbpf_object_page(ring, 2))[1], 77u);
  EXPECT_EQ(call("ringbuf_reserve_dynptr", handle, 5000, 0, address(ptr)), -EINVAL);
  call("ringbuf_discard_dynptr", address(ptr), 0); // of nothing
  EXPECT_EQ(call("ringbuf_reserve_dynptr", handle, 8, 1, address(ptr)), -EINVAL);
  EXPECT_EQ(call("ringbuf_reserve_dynptr", handle, 8, 0, address(ptr)), 0);
  call("ringbuf_discard_dynptr", address(ptr), 0);
  EXPECT_EQ(call("ringbuf_query", handle, 3), 32);
  drop_reference(ring);
}

TEST_F(TracingHelperTest, ProcessorsWithoutBranchRecordsSaySo) {
  uint64_t entries[3];
  EXPECT_EQ(call("get_branch_snapshot", address(entries), sizeof(entries), 0), -ENOENT);
}

TEST_F(TracingHelperTest, RealTimeIsNotTheTimeSinceBoot) {
  hostport::set_time_ns(5);
  EXPECT_EQ(call("ktime_get_tai_ns"), 1'000'000'000'000'000'005);
}

} // namespace
} // namespace kbpf::test
