// SPDX-License-Identifier: MIT OR Apache-2.0
// The seam between verifier and engines: programs as the fix-up pass leaves them, with dead code, map handles
// and frames of the measured depth, run in the interpreter and compile.
#include "core/interp/interp.h"
#include "core/jit/rv64/jit.h"
#include "insn_builders.h"
#include "tools/interpret_once.h"
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

// The difference from the first element's address of what a lookup of key gives, or -1 for null.
int64_t offset_of_element(uint32_t element_size, uint32_t key) {
  static std::byte elements[1];
  constexpr uint32_t kEntries = 5;
  ProgramUnderTest test{assemble(
      {store_imm(KBPF_SIZE_W, R10, -4, static_cast<int32_t>(key)), mov64_reg(R2, R10), add64_imm(R2, -4),
       ld_map(R1, 0), call_helper(1), jump_imm(KBPF_JMP_JNE, R0, 0, 1), exit_insn(),
       store_reg(KBPF_SIZE_DW, R10, -16, R0), load(KBPF_SIZE_DW, R0, R10, -16), exit_insn()})};
  test.maps = {ProgramUnderTest::array_map(8, kEntries)};
  test.maps[0].elements = reinterpret_cast<uintptr_t>(elements);
  test.maps[0].element_size = element_size;
  uint64_t address = run_and_compile(test); // helper 1 has no function here: a call would not compile
  return address ? static_cast<int64_t>(address - test.maps[0].elements) : -1;
}

TEST(VerifiedProgram, LooksUpInAnArrayWithoutACall) {
  EXPECT_EQ(offset_of_element(8, 0), 0);
  EXPECT_EQ(offset_of_element(8, 4), 32);
  EXPECT_EQ(offset_of_element(24, 4), 96);
}

TEST(VerifiedProgram, LookupsBeyondTheArraysEndGiveNull) {
  for (uint32_t key : {5u, 6u, 0x80000000u, 0xffffffffu}) {
    EXPECT_EQ(offset_of_element(8, key), -1) << key;
    EXPECT_EQ(offset_of_element(24, key), -1) << key;
  }
}

TEST(VerifiedProgram, ALookupInOneOfTwoMapsStaysACall) {
  ProgramUnderTest test{
      assemble({store_imm(KBPF_SIZE_W, R10, -4, 1), mov64_reg(R2, R10), add64_imm(R2, -4),
                load(KBPF_SIZE_DW, R3, R1, 80), ld_map(R1, 0), jump_imm(KBPF_JMP_JEQ, R3, 0, 2),
                ld_map(R1, 1), call_helper(1), mov64_imm(R0, 0), exit_insn()})};
  test.maps = {ProgramUnderTest::array_map(8, 4), ProgramUnderTest::array_map(8, 8)};
  for (MapRef &map : test.maps)
    map.elements = 0x1000, map.element_size = 8;
  Verdict verdict = run_verifier(test);
  ASSERT_TRUE(verdict) << verdict.message();
  EXPECT_EQ(verdict.program->insns().size(), test.insns.size());
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
