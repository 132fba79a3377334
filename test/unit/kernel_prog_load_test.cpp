// SPDX-License-Identifier: MIT OR Apache-2.0
// BPF_PROG_LOAD, and what a loaded program does when it runs.
#include "insn_builders.h"
#include "kernel/epoch.h"
#include "kernel/program.h"
#include "kernel_fixture.h"

namespace kbpf::test {
namespace {

class ProgLoad : public KernelTest {
protected:
  kbpf_attr_prog_load attr_for(const std::vector<Insn> &code) {
    kbpf_attr_prog_load attr{};
    attr.prog_type = kKprobe;
    attr.insns = address(code.data());
    attr.insn_cnt = static_cast<uint32_t>(code.size());
    attr.license = address("GPL");
    return attr;
  }
  int64_t load(const std::vector<Insn> &code) { return bpf(PROG_LOAD, attr_for(code)); }

  uint64_t run(int64_t fd) {
    kbpf_object *object = hostport::object_of(static_cast<int>(fd));
    EXPECT_NE(object, nullptr);
    Ref<Program> program = Ref<Program>::adopt(static_cast<Program *>(object));
    kbpf_regs context{};
    for (uint64_t i = 0; i < 31; i++)
      context.x[i] = i + 1;
    ReadSection section;
    return program->run(&context);
  }

