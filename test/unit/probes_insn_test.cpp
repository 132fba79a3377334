// SPDX-License-Identifier: MIT OR Apache-2.0
// Decoding and emulation of probed instructions. Encodings are an assembler's (llvm-mc); what each must do is
// written out beside it from the ISA manual, so nothing of the code under test decides what is expected.
#include "kernel/probes/rv64_emulate.h"
#include "kernel/probes/rv64_insn.h"
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace kbpf::probes {
namespace {

constexpr uint64_t kPc = 0xffffffff80201234;

struct Registers {
  uint64_t value[32] = {};
  uint64_t operator[](unsigned index) const { return value[index]; }
};

struct Effect {
  unsigned rd; // 0: none
  uint64_t value;
  uint64_t next_pc;
};

struct Case {
  const char *text;
  uint32_t encoding;
  Effect (*expected)(const Registers &x);
};

int64_t s(uint64_t value) { return static_cast<int64_t>(value); }
uint64_t word(uint64_t value) { return static_cast<uint64_t>(static_cast<int32_t>(value)); }
int32_t sw(uint64_t value) { return static_cast<int32_t>(value); }

#define COMPUTES(text, encoding, rd, value)                                                                  \
  {text, encoding, [](const Registers &x) {                                                                  \
     (void)x;                                                                                                \
     return Effect{rd, static_cast<uint64_t>(value), kPc + ((encoding) > 0xffff ? 4 : 2)};                   \
   }}
#define JUMPS(text, encoding, rd, target)                                                                    \
  {text, encoding, [](const Registers &x) {                                                                  \
     (void)x;                                                                                                \
     return Effect{rd, kPc + ((encoding) > 0xffff ? 4 : 2), static_cast<uint64_t>(target)};                  \
   }}
#define BRANCHES(text, encoding, condition, offset)                                                          \
  {text, encoding, [](const Registers &x) {                                                                  \
     return Effect{0, 0, kPc + static_cast<uint64_t>((condition) ? (offset) : (encoding) > 0xffff ? 4 : 2)}; \
   }}

const Case kEmulated[] = {
    COMPUTES("c.addi4spn a0, sp, 1020", 0x1fe8, 10, x[2] + 1020),
    COMPUTES("c.addi4spn s1, sp, 4", 0x0044, 9, x[2] + 4),
    COMPUTES("c.nop", 0x0001, 0, 0),
    COMPUTES("c.addi a3, -32", 0x1681, 13, x[13] - 32),
    COMPUTES("c.addi a3, 31", 0x06fd, 13, x[13] + 31),
    COMPUTES("c.addiw s11, -1", 0x3dfd, 27, word(x[27] - 1)),
    COMPUTES("c.li t6, -32", 0x5f81, 31, -32),
    COMPUTES("c.lui s2, 0xfffe0", 0x7901, 18, 0xfffffffffffe0000),
    COMPUTES("c.lui s2, 31", 0x697d, 18, 0x1f000),
    COMPUTES("c.addi16sp sp, -512", 0x7101, 2, x[2] - 512),
    COMPUTES("c.addi16sp sp, 496", 0x617d, 2, x[2] + 496),
    COMPUTES("c.srli a5, 63", 0x93fd, 15, x[15] >> 63),
    COMPUTES("c.srai s0, 33", 0x9405, 8, s(x[8]) >> 33),
    COMPUTES("c.andi a1, -7", 0x99e5, 11, x[11] & ~uint64_t(6)),
    COMPUTES("c.sub a0, a1", 0x8d0d, 10, x[10] - x[11]),
    COMPUTES("c.xor a0, a1", 0x8d2d, 10, x[10] ^ x[11]),
    COMPUTES("c.or a2, a3", 0x8e55, 12, x[12] | x[13]),
    COMPUTES("c.and a4, a5", 0x8f7d, 14, x[14] & x[15]),
    COMPUTES("c.subw s0, s1", 0x9c05, 8, word(x[8] - x[9])),
    COMPUTES("c.addw s1, s0", 0x9ca1, 9, word(x[8] + x[9])),
    COMPUTES("c.slli t0, 40", 0x12a2, 5, x[5] << 40),
    COMPUTES("c.mv a0, t3", 0x8572, 10, x[28]),
    COMPUTES("c.add t3, a0", 0x9e2a, 28, x[28] + x[10]),
    JUMPS("c.j -2048", 0xb001, 0, kPc - 2048),
    JUMPS("c.j 2046", 0xaffd, 0, kPc + 2046),
    JUMPS("c.j 1366", 0xab99, 0, kPc + 1366),
    JUMPS("c.jr t1", 0x8302, 0, x[6] & ~uint64_t(1)),
    JUMPS("c.jalr ra: target before link", 0x9082, 1, x[1] & ~uint64_t(1)),
    BRANCHES("c.beqz a0, -256", 0xd101, x[10] == 0, -256),
    BRANCHES("c.beqz s1, 254", 0xccfd, x[9] == 0, 254),
    BRANCHES("c.bnez a5, 170", 0xe7cd, x[15] != 0, 170),
    COMPUTES("lui a0, 0x80000", 0x80000537, 10, 0xffffffff80000000),
    COMPUTES("lui t0, 0x12345", 0x123452b7, 5, 0x12345000),
    COMPUTES("auipc a1, 0xfffff", 0xfffff597, 11, kPc - 0x1000),
    COMPUTES("auipc t0, 0x7ffff", 0x7ffff297, 5, kPc + 0x7ffff000),
    JUMPS("jal ra, -1048576", 0x800000ef, 1, kPc - 1048576),
    JUMPS("jal t0, 1048574", 0x7ffff2ef, 5, kPc + 1048574),
    JUMPS("jal zero, 699050", 0x2abaa06f, 0, kPc + 699050),
    JUMPS("jalr ra, -2048(ra): target before link", 0x800080e7, 1, (x[1] - 2048) & ~uint64_t(1)),
    JUMPS("jalr a0, 2047(a1)", 0x7ff58567, 10, (x[11] + 2047) & ~uint64_t(1)),
    JUMPS("jalr zero, 3(t0)", 0x00328067, 0, (x[5] + 3) & ~uint64_t(1)),
    JUMPS("jalr zero, 0(zero)", 0x00000067, 0, 0),
    BRANCHES("beq a0, a1, -4096", 0x80b50063, x[10] == x[11], -4096),
    BRANCHES("bne a0, zero, 4094", 0x7e051fe3, x[10] != 0, 4094),
    BRANCHES("blt a0, a1, 2730", 0x2ab545e3, s(x[10]) < s(x[11]), 2730),
    BRANCHES("bge a0, a1, -16", 0xfeb558e3, s(x[10]) >= s(x[11]), -16),
    BRANCHES("bltu a0, a1, 16", 0x00b56863, x[10] < x[11], 16),
    BRANCHES("beq a0, a1, 4: offset where rd would be tp", 0x00b50263, x[10] == x[11], 4),
    BRANCHES("bgeu a0, a1, 32", 0x02b57063, x[10] >= x[11], 32),
    COMPUTES("addi a0, a1, -2048", 0x80058513, 10, x[11] - 2048),
    COMPUTES("slti a0, a1, -1", 0xfff5a513, 10, s(x[11]) < -1),
    COMPUTES("sltiu a0, a1, -1", 0xfff5b513, 10, x[11] != ~uint64_t(0)),
    COMPUTES("xori a0, a1, -1", 0xfff5c513, 10, ~x[11]),
    COMPUTES("ori a0, a1, 0x555", 0x5555e513, 10, x[11] | 0x555),
    COMPUTES("andi a0, a1, 0x7f0", 0x7f05f513, 10, x[11] & 0x7f0),
    COMPUTES("slli a0, a1, 63", 0x03f59513, 10, x[11] << 63),
    COMPUTES("srli a0, a1, 1", 0x0015d513, 10, x[11] >> 1),
    COMPUTES("srai a0, a1, 62", 0x43e5d513, 10, s(x[11]) >> 62),
    COMPUTES("addiw a0, a1, 2047", 0x7ff5851b, 10, word(x[11] + 2047)),
    COMPUTES("slliw a0, a1, 31", 0x01f5951b, 10, word(x[11] << 31)),
    COMPUTES("srliw a0, a1, 4", 0x0045d51b, 10, static_cast<uint32_t>(x[11]) >> 4),
    COMPUTES("sraiw a0, a1, 31", 0x41f5d51b, 10, sw(x[11]) < 0 ? -1 : 0),
    COMPUTES("add a0, a1, a2", 0x00c58533, 10, x[11] + x[12]),
    COMPUTES("sub a0, a1, a2", 0x40c58533, 10, x[11] - x[12]),
    COMPUTES("sll a0, a1, a2", 0x00c59533, 10, x[11] << (x[12] % 64)),
    COMPUTES("slt a0, a1, a2", 0x00c5a533, 10, s(x[11]) < s(x[12])),
    COMPUTES("sltu a0, a1, a2", 0x00c5b533, 10, x[11] < x[12]),
    COMPUTES("xor a0, a1, a2", 0x00c5c533, 10, x[11] ^ x[12]),
    COMPUTES("srl a0, a1, a2", 0x00c5d533, 10, x[11] >> (x[12] % 64)),
    COMPUTES("sra a0, a1, a2", 0x40c5d533, 10, s(x[11]) >> (x[12] % 64)),
    COMPUTES("or a0, a1, a2", 0x00c5e533, 10, x[11] | x[12]),
    COMPUTES("and a0, a1, a2", 0x00c5f533, 10, x[11] & x[12]),
    COMPUTES("addw a0, a1, a2", 0x00c5853b, 10, word(x[11] + x[12])),
    COMPUTES("subw a0, a1, a2", 0x40c5853b, 10, word(x[11] - x[12])),
    COMPUTES("sllw a0, a1, a2", 0x00c5953b, 10, word(x[11] << (x[12] % 32))),
    COMPUTES("srlw a0, a1, a2", 0x00c5d53b, 10, word(static_cast<uint32_t>(x[11]) >> (x[12] % 32))),
    COMPUTES("sraw a0, a1, a2", 0x40c5d53b, 10, int64_t(sw(x[11]) >> (x[12] % 32))),
    COMPUTES("addi zero, a1, 5", 0x00558013, 0, 0),
};

// Instructions that run in a slot.
const struct {
  const char *text;
  uint32_t encoding;
} kOutOfLine[] = {
    {"c.fld fa0, 8(a0)", 0x2508},
    {"c.lw a0, 4(a1)", 0x41c8},
    {"c.ld a0, 8(a1)", 0x6588},
    {"c.fsd fa0, 8(a0)", 0xa508},
    {"c.sw a0, 4(a1)", 0xc1c8},
    {"c.sd a0, 8(a1)", 0xe588},
    {"c.fldsp fa0, 8(sp)", 0x2522},
    {"c.lwsp a0, 4(sp)", 0x4512},
    {"c.ldsp a0, 8(sp)", 0x6522},
    {"c.fsdsp fa0, 8(sp)", 0xa42a},
    {"c.swsp a0, 4(sp)", 0xc22a},
    {"c.sdsp ra, 8(sp)", 0xe406},
    {"lb a0, 1(a1)", 0x00158503},
    {"ld a0, 8(a1)", 0x0085b503},
    {"flw fa0, 4(a1)", 0x0045a507},
    {"sb a0, 1(a1)", 0x00a580a3},
    {"sd a0, 8(a1)", 0x00a5b423},
    {"fsd fa0, 8(a1)", 0x00a5b427},
    {"fence rw, rw", 0x0330000f},
    {"fence.i", 0x0000100f},
    {"mul a0, a1, a2", 0x02c58533},
    {"divuw a0, a1, a2", 0x02c5d53b},
    {"min a0, a1, a2 (Zbb)", 0x0ac5c533},
    {"amoadd.d a0, a1, (a2)", 0x00b6352f},
    {"fmadd.d fa0, fa1, fa2, fa3", 0x6ac5f543},
    {"fadd.d fa0, fa1, fa2", 0x02c5f553},
    {"csrr a0, sstatus", 0x10002573},
    {"csrci sstatus, 2", 0x10017073},
    {"csrr a0, time", 0xc0102573},
    {"ecall", 0x00000073},
    {"wfi", 0x10500073},
    {"sfence.vma a0, a1", 0x12b50073},
    {"c.mv tp, a1: not restored by a trap's return", 0x822e},
    {"addi gp, gp, 1", 0x00118193},
};

const struct {
  const char *text;
  uint32_t encoding;
  const char *reason; // a part of it
} kRefused[] = {
    {"ebreak", 0x00100073, "breakpoint"},
    {"c.ebreak", 0x9002, "breakpoint"},
    {"c.unimp", 0x0000, "illegal"},
    {"sret", 0x10200073, "returns from a trap"},
    {"mret", 0x30200073, "returns from a trap"},
    {"csrr a0, sepc", 0x14102573, "trap register"},
    {"csrw scause, a0", 0x14251073, "trap register"},
    {"csrr a0, stval", 0x14302573, "trap register"},
    {"lr.w a0, (a1)", 0x1005a52f, "lr/sc"},
    {"lr.d.aqrl a0, (a1)", 0x1605b52f, "lr/sc"},
    {"sc.w a0, a2, (a1)", 0x18c5a52f, "lr/sc"},
    {"sc.d.rl a0, a2, (a1)", 0x1ac5b52f, "lr/sc"},
    {"auipc gp, 0x7ffff", 0x7ffff197, "gp or tp"},
    {"jal tp, 16", 0x0100026f, "gp or tp"},
    {"custom-0", 0x0000000b, "unknown"},
    {"branch with funct3 2", 0x00b52063, "unknown"},
    {"jalr with funct3 1", 0x00059067, "unknown"},
    {"48-bit encoding", 0x0000001f, "longer than 32 bits"},
};

std::vector<Registers> register_samples() {
  constexpr uint64_t kEdges[] = {
      0, 1, 2, 31, 32, 63, 64, 0x7fffffff, 0x80000000, 0xffffffff, 1ull << 32, INT64_MAX, 1ull << 63, ~0ull};
  std::mt19937_64 random(1);
  std::vector<Registers> samples(200);
  for (Registers &x : samples)
    for (unsigned i = 1; i < 32; i++)
      x.value[i] = random() % 2 ? random() : kEdges[random() % std::size(kEdges)];
  return samples;
}

kbpf_regs frame_of(const Registers &x) {
  kbpf_regs regs = {};
  regs.epc = kPc;
  memcpy(regs.x, x.value + 1, sizeof(regs.x));
  regs.status = 0x120;
  return regs;
}

TEST(ProbeEmulation, DoesWhatTheManualSaysForEveryEmulatedInstruction) {
  for (const Case &c : kEmulated) {
    SCOPED_TRACE(c.text);
    const DecodedNative decoded = decode_native(c.encoding);
    ASSERT_EQ(decoded.refusal, nullptr);
    ASSERT_NE(decoded.insn.operation, Operation::out_of_line);
    for (const Registers &x : register_samples()) {
      const Effect effect = c.expected(x);
      kbpf_regs expected = frame_of(x);
      expected.epc = effect.next_pc;
      if (effect.rd)
        expected.x[effect.rd - 1] = effect.value;
      kbpf_regs regs = frame_of(x);
      emulate(decoded.insn, regs);
      ASSERT_EQ(regs.epc, expected.epc);
      for (unsigned i = 1; i < 32; i++)
        ASSERT_EQ(regs.x[i - 1], expected.x[i - 1]) << "x" << i;
      ASSERT_EQ(regs.status, expected.status);
    }
  }
}

TEST(ProbeEmulation, IgnoresWhatFollowsACompressedInstruction) {
  kbpf_regs regs = frame_of(register_samples()[0]);
  const uint64_t before = regs.x[12];
  emulate(decode_native(0xffff1681).insn, regs); // c.addi a3, -32
  EXPECT_EQ(regs.x[12], before - 32);
  EXPECT_EQ(regs.epc, kPc + 2);
}

TEST(ProbeDecoding, LeavesMemoryFloatingPointAndControlRegistersToASlot) {
  for (const auto &c : kOutOfLine) {
    SCOPED_TRACE(c.text);
    const DecodedNative decoded = decode_native(c.encoding);
    EXPECT_EQ(decoded.refusal, nullptr);
    EXPECT_EQ(decoded.insn.operation, Operation::out_of_line);
    EXPECT_EQ(decoded.insn.length, c.encoding > 0xffff || (c.encoding & 3) == 3 ? 4 : 2);
    EXPECT_EQ(decoded.insn.encoding, c.encoding);
  }
}

TEST(ProbeDecoding, RefusesWhatABreakpointWouldBreakAndSaysWhy) {
  for (const auto &c : kRefused) {
    SCOPED_TRACE(c.text);
    const DecodedNative decoded = decode_native(c.encoding);
    ASSERT_NE(decoded.refusal, nullptr);
    EXPECT_NE(strstr(decoded.refusal, c.reason), nullptr) << decoded.refusal;
  }
}

TEST(ProbeDecoding, TellsLoadReservedFromStoreConditional) {
  EXPECT_EQ(decode_native(0x1605b52f).reservation, Reservation::loads);
  EXPECT_EQ(decode_native(0x1ac5b52f).reservation, Reservation::stores);
  EXPECT_EQ(decode_native(0x00b6352f).reservation, Reservation::unchanged);
}

// Volume I, section 1.5: instruction-length encoding.
TEST(ProbeDecoding, KnowsTheLengthOfEveryHalfword) {
  for (uint32_t halfword = 0; halfword <= 0xffff; halfword++) {
    unsigned expected;
    if (halfword % 4 != 3)
      expected = 2;
    else if (halfword / 4 % 8 != 7)
      expected = 4;
    else if (halfword % 64 == 0x1f)
      expected = 6;
    else if (halfword % 128 == 0x3f)
      expected = 8;
    else
      expected = 10 + 2 * (halfword / 4096 % 8);
    ASSERT_EQ(instruction_length(static_cast<uint16_t>(halfword)), expected) << std::hex << halfword;
  }
}

} // namespace
} // namespace kbpf::probes
