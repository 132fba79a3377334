// SPDX-License-Identifier: MIT OR Apache-2.0
// BPF_PROG_TEST_RUN: packets, contexts, what comes back, and what is refused as Linux refuses it.
#include "insn_builders.h"
#include "kernel_fixture.h"
#include <array>

namespace kbpf::test {
namespace {

constexpr uint32_t kSocketFilter = 1, kClassifier = 3, kXdp = 6, kRawTracepoint = 17, kSyscall = 31;
constexpr uint32_t kSkbSize = 192, kXdpSize = 24;
using kbpf::test::load;

class TestRun : public KernelTest {
protected:
  void SetUp() override {
    KernelTest::SetUp();
    for (size_t i = 0; i < packet_.size(); i++)
      packet_[i] = static_cast<uint8_t>(i);
    packet_[12] = 0x08; // IPv4
    packet_[13] = 0;
  }
  int64_t load_program(uint32_t type, std::initializer_list<Slots> code) {
    std::vector<Insn> insns = assemble(code);
    kbpf_attr_prog_load attr{};
    attr.prog_type = type;
    attr.insns = address(insns.data());
    attr.insn_cnt = static_cast<uint32_t>(insns.size());
    attr.license = address("GPL");
    attr.prog_flags = type == kSyscall ? 16 : 0;
    int64_t fd = bpf(PROG_LOAD, attr);
    EXPECT_GE(fd, 0);
    return fd;
  }
  kbpf_attr_prog_test_run request(int64_t fd) {
    kbpf_attr_prog_test_run attr{};
    attr.prog_fd = static_cast<uint32_t>(fd);
    attr.data_in = address(packet_.data());
    attr.data_size_in = static_cast<uint32_t>(packet_.size());
    return attr;
  }
  // r0 of a run on the packet.
  uint32_t r0_of(uint32_t type, std::initializer_list<Slots> code) {
    kbpf_attr_prog_test_run attr = request(load_program(type, code));
    EXPECT_EQ(bpf(PROG_TEST_RUN, attr), 0);
    return attr.retval;
  }
  int64_t nothing(uint32_t type) { return load_program(type, {mov64_imm(R0, 0), exit_insn()}); }

