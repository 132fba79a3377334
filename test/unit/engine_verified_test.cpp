// SPDX-License-Identifier: MIT OR Apache-2.0
// The seam between verifier and engines: programs as the fix-up pass leaves them, with dead code, map handles
// and frames of the measured depth, run in the interpreter and compile.
#include "tools/interpret_once.h"
#include "core/interp/interp.h"
#include "core/jit/rv64/jit.h"
#include "insn_builders.h"
#include "verify_fixture.h"
#include <gtest/gtest.h>

namespace kbpf::test {
namespace {

uint64_t seen_map;
uint64_t record_map(uint64_t map, uint64_t, uint64_t, uint64_t, uint64_t) {
  seen_map = map;
  return 0;
}
HelperFunction helper(uint32_t number) { return number == 3 ? record_map : nullptr; }
constexpr Environment kEnvironment{helper};

// Runs in a stack of exactly the size that the program asks for; a sanitizer sees a step beyond it.
uint64_t run_and_compile(const ProgramUnderTest &test) {
  Verdict verdict = run_verifier(test);
  EXPECT_TRUE(verdict) << verdict.message();
  if (!verdict)
    return ~uint64_t{0};
  Arena arena(malloc_source(), 1 << 20);
  EXPECT_TRUE(rv64::plan(*verdict.program, {.cpu = {}, .environment = &kEnvironment}, arena).ok());
  size_t size = verdict.program->stack_depth();
  std::vector<std::byte> stack(size);
  uint64_t context[40] = {};
  return interpret_once(*verdict.program, kEnvironment, reinterpret_cast<uint64_t>(context), stack);
}

TEST(VerifiedProgram, RunsWithItsDeadBranchGone) {
  EXPECT_EQ(run_and_compile({assemble({mov64_imm(R1, 5), mov64_imm(R0, 1), jump_imm(KBPF_JMP_JEQ, R1, 5, 2),
                                       ld_imm64(R0, 0x123456789), ld_imm64(R2, 0xabcdef0123456789),
                                       alu64_reg(KBPF_ALU_XOR, R0, R2), exit_insn()})}),
            0xabcdef0123456789 ^ 1);
}

TEST(VerifiedProgram, HandsTheMapsHandleToTheHelper) {
  seen_map = 0;
  ProgramUnderTest test{assemble({store_imm(KBPF_SIZE_DW, R10, -8, 7), mov64_reg(R2, R10), add64_imm(R2, -8),
                                  ld_map(R1, 0), call_helper(3), mov64_imm(R0, 9), exit_insn()})};
  test.maps = {ProgramUnderTest::hash_map(8, 8)};
  EXPECT_EQ(run_and_compile(test), 9u);
  EXPECT_EQ(seen_map, test.maps[0].handle);
}

TEST(VerifiedProgram, FramesOfNestedCallsLieSideBySide) {
  EXPECT_EQ(
      run_and_compile({assemble({store_imm(KBPF_SIZE_DW, R10, -16, 1), mov64_reg(R1, R10), add64_imm(R1, -16),
                                 call_subprogram(3), load(KBPF_SIZE_DW, R1, R10, -16),
                                 alu64_reg(KBPF_ALU_ADD, R0, R1), exit_insn(),
                                 // writes to its own frame and, through r1, to its caller's
                                 store_imm(KBPF_SIZE_DW, R10, -24, 100), store_imm(KBPF_SIZE_DW, R1, 0, 20),
                                 load(KBPF_SIZE_DW, R0, R10, -24), exit_insn()})}),
      120u);
}

} // namespace
} // namespace kbpf::test
