// SPDX-License-Identifier: MIT OR Apache-2.0
// What the JIT promises its caller, where no machine code needs to run: limits of memory and address, sizes,
// offsets.
#include "bench/straight_code.h"
#include "core/jit/rv64/jit.h"
#include "insn_builders.h"
#include "tools/unverified_program.h"
#include <cstdlib>
#include <gtest/gtest.h>
#include <memory>
#include <vector>

namespace kbpf::rv64 {
namespace {

using namespace test;

uint64_t some_helper(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return 0; }
HelperFunction helper(uint32_t number) { return number == 1 ? some_helper : nullptr; }
constexpr Environment kEnvironment{helper};
constexpr uint16_t kAuipcA5 = 0x0797, kOpcode = 0x7f; // low parcels
constexpr uint16_t kLoadOpcode = 0x03, kAddiOpcode = 0x13;
constexpr BlockSource kHeap{[](void *, size_t size) { return malloc(size); },
                            [](void *, void *block, size_t) { free(block); }, nullptr};

std::vector<Insn> sample() {
  return assemble({mov64_imm(R0, 0), ld_imm64(R3, 0x123456789abcdef0), jump_imm(KBPF_JMP_JEQ, R1, 0, 2),
                   alu64_reg(KBPF_ALU_ADD, R0, R3), ja(-3), call_subprogram(1), exit_insn(),
                   store_imm(KBPF_SIZE_W, R10, -4, 1), load(KBPF_SIZE_W, R0, R10, -4), exit_insn()});
}

struct Planned {
  explicit Planned(std::vector<Insn> code, size_t budget = 1 << 20)
      : insns(std::move(code)), program(std::make_unique<UnverifiedProgram>(insns)), arena(kHeap, budget),
        result(plan(program->program(), {.cpu = {}, .environment = &kEnvironment}, arena)) {}
  // The code for that address, in 16-bit parcels.
  std::vector<uint16_t> code_at(uint64_t address) const {
    std::vector<uint16_t> code(code_size(**result) / 2);
    EXPECT_TRUE(emit(**result, std::as_writable_bytes(std::span(code)), address).ok());
    return code;
  }
  std::vector<Insn> insns;
  std::unique_ptr<UnverifiedProgram> program;
  Arena arena;
  Result<Plan *> result;
};

TEST(JitPlan, ReportsExhaustedMemoryAtEveryAllocation) {
  std::vector<Insn> insns = sample();
  Planned ample(insns);
  ASSERT_TRUE(ample.result.ok());
  for (size_t budget = 0; budget < ample.arena.peak(); budget += 64) {
    Planned scarce(insns, budget);
    if (!scarce.result.ok())
      EXPECT_EQ(scarce.result.error(), Error::no_memory) << budget;
  }
}

TEST(JitPlan, WritesExactlyItsSizeAndTheSameBytesEachTime) {
  Planned planned(sample());
  ASSERT_TRUE(planned.result.ok());
  size_t size = code_size(**planned.result);
  EXPECT_EQ(size % 4, 0u);
  std::vector<std::byte> first(size + 8, std::byte{0xcc}), second = first;
  ASSERT_TRUE(emit(**planned.result, first, 0x10000).ok());
  ASSERT_TRUE(emit(**planned.result, second, 0x10000).ok());
  EXPECT_EQ(first, second);
  for (size_t i = size; i < first.size(); i++)
    EXPECT_EQ(first[i], std::byte{0xcc}) << i;
}

TEST(JitPlan, OffsetsRiseUpToTheEnd) {
  std::vector<Insn> insns = sample();
  Planned planned(insns);
  ASSERT_TRUE(planned.result.ok());
  EXPECT_EQ(native_offset(**planned.result, 0), 4u); // behind the prologue, which makes room and saves ra
  for (uint32_t i = 0; i < insns.size(); i++)
    EXPECT_LE(native_offset(**planned.result, i), native_offset(**planned.result, i + 1));
  EXPECT_LE(native_offset(**planned.result, static_cast<uint32_t>(insns.size())),
            code_size(**planned.result));
}

TEST(JitPlan, RefusesABufferThatIsTooSmall) {
  Planned planned(sample());
  ASSERT_TRUE(planned.result.ok());
  std::vector<std::byte> out(code_size(**planned.result) - 1);
  EXPECT_EQ(emit(**planned.result, out, 0x10000).error(), Error::out_of_range);
}

TEST(JitPlan, RefusesAMisalignedPlace) {
  Planned planned(sample());
  ASSERT_TRUE(planned.result.ok());
  alignas(8) std::byte out[256];
  EXPECT_TRUE(emit(**planned.result, out, 0x10000).ok());
  EXPECT_EQ(emit(**planned.result, out, 0x10004).error(), Error::out_of_range);
  EXPECT_EQ(emit(**planned.result, std::span(out).subspan(2), 0x10000).error(), Error::out_of_range);
}

TEST(JitPlan, AddressesWhatIsNearRelativeToPcAndLoadsOtherConstantsFromBehindTheCode) {
  constexpr uint64_t kValue = 0x123480212345;
  Planned planned(assemble({ld_imm64(R0, kValue), exit_insn()}));
  ASSERT_TRUE(planned.result.ok());
  EXPECT_EQ(native_offset(**planned.result, 2), 8u); // two instructions in both cases
  std::vector<uint16_t> near = planned.code_at(0x123480000000), far = planned.code_at(0x1000);
  EXPECT_EQ(near[0] & 0xfff, kAuipcA5);
  EXPECT_EQ(near[2] & kOpcode, kAddiOpcode);
  EXPECT_EQ(far[0] & 0xfff, kAuipcA5);
  EXPECT_EQ(far[2] & kOpcode, kLoadOpcode);
  for (unsigned i = 0; i < 4; i++)
    EXPECT_EQ(far[far.size() - 4 + i], static_cast<uint16_t>(kValue >> (16 * i))) << i;
}

TEST(JitPlan, KeepsOneCopyOfAConstantThatIsUsedTwice) {
  Planned once(assemble({ld_imm64(R0, 0x123480212345), exit_insn()}));
  Planned twice(assemble({ld_imm64(R0, 0x123480212345), ld_imm64(R1, 0x123480212345), exit_insn()}));
  ASSERT_TRUE(once.result.ok() && twice.result.ok());
  EXPECT_EQ(code_size(**twice.result), code_size(**once.result) + 8);
}

TEST(JitPlan, ChoosesTheShortestTransferThatReaches) {
  // How many moves of two bytes a jump can step over in each of its sizes.
  for (auto [moves, bytes] : {std::pair{1022u, 2u}, {1023u, 4u}}) {
    std::vector<Insn> insns = assemble({ja(static_cast<int16_t>(moves))});
    for (unsigned i = 0; i < moves; i++)
      insns.push_back(assemble({mov64_reg(R1, R2)})[0]);
    insns.push_back(assemble({exit_insn()})[0]);
    Planned planned(insns, 16 << 20);
    ASSERT_TRUE(planned.result.ok());
    EXPECT_EQ(native_offset(**planned.result, 1), bytes) << moves;
  }
}

// What the jump back demands is known only when its target has been looked at: the copy is two bytes, without
// an extension.
TEST(JitPlan, FindsThatALoopReadsNoUpperHalf) {
  Planned planned(
      assemble({mov64_imm(R2, 5), mov32_reg(R3, R1), alu32_reg(KBPF_ALU_ADD, R1, R3), add64_imm(R2, -1),
                jump_imm(KBPF_JMP_JNE, R2, 0, -4), mov32_reg(R0, R1), exit_insn()}));
  ASSERT_TRUE(planned.result.ok());
  EXPECT_EQ(native_offset(**planned.result, 2) - native_offset(**planned.result, 1), 2u);
  EXPECT_EQ(native_offset(**planned.result, 3) - native_offset(**planned.result, 2), 2u);
}

// As clang lays loops out: the way out between the step and the body, which demands as much as before.
TEST(JitPlan, FindsThatALoopAroundItsWayOutReadsNoUpperHalf) {
  Planned planned(
      assemble({mov32_imm(R1, 0), ja(4), alu32_imm(KBPF_ALU_ADD, R1, 1), jump32_imm(KBPF_JMP_JLT, R1, 512, 2),
                mov64_imm(R0, 0), exit_insn(), mov64_imm(R2, 1), ja(-6)}));
  ASSERT_TRUE(planned.result.ok());
  EXPECT_EQ(native_offset(**planned.result, 3) - native_offset(**planned.result, 2), 2u);
}

// A million instructions of each kind.
TEST(JitPlan, TakesAtMost32BytesOfMemoryForAnInstruction) {
  for (unsigned kind = 0; kind < CODE_KINDS; kind++)
    for (size_t repeats : {size_t{1000}, size_t{100000}}) {
      std::vector<Insn> insns(code_length(static_cast<code_kind>(kind), repeats));
      code_fill(reinterpret_cast<code_slot *>(insns.data()), static_cast<code_kind>(kind), repeats);
      size_t count = insns.size();
      Planned planned(std::move(insns), 64 << 20);
      ASSERT_TRUE(planned.result.ok()) << code_names[kind];
      EXPECT_LE(planned.arena.peak(), 32 * count) << code_names[kind];
    }
}

TEST(JitPlan, RefusesWhatWritesTheFramePointer) {
  for (unsigned opcode = 0; opcode < 256; opcode++) {
    Insn insn{.opcode = static_cast<uint8_t>(opcode), .regs = R10, .off = 0, .imm = 100};
    if (!insn.is_alu() && insn.cls() != KBPF_CLASS_LDX)
      continue;
    for (int32_t imm : {1, 16, 5000}) {
      insn.imm = imm;
      Planned planned(assemble({insn, mov64_imm(R0, 0), exit_insn()}));
      EXPECT_EQ(planned.result.error(), Error::not_supported) << opcode << " " << imm;
    }
  }
}

TEST(JitPlan, CompilesNothingForUnreachableInstructions) {
  std::vector<Insn> insns = assemble({mov64_imm(R0, 0), exit_insn(), bswap(R0, 64), exit_insn()});
  Planned all(insns);
  ASSERT_TRUE(all.result.ok());
  auto program = std::make_unique<UnverifiedProgram>(insns);
  program->facts(2).reachable = program->facts(3).reachable = false;
  Arena arena(kHeap, 1 << 20);
  Result<Plan *> some = plan(program->program(), {.cpu = {}, .environment = &kEnvironment}, arena);
  ASSERT_TRUE(some.ok());
  EXPECT_EQ(native_offset(**some, 2), native_offset(**some, 4));
  EXPECT_LT(code_size(**some), code_size(**all.result));
}

} // namespace
} // namespace kbpf::rv64
