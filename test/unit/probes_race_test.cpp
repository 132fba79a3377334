// SPDX-License-Identifier: MIT OR Apache-2.0
// Threads as harts, all in probed functions while probes come and go. Fails by a wrong result, by a
// sanitizer's report, or by a count that does not add up.
#include "kernel/epoch.h"
#include "probes_guest.h"
#include <thread>

namespace kbpf::test {
namespace {

constexpr unsigned kHarts = 3;
constexpr uint32_t kController = kHarts; // the CPU of the test itself

class ProbeRace : public ProbeTest {
protected:
  void SetUp() override {
    ProbeTest::SetUp();
    hostport::set_cpu_count(kHarts + 1);
  }

  // Runs work(hart, thread number) on every hart again and again, and control once beside it.
  template <typename Work, typename Control> void race(Work work, Control control) {
    std::atomic<bool> done{false};
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < kHarts; i++)
      threads.emplace_back([&, i] {
        hostport::BoundCpu cpu(i);
        hostport::set_current({i, i, 0, 0, "hart", 500 + i, 0});
        Hart hart;
        while (!done.load(std::memory_order_relaxed)) {
          work(hart, i);
          std::this_thread::yield(); // a thread that loses its CPU inside a section makes everybody wait
        }
      });
    {
      hostport::BoundCpu cpu(kController);
      control();
      done = true;
    }
    for (std::thread &thread : threads)
      thread.join();
  }
};

TEST_F(ProbeRace, ArmingAndDisarmingNeverChangesResults) {
  const std::vector<uint8_t> before = text_bytes();
  std::atomic<uint64_t> runs{0}, wrong{0}, calls{0};
  const uint64_t value = 77;
  race(
      [&](Hart &hart, unsigned) {
        wrong += hart.call(kSum, 6) != 21;
        wrong += hart.call(kGetter, reinterpret_cast<uint64_t>(&value)) != 77;
        calls++;
      },
      [&] {
        const std::string targets[] = {"kprobe$sum", "kretprobe@exit$sum", "kprobe$getter", "kprobe$sum+0x14",
                                       "kretprobe@exit$getter"};
        for (int round = 0; round < 300; round++)
          for (const std::string &target : targets) {
            ASSERT_TRUE(attach(make_program([&](void *) { runs++; }), target).ok()) << why_;
            if (round % 3 == 0)
              std::this_thread::yield();
            ASSERT_TRUE(detach(target).ok()) << why_;
          }
      });
  EXPECT_EQ(wrong, 0u);
  EXPECT_GT(calls, 0u);
  EXPECT_EQ(text_bytes(), before);
}

TEST_F(ProbeRace, HitOfAProbeThatIsArmedBetweenTheTwoLooksIsTheNewProbes) {
  unsigned runs = 0;
  hostport::before_next_kernel_read([&] {
    std::thread([&] {
      hostport::BoundCpu cpu(kController);
      EXPECT_TRUE(attach(make_program([&](void *) { runs++; }), "kprobe$sum").ok()) << why_;
    }).join();
  });
  Hart hart;
  hart.regs.epc = address_of(kSum); // as left by a breakpoint that is gone
  EXPECT_EQ(kbpf_on_breakpoint(&hart.regs), 1);
  EXPECT_EQ(runs, 1u);
  EXPECT_NE(hart.regs.epc, address_of(kSum));
  EXPECT_TRUE(detach("kprobe$sum").ok()) << why_;
}

TEST_F(ProbeRace, CountsOfAPermanentProbeAddUpWhileOthersComeAndGo) {
  std::atomic<uint64_t> entries{0}, exits{0}, calls{0};
  ASSERT_TRUE(attach(make_program([&](void *) { entries++; }), "kprobe$inner").ok());
  ASSERT_TRUE(attach(make_program([&](void *) { exits++; }), "kretprobe@exit$inner").ok());
  race(
      [&](Hart &hart, unsigned i) {
        EXPECT_EQ(hart.call(kInner, i), 2 * i);
        calls++;
      },
      [&] {
        for (int round = 0; round < 500; round++) {
          Ref<Program> program = make_program([](void *) {});
          ASSERT_TRUE(attach(program, "kprobe$inner").ok());
          ASSERT_TRUE(attach(program, "kretprobe@exit$inner").ok());
          ASSERT_TRUE(detach("kprobe$inner", program.get()).ok());
          ASSERT_TRUE(detach("kretprobe@exit$inner", program.get()).ok());
        }
      });
  EXPECT_EQ(entries, calls);
  EXPECT_EQ(exits, calls);
  ASSERT_TRUE(detach("kprobe$inner").ok());
  ASSERT_TRUE(detach("kretprobe@exit$inner").ok());
}

TEST_F(ProbeRace, NoProgramRunsOnceDetachHasReturned) {
  std::atomic<uint64_t> late{0};
  race([&](Hart &hart, unsigned) { hart.call(kInner, 1); },
       [&] {
         for (int round = 0; round < 300; round++) {
           auto detached = std::make_shared<std::atomic<bool>>(false);
           Ref<Program> program = make_program([&late, detached](void *) { late += detached->load(); });
           ASSERT_TRUE(attach(program, "kprobe$inner").ok());
           ASSERT_TRUE(attach(program, "kretprobe@exit$inner").ok());
           ASSERT_TRUE(detach("kprobe$inner", program.get()).ok());
           ASSERT_TRUE(detach("kretprobe@exit$inner", program.get()).ok());
           *detached = true;
           std::this_thread::yield();
         }
       });
  EXPECT_EQ(late, 0u);
}

TEST_F(ProbeRace, WaitForReadersOutlastsEveryOpenSection) {
  std::atomic<uint64_t *> shared{new uint64_t(1)};
  std::atomic<uint64_t> sum{0};
  race(
      [&](Hart &, unsigned) {
        ReadSection outer;
        ReadSection nested;
        EXPECT_TRUE(nested.nested());
        sum += *shared.load(std::memory_order_acquire);
      },
      [&] {
        for (uint64_t round = 0; round < 1000; round++) {
          uint64_t *old = shared.exchange(new uint64_t(round));
          wait_for_readers();
          *old = 0; // a reader of it now is a race, and after the next line a use after free
          delete old;
        }
      });
  delete shared.load();
}

TEST(Epoch, SectionKeepsInterruptsOffAndRestoresThem) {
  hostport::reset();
  {
    ReadSection outer;
    EXPECT_FALSE(outer.nested());
    {
      ReadSection inner;
      EXPECT_TRUE(inner.nested());
    }
    EXPECT_TRUE(hostport::interrupts_off());
  }
  EXPECT_FALSE(hostport::interrupts_off());
  wait_for_readers(); // nobody is left to wait for
}

} // namespace
} // namespace kbpf::test