  const std::vector<Insn> return_42 = assemble({mov64_imm(R0, 42), exit_insn()});
  const std::vector<Insn> reads_past_its_stack = assemble({load_insn(), exit_insn()});
  static Insn load_insn() { return kbpf::test::load(KBPF_SIZE_DW, R0, R10, -1024); }
};

TEST_F(ProgLoad, AProgramRuns) {
  int64_t fd = load(return_42);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(run(fd), 42u);
}

TEST_F(ProgLoad, AProgramReadsItsContext) {
  int64_t fd = load(assemble({kbpf::test::load(KBPF_SIZE_DW, R0, R1, 80), exit_insn()})); // a0 = x10
  ASSERT_GE(fd, 0);
  EXPECT_EQ(run(fd), 10u);
}

TEST_F(ProgLoad, AProgramCallsHelpers) {
  int64_t fd = load(assemble({call_helper(14), exit_insn()}));
  ASSERT_GE(fd, 0);
  EXPECT_EQ(run(fd), 100ull << 32 | 101);
}

TEST_F(ProgLoad, MapsAreNamedByDescriptor) {
  int64_t map = make_map(kArray, 4, 8, 1);
  uint32_t key = 0;
  uint64_t value = 77;
  update(map, &key, &value);
  int64_t fd = load(assemble({
      store_imm(KBPF_SIZE_W, R10, -4, 0),
      mov64_reg(R2, R10),
      add64_imm(R2, -4),
      ld_imm64_from(KBPF_PSEUDO_MAP_FD, R1, map, 0),
      call_helper(1),
      jump_imm(KBPF_JMP_JEQ, R0, 0, 1),
      kbpf::test::load(KBPF_SIZE_DW, R0, R0, 0),
      exit_insn(),
  }));
  ASSERT_GE(fd, 0);
  EXPECT_EQ(run(fd), 77u);
}

TEST_F(ProgLoad, AMapLivesAsLongAsTheProgramThatUsesIt) {
  int64_t map = make_map(kArray, 4, 8, 1);
  int64_t fd =
      load(assemble({ld_imm64_from(KBPF_PSEUDO_MAP_VALUE, R1, map, 0), store_imm(KBPF_SIZE_DW, R1, 0, 9),
                     kbpf::test::load(KBPF_SIZE_DW, R0, R1, 0), exit_insn()}));
  ASSERT_GE(fd, 0);
  hostport::close_fd(static_cast<int>(map));
  EXPECT_EQ(run(fd), 9u);
}

TEST_F(ProgLoad, MapsAreNamedByIndexInFdArray) {
  int64_t map = make_map(kArray, 4, 8, 1);
  const std::vector<Insn> code = assemble({ld_map_value(R1, 1, 0), store_imm(KBPF_SIZE_DW, R1, 0, 9),
                                           kbpf::test::load(KBPF_SIZE_DW, R0, R1, 0), exit_insn()});
  int32_t fds[] = {-1, static_cast<int32_t>(map)};
  kbpf_attr_prog_load attr = attr_for(code);
  attr.fd_array = address(fds);
  int64_t fd = bpf(PROG_LOAD, attr);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(run(fd), 9u);
  attr.fd_array = kBadAddress;
  EXPECT_EQ(bpf(PROG_LOAD, attr), -EFAULT);
  attr.fd_array = 0;
  EXPECT_EQ(bpf(PROG_LOAD, attr), -EINVAL);
}

TEST_F(ProgLoad, AnUnknownMapDescriptorIsABadOne) {
  EXPECT_EQ(load(assemble({ld_imm64_from(KBPF_PSEUDO_MAP_FD, R1, 99, 0), mov64_imm(R0, 0), exit_insn()})),
            -EBADF);
}

TEST_F(ProgLoad, AProgramIsNoMap) {
  int64_t program = load(return_42);
  uint32_t key = 0, value = 0;
  EXPECT_EQ(lookup(program, &key, &value), -EINVAL);
  EXPECT_EQ(
      load(assemble({ld_imm64_from(KBPF_PSEUDO_MAP_FD, R1, program, 0), mov64_imm(R0, 0), exit_insn()})),
      -EINVAL);
}

TEST_F(ProgLoad, MoreMapsThanAProgramMayUseAreTooMany) {
  std::vector<Insn> code;
  for (int i = 0; i < 65; i++) {
    int64_t map = make_map(kArray, 4, 8, 1);
    Insn2 pair = ld_imm64_from(KBPF_PSEUDO_MAP_FD, R1, map, 0);
    code.insert(code.end(), {pair.first, pair.second});
  }
  code.push_back(mov64_imm(R0, 0));
  code.push_back(exit_insn());
  EXPECT_EQ(load(code), -E2BIG);
}

TEST_F(ProgLoad, NeedsPermission) {
  hostport::set_may_use_bpf(false);
  EXPECT_EQ(load(return_42), -EPERM);
}

TEST_F(ProgLoad, ChecksTheNumberOfInstructions) {
  kbpf_attr_prog_load attr = attr_for(return_42);
  attr.insn_cnt = 0;
  EXPECT_EQ(bpf(PROG_LOAD, attr), -E2BIG);
  attr.insn_cnt = KBPF_MAX_INSNS + 1;
  EXPECT_EQ(bpf(PROG_LOAD, attr), -E2BIG);
}

TEST_F(ProgLoad, AnUnknownProgramTypeIsInvalid) {
  kbpf_attr_prog_load attr = attr_for(return_42);
  attr.prog_type = 12345;
  EXPECT_EQ(bpf(PROG_LOAD, attr), -EINVAL);
}

TEST_F(ProgLoad, UnknownFlagsAndABadNameAreInvalid) {
  kbpf_attr_prog_load attr = attr_for(return_42);
  attr.prog_flags = 1u << 31;
  EXPECT_EQ(bpf(PROG_LOAD, attr), -EINVAL);
  attr.prog_flags = 0;
  strcpy(attr.prog_name, "no blanks");
  EXPECT_EQ(bpf(PROG_LOAD, attr), -EINVAL);
}

TEST_F(ProgLoad, PointersThatCannotBeReadAreBadAddresses) {
  kbpf_attr_prog_load attr = attr_for(return_42);
  attr.insns = kBadAddress;
  EXPECT_EQ(bpf(PROG_LOAD, attr), -EFAULT);
  attr = attr_for(return_42);
  attr.license = kBadAddress;
  EXPECT_EQ(bpf(PROG_LOAD, attr), -EFAULT);
}

TEST_F(ProgLoad, AGplHelperNeedsAGplLicence) {
  const std::vector<Insn> code = assemble({
      store_imm(KBPF_SIZE_W, R10, -4, 'x'),
      mov64_reg(R1, R10),
      add64_imm(R1, -4),
      mov64_imm(R2, 4),
      call_helper(6),
      mov64_imm(R0, 0),
      exit_insn(),
  });
  kbpf_attr_prog_load attr = attr_for(code);
  EXPECT_GE(bpf(PROG_LOAD, attr), 0);
  attr.license = address("Dual BSD/GPL");
  EXPECT_GE(bpf(PROG_LOAD, attr), 0);
  attr.license = address("Proprietary");
  EXPECT_LT(bpf(PROG_LOAD, attr), 0);
}

TEST_F(ProgLoad, AnUnsafeProgramIsRefusedAndTheLogSaysWhy) {
  char log[4096];
  kbpf_attr_prog_load attr = attr_for(reads_past_its_stack);
  attr.log_level = 1;
  attr.log_buf = address(log);
  attr.log_size = sizeof(log);
  EXPECT_EQ(bpf(PROG_LOAD, attr), -EACCES);
  EXPECT_GT(strlen(log), 10u);
  EXPECT_EQ(attr.log_true_size, strlen(log) + 1);
}

class SmallLog : public ProgLoad {
protected:
  // Loads with a log buffer of size bytes; the result is what the buffer holds up to its terminator.
  std::string log_in(uint32_t size, uint32_t level, int64_t expected) {
    std::string buffer(size + 1, '#');
    kbpf_attr_prog_load attr = attr_for(reads_past_its_stack);
    attr.log_level = level;
    attr.log_buf = address(buffer.data());
    attr.log_size = size;
    EXPECT_EQ(bpf(PROG_LOAD, attr), expected);
    EXPECT_EQ(buffer[size], '#') << "the byte behind the buffer";
    true_size = attr.log_true_size;
    EXPECT_LT(buffer.find('\0'), size);
    return buffer.c_str();
  }
  uint32_t true_size = 0;
};

TEST_F(SmallLog, HoldsTheEndOfALongLog) {
  std::string whole = log_in(4096, 2, -EACCES);
  ASSERT_GT(whole.size(), 20u);
  for (uint32_t size = 1; size <= whole.size(); size++) {
    EXPECT_EQ(log_in(size, 2, -ENOSPC), whole.substr(whole.size() - (size - 1)));
    EXPECT_EQ(true_size, whole.size() + 1);
  }
  EXPECT_EQ(log_in(static_cast<uint32_t>(whole.size() + 1), 2, -EACCES), whole);
}

TEST_F(SmallLog, HoldsTheBeginningWhereThatIsAskedFor) {
  constexpr uint32_t kFixed = 8;
  std::string whole = log_in(4096, 2, -EACCES);
  EXPECT_EQ(log_in(8, 2 | kFixed, -ENOSPC), whole.substr(0, 7));
  EXPECT_EQ(log_in(static_cast<uint32_t>(whole.size()), 2 | kFixed, -ENOSPC),
            whole.substr(0, whole.size() - 1));
  EXPECT_EQ(true_size, whole.size() + 1);
}

TEST_F(ProgLoad, TheLogAttributesMustFitTogether) {
  char log[64];
  auto with_log = [&](uint32_t level, uint64_t buffer, uint32_t size) {
    kbpf_attr_prog_load attr = attr_for(return_42);
    attr.log_level = level;
    attr.log_buf = buffer;
    attr.log_size = size;
    return bpf(PROG_LOAD, attr);
  };
  EXPECT_EQ(with_log(1, address(log), 0), -EINVAL);
  EXPECT_EQ(with_log(1, 0, sizeof(log)), -EINVAL);
  EXPECT_EQ(with_log(0, address(log), sizeof(log)), -EINVAL);
  EXPECT_EQ(with_log(16, address(log), sizeof(log)), -EINVAL);
  EXPECT_GE(with_log(1, 0, 0), 0);
  EXPECT_EQ(with_log(1, kBadAddress, 64), -EFAULT);
}

TEST_F(ProgLoad, EveryAllocationMayFail) {
  int64_t map = make_map(kArray, 4, 8, 1);
  const std::vector<Insn> code = assemble({ld_imm64_from(KBPF_PSEUDO_MAP_VALUE, R1, map, 0),
                                           store_imm(KBPF_SIZE_DW, R1, 0, 9), mov64_imm(R0, 0), exit_insn()});
  size_t before = hostport::live_allocations();
  int64_t fd = -1;
  int64_t nth = 0;
  for (; fd < 0 && nth < 100; nth++) {
    hostport::fail_allocation(nth);
    fd = load(code);
    hostport::fail_allocation(-1);
    if (fd < 0) {
      EXPECT_EQ(fd, -ENOMEM);
      EXPECT_EQ(hostport::live_allocations(), before);
    }
  }
  EXPECT_GE(fd, 0);
  EXPECT_GE(nth, 4);
}

} // namespace
} // namespace kbpf::test
