// SPDX-License-Identifier: MIT OR Apache-2.0
// kprobes on a guest: targets, refusals, what programs see, that the probed code does what it did, and that
// the text is back to the byte.
#include "kernel/helpers/helpers.h"
#include "probes_guest.h"
#include <cstring>

namespace kbpf::test {
namespace {

class Kprobe : public ProbeTest {
protected:
  // A program that counts, and keeps the registers of its last run.
  Ref<Program> counting() {
    return make_program([this](void *context) {
      runs_++;
      memcpy(&seen_, context, sizeof(seen_));
    });
  }
  bool refused(const std::string &target, Error error, const char *reason) {
    const std::vector<uint8_t> before = text_bytes();
    Result<void> result = attach(counting(), target);
    EXPECT_FALSE(result.ok()) << target;
    EXPECT_EQ(result.ok() ? Error::stale : result.error(), error) << target << ": " << why_;
    EXPECT_NE(why_.find(reason), std::string::npos) << why_;
    EXPECT_EQ(std::count(why_.begin(), why_.end(), '\n'), 1) << why_;
    return text_bytes() == before;
  }
  unsigned runs_ = 0;
  kbpf_regs seen_ = {};
};

TEST_F(Kprobe, SeesRegistersAtEntryAndLeavesTheCallAsItWas) {
  ASSERT_TRUE(attach(counting(), "kprobe$inner").ok()) << why_;
  Hart hart;
  EXPECT_EQ(hart.call(kInner, 21), 42u);
  EXPECT_EQ(runs_, 1u);
  EXPECT_EQ(seen_.epc, address_of(kInner));
  EXPECT_EQ(seen_.x[9], 21u);
  EXPECT_EQ(seen_.x[0], kCaller);
  EXPECT_EQ(hart.breakpoints, 1u) << "an emulated instruction takes one trap";
  ASSERT_TRUE(detach("kprobe$inner").ok()) << why_;
}

TEST_F(Kprobe, EveryInstructionOfARecursiveFunctionCanBeProbed) {
  const std::vector<uint8_t> before = text_bytes();
  Ref<Program> program = counting();
  for (unsigned offset = 0; offset < 44; offset += 4) {
    char target[64];
    snprintf(target, sizeof(target), "kprobe$sum+0x%x", offset);
    ASSERT_TRUE(attach(program, target).ok()) << why_;
  }
  Hart hart;
  EXPECT_EQ(hart.call(kSum, 5), 15u);
  EXPECT_EQ(runs_, 5 * 11u + 7) << "eleven instructions a level, seven in the last";
  for (unsigned offset = 0; offset < 44; offset += 4) {
    char target[64];
    snprintf(target, sizeof(target), "kprobe$sum+0x%x", offset);
    ASSERT_TRUE(detach(target).ok()) << why_;
  }
  EXPECT_EQ(text_bytes(), before);
}

TEST_F(Kprobe, RunsALoadOutOfLine) {
  const uint64_t value = 0x1122334455667788;
  for (Function function : {kGetter, kShortGetter}) {
    SCOPED_TRACE(name_of(function));
    ASSERT_TRUE(attach(counting(), "kprobe$" + name_of(function)).ok()) << why_;
    EXPECT_EQ(Hart().call(function, reinterpret_cast<uint64_t>(&value)), value);
    ASSERT_TRUE(detach("kprobe$" + name_of(function)).ok()) << why_;
  }
  EXPECT_EQ(runs_, 2u);
}

TEST_F(Kprobe, SlotWithinReachOfAJumpTakesOneTrapAndAnotherOneTwo) {
  const uint64_t value = 5;
  ASSERT_TRUE(attach(counting(), "kprobe$getter").ok()) << why_;
  Hart hart;
  hart.begin_call(kGetter, reinterpret_cast<uint64_t>(&value));
  hart.step();
  const uint64_t slot = hart.regs.epc;
  ASSERT_TRUE(detach("kprobe$getter").ok());

  const struct {
    const char *name;
    uint64_t page;
  } kPlaces[] = {{"near", slot / 4096 * 4096}, {"far", 0x70000000}}; // near: as near as there is a free page
  for (const auto &place : kPlaces) {
    const uintptr_t function = copy_function(kGetter, place.page, place.name);
    const int64_t distance = static_cast<int64_t>(function - slot);
    const bool reachable = distance > -0x100000 && distance < 0x100000;
    ASSERT_TRUE(attach(counting(), "kprobe$" + std::string(place.name)).ok()) << why_;
    Hart caller;
    caller.begin_call_at(function, reinterpret_cast<uint64_t>(&value));
    caller.run_until(kCaller);
    EXPECT_EQ(caller.regs.x[9], 5u);
    EXPECT_EQ(caller.breakpoints, reachable ? 1u : 2u) << place.name << ", " << distance;
    ASSERT_TRUE(detach("kprobe$" + std::string(place.name)).ok());
  }
}

TEST_F(Kprobe, FaultOfACopiedInstructionIsReportedAtItsOriginal) {
  ASSERT_TRUE(attach(counting(), "kprobe$getter").ok()) << why_;
  const uint64_t value = 7;
  Hart hart;
  hart.faulting = reinterpret_cast<uint64_t>(&value);
  EXPECT_EQ(hart.call(kGetter, hart.faulting), 7u) << "the kernel restarts the original";
  EXPECT_TRUE(hart.fault_taken);
  EXPECT_EQ(hart.fault_epc, address_of(kGetter));
  ASSERT_TRUE(detach("kprobe$getter").ok()) << why_;
}

TEST_F(Kprobe, FaultElsewhereIsNotTouched) {
  kbpf_regs regs = {};
  regs.epc = address_of(kSum);
  EXPECT_EQ(kbpf_on_fault(&regs), 0);
  EXPECT_EQ(regs.epc, address_of(kSum));
}

TEST_F(Kprobe, ThreadInASlotLeavesItAfterTheProbeIsGone) {
  ASSERT_TRUE(attach(counting(), "kprobe$getter").ok()) << why_;
  const uint64_t value = 99;
  Hart hart;
  hart.begin_call(kGetter, reinterpret_cast<uint64_t>(&value));
  hart.step(); // takes the breakpoint, now stands in the slot
  ASSERT_NE(hart.regs.epc, address_of(kGetter));
  ASSERT_TRUE(detach("kprobe$getter").ok()) << why_;
  hart.run_until(kCaller);
  EXPECT_EQ(hart.regs.x[9], 99u);
}

TEST_F(Kprobe, ProgramsRunInTheOrderOfAttaching) {
  std::string order;
  for (char name : {'a', 'b', 'c'})
    ASSERT_TRUE(attach(make_program([&order, name](void *) { order += name; }), "kprobe$inner").ok());
  Hart().call(kInner, 1);
  EXPECT_EQ(order, "abc");
  ASSERT_TRUE(detach("kprobe$inner").ok());
}

TEST_F(Kprobe, DetachOfOneProgramLeavesTheOthers) {
  std::string order;
  Ref<Program> first = make_program([&](void *) { order += 'a'; });
  Ref<Program> second = make_program([&](void *) { order += 'b'; });
  ASSERT_TRUE(attach(first, "kprobe$inner").ok());
  ASSERT_TRUE(attach(second, "kprobe$inner").ok());
  ASSERT_TRUE(detach("kprobe$inner", first.get()).ok());
  EXPECT_EQ(detach("kprobe$inner", first.get()).error(), Error::not_found);
  Hart().call(kInner, 1);
  EXPECT_EQ(order, "b");
  ASSERT_TRUE(detach("kprobe$inner", second.get()).ok());
}

TEST_F(Kprobe, SameProgramTwiceOnOneTargetIsRefused) {
  Ref<Program> program = counting();
  ASSERT_TRUE(attach(program, "kprobe$inner").ok());
  EXPECT_EQ(attach(program, "KPROBE$inner+0x0").error(), Error::already_exists);
  EXPECT_TRUE(attach(program, "kretprobe@entry$inner").ok()) << "another kind is another target";
  ASSERT_TRUE(detach("kprobe$inner").ok());
  ASSERT_TRUE(detach("kretprobe@entry$inner").ok());
}

TEST_F(Kprobe, DetachRestoresTheTextAndDropsTheProgram) {
  const std::vector<uint8_t> before = text_bytes();
  bool destroyed = false;
  ASSERT_TRUE(attach(make_program([](void *) {}, kKbpfProfile, &destroyed), "kprobe$sum").ok());
  EXPECT_NE(text_bytes(), before);
  EXPECT_FALSE(destroyed);
  ASSERT_TRUE(detach("kprobe$sum").ok());
  EXPECT_EQ(text_bytes(), before);
  EXPECT_TRUE(destroyed);
  EXPECT_EQ(detach("kprobe$sum").error(), Error::not_found);
}

TEST_F(Kprobe, HitWithinAProgramRunsNoProgramButExecutesTheInstruction) {
  Hart inner_hart;
  uint64_t inner_result = 0;
  unsigned inner_runs = 0;
  const uint64_t missed = missed_probe_hits();
  ASSERT_TRUE(attach(make_program([&](void *) { inner_runs++; }), "kprobe$inner").ok());
  ASSERT_TRUE(
      attach(make_program([&](void *) { inner_result = inner_hart.call(kInner, 4); }), "kprobe$sum").ok());
  EXPECT_EQ(Hart().call(kSum, 0), 0u);
  EXPECT_EQ(inner_result, 8u);
  EXPECT_EQ(inner_runs, 0u);
  EXPECT_EQ(missed_probe_hits() - missed, 1u);
  ASSERT_TRUE(detach("kprobe$inner").ok());
  ASSERT_TRUE(detach("kprobe$sum").ok());
}

TEST_F(Kprobe, ProgramRunsWithInterruptsOff) {
  bool off = false;
  ASSERT_TRUE(attach(make_program([&](void *) { off = hostport::interrupts_off(); }), "kprobe$inner").ok());
  Hart().call(kInner, 1);
  EXPECT_TRUE(off);
  EXPECT_FALSE(hostport::interrupts_off());
  ASSERT_TRUE(detach("kprobe$inner").ok());
}

TEST_F(Kprobe, ZcoreProgramGetsTheTrapFrameOfThoseKernels) {
  uint64_t context[36] = {};
  ASSERT_TRUE(attach(make_program([&](void *c) { memcpy(context, c, sizeof(context)); }, kZcoreProfile),
                     "kretprobe@entry$inner")
                  .ok());
  Hart hart;
  for (unsigned i = 0; i < 31; i++)
    hart.regs.x[i] = 1000 + i;
  hart.regs.status = 0x8000000200006120;
  hart.call(kInner, 5);
  EXPECT_EQ(context[0], 1u) << "ptype of kretprobe@entry";
  EXPECT_EQ(context[1], address_of(kInner));
  EXPECT_EQ(context[2], 0u) << "x0";
  EXPECT_EQ(context[2 + 1], kCaller);
  EXPECT_EQ(context[2 + 10], 5u);
  EXPECT_EQ(context[2 + 31], 1030u);
  EXPECT_EQ(context[34], 0x8000000200006120u);
  EXPECT_EQ(context[35], address_of(kInner));
  ASSERT_TRUE(detach("kretprobe@entry$inner").ok());
}

TEST_F(Kprobe, BreakpointOfAProbeThatIsGoneIsExecutedAgain) {
  kbpf_regs regs = {};
  regs.epc = address_of(kInner); // as if the trap came before the text was restored
  EXPECT_EQ(kbpf_on_breakpoint(&regs), 1);
  EXPECT_EQ(regs.epc, address_of(kInner));
}

TEST_F(Kprobe, BreakpointOfSomebodyElseIsNotOurs) {
  static const uint16_t kCompressed = 0x9002;
  static const uint32_t kPlain = 0x00100073;
  kbpf_regs regs = {};
  regs.epc = reinterpret_cast<uint64_t>(&kCompressed);
  EXPECT_EQ(kbpf_on_breakpoint(&regs), 0);
  regs.epc = reinterpret_cast<uint64_t>(&kPlain);
  EXPECT_EQ(kbpf_on_breakpoint(&regs), 0);
  EXPECT_EQ(regs.epc, reinterpret_cast<uint64_t>(&kPlain));
}

TEST_F(Kprobe, TargetMatchesRawDemangledAndAliasInAnyCaseOfKind) {
  hostport::add_alias("seed::outer", "_ZN5outer4callEv");
  for (const char *target : {"kprobe$_ZN5outer4callEv", "Kprobe$outer::call()", "KPROBE$outer::call",
                             "kprobe$seed::outer", "kprobe$outer::call+0x0"}) {
    runs_ = 0;
    ASSERT_TRUE(attach(counting(), target).ok()) << why_;
    EXPECT_EQ(Hart().call(kOuter, 1), 102u);
    EXPECT_EQ(runs_, 1u);
    ASSERT_TRUE(detach("kprobe$outer::call()").ok()) << "one address, whatever it is called";
  }
}

TEST_F(Kprobe, SymbolMayContainADollar) {
  hostport::add_symbol("a$b$c", "a$b$c", address_of(kInner), 8);
  ASSERT_TRUE(attach(counting(), "kprobe$a$b$c").ok()) << why_;
  ASSERT_TRUE(detach("kprobe$a$b$c").ok());
}

TEST_F(Kprobe, AnAddressNamesOneFunctionOfSeveralWithAName) {
  hostport::add_symbol("_ZN5outer4callEv", "outer::call()", address_of(kTail), 8);
  EXPECT_TRUE(refused("kprobe$outer::call", Error::ambiguous, "outer::call()"));
  char target[64];
  snprintf(target, sizeof(target), "kprobe$0x%lx", static_cast<unsigned long>(address_of(kOuter)));
  ASSERT_TRUE(attach(counting(), target).ok()) << why_;
  EXPECT_EQ(Hart().call(kOuter, 1), 102u);
  EXPECT_EQ(runs_, 1u);
  ASSERT_TRUE(detach(target).ok()) << why_;
  snprintf(target, sizeof(target), "kretprobe@exit$0x%lx",
           static_cast<unsigned long>(address_of(kOuter) + 4));
  EXPECT_TRUE(refused(target, Error::invalid, "only a kprobe"));
}

TEST_F(Kprobe, MalformedTargetsAreRefused) {
  EXPECT_TRUE(refused("kprobe$0x10", Error::not_found, "no function is at 0x10"));
  EXPECT_TRUE(refused("kprobe$0x", Error::not_found, "no function is called 0x"));
  EXPECT_TRUE(refused("kprobe$+0x10", Error::not_found, "no function is called +0x10"));
  EXPECT_TRUE(refused("", Error::invalid, "kind$symbol"));
  EXPECT_TRUE(refused("inner", Error::invalid, "kind$symbol"));
  EXPECT_TRUE(refused("uprobe$inner", Error::invalid, "kretprobe@exit"));
  EXPECT_TRUE(refused("kprobe $inner", Error::invalid, "no such kind"));
  EXPECT_TRUE(refused("kprobe$", Error::not_found, "no function"));
  EXPECT_TRUE(refused("kprobe$inner ", Error::not_found, "no function"));
  EXPECT_TRUE(refused("kprobe$inner+4", Error::not_found, "no function"));
  EXPECT_TRUE(refused("kprobe$inner+0x", Error::not_found, "no function"));
  EXPECT_TRUE(refused("kprobe$inner+0x4g", Error::not_found, "no function"));
  EXPECT_TRUE(refused("kprobe$inner+0x00000000000000004", Error::not_found, "no function"));
}

TEST_F(Kprobe, NameOfSeveralFunctionsIsRefusedWithTheList) {
  hostport::add_symbol("_ZN5outer4callEi", "outer::call(int)", address_of(kTail), 8);
  EXPECT_TRUE(refused("kprobe$outer::call", Error::ambiguous, "outer::call()"));
  EXPECT_NE(why_.find("outer::call(int)"), std::string::npos) << why_;
  EXPECT_TRUE(attach(counting(), "kprobe$outer::call(int)").ok());
  EXPECT_TRUE(detach("kprobe$outer::call(int)").ok());
}

TEST_F(Kprobe, OffsetMustBeAnInstructionOfTheFunction) {
  EXPECT_TRUE(refused("kprobe$sum+0x2", Error::invalid, "not the start of an instruction"));
  EXPECT_TRUE(refused("kprobe$sum+0x2c", Error::invalid, "44 bytes"));
  EXPECT_TRUE(refused("kprobe$sum+0xffffffffffffffff", Error::invalid, "44 bytes"));
  EXPECT_TRUE(refused("kprobe$short_getter+0x1", Error::invalid, "not the start"));
  EXPECT_TRUE(refused("kretprobe@exit$sum+0x4", Error::invalid, "only a kprobe"));
}

TEST_F(Kprobe, BoundariesAreThoseOfTheTextWithoutProbes) {
  ASSERT_TRUE(attach(counting(), "kprobe$sum").ok()); // its breakpoint is two bytes, the instruction four
  EXPECT_EQ(attach(counting(), "kprobe$sum+0x2").error(), Error::invalid);
  EXPECT_TRUE(attach(counting(), "kprobe$sum+0x4").ok()) << why_;
  ASSERT_TRUE(detach("kprobe$sum").ok());
  ASSERT_TRUE(detach("kprobe$sum+0x4").ok());
}

TEST_F(Kprobe, ReservationSequencesAreRefused) {
  EXPECT_TRUE(refused("kprobe$exchange", Error::invalid, "lr/sc"));
  EXPECT_TRUE(refused("kprobe$exchange+0x4", Error::invalid, "between lr and sc"));
  EXPECT_TRUE(refused("kprobe$exchange+0x8", Error::invalid, "lr/sc"));
  EXPECT_TRUE(attach(counting(), "kprobe$exchange+0xc").ok()) << why_;
  EXPECT_TRUE(detach("kprobe$exchange+0xc").ok());
}

TEST_F(Kprobe, CodeThatHandlesProbesIsRefused) {
  hostport::forbid_probes(address_of(kInner), 8);
  EXPECT_TRUE(refused("kprobe$inner", Error::not_permitted, "may not be probed"));
  hostport::add_symbol("kbpf_on_breakpoint", "kbpf_on_breakpoint", address_of(kTail), 8);
  EXPECT_TRUE(refused("kprobe$kbpf_on_breakpoint", Error::not_permitted, "may not be probed"));
  hostport::add_symbol("_ZN4kbpf4testEv", "kbpf::test()", address_of(kTail), 8);
  EXPECT_TRUE(refused("kprobe$kbpf::test", Error::not_permitted, "may not be probed"));
}

TEST_F(Kprobe, ProgramOfAnotherTypeIsRefused) {
  ProgTypeInfo other = *kKbpfProfile.prog_type(2);
  other.number = 1;
  EXPECT_EQ(attach(make_program_of_type(other), "kprobe$inner").error(), Error::invalid);
  EXPECT_NE(why_.find("type"), std::string::npos) << why_;
}

TEST_F(Kprobe, AttachWithoutMemoryLeavesNoTrace) {
  const std::vector<uint8_t> before = text_bytes();
  bool destroyed = false;
  for (int nth = 0;; nth++) {
    destroyed = false;
    hostport::fail_allocation(nth);
    Result<void> result =
        attach(make_program([](void *) {}, kKbpfProfile, &destroyed), "kprobe$outer::call()+0x4");
    hostport::fail_allocation(-1);
    if (result.ok())
      break;
    EXPECT_EQ(result.error(), Error::no_memory);
    EXPECT_TRUE(destroyed);
    EXPECT_EQ(text_bytes(), before);
    EXPECT_EQ(hostport::live_allocations(), 0u);
    ASSERT_LT(nth, 10);
  }
  EXPECT_TRUE(detach("kprobe$outer::call()+0x4").ok());
  EXPECT_EQ(hostport::live_allocations(), 0u);
}

TEST_F(Kprobe, AProgramReturnsInTheFunctionsPlace) {
  auto program = make_program([](void *context) {
    EXPECT_EQ(helpers::override_return(reinterpret_cast<uintptr_t>(context), 77, 0, 0, 0), 0u);
  });
  ASSERT_TRUE(attach(std::move(program), "kprobe$inner").ok()) << why_;
  Hart hart;
  EXPECT_EQ(hart.call(kOuter, 5), 177u);
  EXPECT_EQ(hart.call(kInner, 5), 77u);
  ASSERT_TRUE(detach("kprobe$inner").ok()) << why_;
  EXPECT_EQ(hart.call(kOuter, 5), 110u);
}

TEST_F(Kprobe, AReturnProbeSeesTheValueThatAProgramPutThere) {
  uint64_t seen = 0;
  ASSERT_TRUE(attach(make_program([&](void *context) { seen = static_cast<kbpf_regs *>(context)->x[9]; }),
                     "kretprobe@exit$inner")
                  .ok());
  ASSERT_TRUE(attach(make_program([](void *context) {
                       helpers::override_return(reinterpret_cast<uintptr_t>(context), 77, 0, 0, 0);
                     }),
                     "kprobe$inner")
                  .ok());
  EXPECT_EQ(Hart().call(kOuter, 5), 177u);
  EXPECT_EQ(seen, 77u);
  ASSERT_TRUE(detach("kprobe$inner").ok() && detach("kretprobe@exit$inner").ok());
}

} // namespace
} // namespace kbpf::test
