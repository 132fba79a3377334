// SPDX-License-Identifier: MIT OR Apache-2.0
// Return probes: results, recursion, tail calls, threads, exhaustion, and functions in flight when a probe
// goes.
#include "probes_guest.h"

namespace kbpf::test {
namespace {

kbpf_thread thread_with_id(uint64_t id) { return {1, 1, 0, 0, "guest", id, 0}; }

class Kretprobe : public ProbeTest {
protected:
  Ref<Program> recording() {
    return make_program([this](void *context) {
      const kbpf_regs &regs = *static_cast<const kbpf_regs *>(context);
      results_.push_back(regs.x[9]);
      return_addresses_.push_back(regs.epc);
    });
  }
  std::vector<uint64_t> results_, return_addresses_;
};

TEST_F(Kretprobe, ExitSeesTheResultAndTheCaller) {
  ASSERT_TRUE(attach(recording(), "kretprobe@exit$inner").ok()) << why_;
  EXPECT_EQ(Hart().call(kInner, 21), 42u);
  EXPECT_EQ(results_, std::vector<uint64_t>{42});
  EXPECT_EQ(return_addresses_, std::vector<uint64_t>{kCaller});
  ASSERT_TRUE(detach("kretprobe@exit$inner").ok());
}

TEST_F(Kretprobe, EntrySeesArgumentsAndTheRealReturnAddress) {
  uint64_t argument = 0, ra = 0;
  ASSERT_TRUE(attach(recording(), "kretprobe@exit$inner").ok());
  ASSERT_TRUE(attach(make_program([&](void *context) {
                       argument = static_cast<kbpf_regs *>(context)->x[9];
                       ra = static_cast<kbpf_regs *>(context)->x[0];
                     }),
                     "kretprobe@entry$inner")
                  .ok());
  Hart().call(kInner, 21);
  EXPECT_EQ(argument, 21u);
  EXPECT_EQ(ra, kCaller);
  ASSERT_TRUE(detach("kretprobe@exit$inner").ok());
  ASSERT_TRUE(detach("kretprobe@entry$inner").ok());
}

TEST_F(Kretprobe, RecursiveCallsReturnInnermostFirst) {
  ASSERT_TRUE(attach(recording(), "kretprobe@exit$sum").ok());
  EXPECT_EQ(Hart().call(kSum, 4), 10u);
  EXPECT_EQ(results_, (std::vector<uint64_t>{0, 1, 3, 6, 10}));
  EXPECT_EQ(return_addresses_.back(), kCaller);
  EXPECT_EQ(return_addresses_.front(), address_of(kSum) + 24);
  ASSERT_TRUE(detach("kretprobe@exit$sum").ok());
}

TEST_F(Kretprobe, TailCallEndsBothCallsAtTheRealCaller) {
  std::string order;
  ASSERT_TRUE(attach(make_program([&](void *) { order += 's'; }), "kretprobe@exit$sum").ok());
  ASSERT_TRUE(attach(make_program([&](void *) { order += 't'; }), "kretprobe@exit$tail").ok());
  ASSERT_TRUE(attach(recording(), "kretprobe@exit$sum").ok());
  EXPECT_EQ(Hart().call(kTail, 0), 1u);
  EXPECT_EQ(order, "sst") << "sum(0), sum(1), then tail";
  EXPECT_EQ(return_addresses_.back(), kCaller);
  for (const char *target : {"kretprobe@exit$sum", "kretprobe@exit$tail"})
    ASSERT_TRUE(detach(target).ok());
}

TEST_F(Kretprobe, ThreadsThatAlternateOnOneHartKeepTheirReturnsApart) {
  ASSERT_TRUE(attach(recording(), "kretprobe@exit$sum").ok());
  Hart first, second;
  first.begin_call(kSum, 3);
  second.begin_call(kSum, 5);
  while (first.regs.epc != kCaller || second.regs.epc != kCaller) {
    hostport::set_current(thread_with_id(11));
    if (first.regs.epc != kCaller)
      first.step();
    hostport::set_current(thread_with_id(12));
    if (second.regs.epc != kCaller)
      second.step();
  }
  EXPECT_EQ(first.regs.x[9], 6u);
  EXPECT_EQ(second.regs.x[9], 15u);
  EXPECT_EQ(results_.size(), 4u + 6u);
  ASSERT_TRUE(detach("kretprobe@exit$sum").ok());
}

TEST_F(Kretprobe, ThreadMayReturnOnAnotherHart) {
  hostport::set_cpu_count(2);
  ASSERT_TRUE(attach(recording(), "kretprobe@exit$sum").ok());
  Hart thread;
  thread.begin_call(kSum, 3);
  for (uint32_t cpu = 0; thread.regs.epc != kCaller; cpu ^= 1) {
    hostport::BoundCpu bound(cpu);
    thread.step();
  }
  EXPECT_EQ(thread.regs.x[9], 6u);
  EXPECT_EQ(results_.size(), 4u);
  ASSERT_TRUE(detach("kretprobe@exit$sum").ok());
}

TEST_F(Kretprobe, FunctionInFlightReturnsAfterDetachWithoutRunningThePrograms) {
  const std::vector<uint8_t> before = text_bytes();
  bool destroyed = false;
  unsigned runs = 0;
  ASSERT_TRUE(
      attach(make_program([&](void *) { runs++; }, kKbpfProfile, &destroyed), "kretprobe@exit$sum").ok());
  Hart hart;
  hart.begin_call(kSum, 2);
  for (int i = 0; i < 8; i++)
    hart.step();
  ASSERT_TRUE(detach("kretprobe@exit$sum").ok());
  EXPECT_TRUE(destroyed);
  EXPECT_EQ(text_bytes(), before);
  hart.run_until(kCaller);
  EXPECT_EQ(hart.regs.x[9], 3u);
  EXPECT_EQ(runs, 0u);
}

TEST_F(Kretprobe, ProgramAttachedDuringACallDoesNotSeeItsReturn) {
  ASSERT_TRUE(attach(make_program([](void *) {}), "kretprobe@exit$outer::call()").ok());
  Hart hart;
  hart.begin_call(kOuter, 1);
  hart.step();
  ASSERT_TRUE(attach(recording(), "kretprobe@exit$outer::call()").ok());
  hart.run_until(kCaller);
  EXPECT_TRUE(results_.empty());
  hart.call(kOuter, 1);
  EXPECT_EQ(results_, std::vector<uint64_t>{102});
  ASSERT_TRUE(detach("kretprobe@exit$outer::call()").ok());
}

TEST_F(Kretprobe, CallsBeyondTheRoomGoUnprobedAndAreCounted) {
  ASSERT_TRUE(attach(recording(), "kretprobe@exit$inner").ok());
  const uint64_t missed = missed_probe_hits();
  // Each call gets as far as its first instruction, and never returns.
  uint64_t calls = 0;
  for (; missed_probe_hits() == missed; calls++) {
    hostport::set_current(thread_with_id(100));
    Hart hart;
    hart.begin_call(kInner, 1);
    hart.step();
    ASSERT_LT(calls, 1000000u);
  }
  hostport::set_current(thread_with_id(200));
  EXPECT_EQ(Hart().call(kInner, 21), 42u) << "unprobed, but correct";
  EXPECT_TRUE(results_.empty());

  kbpf_on_thread_exit(100);
  EXPECT_EQ(Hart().call(kInner, 21), 42u);
  EXPECT_EQ(results_, std::vector<uint64_t>{42}) << "the thread's end gave the room back";
  ASSERT_TRUE(detach("kretprobe@exit$inner").ok());
}

TEST_F(Kretprobe, ThousandThreadsMayBeInAFunctionAtOnce) {
  ASSERT_TRUE(attach(recording(), "kretprobe@exit$inner").ok());
  std::vector<Hart> harts(1000);
  for (size_t i = 0; i < harts.size(); i++) {
    hostport::set_current(thread_with_id(1000 + i));
    harts[i].begin_call(kInner, i);
    harts[i].step();
  }
  for (size_t i = 0; i < harts.size(); i++) {
    hostport::set_current(thread_with_id(1000 + i));
    harts[i].run_until(kCaller);
    EXPECT_EQ(harts[i].regs.x[9], 2 * i);
  }
  EXPECT_EQ(results_.size(), harts.size());
  ASSERT_TRUE(detach("kretprobe@exit$inner").ok());
}

TEST_F(Kretprobe, CallsThatNeverReturnedDoNotConfuseThoseBelow) {
  ASSERT_TRUE(attach(recording(), "kretprobe@exit$inner").ok());
  ASSERT_TRUE(attach(recording(), "kretprobe@exit$outer::call()").ok());
  Hart hart;
  hart.begin_call(kOuter, 1);
  hart.run_until(address_of(kInner) + 4);  // inner's entry was probed
  hart.regs.epc = address_of(kOuter) + 12; // and left by other means than a return
  hart.run_until(kCaller);
  EXPECT_EQ(hart.regs.x[9], 102u);
  EXPECT_EQ(results_, std::vector<uint64_t>{102});
  ASSERT_TRUE(detach("kretprobe@exit$inner").ok());
  ASSERT_TRUE(detach("kretprobe@exit$outer::call()").ok());
}

TEST_F(Kretprobe, WithoutAThreadTheCallGoesUnprobed) {
  ASSERT_TRUE(attach(recording(), "kretprobe@exit$inner").ok());
  hostport::set_current(thread_with_id(0));
  EXPECT_EQ(Hart().call(kInner, 21), 42u);
  EXPECT_TRUE(results_.empty());
  ASSERT_TRUE(detach("kretprobe@exit$inner").ok());
}

TEST_F(Kretprobe, ZcoreProgramSeesTheProbedFunctionsAddress) {
  uint64_t context[36] = {};
  ASSERT_TRUE(attach(make_program([&](void *c) { memcpy(context, c, sizeof(context)); }, kZcoreProfile),
                     "kretprobe@exit$inner")
                  .ok());
  Hart().call(kInner, 21);
  EXPECT_EQ(context[0], 2u) << "ptype of kretprobe@exit";
  EXPECT_EQ(context[1], address_of(kInner));
  EXPECT_EQ(context[2 + 10], 42u);
  ASSERT_TRUE(detach("kretprobe@exit$inner").ok());
}

} // namespace
} // namespace kbpf::test
