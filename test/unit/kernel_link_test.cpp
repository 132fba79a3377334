// SPDX-License-Identifier: MIT OR Apache-2.0
// Programs behind links and events of perf_event_open(2): LINK_CREATE, RAW_TRACEPOINT_OPEN, what is told of
// them, and when their programs run.
#include "abi/info.h"
#include "insn_builders.h"
#include "kernel_fixture.h"

namespace kbpf::test {
namespace {

constexpr uint32_t kTracepoint = 5, kRawTracepoint = 17;
constexpr uint32_t kPerfEvent = 41, kKprobeMulti = 42; // attach types
constexpr char kFunction[] = "_ZN1a4openEv", kOther[] = "_ZN1a5closeEv";

class Links : public KernelTest {
protected:
  void SetUp() override {
    KernelTest::SetUp();
    static const bool prepared = (prepare(), true);
    ASSERT_TRUE(prepared);
    hostport::add_text(text, sizeof(text));
    hostport::add_symbol(kFunction, "a::open()", first(), 8);
    hostport::add_symbol(kOther, "a::close()", second(), 8);
    map = make_map(kArray, 4, 8, 1);
  }
  void TearDown() override {
    hostport::reset(false); // descriptors close, and what they attached is gone
    EXPECT_EQ(memcmp(text, original, sizeof(text)), 0);
    EXPECT_EQ(reported.attached, nullptr);
    KernelTest::TearDown();
  }
  // The buffers for events' records come with the first program at an event, and stay.
  void prepare() {
    kbpf_event_register(&reported);
    map = make_map(kArray, 4, 8, 1);
    int64_t program = load(kTracepoint);
    Event event = open_reported();
    EXPECT_EQ(set_program(event, program), 0);
    close(event.fd), close(program), close(map);
    hostport::keep_allocations();
  }
  uintptr_t first() const { return reinterpret_cast<uintptr_t>(text); }
  uintptr_t second() const { return reinterpret_cast<uintptr_t>(text + 2); }

  // A program that counts its runs.
  int64_t load(uint32_t type, uint32_t expected_attach_type = 0) {
    const std::vector<Insn> code = assemble({
        ld_imm64_from(KBPF_PSEUDO_MAP_VALUE, R1, map, 0),
        mov64_imm(R2, 1),
        atomic(KBPF_SIZE_DW, KBPF_ATOMIC_ADD, R1, 0, R2),
        mov64_imm(R0, 0),
        exit_insn(),
    });
    return load_code(type, code, expected_attach_type);
  }
  uint64_t count() {
    uint32_t key = 0;
    uint64_t value = 0;
    EXPECT_EQ(lookup(map, &key, &value), 0);
    return value;
  }
  // The function is called; or the event happens.
  static int hit(uintptr_t function) {
    kbpf_regs regs{};
    regs.epc = function;
    regs.cause = 3;
    return kbpf_on_breakpoint(&regs);
  }
  static void report() {
    const uint64_t arguments[2] = {1, 2};
    const uint64_t record[3] = {};
    if (reported.attached)
      kbpf_event_run(&reported, arguments, record);
  }

  struct Event {
    kbpf_object *object;
    int fd;
  };
  static Event open_probe(const std::string &target = "kprobe$_ZN1a4openEv") {
    kbpf_object *event = nullptr;
    EXPECT_EQ(kbpf_probe_event_create(target.data(), target.size(), &event), 0);
    return {event, kbpf_port_fd_install(event, "[perf_event]", 1)};
  }
  static Event open_reported() {
    kbpf_object *event = nullptr;
    EXPECT_EQ(kbpf_event_create(reported.id, &event), 0);
    return {event, kbpf_port_fd_install(event, "[perf_event]", 1)};
  }
  static int set_program(const Event &event, int64_t program) {
    kbpf_object *object = hostport::object_of(static_cast<int>(program));
    int status = kbpf_perf_event_set_program(event.object, object);
    drop_reference(object);
    return status;
  }
  static int64_t link_to(int64_t program, const Event &event, uint64_t cookie = 0) {
    kbpf_attr_link_create attr{};
    attr.prog_fd = static_cast<uint32_t>(program);
    attr.target_fd = static_cast<uint32_t>(event.fd);
    attr.attach_type = kPerfEvent;
    attr.perf_event.cookie = cookie;
    return bpf(LINK_CREATE, attr);
  }
  static void close(int64_t fd) { hostport::close_fd(static_cast<int>(fd)); }