  std::array<uint8_t, 64> packet_;
};

TEST_F(TestRun, TheResultAndTheMeanTimeComeBack) {
  kbpf_attr_prog_test_run attr = request(load_program(kClassifier, {mov64_imm(R0, -2), exit_insn()}));
  attr.repeat = 1000;
  attr.duration = 12345678;
  EXPECT_EQ(bpf(PROG_TEST_RUN, attr), 0);
  EXPECT_EQ(attr.retval, 0xfffffffeu);
  EXPECT_LT(attr.duration, 1000000u);
  EXPECT_EQ(attr.data_size_out, packet_.size());
}

TEST_F(TestRun, AProgramRunsAsOftenAsItIsTold) {
  int64_t map = make_map(kArray, 4, 8, 1);
  int64_t fd =
      load_program(kXdp, {ld_imm64_from(KBPF_PSEUDO_MAP_VALUE, R1, map, 0), load(KBPF_SIZE_DW, R0, R1, 0),
                          add64_imm(R0, 1), store_reg(KBPF_SIZE_DW, R1, 0, R0), exit_insn()});
  kbpf_attr_prog_test_run attr = request(fd);
  attr.repeat = 130;
  EXPECT_EQ(bpf(PROG_TEST_RUN, attr), 0);
  EXPECT_EQ(attr.retval, 130u);
}

TEST_F(TestRun, AClassifierSeesTheFrameAndASocketFilterWhatIsBehindItsHeader) {
  EXPECT_EQ(r0_of(kClassifier, {load(KBPF_SIZE_W, R0, R1, 0), exit_insn()}), 64u);
  EXPECT_EQ(r0_of(kSocketFilter, {load(KBPF_SIZE_W, R0, R1, 0), exit_insn()}), 50u);
  EXPECT_EQ(r0_of(kClassifier, {load(KBPF_SIZE_W, R0, R1, 16), exit_insn()}), 0x0008u); // protocol
  EXPECT_EQ(r0_of(kClassifier, {load(KBPF_SIZE_W, R0, R1, 40), exit_insn()}), 1u);      // ifindex
}

// The program loads data and data_end, checks the room, and changes a byte of the packet.
TEST_F(TestRun, ProgramsReadAndWriteThePacketBetweenItsBounds) {
  for (uint32_t type : {kClassifier, kXdp}) {
    int first = type == kXdp ? 0 : 76;
    int64_t fd = load_program(type, {load(KBPF_SIZE_W, R2, R1, first), load(KBPF_SIZE_W, R3, R1, first + 4),
                                     mov64_imm(R0, -1), mov64_reg(R4, R2), add64_imm(R4, 64),
                                     jump_reg(KBPF_JMP_JGT, R4, R3, 4), load(KBPF_SIZE_B, R0, R2, 63),
                                     store_imm(KBPF_SIZE_B, R2, 0, 0xab), alu64_reg(KBPF_ALU_SUB, R3, R2),
                                     add64_reg(R0, R3), exit_insn()});
    kbpf_attr_prog_test_run attr = request(fd);
    uint8_t out[64] = {};
    attr.data_out = address(out);
    attr.data_size_out = sizeof(out);
    EXPECT_EQ(bpf(PROG_TEST_RUN, attr), 0);
    EXPECT_EQ(attr.retval, 63u + 64);
    EXPECT_EQ(out[0], 0xab);
    EXPECT_EQ(out[1], 1);
    attr = request(fd);
    attr.data_size_in = 63; // a byte less than it looks for
    EXPECT_EQ(bpf(PROG_TEST_RUN, attr), 0);
    EXPECT_EQ(attr.retval, UINT32_MAX);
  }
}

TEST_F(TestRun, ALoadThatMayGiveAnAddressOrANumberIsRefused) {
  std::vector<Insn> insns =
      assemble({mov64_reg(R6, R1), mov64_reg(R2, R1), store_imm(KBPF_SIZE_DW, R10, -8, 0),
                load(KBPF_SIZE_W, R0, R1, 40), jump_imm(KBPF_JMP_JEQ, R0, 0, 2), mov64_reg(R2, R10),
                add64_imm(R2, -84), load(KBPF_SIZE_W, R3, R2, 76), mov64_imm(R0, 0), exit_insn()});
  kbpf_attr_prog_load attr{};
  attr.prog_type = kClassifier;
  attr.insns = address(insns.data());
  attr.insn_cnt = static_cast<uint32_t>(insns.size());
  attr.license = address("GPL");
  EXPECT_EQ(bpf(PROG_LOAD, attr), -EACCES);
}

TEST_F(TestRun, PacketLoadsAreInNetworkOrderAndEndTheProgramOutOfBounds) {
  auto packet_load = [](unsigned size, int32_t offset) {
    return make_insn(KBPF_CLASS_LD | KBPF_MODE_ABS | size, 0, 0, 0, offset);
  };
  EXPECT_EQ(r0_of(kSocketFilter, {mov64_reg(R6, R1), packet_load(KBPF_SIZE_W, 0), exit_insn()}), 0x0e0f1011u);
  EXPECT_EQ(r0_of(kSocketFilter, {mov64_reg(R6, R1), packet_load(KBPF_SIZE_B, 49), exit_insn()}), 63u);
  EXPECT_EQ(
      r0_of(kSocketFilter, {mov64_reg(R6, R1), packet_load(KBPF_SIZE_B, 50), mov64_imm(R0, 9), exit_insn()}),
      0u);
  EXPECT_EQ(r0_of(kSocketFilter, {mov64_reg(R6, R1), packet_load(KBPF_SIZE_H, -0x200000 + 12), exit_insn()}),
            0x0800u); // from the frame's header
  EXPECT_EQ(r0_of(kClassifier, {mov64_reg(R6, R1), packet_load(KBPF_SIZE_B, -0x100000), exit_insn()}), 14u);
}

TEST_F(TestRun, ASocketFiltersHeaderComesBackAsZeros) {
  kbpf_attr_prog_test_run attr = request(nothing(kSocketFilter));
  uint8_t out[64] = {1, 1};
  attr.data_out = address(out);
  attr.data_size_out = sizeof(out);
  EXPECT_EQ(bpf(PROG_TEST_RUN, attr), 0);
  EXPECT_EQ(out[0], 0);
  EXPECT_EQ(out[12], 0);
  EXPECT_EQ(out[14], 14);
}

TEST_F(TestRun, APacketIsCutToTheRoomThatThereIs) {
  kbpf_attr_prog_test_run attr = request(nothing(kXdp));
  uint8_t out[64] = {};
  attr.data_out = address(out);
  attr.data_size_out = 10;
  EXPECT_EQ(bpf(PROG_TEST_RUN, attr), -ENOSPC);
  EXPECT_EQ(attr.data_size_out, 64u);
  EXPECT_EQ(out[9], 9);
  EXPECT_EQ(out[10], 0);
}

TEST_F(TestRun, PacketsHaveAtLeastAHeaderAndFitIntoAPage) {
  std::vector<uint8_t> large(4096);
  for (auto [type, most] : {std::pair(kClassifier, 4096u - 66 - 320), std::pair(kXdp, 4096u - 256 - 320)}) {
    kbpf_attr_prog_test_run attr = request(nothing(type));
    attr.data_in = address(large.data());
    for (auto [size, want] : {std::pair(14u, 0), std::pair(13u, -EINVAL), std::pair(0u, -EINVAL),
                              std::pair(most, 0), std::pair(most + 1, -EINVAL)}) {
      attr.data_size_in = size;
      EXPECT_EQ(bpf(PROG_TEST_RUN, attr), want) << type << " " << size;
    }
    attr.data_in = kBadAddress;
    attr.data_size_in = 64;
    EXPECT_EQ(bpf(PROG_TEST_RUN, attr), -EFAULT);
  }
}

TEST_F(TestRun, ASkbTakesSomeFieldsAndGivesThemBack) {
  int64_t fd = load_program(kClassifier, {load(KBPF_SIZE_W, R0, R1, 8), // mark
                                          mov64_imm(R2, 77), store_reg(KBPF_SIZE_W, R1, 8, R2),
                                          store_reg(KBPF_SIZE_W, R1, 52, R2), exit_insn()});
  kbpf_attr_prog_test_run attr = request(fd);
  uint32_t in[kSkbSize / 4] = {}, out[kSkbSize / 4] = {};
  in[2] = 5;  // mark
  in[12] = 6; // cb[0]
  attr.ctx_in = address(in);
  attr.ctx_size_in = sizeof(in);
  attr.ctx_out = address(out);
  attr.ctx_size_out = sizeof(out);
  EXPECT_EQ(bpf(PROG_TEST_RUN, attr), 0);
  EXPECT_EQ(attr.retval, 5u);
  EXPECT_EQ(attr.ctx_size_out, kSkbSize);
  EXPECT_EQ(out[2], 77u);
  EXPECT_EQ(out[12], 6u);
  EXPECT_EQ(out[13], 77u);
  EXPECT_EQ(out[10], 1u); // ifindex
  in[0] = 64;             // len is not for the caller to say
  EXPECT_EQ(bpf(PROG_TEST_RUN, attr), -EINVAL);
  in[0] = 0;
  in[10] = 2; // there is one interface
  EXPECT_EQ(bpf(PROG_TEST_RUN, attr), -ENODEV);
}

TEST_F(TestRun, XdpMetadataLiesInFrontOfThePacket) {
  int64_t fd = load_program(
      kXdp, {load(KBPF_SIZE_W, R2, R1, 8), load(KBPF_SIZE_W, R3, R1, 0), mov64_imm(R0, -1), mov64_reg(R4, R2),
             add64_imm(R4, 4), jump_reg(KBPF_JMP_JGT, R4, R3, 1), load(KBPF_SIZE_W, R0, R2, 0), exit_insn()});
  kbpf_attr_prog_test_run attr = request(fd);
  uint32_t md[kXdpSize / 4] = {4, 64, 0, 0, 0, 0}, out[kXdpSize / 4] = {};
  attr.ctx_in = address(md);
  attr.ctx_size_in = sizeof(md);
  attr.ctx_out = address(out);
  attr.ctx_size_out = sizeof(out);
  EXPECT_EQ(bpf(PROG_TEST_RUN, attr), 0);
  EXPECT_EQ(attr.retval, 0x03020100u);
  EXPECT_EQ(out[0], 4u);
  EXPECT_EQ(out[1], 64u);
  md[0] = 3; // metadata comes in words
  EXPECT_EQ(bpf(PROG_TEST_RUN, attr), -EINVAL);
  md[0] = 36;
  EXPECT_EQ(bpf(PROG_TEST_RUN, attr), -EINVAL);
  md[0] = 4, md[1] = 63; // not where the packet ends
  EXPECT_EQ(bpf(PROG_TEST_RUN, attr), -EINVAL);
}

TEST_F(TestRun, ARawTracepointTakesItsArgumentsAndNothingElse) {
  int64_t fd = load_program(kRawTracepoint, {load(KBPF_SIZE_DW, R0, R1, 8), exit_insn()});
  kbpf_attr_prog_test_run attr{};
  attr.prog_fd = static_cast<uint32_t>(fd);
  uint64_t args[12] = {1, 2, 3};
  attr.ctx_in = address(args);
  attr.ctx_size_in = 16;
  EXPECT_EQ(bpf(PROG_TEST_RUN, attr), 0);
  EXPECT_EQ(attr.retval, 2u);
  attr.ctx_size_in = 8; // less than it reads
  EXPECT_EQ(bpf(PROG_TEST_RUN, attr), -EINVAL);
  attr.ctx_size_in = 16;
  attr.repeat = 1;
  EXPECT_EQ(bpf(PROG_TEST_RUN, attr), -EINVAL);
  attr.repeat = 0;
  attr.cpu = 1; // without the flag
  EXPECT_EQ(bpf(PROG_TEST_RUN, attr), -EINVAL);
}

TEST_F(TestRun, ASyscallProgramChangesItsBuffer) {
  int64_t fd =
      load_program(kSyscall, {load(KBPF_SIZE_DW, R0, R1, 0), store_imm(KBPF_SIZE_DW, R1, 8, 9), exit_insn()});
  kbpf_attr_prog_test_run attr{};
  attr.prog_fd = static_cast<uint32_t>(fd);
  uint64_t buffer[2] = {4, 5};
  attr.ctx_in = address(buffer);
  attr.ctx_size_in = sizeof(buffer);
  EXPECT_EQ(bpf(PROG_TEST_RUN, attr), 0);
  EXPECT_EQ(attr.retval, 4u);
  EXPECT_EQ(buffer[1], 9u);
  attr.ctx_size_in = 8;
  EXPECT_EQ(bpf(PROG_TEST_RUN, attr), -EINVAL);
}

TEST_F(TestRun, OtherTypesCannotBeRun) { EXPECT_EQ(bpf(PROG_TEST_RUN, request(nothing(kKprobe))), -524); }

TEST_F(TestRun, ContradictionsInTheRequestAreRefused) {
  kbpf_attr_prog_test_run attr = request(nothing(kClassifier));
  attr.ctx_size_in = 8;
  EXPECT_EQ(bpf(PROG_TEST_RUN, attr), -EINVAL);
  attr = request(nothing(kClassifier));
  attr.flags = 1;
  EXPECT_EQ(bpf(PROG_TEST_RUN, attr), -EINVAL);
  attr = request(999);
  EXPECT_EQ(bpf(PROG_TEST_RUN, attr), -EBADF);
}

} // namespace
} // namespace kbpf::test
