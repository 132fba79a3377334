// SPDX-License-Identifier: MIT OR Apache-2.0
// Safe programs, in the shapes that compilers give them: the verifier must accept each.
#include "insn_builders.h"
#include "verify_fixture.h"
#include <gtest/gtest.h>

namespace kbpf::test {
namespace {

using P = ProgramUnderTest;

void expect_accepted(const ProgramUnderTest &test) {
  Verdict verdict = run_verifier(test);
  EXPECT_TRUE(verdict) << verdict.message() << "\n" << verdict.log;
}

TEST(VerifierAccepts, APoppedValueOnTheStackIsInitialised) {
  MapRef queue{22, 0, 8, 16, 0, 0x1000, 0, 0, 0, {}};
  EXPECT_TRUE(
      run_verifier({.insns = assemble({mov64_reg(R2, R10), add64_imm(R2, -8), ld_map(R1, 0), call_helper(88),
                                       load(KBPF_SIZE_DW, R0, R10, -8), exit_insn()}),
                    .maps = {queue}}));
}
TEST(VerifierAccepts, AProgramThatReturnsAConstant) {
  expect_accepted({.insns = assemble({mov64_imm(R0, 0), exit_insn()})});
}

TEST(VerifierAccepts, AReadOfEachRegisterInTheContext) {
  expect_accepted({.insns = assemble({load(KBPF_SIZE_DW, R0, R1, 80), load(KBPF_SIZE_W, R2, R1, 84),
                                      load(KBPF_SIZE_B, R3, R1, 287), add64_reg(R0, R2), add64_reg(R0, R3),
                                      exit_insn()})});
}

TEST(VerifierAccepts, AHashMapCounterPerPid) {
  expect_accepted({.insns = assemble({
                       call_helper(14),
                       alu64_imm(KBPF_ALU_RSH, R0, 32),
                       store_reg(KBPF_SIZE_W, R10, -4, R0),
                       mov64_imm(R1, 1),
                       store_reg(KBPF_SIZE_DW, R10, -16, R1),
                       mov64_reg(R2, R10),
                       add64_imm(R2, -4),
                       ld_map(R1, 0),
                       call_helper(1),
                       jump_imm(KBPF_JMP_JEQ, R0, 0, 3),
                       mov64_imm(R1, 1),
                       atomic(KBPF_SIZE_DW, KBPF_ATOMIC_ADD, R0, 0, R1),
                       ja(8),
                       mov64_reg(R2, R10),
                       add64_imm(R2, -4),
                       mov64_reg(R3, R10),
                       add64_imm(R3, -16),
                       ld_map(R1, 0),
                       mov64_imm(R4, 0),
                       call_helper(2),
                       mov64_imm(R0, 0),
                       exit_insn(),
                   }),
                   .maps = {P::hash_map(4, 8)}});
}

TEST(VerifierAccepts, APrintOfAStringOnTheStack) {
  expect_accepted({.insns = assemble({
                       ld_imm64(R1, 0x000a6968),
                       store_reg(KBPF_SIZE_DW, R10, -8, R1),
                       mov64_reg(R1, R10),
                       add64_imm(R1, -8),
                       mov64_imm(R2, 4),
                       call_helper(6),
                       mov64_imm(R0, 0),
                       exit_insn(),
                   })});
}

TEST(VerifierAccepts, APrintOfAStringInReadOnlyData) {
  MapRef rodata = P::data_map(16);
  rodata.map_flags = 1u << 7;
  expect_accepted({.insns = assemble({
                       ld_map_value(R1, 0, 4),
                       mov64_imm(R2, 12),
                       load(KBPF_SIZE_B, R3, R1, 0),
                       call_helper(6),
                       mov64_imm(R0, 0),
                       exit_insn(),
                   }),
                   .maps = {rodata}});
}

TEST(VerifierAccepts, AnIncrementOfAGlobalVariable) {
  expect_accepted({.insns = assemble({
                       ld_map_value(R1, 0, 8),
                       load(KBPF_SIZE_DW, R2, R1, 0),
                       add64_imm(R2, 1),
                       store_reg(KBPF_SIZE_DW, R1, 0, R2),
                       mov64_imm(R0, 0),
                       exit_insn(),
                   }),
                   .maps = {P::data_map(16)}});
}

TEST(VerifierAccepts, ALoopThatCountsToABound) {
  expect_accepted({.insns = assemble({
                       mov64_imm(R0, 0),
                       mov64_imm(R1, 0),
                       add64_reg(R0, R1),
                       add64_imm(R1, 1),
                       jump_imm(KBPF_JMP_JLT, R1, 1000, -3),
                       exit_insn(),
                   })});
}

TEST(VerifierAccepts, ALoopOverAnArrayInAMapValue) {
  expect_accepted({.insns = assemble({
                       store_imm(KBPF_SIZE_W, R10, -4, 0),
                       mov64_reg(R2, R10),
                       add64_imm(R2, -4),
                       ld_map(R1, 0),
                       call_helper(1),
                       jump_imm(KBPF_JMP_JEQ, R0, 0, 10),
                       mov64_imm(R1, 0),
                       mov64_reg(R2, R1), // loop
                       lsh64_imm(R2, 3),
                       mov64_reg(R3, R0),
                       add64_reg(R3, R2),
                       load(KBPF_SIZE_DW, R4, R3, 0),
                       add64_imm(R4, 1),
                       store_reg(KBPF_SIZE_DW, R3, 0, R4),
                       add64_imm(R1, 1),
                       // leaves after 8 rounds
                       jump_imm(KBPF_JMP_JNE, R1, 8, -9),
                       mov64_imm(R0, 0),
                       exit_insn(),
                   }),
                   .maps = {P::array_map(64, 4)}});
}

TEST(VerifierAccepts, AnIndexBoundedByAComparison) {
  expect_accepted({.insns = assemble({
                       load(KBPF_SIZE_DW, R6, R1, 80),
                       store_imm(KBPF_SIZE_W, R10, -4, 0),
                       mov64_reg(R2, R10),
                       add64_imm(R2, -4),
                       ld_map(R1, 0),
                       call_helper(1),
                       jump_imm(KBPF_JMP_JEQ, R0, 0, 4),
                       jump_imm(KBPF_JMP_JGT, R6, 15, 3),
                       lsh64_imm(R6, 2),
                       add64_reg(R0, R6),
                       store_imm(KBPF_SIZE_W, R0, 0, 1),
                       mov64_imm(R0, 0),
                       exit_insn(),
                   }),
                   .maps = {P::array_map(64, 4)}});
}

TEST(VerifierAccepts, AnIndexBoundedByAMask) {
  expect_accepted({.insns = assemble({
                       load(KBPF_SIZE_DW, R6, R1, 80),
                       ld_map_value(R0, 0, 0),
                       alu32_imm(KBPF_ALU_AND, R6, 63),
                       add64_reg(R0, R6),
                       store_imm(KBPF_SIZE_B, R0, 0, 1),
                       mov64_imm(R0, 0),
                       exit_insn(),
                   }),
                   .maps = {P::data_map(64)}});
}

TEST(VerifierAccepts, AnIndexBoundedThroughACopyOfIt) {
  expect_accepted({.insns = assemble({
                       load(KBPF_SIZE_DW, R6, R1, 80),
                       mov64_reg(R7, R6),
                       ld_map_value(R0, 0, 0),
                       jump_imm(KBPF_JMP_JGT, R7, 63, 2),
                       add64_reg(R0, R6), // the copy was compared
                       store_imm(KBPF_SIZE_B, R0, 0, 1),
                       mov64_imm(R0, 0),
                       exit_insn(),
                   }),
                   .maps = {P::data_map(64)}});
}

TEST(VerifierAccepts, AnIndexBoundedAfterItWasSpilled) {
  expect_accepted({.insns = assemble({
                       load(KBPF_SIZE_DW, R6, R1, 80),
                       store_reg(KBPF_SIZE_DW, R10, -8, R6),
                       ld_map_value(R0, 0, 0),
                       jump_imm(KBPF_JMP_JGT, R6, 63, 3),
                       load(KBPF_SIZE_DW, R7, R10, -8),
                       add64_reg(R0, R7),
                       store_imm(KBPF_SIZE_B, R0, 0, 1),
                       mov64_imm(R0, 0),
                       exit_insn(),
                   }),
                   .maps = {P::data_map(64)}});
}

TEST(VerifierAccepts, AnIndexBoundedAsA32BitNumberWithoutJmp32) {
  // What clang makes of `unsigned i` for -mcpu=v1: extension by two shifts.
  expect_accepted({.insns = assemble({
                       load(KBPF_SIZE_DW, R6, R1, 80),
                       lsh64_imm(R6, 32),
                       alu64_imm(KBPF_ALU_RSH, R6, 32),
                       ld_map_value(R0, 0, 0),
                       jump_imm(KBPF_JMP_JGT, R6, 63, 2),
                       add64_reg(R0, R6),
                       store_imm(KBPF_SIZE_B, R0, 0, 1),
                       mov64_imm(R0, 0),
                       exit_insn(),
                   }),
                   .maps = {P::data_map(64)}});
}

TEST(VerifierAccepts, AnIndexBoundedBySigned32BitComparisons) {
  expect_accepted({.insns = assemble({
                       load(KBPF_SIZE_W, R6, R1, 80),
                       ld_map_value(R0, 0, 0),
                       jump32_imm(KBPF_JMP_JSLT, R6, 0, 4),
                       jump32_imm(KBPF_JMP_JSGT, R6, 63, 3),
                       mov32_reg(R6, R6),
                       add64_reg(R0, R6),
                       store_imm(KBPF_SIZE_B, R0, 0, 1),
                       mov64_imm(R0, 0),
                       exit_insn(),
                   }),
                   .maps = {P::data_map(64)}});
}

TEST(VerifierAccepts, AnIndexWhoseZeroExtendedCopyWasCompared) {
  expect_accepted({.insns = assemble({
                       load(KBPF_SIZE_DW, R6, R1, 80),
                       ld_map_value(R0, 0, 0),
                       mov64_reg(R7, R6),
                       lsh64_imm(R7, 32),
                       alu64_imm(KBPF_ALU_RSH, R7, 32),
                       jump_imm(KBPF_JMP_JGT, R7, 63, 3),
                       mov32_reg(R6, R6),
                       add64_reg(R0, R6),
                       store_imm(KBPF_SIZE_B, R0, 0, 1),
                       mov64_imm(R0, 0),
                       exit_insn(),
                   }),
                   .maps = {P::data_map(64)}});
}

TEST(VerifierAccepts, AnIndexWhoseLowerHalfWasComparedInARegisterOfAnotherNumber) {
  expect_accepted({.insns = assemble({
                       load(KBPF_SIZE_DW, R6, R1, 80),
                       ld_map_value(R0, 0, 0),
                       load(KBPF_SIZE_DW, R7, R1, 88),
                       mov32_reg(R7, R6),
                       jump_imm(KBPF_JMP_JGT, R7, 63, 3),
                       mov32_reg(R6, R6),
                       add64_reg(R0, R6),
                       store_imm(KBPF_SIZE_B, R0, 0, 1),
                       mov64_imm(R0, 0),
                       exit_insn(),
                   }),
                   .maps = {P::data_map(64)}});
}

TEST(VerifierAccepts, AnIndexMaskedTwiceAndComparedOnce) {
  expect_accepted({.insns = assemble({
                       load(KBPF_SIZE_DW, R6, R1, 80),
                       ld_map_value(R0, 0, 0),
                       mov32_reg(R6, R6),
                       mov64_reg(R7, R6),
                       alu32_imm(KBPF_ALU_AND, R7, 0xffff),
                       jump32_imm(KBPF_JMP_JGT, R7, 63, 3),
                       and64_imm(R6, 0xffff),
                       add64_reg(R0, R6),
                       store_imm(KBPF_SIZE_B, R0, 0, 1),
                       mov64_imm(R0, 0),
                       exit_insn(),
                   }),
                   .maps = {P::data_map(64)}});
}

// Four ways through each of 100 rounds: 4^100 paths, unless sums that only go to memory are forgotten.
TEST(VerifierAccepts, ALoopWithBranchesThatDifferInWhatTheyAddUp) {
  ProgramUnderTest test{.insns = assemble({
                            load(KBPF_SIZE_DW, R6, R1, 80),
                            mov64_imm(R7, 0),
                            mov64_imm(R8, 0),
                            jump_imm(KBPF_JMP_JSET, R6, 1, 1), // loop
                            add64_imm(R7, 1),
                            jump_imm(KBPF_JMP_JSET, R6, 2, 1),
                            add64_imm(R7, 3),
                            alu64_imm(KBPF_ALU_MUL, R6, 3),
                            add64_imm(R8, 1),
                            jump_imm(KBPF_JMP_JLT, R8, 100, -7),
                            ld_map_value(R1, 0, 0),
                            store_reg(KBPF_SIZE_DW, R1, 0, R7),
                            mov64_imm(R0, 0),
                            exit_insn(),
                        }),
                        .maps = {P::data_map(8)}};
  Verdict verdict = run_verifier(test);
  EXPECT_TRUE(verdict) << verdict.message();
  EXPECT_LT(verdict.stats.processed_insns, 10000u);
}

// The same with the sum in a spilled register, as in functions that have more variables than registers.
TEST(VerifierAccepts, ALoopWithBranchesThatDifferInASpilledSum) {
  ProgramUnderTest test{.insns = assemble({
                            load(KBPF_SIZE_DW, R6, R1, 80),
                            store_imm(KBPF_SIZE_DW, R10, -8, 0),
                            mov64_imm(R8, 0),
                            load(KBPF_SIZE_DW, R7, R10, -8), // loop
                            jump_imm(KBPF_JMP_JSET, R6, 1, 1),
                            add64_imm(R7, 1),
                            jump_imm(KBPF_JMP_JSET, R6, 2, 1),
                            add64_imm(R7, 3),
                            store_reg(KBPF_SIZE_DW, R10, -8, R7),
                            alu64_imm(KBPF_ALU_MUL, R6, 3),
                            add64_imm(R8, 1),
                            jump_imm(KBPF_JMP_JLT, R8, 100, -9),
                            ld_map_value(R1, 0, 0),
                            load(KBPF_SIZE_DW, R7, R10, -8),
                            store_reg(KBPF_SIZE_DW, R1, 0, R7),
                            mov64_imm(R0, 0),
                            exit_insn(),
                        }),
                        .maps = {P::data_map(8)}};
  Verdict verdict = run_verifier(test);
  EXPECT_TRUE(verdict) << verdict.message();
  EXPECT_LT(verdict.stats.processed_insns, 10000u);
}

// What is spilled and filled again may be an index: it is not forgotten where paths join.
TEST(VerifierAccepts, AnIndexThatIsFilledAfterPathsHaveJoined) {
  expect_accepted({.insns = assemble({
                       load(KBPF_SIZE_DW, R6, R1, 80),
                       and64_imm(R6, 63),
                       store_reg(KBPF_SIZE_DW, R10, -8, R6),
                       load(KBPF_SIZE_DW, R7, R1, 88),
                       jump_imm(KBPF_JMP_JEQ, R7, 0, 1),
                       mov64_imm(R6, 0),
                       load(KBPF_SIZE_DW, R2, R10, -8), // joined
                       ld_map_value(R0, 0, 0),
                       add64_reg(R0, R2),
                       store_imm(KBPF_SIZE_B, R0, 0, 1),
                       mov64_imm(R0, 0),
                       exit_insn(),
                   }),
                   .maps = {P::data_map(64)}});
}

TEST(VerifierAccepts, AMapPointerThatWasSpilledAndComparedElsewhere) {
  expect_accepted({.insns = assemble({
                       store_imm(KBPF_SIZE_W, R10, -4, 0),
                       mov64_reg(R2, R10),
                       add64_imm(R2, -4),
                       ld_map(R1, 0),
                       call_helper(1),
                       store_reg(KBPF_SIZE_DW, R10, -16, R0),
                       jump_imm(KBPF_JMP_JEQ, R0, 0, 2),
                       load(KBPF_SIZE_DW, R1, R10, -16),
                       load(KBPF_SIZE_DW, R1, R1, 0),
                       mov64_imm(R0, 0),
                       exit_insn(),
                   }),
                   .maps = {P::hash_map(4, 8)}});
}

TEST(VerifierAccepts, ACommReadIntoTheStack) {
  expect_accepted({.insns = assemble({
                       mov64_reg(R1, R10),
                       add64_imm(R1, -16),
                       mov64_imm(R2, 16),
                       call_helper(16),
                       load(KBPF_SIZE_B, R0, R10, -3),
                       exit_insn(),
                   })});
}

TEST(VerifierAccepts, AHelperThatReadsKernelMemoryWithABoundedSize) {
  expect_accepted({.insns = assemble({
                       load(KBPF_SIZE_DW, R3, R1, 80),
                       load(KBPF_SIZE_DW, R6, R1, 88),
                       store_imm(KBPF_SIZE_DW, R10, -8, 0),
                       store_imm(KBPF_SIZE_DW, R10, -16, 0),
                       mov64_reg(R1, R10),
                       add64_imm(R1, -16),
                       and64_imm(R6, 15),
                       mov64_reg(R2, R6),
                       call_helper(113),
                       mov64_imm(R0, 0),
                       exit_insn(),
                   })});
}

TEST(VerifierAccepts, ACallOfAFunctionThatWritesThroughAPointerToItsCallersStack) {
  expect_accepted({.insns = assemble({
                       store_imm(KBPF_SIZE_DW, R10, -8, 0),
                       mov64_reg(R6, R1),
                       mov64_reg(R1, R10),
                       add64_imm(R1, -8),
                       call_subprogram(3),
                       load(KBPF_SIZE_DW, R0, R10, -8),
                       load(KBPF_SIZE_DW, R1, R6, 0),
                       exit_insn(),
                       store_imm(KBPF_SIZE_DW, R1, 0, 7),
                       store_imm(KBPF_SIZE_DW, R10, -8, 0),
                       mov64_imm(R0, 0),
                       exit_insn(),
                   })});
}

TEST(VerifierAccepts, AFunctionWithoutAResultWhereNobodyReadsIt) {
  expect_accepted({.insns = assemble({call_subprogram(2), mov64_imm(R0, 0), exit_insn(), exit_insn()})});
}

TEST(VerifierAccepts, AFunctionThatReturnsACheckedMapValue) {
  expect_accepted({.insns = assemble({
                       call_subprogram(4),
                       jump_imm(KBPF_JMP_JEQ, R0, 0, 1),
                       store_imm(KBPF_SIZE_DW, R0, 0, 1),
                       mov64_imm(R0, 0),
                       exit_insn(),
                       store_imm(KBPF_SIZE_W, R10, -4, 0),
                       mov64_reg(R2, R10),
                       add64_imm(R2, -4),
                       ld_map(R1, 0),
                       call_helper(1),
                       exit_insn(),
                   }),
                   .maps = {P::hash_map(4, 8)}});
}

TEST(VerifierAccepts, ABranchOnAConstantThatSkipsUnsafeCode) {
  expect_accepted({.insns = assemble({
                       mov64_imm(R2, 1),
                       jump_imm(KBPF_JMP_JEQ, R2, 1, 1),
                       load(KBPF_SIZE_DW, R3, R2, 0), // never runs
                       mov64_imm(R0, 0),
                       exit_insn(),
                   })});
}

TEST(VerifierAccepts, ABranchOnAReadOnlyGlobal) {
  static const uint32_t kFalse = 0;
  MapRef rodata = P::data_map(4);
  rodata.map_flags = 1u << 7;
  rodata.constants = std::as_bytes(std::span(&kFalse, 1));
  expect_accepted({.insns = assemble({
                       ld_map_value(R1, 0, 0),
                       load(KBPF_SIZE_W, R2, R1, 0),
                       jump_imm(KBPF_JMP_JEQ, R2, 0, 1),
                       load(KBPF_SIZE_DW, R3, R2, 0),
                       mov64_imm(R0, 0),
                       exit_insn(),
                   }),
                   .maps = {rodata}});
}

TEST(VerifierAccepts, EachAtomicOperation) {
  for (unsigned size : {KBPF_SIZE_W, KBPF_SIZE_DW})
    for (int operation : {KBPF_ATOMIC_ADD, KBPF_ATOMIC_OR, KBPF_ATOMIC_AND, KBPF_ATOMIC_XOR,
                          KBPF_ATOMIC_ADD | KBPF_ATOMIC_FETCH, KBPF_ATOMIC_OR | KBPF_ATOMIC_FETCH,
                          KBPF_ATOMIC_AND | KBPF_ATOMIC_FETCH, KBPF_ATOMIC_XOR | KBPF_ATOMIC_FETCH,
                          KBPF_ATOMIC_XCHG, KBPF_ATOMIC_CMPXCHG})
      expect_accepted(
          {.insns = assemble({store_imm(KBPF_SIZE_DW, R10, -8, 5), mov64_imm(R0, 5), mov64_imm(R2, 7),
                              atomic(size, operation, R10, -8, R2), mov64_reg(R0, R2), exit_insn()})});
}

TEST(VerifierAccepts, ADivisionByAnUnknownNumber) {
  expect_accepted(
      {.insns = assemble({load(KBPF_SIZE_DW, R2, R1, 80), mov64_imm(R0, 100), alu64_reg(KBPF_ALU_DIV, R0, R2),
                          alu32_reg(KBPF_ALU_MOD, R0, R2, 1), exit_insn()})});
}

TEST(VerifierAccepts, AModuloAsABound) {
  expect_accepted({.insns = assemble({
                       load(KBPF_SIZE_DW, R6, R1, 80),
                       ld_map_value(R0, 0, 0),
                       alu64_imm(KBPF_ALU_MOD, R6, 64),
                       add64_reg(R0, R6),
                       store_imm(KBPF_SIZE_B, R0, 0, 1),
                       mov64_imm(R0, 0),
                       exit_insn(),
                   }),
                   .maps = {P::data_map(64)}});
}

TEST(VerifierAccepts, AnUnsetVariadicArgument) {
  ProgramUnderTest test{.insns = assemble({
                            store_imm(KBPF_SIZE_DW, R10, -8, 0),
                            mov64_reg(R1, R10),
                            add64_imm(R1, -8),
                            mov64_imm(R2, 8),
                            call_helper(6),
                            mov64_imm(R0, 0),
                            exit_insn(),
                        })};
  Verdict verdict = run_verifier(test);
  ASSERT_TRUE(verdict) << verdict.message();
  // r3 to r5 are zeroed by three moves in front of the call.
  ASSERT_EQ(verdict.program->insns().size(), test.insns.size() + 3);
  for (unsigned reg = 3; reg <= 5; reg++) {
    const Insn &move = verdict.program->insns()[4 + reg - 3];
    EXPECT_EQ(move.opcode, mov64_imm(R0, 0).opcode);
    EXPECT_EQ(move.dst(), reg);
    EXPECT_EQ(move.imm, 0);
  }
  EXPECT_TRUE(verdict.program->insns()[7].is_call());
}

// What `clang -target bpf -O1` makes of a zcore program that prints and counts.
TEST(VerifierAccepts, AZcoreProgramThatCountsInAMap) {
  ProgramUnderTest test{.insns = assemble({
                            mov64_imm(R6, 0),
                            store_reg(KBPF_SIZE_W, R10, -4, R6),
                            store_reg(KBPF_SIZE_DW, R10, -16, R6),
                            ld_fd_slot(R7, 0),
                            load(KBPF_SIZE_W, R1, R7, 0),
                            lsh64_imm(R1, 32),
                            alu64_imm(KBPF_ALU_ARSH, R1, 32),
                            mov64_reg(R2, R10),
                            add64_imm(R2, -4),
                            mov64_reg(R3, R10),
                            add64_imm(R3, -16),
                            call_helper(1),
                            load(KBPF_SIZE_DW, R8, R10, -16),
                            add64_imm(R8, 1),
                            store_reg(KBPF_SIZE_DW, R10, -16, R8),
                            load(KBPF_SIZE_W, R1, R7, 0),
                            mov64_reg(R2, R10),
                            add64_imm(R2, -4),
                            mov64_reg(R3, R10),
                            add64_imm(R3, -16),
                            mov64_imm(R4, 0),
                            call_helper(2),
                            mov64_imm(R0, 0),
                            exit_insn(),
                        }),
                        .maps = {P::fd_map(4, 8, 0x70000001)},
                        .profile = &kZcoreProfile};
  Verdict verdict = run_verifier(test);
  ASSERT_TRUE(verdict) << verdict.message() << verdict.log;
  EXPECT_EQ(verdict.program->insns()[3].imm, 0x55550000);
  EXPECT_EQ(verdict.program->insns()[3].src(), 0);
}

TEST(VerifierAccepts, AZcoreProgramThatReadsItsWholeTrapFrame) {
  std::vector<Insn> code = {mov64_reg(R6, R1)};
  for (int offset = 0; offset < 288; offset += 8)
    code.push_back(load(KBPF_SIZE_DW, R0, R6, offset));
  code.push_back(exit_insn());
  expect_accepted({.insns = code, .profile = &kZcoreProfile});
}

} // namespace
} // namespace kbpf::test