  // addi a0, a0, 1; ret: two functions.
  alignas(8) uint32_t text[4] = {0x00150513, 0x00008067, 0x00150513, 0x00008067};
  const uint32_t original[4] = {text[0], text[1], text[2], text[3]};
  static inline kbpf_event reported{"sys", "linked_event", 2, 24, 2, nullptr, nullptr, 0};
  int64_t map = -1;
};

// Linux puts the program into the list of the place's programs, which knows nothing of the event's state:
// bpftool disables the event of a link that it has pinned, and its program is to go on.
TEST_F(Links, AProgramRunsWhetherItsEventIsEnabledOrNot) {
  Event event = open_probe();
  EXPECT_EQ(set_program(event, load(kKprobe)), 0);
  EXPECT_EQ(hit(first()), 1);
  EXPECT_EQ(kbpf_perf_event_enable(event.object, 0), 0);
  EXPECT_EQ(hit(first()), 1);
  EXPECT_EQ(kbpf_perf_event_enable(event.object, 1), 0);
  EXPECT_EQ(hit(first()), 1);
  EXPECT_EQ(count(), 3u);
}

TEST_F(Links, AReportedEventRunsItsProgramWhetherEnabledOrNot) {
  Event event = open_reported();
  int64_t link = link_to(load(kTracepoint), event);
  EXPECT_GE(link, 0);
  report();
  EXPECT_EQ(kbpf_perf_event_enable(event.object, 0), 0);
  report();
  EXPECT_EQ(count(), 2u);
  close(link);
  report();
  EXPECT_EQ(count(), 2u);
}

TEST_F(Links, ALinkOutlivesItsEventsDescriptorAlsoWhereThatWasDisabled) {
  Event event = open_probe();
  int64_t link = link_to(load(kKprobe), event);
  EXPECT_EQ(kbpf_perf_event_enable(event.object, 0), 0);
  close(event.fd);
  EXPECT_EQ(hit(first()), 1);
  EXPECT_EQ(count(), 1u);
  close(link);
  EXPECT_EQ(memcmp(text, original, sizeof(text)), 0);
}

TEST_F(Links, AnEventHasOneProgramUntilItsLinkEnds) {
  Event event = open_probe();
  int64_t program = load(kKprobe), link = link_to(program, event);
  EXPECT_GE(link, 0);
  EXPECT_EQ(link_to(program, event), -EEXIST);
  EXPECT_EQ(set_program(event, program), -EEXIST);
  close(link);
  EXPECT_EQ(set_program(event, program), 0);
  EXPECT_EQ(link_to(program, event), -EEXIST);
}

TEST_F(Links, TheEndOfAnEventIsToldWithItsLastReference) {
  Event event = open_probe();
  int ended = 0;
  kbpf_probe_event_on_end(event.object, [](void *user) { ++*static_cast<int *>(user); }, &ended);
  int64_t link = link_to(load(kKprobe), event);
  close(event.fd);
  EXPECT_EQ(ended, 0);
  close(link);
  EXPECT_EQ(ended, 1);
}

TEST_F(Links, TwoEventsAtOnePlaceRunTheSameProgramTwice) {
  int64_t program = load(kKprobe);
  Event events[] = {open_probe(), open_probe()};
  EXPECT_EQ(set_program(events[0], program), 0);
  EXPECT_EQ(set_program(events[1], program), 0);
  EXPECT_EQ(hit(first()), 1);
  EXPECT_EQ(count(), 2u);
  close(events[0].fd);
  EXPECT_EQ(hit(first()), 1);
  EXPECT_EQ(count(), 3u);
}

TEST_F(Links, ProgramsThatDoNotFitAreRefused) {
  Event probe = open_probe(), event = open_reported();
  EXPECT_EQ(set_program(probe, load(kTracepoint)), -EINVAL);
  EXPECT_EQ(set_program(event, load(kKprobe)), -EINVAL);
  EXPECT_EQ(set_program(event, load(kRawTracepoint)), -EINVAL);
  EXPECT_EQ(set_program(event, map), -EINVAL);
  EXPECT_EQ(link_to(load(kRawTracepoint), event), -EINVAL);
  EXPECT_EQ(link_to(load(kKprobe, kKprobeMulti), probe), -EINVAL);
  EXPECT_EQ(link_to(map, probe), -EINVAL);
  EXPECT_EQ(link_to(load(kKprobe), {nullptr, static_cast<int>(map)}), -EBADF);
  EXPECT_EQ(link_to(load(kKprobe), {nullptr, 500}), -EBADF);
  EXPECT_EQ(link_to(500, probe), -EBADF);
}

TEST_F(Links, OneLinkIsAtManyFunctions) {
  int64_t program = load(kKprobe, kKprobeMulti);
  const char *names[] = {kFunction, kOther};
  const uint64_t cookies[] = {11, 22};
  kbpf_attr_link_create attr{};
  attr.prog_fd = static_cast<uint32_t>(program);
  attr.attach_type = kKprobeMulti;
  attr.kprobe_multi.cnt = 2;
  attr.kprobe_multi.syms = address(names);
  attr.kprobe_multi.cookies = address(cookies);
  int64_t link = bpf(LINK_CREATE, attr);
  ASSERT_GE(link, 0);
  EXPECT_EQ(hit(first()), 1);
  EXPECT_EQ(hit(second()), 1);
  EXPECT_EQ(count(), 2u);

  uint64_t addresses[2] = {}, told[2] = {};
  kbpf_link_info info{};
  info.kprobe_multi.addrs = address(addresses);
  info.kprobe_multi.cookies = address(told);
  info.kprobe_multi.count = 2;
  EXPECT_EQ(bpf(OBJ_GET_INFO_BY_FD,
                kbpf_attr_info_by_fd{static_cast<uint32_t>(link), sizeof(info), address(&info)}),
            0);
  EXPECT_EQ(info.kprobe_multi.count, 2u);
  EXPECT_EQ(addresses[0], first());
  EXPECT_EQ(addresses[1], second());
  EXPECT_EQ(told[0], 11u);
  EXPECT_EQ(told[1], 22u);
}

TEST_F(Links, AFunctionThatIsNotThereLeavesNoneAttached) {
  int64_t program = load(kKprobe, kKprobeMulti);
  const char *names[] = {kFunction, "nowhere"};
  const uint64_t addresses[] = {first(), 8};
  kbpf_attr_link_create attr{};
  attr.prog_fd = static_cast<uint32_t>(program);
  attr.attach_type = kKprobeMulti;
  attr.kprobe_multi.cnt = 2;
  attr.kprobe_multi.syms = address(names);
  EXPECT_EQ(bpf(LINK_CREATE, attr), -ENOENT);
  attr.kprobe_multi.addrs = address(addresses);
  EXPECT_EQ(bpf(LINK_CREATE, attr), -EINVAL); // both forms at once
  attr.kprobe_multi.syms = 0;
  EXPECT_EQ(bpf(LINK_CREATE, attr), -ENOENT);
  const uint64_t inside[] = {first(), second() + 1};
  attr.kprobe_multi.addrs = address(inside);
  EXPECT_EQ(bpf(LINK_CREATE, attr), -EINVAL);
  attr.kprobe_multi.addrs = kBadAddress;
  EXPECT_EQ(bpf(LINK_CREATE, attr), -EFAULT);
  attr.kprobe_multi.cnt = 0;
  EXPECT_EQ(bpf(LINK_CREATE, attr), -EINVAL);
  attr.kprobe_multi.cnt = 1u << 20;
  EXPECT_EQ(bpf(LINK_CREATE, attr), -E2BIG);
  EXPECT_EQ(memcmp(text, original, sizeof(text)), 0);
}

TEST_F(Links, ARawTracepointGetsAProgramByName) {
  kbpf_attr_raw_tracepoint attr{address(reported.name), static_cast<uint32_t>(load(kRawTracepoint)), 0, 0};
  int64_t link = bpf(RAW_TRACEPOINT_OPEN, attr);
  ASSERT_GE(link, 0);
  report();
  EXPECT_EQ(count(), 1u);
  attr.name = address("nowhere");
  EXPECT_EQ(bpf(RAW_TRACEPOINT_OPEN, attr), -ENOENT);
  attr.prog_fd = static_cast<uint32_t>(load(kTracepoint));
  EXPECT_EQ(bpf(RAW_TRACEPOINT_OPEN, attr), -EINVAL);
  close(link);
  report();
  EXPECT_EQ(count(), 1u);
}

} // namespace
} // namespace kbpf::test
