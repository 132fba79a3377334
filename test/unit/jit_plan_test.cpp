// SPDX-License-Identifier: MIT OR Apache-2.0
// What the JIT promises its caller, where no machine code needs to run: limits of memory and address, sizes,
// offsets.
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

HelperFunction no_helper(uint32_t) { return nullptr; }
constexpr Environment kEnvironment{no_helper};
constexpr BlockSource kHeap{[](void *, size_t size) { return malloc(size); },
                            [](void *, void *block, size_t) { free(block); }, nullptr};

std::vector<Insn> sample() {
  return assemble({mov64_imm(R0, 0), ld_imm64(R3, 0x123456789abcdef0), jump_imm(KBPF_JMP_JEQ, R1, 0, 2),
                   alu64_reg(KBPF_ALU_ADD, R0, R3), ja(-3), call_subprogram(1), exit_insn(),
                   store_imm(KBPF_SIZE_W, R10, -4, 1), load(KBPF_SIZE_W, R0, R10, -4), exit_insn()});
}

struct Planned {
  explicit Planned(std::vector<Insn> code, CodeRegion region = {}, size_t budget = 1 << 20)
      : insns(std::move(code)), program(std::make_unique<UnverifiedProgram>(insns)),
        arena(kHeap, budget),
        result(plan(program->program(), {.cpu = {}, .environment = &kEnvironment, .region = region}, arena)) {
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
    Planned scarce(insns, {}, budget);
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

TEST(JitPlan, RefusesAnAddressOutsideOfThePromisedRegion) {
  Planned planned(sample(), {0x80000000, 0x80100000});
  ASSERT_TRUE(planned.result.ok());
  size_t size = code_size(**planned.result);
  std::vector<std::byte> out(size);
  EXPECT_TRUE(emit(**planned.result, out, 0x80000000).ok());
  EXPECT_TRUE(emit(**planned.result, out, 0x80100000 - size).ok());
  EXPECT_EQ(emit(**planned.result, out, 0x80100000 - size + 4).error(), Error::out_of_range);
  EXPECT_EQ(emit(**planned.result, out, 0x7ffffffc).error(), Error::out_of_range);
}

TEST(JitPlan, ReachesAnAddressNearTheRegionInTwoInstructions) {
  std::vector<Insn> insns = assemble({ld_imm64(R0, 0x80212345), exit_insn()});
  Planned far(insns), near(insns, {0x80000000, 0x80100000});
  ASSERT_TRUE(far.result.ok() && near.result.ok());
  EXPECT_EQ(native_offset(**near.result, 2), 8u);
  EXPECT_GT(native_offset(**far.result, 2), 8u);
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
