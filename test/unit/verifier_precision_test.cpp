// SPDX-License-Identifier: MIT OR Apache-2.0
// States vouch for each other by what was relied on. Each case has two paths that meet: the first one walked
// is harmless, the second is not, and only a mark that finds its way back to where they meet tells the two
// apart.
#include "insn_builders.h"
#include "verify_fixture.h"
#include <gtest/gtest.h>

namespace kbpf::test {
namespace {

using Code = std::vector<Insn>;

Code operator+(Code first, const Code &second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

// r6: an unknown number, r7: the address of a value of 8 bytes.
Code prologue() {
  Code code = {load(KBPF_SIZE_DW, R6, R1, 80)};
  for (const Insn &insn : assemble({ld_map_value(R7, 0, 0)}))
    code.push_back(insn);
  return code;
}
// r8 is `first` on the path that is walked first, and `second` on the other.
Code either(int first, int second) {
  return {mov64_imm(R8, first), load(KBPF_SIZE_DW, R5, R7, 0), jump_imm(KBPF_JMP_JEQ, R5, 5, 1), ja(1),
          mov64_imm(R8, second)};
}
// Places where paths join, so that checkpoints lie between.
Code joins() {
  Code code;
  for (int i = 0; i < 4; i++)
    code = code + Code{jump_imm(KBPF_JMP_JSET, R6, 1 << (8 + i), 1), mov64_imm(R3, i), mov64_imm(R4, i),
                       mov64_imm(R5, i)};
  return code;
}
Code use_as_index(Reg reg) { return {add64_reg(R7, reg), load(KBPF_SIZE_B, R2, R7, 0)}; }
Code end() { return {mov64_imm(R0, 0), exit_insn()}; }

Verdict verdict_of(const Code &code) {
  return run_verifier({.insns = code, .maps = {ProgramUnderTest::data_map(8)}});
}
void expect_told_apart(const Code &code) {
  Verdict verdict = verdict_of(code);
  ASSERT_FALSE(verdict) << "the second path was not walked";
  EXPECT_EQ(verdict.name(), "map-value-out-of-bounds") << verdict.message();
}

TEST(VerifierPrecision, AnIndexIsReliedOn) {
  expect_told_apart(prologue() + either(0, 8) + use_as_index(R8) + end());
}
TEST(VerifierPrecision, AnIndexIsReliedOnBehindManyJoins) {
  expect_told_apart(prologue() + either(0, 8) + joins() + use_as_index(R8) + end());
}
TEST(VerifierPrecision, WhatAnIndexIsComputedFromIsReliedOn) {
  expect_told_apart(prologue() + either(0, 2) + joins() +
                    Code{mov64_reg(R2, R8), lsh64_imm(R2, 2), joins()[0], mov64_imm(R3, 0)} +
                    use_as_index(R2) + end());
}
TEST(VerifierPrecision, ASpilledIndexIsReliedOn) {
  expect_told_apart(prologue() + either(0, 8) + Code{store_reg(KBPF_SIZE_DW, R10, -8, R8)} + joins() +
                    Code{load(KBPF_SIZE_DW, R2, R10, -8)} + use_as_index(R2) + end());
}
TEST(VerifierPrecision, AZeroByteOfTheStackIsReliedOn) {
  expect_told_apart(prologue() + either(0, 8) +
                    Code{store_imm(KBPF_SIZE_DW, R10, -8, 0), store_reg(KBPF_SIZE_B, R10, -7, R8)} + joins() +
                    Code{load(KBPF_SIZE_B, R2, R10, -7)} + use_as_index(R2) + end());
}
TEST(VerifierPrecision, AnAddressWhereThereWasNothingIsToldApart) {
  // The address is stored on the second path only; four of its bytes are read.
  const Verdict verdict = verdict_of(prologue() + Code{jump_imm(KBPF_JMP_JEQ, R6, 5, 1), ja(1),
                                                       store_reg(KBPF_SIZE_DW, R10, -8, R7)} +
                                     joins() + Code{load(KBPF_SIZE_W, R2, R10, -8)} + end());
  EXPECT_EQ(verdict.name(), "partial-address") << verdict.message();
}
TEST(VerifierPrecision, ABranchThatGoesOneWayIsReliedOn) {
  expect_told_apart(prologue() + either(0, 8) + joins() +
                    Code{mov64_imm(R2, 0), jump_imm(KBPF_JMP_JEQ, R8, 0, 1), mov64_imm(R2, 8)} +
                    use_as_index(R2) + end());
}
TEST(VerifierPrecision, ABoundFromARegisterIsReliedOn) {
  expect_told_apart(prologue() + either(8, 9) + joins() +
                    Code{mov64_reg(R2, R6), jump_reg(KBPF_JMP_JGE, R2, R8, 2)} + use_as_index(R2) + end());
}
TEST(VerifierPrecision, ALinkIsReliedOn) { // r8 is a copy of r6 on the first path only
  expect_told_apart(
      prologue() +
      Code{mov64_reg(R8, R6), jump_imm(KBPF_JMP_JSET, R6, 1, 1), ja(1), load(KBPF_SIZE_W, R8, R7, 0)} +
      joins() + Code{jump_imm(KBPF_JMP_JGE, R6, 8, 3), and64_imm(R8, 15)} + use_as_index(R8) + end());
}
TEST(VerifierPrecision, AnArgumentOfAFunctionIsReliedOn) {
  expect_told_apart(prologue() + either(0, 8) + joins() +
                    Code{mov64_reg(R1, R7), mov64_reg(R2, R8), call_subprogram(2), mov64_imm(R0, 0),
                         exit_insn(), add64_reg(R1, R2), load(KBPF_SIZE_B, R0, R1, 0), exit_insn()});
}
TEST(VerifierPrecision, AResultOfAFunctionIsReliedOn) {
  expect_told_apart(prologue() + either(0, 8) + joins() +
                    Code{mov64_reg(R1, R8), call_subprogram(4), add64_reg(R7, R0),
                         load(KBPF_SIZE_B, R2, R7, 0), mov64_imm(R0, 0), exit_insn(), mov64_reg(R0, R1),
                         exit_insn()});
}
TEST(VerifierPrecision, ANumberThatNothingReliesOnIsWalkedOnce) {
  Verdict verdict =
      verdict_of(prologue() + either(0, 8) + joins() + Code{store_reg(KBPF_SIZE_DW, R7, 0, R8)} + end());
  ASSERT_TRUE(verdict) << verdict.message();
  EXPECT_LT(verdict.stats.processed_insns, 60u);
}
TEST(VerifierPrecision, ASlotThatNobodyReadsIsWalkedOnce) {
  Code code =
      prologue() + either(0, 8) + Code{store_reg(KBPF_SIZE_DW, R10, -8, R8)} + joins() + use_as_index(R9);
  code[code.size() - 2] = mov64_imm(R2, 0); // no index
  Verdict verdict = verdict_of(code + end());
  ASSERT_TRUE(verdict) << verdict.message();
  EXPECT_LT(verdict.stats.processed_insns, 60u);
}
TEST(VerifierPrecision, AConstantDistanceBetweenLinkedNumbersIsKept) {
  Verdict verdict =
      verdict_of(prologue() + Code{mov64_reg(R8, R6), add64_imm(R8, 3), jump_imm(KBPF_JMP_JGE, R6, 5, 2)} +
                 use_as_index(R8) + end());
  EXPECT_TRUE(verdict) << verdict.message();
}

} // namespace
} // namespace kbpf::test
