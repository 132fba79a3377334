// SPDX-License-Identifier: MIT OR Apache-2.0
// BPF_PROG_ATTACH and BPF_PROG_DETACH, and the whole path behind them: a breakpoint runs a program that
// counts in a map.
#include "insn_builders.h"
#include "kernel/probes/probes.h"
#include "kernel_fixture.h"

namespace kbpf::test {
namespace {

class ProgAttach : public KernelTest {
protected:
  void SetUp() override {
    KernelTest::SetUp();
    hostport::add_text(text, sizeof(text));
    hostport::add_symbol("_ZN1a4openEv", "a::open()", reinterpret_cast<uintptr_t>(text), sizeof(text));
    map = make_map(kArray, 4, 8, 1);
    const std::vector<Insn> code = assemble({
        ld_imm64_from(KBPF_PSEUDO_MAP_VALUE, R1, map, 0),
        mov64_imm(R2, 1),
        atomic(KBPF_SIZE_DW, KBPF_ATOMIC_ADD, R1, 0, R2),
        mov64_imm(R0, 0),
        exit_insn(),
    });
    prog = load_code(kKprobe, code);
    ASSERT_GE(prog, 0);
  }
  void TearDown() override {
    char buffer[256];
    TextBuffer why(buffer, sizeof(buffer));
    (void)detach_probe(nullptr, "kprobe$_ZN1a4openEv", why).ok();
    KernelTest::TearDown();
  }

  int64_t call(Command command, const std::string &target, int64_t fd) {
    kbpf_attr_attach attr{address(target.data()), static_cast<uint32_t>(target.size()),
                          static_cast<uint32_t>(fd)};
    return bpf(command, attr);
  }
  int64_t attach(const std::string &target) { return call(PROG_ATTACH, target, prog); }
  int64_t detach(const std::string &target) { return call(PROG_DETACH, target, prog); }
  uint64_t count() {
    uint32_t key = 0;
    uint64_t value = 0;
    EXPECT_EQ(lookup(map, &key, &value), 0);
    return value;
  }
  int hit() {
    kbpf_regs regs{};
    regs.epc = reinterpret_cast<uintptr_t>(text);
    regs.cause = 3;
    return kbpf_on_breakpoint(&regs);
  }

  alignas(8) uint32_t text[2] = {0x00150513, 0x00008067}; // addi a0, a0, 1; ret
  const uint32_t original[2] = {text[0], text[1]};
  int64_t map = -1, prog = -1;
};

TEST_F(ProgAttach, ABreakpointRunsTheProgram) {
  EXPECT_EQ(attach("kprobe$a::open"), 0);
  EXPECT_NE(memcmp(text, original, sizeof(text)), 0);
  EXPECT_EQ(hit(), 1);
  EXPECT_EQ(hit(), 1);
  EXPECT_EQ(count(), 2u);
}

TEST_F(ProgAttach, DetachRestoresTheTextAndEndsTheRuns) {
  EXPECT_EQ(attach("kprobe$a::open"), 0);
  EXPECT_EQ(detach("kprobe$a::open"), 0);
  EXPECT_EQ(memcmp(text, original, sizeof(text)), 0);
  EXPECT_EQ(detach("kprobe$a::open"), -ENOENT);
}

TEST_F(ProgAttach, TheKindMayHaveAnyLetterCase) {
  EXPECT_EQ(attach("KProbe$_ZN1a4openEv"), 0);
  EXPECT_EQ(detach("KPROBE$a::open()"), 0);
}

TEST_F(ProgAttach, ATargetMayCountItsTerminator) {
  EXPECT_EQ(attach(std::string("kprobe$a::open\0", 15)), 0);
}

TEST_F(ProgAttach, AnAttachedProgramOutlivesItsDescriptor) {
  EXPECT_EQ(attach("kprobe$a::open"), 0);
  int64_t second = prog;
  hostport::close_fd(static_cast<int>(prog));
  EXPECT_EQ(hit(), 1);
  EXPECT_EQ(count(), 1u);
  EXPECT_EQ(call(PROG_DETACH, "kprobe$a::open", second), -EBADF);
}

TEST_F(ProgAttach, TheLogTellsTheSteps) {
  hostport::take_log();
  attach("kprobe$a::open");
  std::string log_text = hostport::take_log();
  size_t at = 0;
  for (const char *step :
       {"attach target", "prog found", "tracepoint parsed", "symbol resolved", "kprobe registered"}) {
    at = log_text.find(step, at);
    EXPECT_NE(at, std::string::npos) << step << " in " << log_text;
  }
}

TEST_F(ProgAttach, WrongTargetsAreRefusedWithTheirCause) {
  EXPECT_EQ(attach("kprobe$nowhere"), -ENOENT);
  EXPECT_EQ(attach("kprobe"), -EINVAL);
  EXPECT_EQ(attach("teapot$a::open"), -EINVAL);
  EXPECT_EQ(attach(""), -EINVAL);
  EXPECT_EQ(attach("kprobe$" + std::string(600, 'x')), -E2BIG);
  EXPECT_NE(hostport::take_log().find("no function is called nowhere"), std::string::npos);
}

TEST_F(ProgAttach, ATargetThatMatchesTwiceIsAmbiguous) {
  hostport::add_symbol("_ZN1a4openEi", "a::open(int)", reinterpret_cast<uintptr_t>(text) + 4, 4);
  EXPECT_EQ(attach("kprobe$a::open"), -76);
}

TEST_F(ProgAttach, ADescriptorThatIsNoProgramIsRefused) {
  EXPECT_EQ(call(PROG_ATTACH, "kprobe$a::open", map), -EINVAL);
  EXPECT_EQ(call(PROG_ATTACH, "kprobe$a::open", 999), -EBADF);
}

TEST_F(ProgAttach, AProgramOfAnotherTypeIsLoadedButNotAttached) {
  constexpr uint32_t kXdp = 6;
  const std::vector<Insn> code = {load(KBPF_SIZE_W, R0, R1, 12), exit_insn()};
  kbpf_attr_prog_load attr{};
  attr.prog_type = kXdp;
  attr.insns = address(code.data());
  attr.insn_cnt = static_cast<uint32_t>(code.size());
  attr.license = address("GPL");
  const int64_t xdp = bpf(PROG_LOAD, attr);
  ASSERT_GE(xdp, 0);
  EXPECT_EQ(call(PROG_ATTACH, "kprobe$_ZN1a4openEv", xdp), -EINVAL);
}
TEST_F(ProgAttach, NeedsPermission) {
  hostport::set_may_use_bpf(false);
  EXPECT_EQ(attach("kprobe$a::open"), -EPERM);
  hostport::set_may_use_bpf(true);
}

TEST_F(ProgAttach, ATargetThatCannotBeReadIsABadAddress) {
  kbpf_attr_attach attr{kBadAddress, 10, static_cast<uint32_t>(prog)};
  EXPECT_EQ(bpf(PROG_ATTACH, attr), -EFAULT);
}

} // namespace
} // namespace kbpf::test
