// SPDX-License-Identifier: MIT OR Apache-2.0
// Unsafe programs: each is refused for its own reason, at the instruction that is to blame.
#include "core/verifier/reject.h"
#include "insn_builders.h"
#include "verify_fixture.h"
#include <gtest/gtest.h>
#include <optional>

namespace kbpf::test {
namespace {

using P = ProgramUnderTest;

// error: where Linux has it other than for most refusals of that name.
void expect_refused(const ProgramUnderTest &test, std::string_view name, uint32_t insn,
                    std::optional<Error> error = std::nullopt) {
  Verdict verdict = run_verifier(test);
  ASSERT_FALSE(verdict) << "accepted";
  EXPECT_EQ(verdict.name(), name) << verdict.message();
  EXPECT_EQ(verdict.rejection.insn, insn) << verdict.message();
  EXPECT_EQ(verdict.error, error.value_or(rejection_error(static_cast<RejectionId>(verdict.rejection.id))));
  EXPECT_NE(verdict.log.find(name), std::string::npos);
}

// Code that fetches a value of map 0 into r0, for a key of 0; its length is kLookup.
constexpr uint32_t kLookup = 6;
std::vector<Insn> after_lookup(std::initializer_list<Slots> rest) {
  std::vector<Insn> code = assemble({store_imm(KBPF_SIZE_W, R10, -4, 0), mov64_reg(R2, R10),
                                     add64_imm(R2, -4), ld_map(R1, 0), call_helper(1)});
  std::vector<Insn> tail = assemble(rest);
  code.insert(code.end(), tail.begin(), tail.end());
  return code;
}

// Accepted, and the engine clears the entry function's stack.
void expect_zeroed(const ProgramUnderTest &test) {
  Verdict verdict = run_verifier(test);
  ASSERT_TRUE(verdict) << verdict.message();
  EXPECT_TRUE(verdict.program->subprograms()[0].zero_stack);
}

TEST(VerifierRefuses, AFunctionWithoutAResultThatIsReturned) {
  expect_refused({.insns = {call_subprogram(1), exit_insn(), exit_insn()}}, "uninitialised-register", 1);
}
TEST(VerifierRefuses, AFunctionWithoutAResultThatIsRead) {
  expect_refused(
      {.insns = {call_subprogram(3), mov64_reg(R1, R0), mov64_imm(R0, 0), exit_insn(), exit_insn()}},
      "uninitialised-register", 1);
}
TEST(VerifierRefuses, AProgramWithoutInstructions) { expect_refused({.insns = {}}, "empty-program", 0); }
TEST(VerifierRefuses, AnUnknownOpcode) {
  expect_refused({.insns = {mov64_imm(R0, 0), Insn{0xff, 0, 0, 0}, exit_insn()}}, "malformed-encoding", 1);
}
TEST(VerifierRefuses, AJumpOutOfTheProgram) {
  expect_refused({.insns = {mov64_imm(R0, 0), ja(5), exit_insn()}}, "malformed-encoding", 1);
}
TEST(VerifierRefuses, AJumpIntoAWideInstruction) {
  expect_refused({.insns = assemble({ja(1), ld_imm64(R0, 1), exit_insn()})}, "malformed-encoding", 0);
}
TEST(VerifierRefuses, CodeThatRunsOffItsEnd) {
  expect_refused({.insns = {mov64_imm(R0, 0)}}, "falls-off-end", 0);
}
TEST(VerifierRefuses, AFunctionThatRunsIntoTheNext) {
  expect_refused(
      {.insns = {call_subprogram(2), exit_insn(), mov64_imm(R0, 0), mov64_imm(R0, 0), exit_insn()}},
      "falls-off-end", 2);
}
TEST(VerifierRefuses, AJumpIntoAnotherFunction) {
  expect_refused({.insns = {call_subprogram(2), ja(2), exit_insn(), mov64_imm(R0, 0), exit_insn()}},
                 "jump-between-functions", 1);
}

TEST(VerifierRefuses, ReadingARegisterThatHoldsNothing) {
  expect_refused({.insns = {mov64_reg(R0, R2), exit_insn()}}, "uninitialised-register", 0);
}
TEST(VerifierRefuses, ReturningWithoutAResult) {
  expect_refused({.insns = {exit_insn()}}, "uninitialised-register", 0);
}
TEST(VerifierRefuses, ARegisterThatIsSetOnOnePathOnly) {
  expect_refused({.insns = {load(KBPF_SIZE_DW, R2, R1, 80), jump_imm(KBPF_JMP_JEQ, R2, 0, 1),
                            mov64_imm(R0, 1), exit_insn()}},
                 "uninitialised-register", 3);
}
TEST(VerifierRefuses, ArgumentRegistersAfterACall) {
  expect_refused({.insns = {call_helper(5), mov64_reg(R0, R1), exit_insn()}}, "uninitialised-register", 1);
}
TEST(VerifierRefuses, WritingToTheFramePointer) {
  expect_refused({.insns = {mov64_imm(R10, 0), mov64_imm(R0, 0), exit_insn()}}, "frame-pointer-write", 0);
}

TEST(VerifierRefuses, ReadingPastTheStack) {
  expect_refused({.insns = {load(KBPF_SIZE_DW, R0, R10, -520), exit_insn()}}, "stack-out-of-bounds", 0);
}
TEST(VerifierRefuses, WritingAboveTheStack) {
  expect_refused({.insns = {store_imm(KBPF_SIZE_DW, R10, 0, 0), mov64_imm(R0, 0), exit_insn()}},
                 "stack-out-of-bounds", 0);
}
TEST(VerifierRefuses, WritingAtTheStackLimitPlusOne) {
  expect_refused({.insns = {store_imm(KBPF_SIZE_B, R10, -513, 0), mov64_imm(R0, 0), exit_insn()}},
                 "stack-out-of-bounds", 0);
}
TEST(VerifierRefuses, AStackIndexWithoutABound) {
  expect_refused({.insns = {load(KBPF_SIZE_DW, R2, R1, 80), mov64_reg(R3, R10), add64_reg(R3, R2),
                            store_imm(KBPF_SIZE_B, R3, 0, 0), mov64_imm(R0, 0), exit_insn()}},
                 "pointer-arithmetic", 2, Error::invalid);
}
TEST(VerifierZeroes, ReadingStackThatWasNotWritten) {
  expect_zeroed({.insns = {load(KBPF_SIZE_DW, R0, R10, -8), exit_insn()}});
}
TEST(VerifierZeroes, ReadingStackThatWasWrittenInPart) {
  expect_zeroed(
      {.insns = {store_imm(KBPF_SIZE_W, R10, -8, 0), load(KBPF_SIZE_DW, R0, R10, -8), exit_insn()}});
}
TEST(VerifierRefuses, AMisalignedStackAccess) {
  expect_refused({.insns = {store_imm(KBPF_SIZE_DW, R10, -12, 0), mov64_imm(R0, 0), exit_insn()}},
                 "misaligned-access", 0);
}
TEST(VerifierZeroes, AHelperThatReadsUnwrittenStack) {
  expect_zeroed(
      {.insns = {mov64_reg(R1, R10), add64_imm(R1, -8), mov64_imm(R2, 8), call_helper(6), exit_insn()}});
}
TEST(VerifierZeroes, AKeyThatWasNotWritten) {
  expect_zeroed(
      {.insns = assemble({mov64_reg(R2, R10), add64_imm(R2, -4), ld_map(R1, 0), call_helper(1), exit_insn()}),
       .maps = {P::hash_map(4, 8)}});
}
// The second look-up in a map; `before` has written some of the 8 bytes at r10 - 16, or of those at `key`.
void expect_zeroed_by_second_lookup(std::initializer_list<Slots> before, int key) {
  std::vector<Insn> code =
      assemble({store_imm(KBPF_SIZE_DW, R10, -8, 0), mov64_reg(R6, R1), mov64_reg(R2, R10), add64_imm(R2, -8),
                ld_map(R1, 0), call_helper(1), mov64_reg(R1, R6)});
  for (const std::vector<Insn> &part :
       {assemble(before), assemble({mov64_reg(R2, R10), add64_imm(R2, key), ld_map(R1, 0), call_helper(1),
                                    mov64_imm(R0, 0), exit_insn()})})
    code.insert(code.end(), part.begin(), part.end());
  expect_zeroed({.insns = code, .maps = {P::hash_map(8, 8)}});
}
TEST(VerifierZeroes, AHalfWrittenKeyOfALaterLookup) {
  expect_zeroed_by_second_lookup({store_imm(KBPF_SIZE_W, R10, -16, 1)}, -16);
}
TEST(VerifierZeroes, AKeyOfTwoSlotsOfALaterLookup) {
  expect_zeroed_by_second_lookup(
      {store_imm(KBPF_SIZE_W, R10, -12, 1), store_imm(KBPF_SIZE_DW, R10, -24, 1)}, -20);
}
TEST(VerifierZeroes, AKeyThatOnePathOnlyHasWritten) {
  expect_zeroed_by_second_lookup({store_imm(KBPF_SIZE_DW, R10, -24, 1), load(KBPF_SIZE_DW, R2, R1, 80),
                                  jump_imm(KBPF_JMP_JEQ, R2, 0, 1), store_imm(KBPF_SIZE_DW, R10, -16, 1)},
                                 -16);
}
// No kernel makes such a map, but an object may describe one.
TEST(VerifierAccepts, LaterLookupsByAKeyOfNoBytes) {
  const std::vector<Insn> lookup =
      assemble({mov64_reg(R2, R10), add64_imm(R2, -1), ld_map(R1, 0), call_helper(1)});
  std::vector<Insn> code = assemble({store_imm(KBPF_SIZE_DW, R10, -8, 0)});
  for (int i = 0; i < 3; i++)
    code.insert(code.end(), lookup.begin(), lookup.end());
  const std::vector<Insn> tail = assemble({mov64_imm(R0, 0), exit_insn()});
  code.insert(code.end(), tail.begin(), tail.end());
  Verdict verdict = run_verifier({.insns = code, .maps = {P::hash_map(0, 8)}});
  EXPECT_TRUE(verdict) << verdict.message();
}
TEST(VerifierZeroes, AndSaysWhichByteIsReadUnwrittenAndWhere) {
  Verdict verdict = run_verifier(
      {.insns = {store_imm(KBPF_SIZE_W, R10, -8, 0), load(KBPF_SIZE_W, R1, R10, -8),
                 load(KBPF_SIZE_DW, R0, R10, -8), load(KBPF_SIZE_DW, R0, R10, -16), exit_insn()}});
  ASSERT_TRUE(verdict) << verdict.message();
  const UnwrittenStackRead &read = verdict.stats.unwritten_read;
  EXPECT_TRUE(read.found);
  EXPECT_EQ(read.insn, 2u);
  EXPECT_EQ(read.size, 8u);
  EXPECT_EQ(read.first_byte, 4u);
}
TEST(VerifierZeroes, AndSaysNothingWhereAllThatIsReadWasWritten) {
  Verdict verdict = run_verifier(
      {.insns = {store_imm(KBPF_SIZE_DW, R10, -8, 0), load(KBPF_SIZE_DW, R0, R10, -8), exit_insn()}});
  ASSERT_TRUE(verdict) << verdict.message();
  EXPECT_FALSE(verdict.stats.unwritten_read.found);
}
TEST(VerifierZeroes, StackWrittenThroughAnUnknownIndexAsInitialised) {
  expect_zeroed({.insns = {load(KBPF_SIZE_DW, R2, R1, 80), and64_imm(R2, 7), mov64_reg(R3, R10),
                           add64_imm(R3, -8), add64_reg(R3, R2), store_imm(KBPF_SIZE_B, R3, 0, 0),
                           load(KBPF_SIZE_B, R0, R10, -8), exit_insn()}});
}

TEST(VerifierRefuses, AccessThroughANumber) {
  expect_refused({.insns = {mov64_imm(R1, 4096), load(KBPF_SIZE_DW, R0, R1, 0), exit_insn()}},
                 "not-a-pointer", 1);
}
TEST(VerifierRefuses, AccessThroughANumberReadFromTheContext) {
  expect_refused({.insns = {load(KBPF_SIZE_DW, R1, R1, 80), load(KBPF_SIZE_DW, R0, R1, 0), exit_insn()}},
                 "not-a-pointer", 1);
}
TEST(VerifierRefuses, RoundingAnAddressDown) {
  expect_refused({.insns = {mov64_reg(R2, R10), and64_imm(R2, -8), store_imm(KBPF_SIZE_DW, R2, -8, 0),
                            mov64_imm(R0, 0), exit_insn()}},
                 "pointer-arithmetic", 1);
}
TEST(VerifierRefuses, AccessThroughAPointerCutTo32Bits) {
  expect_refused(
      {.insns = {mov32_reg(R2, R10), store_imm(KBPF_SIZE_DW, R2, -8, 0), mov64_imm(R0, 0), exit_insn()}},
      "not-a-pointer", 1);
}
TEST(VerifierRefuses, AccessThroughAPartlyOverwrittenSpilledPointer) {
  expect_refused({.insns = {store_reg(KBPF_SIZE_DW, R10, -8, R1), store_imm(KBPF_SIZE_B, R10, -8, 0),
                            load(KBPF_SIZE_DW, R1, R10, -8), load(KBPF_SIZE_DW, R0, R1, 0), exit_insn()}},
                 "not-a-pointer", 3);
}
TEST(VerifierRefuses, LookingIntoAMap) {
  expect_refused({.insns = assemble({ld_map(R1, 0), load(KBPF_SIZE_DW, R0, R1, 0), exit_insn()}),
                  .maps = {P::hash_map(4, 8)}},
                 "opaque-pointer", 2);
}

TEST(VerifierRefuses, AMapValueThatWasNotComparedWithNull) {
  expect_refused(
      {.insns = after_lookup({load(KBPF_SIZE_DW, R0, R0, 0), exit_insn()}), .maps = {P::hash_map(4, 8)}},
      "possibly-null", kLookup);
}
TEST(VerifierRefuses, AMapValueOnItsNullBranch) {
  expect_refused({.insns = after_lookup({jump_imm(KBPF_JMP_JNE, R0, 0, 1), load(KBPF_SIZE_DW, R0, R0, 0),
                                         mov64_imm(R0, 0), exit_insn()}),
                  .maps = {P::hash_map(4, 8)}},
                 "not-a-pointer", kLookup + 1);
}
TEST(VerifierRefuses, ANullCheckOfAnotherLookup) {
  expect_refused({.insns = after_lookup({mov64_reg(R6, R0), mov64_reg(R2, R10), add64_imm(R2, -4),
                                         ld_map(R1, 0), call_helper(1), jump_imm(KBPF_JMP_JEQ, R0, 0, 1),
                                         load(KBPF_SIZE_DW, R1, R6, 0), mov64_imm(R0, 0), exit_insn()}),
                  .maps = {P::hash_map(4, 8)}},
                 "possibly-null", kLookup + 7);
}
TEST(VerifierRefuses, ArithmeticOnAPointerThatMayBeNull) {
  expect_refused({.insns = after_lookup({add64_imm(R0, 8), exit_insn()}), .maps = {P::hash_map(4, 16)}},
                 "pointer-arithmetic", kLookup);
}
TEST(VerifierRefuses, ReadingPastAMapValue) {
  expect_refused({.insns = after_lookup({jump_imm(KBPF_JMP_JEQ, R0, 0, 1), load(KBPF_SIZE_DW, R1, R0, 1),
                                         mov64_imm(R0, 0), exit_insn()}),
                  .maps = {P::hash_map(4, 8)}},
                 "map-value-out-of-bounds", kLookup + 1);
}
TEST(VerifierRefuses, ReadingBeforeAMapValue) {
  expect_refused({.insns = after_lookup({jump_imm(KBPF_JMP_JEQ, R0, 0, 1), load(KBPF_SIZE_B, R1, R0, -1),
                                         mov64_imm(R0, 0), exit_insn()}),
                  .maps = {P::hash_map(4, 8)}},
                 "map-value-out-of-bounds", kLookup + 1);
}
TEST(VerifierRefuses, AMapValueIndexOneTooLarge) {
  expect_refused({.insns = assemble({load(KBPF_SIZE_DW, R6, R1, 80), ld_map_value(R0, 0, 0),
                                     jump_imm(KBPF_JMP_JGT, R6, 64, 2), add64_reg(R0, R6),
                                     store_imm(KBPF_SIZE_B, R0, 0, 1), mov64_imm(R0, 0), exit_insn()}),
                  .maps = {P::data_map(64)}},
                 "map-value-out-of-bounds", 5);
}
TEST(VerifierRefuses, AMapValueIndexWithoutALowerBound) {
  expect_refused({.insns = assemble({load(KBPF_SIZE_DW, R6, R1, 80), ld_map_value(R0, 0, 0),
                                     jump_imm(KBPF_JMP_JSGT, R6, 63, 2), add64_reg(R0, R6),
                                     store_imm(KBPF_SIZE_B, R0, 0, 1), mov64_imm(R0, 0), exit_insn()}),
                  .maps = {P::data_map(64)}},
                 "pointer-arithmetic", 4, Error::invalid);
}
TEST(VerifierRefuses, AnIndexComparedInItsLowerHalfOnly) {
  expect_refused({.insns = assemble({load(KBPF_SIZE_DW, R6, R1, 80), ld_map_value(R0, 0, 0),
                                     jump32_imm(KBPF_JMP_JGT, R6, 63, 2), add64_reg(R0, R6),
                                     store_imm(KBPF_SIZE_B, R0, 0, 1), mov64_imm(R0, 0), exit_insn()}),
                  .maps = {P::data_map(64)}},
                 "pointer-arithmetic", 4, Error::invalid);
}
TEST(VerifierRefuses, ACopyChangedAfterItWasCompared) {
  expect_refused(
      {.insns = assemble({load(KBPF_SIZE_DW, R6, R1, 80), mov64_reg(R7, R6), add64_imm(R7, 1),
                          ld_map_value(R0, 0, 0), jump_imm(KBPF_JMP_JGT, R6, 63, 2), add64_reg(R0, R7),
                          store_imm(KBPF_SIZE_B, R0, 0, 1), mov64_imm(R0, 0), exit_insn()}),
       .maps = {P::data_map(64)}},
      "map-value-out-of-bounds", 7);
}
TEST(VerifierRefuses, WritingToReadOnlyData) {
  MapRef rodata = P::data_map(8);
  rodata.map_flags = 1u << 7;
  expect_refused({.insns = assemble({ld_map_value(R1, 0, 0), store_imm(KBPF_SIZE_B, R1, 0, 1),
                                     mov64_imm(R0, 0), exit_insn()}),
                  .maps = {rodata}},
                 "map-access-forbidden", 2);
}
TEST(VerifierRefuses, AHelperOnAMapOfAnotherType) {
  expect_refused(
      {.insns = assemble({store_imm(KBPF_SIZE_DW, R10, -8, 0), mov64_reg(R2, R10), add64_imm(R2, -8),
                          mov64_imm(R3, 0), ld_map(R1, 0), call_helper(87), exit_insn()}),
       .maps = {P::hash_map(4, 8)}},
      "map-type", 6);
}
TEST(VerifierZeroes, ABloomFilterAskedForMemoryThatWasNotWritten) {
  MapRef bloom{30, 0, 8, 16, 0, 0x1000, 0, 0, 0, {}};
  expect_zeroed({.insns = assemble(
                     {mov64_reg(R2, R10), add64_imm(R2, -8), ld_map(R1, 0), call_helper(89), exit_insn()}),
                 .maps = {bloom}});
}
TEST(VerifierRefuses, UpdatingAMapThatIsReadOnlyForPrograms) {
  MapRef map = P::hash_map(4, 8);
  map.map_flags = 1u << 7;
  expect_refused(
      {.insns = assemble({store_imm(KBPF_SIZE_DW, R10, -8, 0), mov64_reg(R2, R10), add64_imm(R2, -8),
                          mov64_reg(R3, R2), mov64_imm(R4, 0), ld_map(R1, 0), call_helper(2), exit_insn()}),
       .maps = {map}},
      "map-access-forbidden", 7);
}
TEST(VerifierRefuses, AnOffsetPastADataSection) {
  expect_refused(
      {.insns = assemble({ld_map_value(R1, 0, 8), mov64_imm(R0, 0), exit_insn()}), .maps = {P::data_map(8)}},
      "map-value-out-of-bounds", 0, Error::invalid);
}
TEST(VerifierRefuses, TheAddressOfAValueOfAHashMap) {
  expect_refused({.insns = assemble({ld_map_value(R1, 0, 0), mov64_imm(R0, 0), exit_insn()}),
                  .maps = {P::hash_map(4, 8)}},
                 "unsupported-reference", 0);
}
TEST(VerifierRefuses, AMapThatWasNotGiven) {
  expect_refused(
      {.insns = assemble({ld_map(R1, 1), mov64_imm(R0, 0), exit_insn()}), .maps = {P::hash_map(4, 8)}},
      "unknown-map", 0);
}
TEST(VerifierRefuses, AMapFdThatNobodyTurnedIntoAnIndex) {
  expect_refused(
      {.insns = assemble({ld_imm64_from(KBPF_PSEUDO_MAP_FD, R1, 3, 0), mov64_imm(R0, 0), exit_insn()})},
      "unsupported-reference", 0);
}

TEST(VerifierRefuses, WritingToTheContext) {
  expect_refused({.insns = {store_imm(KBPF_SIZE_DW, R1, 0, 0), mov64_imm(R0, 0), exit_insn()}},
                 "context-access", 0);
}
TEST(VerifierRefuses, ReadingPastTheContext) {
  expect_refused({.insns = {load(KBPF_SIZE_DW, R0, R1, 288), exit_insn()}}, "context-access", 0);
}
TEST(VerifierRefuses, ReadingAcrossTwoFieldsOfTheContext) {
  expect_refused({.insns = {load(KBPF_SIZE_DW, R0, R1, 4), exit_insn()}}, "context-access", 0);
}
TEST(VerifierRefuses, AVariableOffsetInTheContext) {
  expect_refused({.insns = {load(KBPF_SIZE_DW, R2, R1, 0), and64_imm(R2, 8), add64_reg(R1, R2),
                            load(KBPF_SIZE_DW, R0, R1, 0), exit_insn()}},
                 "context-access", 3);
}
TEST(VerifierRefuses, AnAtomicOperationOnTheContext) {
  expect_refused({.insns = {mov64_imm(R2, 1), atomic(KBPF_SIZE_DW, KBPF_ATOMIC_ADD, R1, 0, R2),
                            mov64_imm(R0, 0), exit_insn()}},
                 "atomic-target", 1);
}
TEST(VerifierRefuses, AMisalignedAtomicOperation) {
  expect_refused(
      {.insns = assemble({ld_map_value(R1, 0, 4), mov64_imm(R2, 1),
                          atomic(KBPF_SIZE_DW, KBPF_ATOMIC_ADD, R1, 0, R2), mov64_imm(R0, 0), exit_insn()}),
       .maps = {P::data_map(16)}},
      "misaligned-access", 3);
}

TEST(VerifierRefuses, AHelperNumberOutOfRange) {
  expect_refused({.insns = {call_helper(9999), exit_insn()}}, "unknown-helper", 0);
}
TEST(VerifierRefuses, ANegativeHelperNumber) {
  expect_refused({.insns = {call_helper(-1), exit_insn()}}, "unknown-helper", 0);
}
TEST(VerifierRefuses, AGplHelperUnderAnotherLicence) {
  expect_refused({.insns = {store_imm(KBPF_SIZE_DW, R10, -8, 0), mov64_reg(R1, R10), add64_imm(R1, -8),
                            mov64_imm(R2, 8), call_helper(6), exit_insn()},
                  .gpl_compatible = false},
                 "gpl-only-helper", 4);
}
TEST(VerifierRefuses, ANumberForAMap) {
  expect_refused({.insns = {mov64_imm(R1, 5), mov64_reg(R2, R10), call_helper(1), exit_insn()}},
                 "helper-argument", 2);
}
TEST(VerifierRefuses, AKeyInAMapValueThatIsTooShort) {
  expect_refused({.insns = assemble(
                      {ld_map_value(R2, 1, 0), ld_map(R1, 0), call_helper(1), mov64_imm(R0, 0), exit_insn()}),
                  .maps = {P::hash_map(16, 8), P::data_map(8)}},
                 "map-value-out-of-bounds", 4);
}
TEST(VerifierRefuses, AMemorySizeWithoutABound) {
  expect_refused({.insns = {load(KBPF_SIZE_DW, R2, R1, 80), store_imm(KBPF_SIZE_DW, R10, -8, 0),
                            mov64_reg(R1, R10), add64_imm(R1, -8), call_helper(6), exit_insn()}},
                 "memory-size", 4);
}
TEST(VerifierRefuses, AMemorySizeThatMayBeZero) {
  expect_refused(
      {.insns = {load(KBPF_SIZE_DW, R2, R1, 80), store_imm(KBPF_SIZE_DW, R10, -8, 0), mov64_reg(R1, R10),
                 add64_imm(R1, -8), and64_imm(R2, 7), call_helper(6), exit_insn()}},
      "memory-size", 5);
}
TEST(VerifierRefuses, AMemorySizeLargerThanTheMemory) {
  expect_refused(
      {.insns = {mov64_reg(R1, R10), add64_imm(R1, -8), mov64_imm(R2, 9), call_helper(16), exit_insn()}},
      "stack-out-of-bounds", 3, Error::invalid);
}
TEST(VerifierZeroes, MemoryFilledUpToAnUnknownSizeAsInitialised) {
  expect_zeroed({.insns = {load(KBPF_SIZE_DW, R2, R1, 80), load(KBPF_SIZE_DW, R3, R1, 88), and64_imm(R2, 7),
                           mov64_reg(R1, R10), add64_imm(R1, -8), call_helper(113),
                           load(KBPF_SIZE_DW, R0, R10, -8), exit_insn()}});
}

TEST(VerifierRefuses, ALoopThatChangesNothing) {
  expect_refused({.insns = {mov64_imm(R0, 0), ja(-1)}}, "infinite-loop", 1);
}
TEST(VerifierRefuses, ALoopThatWaitsForAHelper) {
  expect_refused(
      {.insns = {call_helper(7), jump_imm(KBPF_JMP_JNE, R0, 5, -2), mov64_imm(R0, 0), exit_insn()}},
      "infinite-loop", 0);
}
TEST(VerifierRefuses, ALoopWithoutABound) {
  ProgramUnderTest test{.insns = {mov64_imm(R1, 0), add64_imm(R1, 1), jump_imm(KBPF_JMP_JNE, R1, 0, -2),
                                  mov64_imm(R0, 0), exit_insn()}};
  test.options.max_processed_insns = 50000;
  Verdict verdict = run_verifier(test);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.name(), "too-complex");
  EXPECT_EQ(verdict.error, Error::too_big);
  EXPECT_EQ(verdict.stats.processed_insns, 50000u);
}
TEST(VerifierRefuses, AWholeNumberWhoseZeroExtendedCopyWasCompared) {
  expect_refused({.insns = assemble({load(KBPF_SIZE_DW, R6, R1, 80), ld_map_value(R0, 0, 0),
                                     mov64_reg(R7, R6), lsh64_imm(R7, 32), alu64_imm(KBPF_ALU_RSH, R7, 32),
                                     jump_imm(KBPF_JMP_JGT, R7, 63, 2), add64_reg(R0, R6),
                                     store_imm(KBPF_SIZE_B, R0, 0, 1), mov64_imm(R0, 0), exit_insn()}),
                  .maps = {P::data_map(64)}},
                 "pointer-arithmetic", 7, Error::invalid);
}
TEST(VerifierRefuses, AnExitThatNoPathLeadsTo) {
  expect_refused({.insns = {mov64_imm(R0, 0), add64_imm(R0, 1), ja(-2), exit_insn()}}, "unreachable-code", 3);
}
TEST(VerifierRefuses, ALoopWhoseBoundComesFromOutside) {
  ProgramUnderTest test{.insns = {load(KBPF_SIZE_DW, R2, R1, 80), mov64_imm(R0, 0), add64_imm(R0, 1),
                                  jump_reg(KBPF_JMP_JLT, R0, R2, -2), exit_insn()}};
  test.options.max_processed_insns = 50000;
  EXPECT_EQ(run_verifier(test).name(), "too-complex");
}

TEST(VerifierRefuses, DirectRecursion) {
  expect_refused(
      {.insns = {mov64_imm(R1, 0), call_subprogram(1), exit_insn(), call_subprogram(-1), exit_insn()}},
      "recursion", 3);
}
TEST(VerifierRefuses, RecursionThatEndsAfterAFewRounds) {
  expect_refused({.insns = {mov64_imm(R1, 3), call_subprogram(1), exit_insn(),
                            // f(n) = n == 0 ? 0 : f(n - 1)
                            mov64_imm(R0, 0), jump_imm(KBPF_JMP_JEQ, R1, 0, 2), add64_imm(R1, -1),
                            call_subprogram(-4), exit_insn()}},
                 "recursion", 6);
}
TEST(VerifierRefuses, FramesThatTakeTooMuchStackTogether) {
  expect_refused({.insns = {store_imm(KBPF_SIZE_DW, R10, -264, 0), call_subprogram(1), exit_insn(),
                            store_imm(KBPF_SIZE_DW, R10, -256, 0), mov64_imm(R0, 0), exit_insn()}},
                 "stack-depth", 0);
}
TEST(VerifierRefuses, ReturningAPointerIntoTheFrameThatEnds) {
  expect_refused({.insns = {call_subprogram(1), exit_insn(), mov64_reg(R0, R10), exit_insn()}},
                 "return-value", 3);
}
TEST(VerifierRefuses, AStackPointerKeptBeyondItsFrame) {
  expect_refused({.insns = {mov64_reg(R1, R10), call_subprogram(4), load(KBPF_SIZE_DW, R1, R10, -8),
                            store_imm(KBPF_SIZE_DW, R1, -8, 0), mov64_imm(R0, 0), exit_insn(),
                            store_reg(KBPF_SIZE_DW, R1, -8, R10), mov64_imm(R0, 0), exit_insn()}},
                 "partial-address", 6);
}
TEST(VerifierZeroes, ACallersStackThatOnlyACalleeOnOnePathWrote) {
  expect_zeroed({.insns = {mov64_reg(R1, R10), call_subprogram(2), load(KBPF_SIZE_DW, R0, R10, -8),
                           exit_insn(), call_helper(7), mov64_imm(R0, 0), exit_insn()}});
}

TEST(VerifierRefuses, AtomicsAndCallsOfFunctionsForZcore) {
  expect_refused(
      {.insns = {store_imm(KBPF_SIZE_DW, R10, -8, 0), mov64_imm(R2, 1),
                 atomic(KBPF_SIZE_DW, KBPF_ATOMIC_ADD, R10, -8, R2), mov64_imm(R0, 0), exit_insn()},
       .profile = &kZcoreProfile},
      "not-in-profile", 2);
  expect_refused(
      {.insns = {call_subprogram(1), exit_insn(), mov64_imm(R0, 0), exit_insn()}, .profile = &kZcoreProfile},
      "not-in-profile", 0);
}
TEST(VerifierRefuses, AnFdThatNamesNoMapOfTheProgram) {
  expect_refused(
      {.insns = {mov64_imm(R1, 4), mov64_reg(R2, R10), mov64_reg(R3, R10), call_helper(3), exit_insn()},
       .maps = {P::fd_map(4, 8, 5)},
       .profile = &kZcoreProfile},
      "helper-argument", 3);
}
TEST(VerifierRefuses, AValueOutThatDoesNotFitForZcore) {
  expect_refused({.insns = assemble({store_imm(KBPF_SIZE_W, R10, -4, 0), ld_fd_slot(R1, 0),
                                     load(KBPF_SIZE_W, R1, R1, 0), mov64_reg(R2, R10), add64_imm(R2, -4),
                                     mov64_reg(R3, R2), call_helper(1), exit_insn()}),
                  .maps = {P::fd_map(4, 8, 5)},
                  .profile = &kZcoreProfile},
                 "stack-out-of-bounds", 7, Error::invalid);
}
TEST(VerifierRefuses, WritingToAnFdSlot) {
  expect_refused({.insns = assemble(
                      {ld_fd_slot(R1, 0), store_imm(KBPF_SIZE_W, R1, 0, 1), mov64_imm(R0, 0), exit_insn()}),
                  .maps = {P::fd_map(4, 8, 5)},
                  .profile = &kZcoreProfile},
                 "helper-argument", 2);
}
TEST(VerifierRefuses, TheDistanceOfAMapAndSomethingElseAsAMap) {
  expect_refused({.insns = assemble({store_imm(KBPF_SIZE_W, R10, -4, 0), ld_map(R1, 0), mov64_reg(R2, R10),
                                     Insn{KBPF_CLASS_ALU64 | KBPF_ALU_SUB | KBPF_SRC_X, R2 << 4 | R1, 0, 0},
                                     add64_imm(R2, -4), call_helper(1), exit_insn()}),
                  .maps = {P::hash_map(4, 8)}},
                 "helper-argument", 6);
}
TEST(VerifierRefuses, ProgramsOfATypeWithoutAContextTable) {
  constexpr uint32_t kStructOps = 27;
  expect_refused({.insns = {mov64_imm(R0, 0), exit_insn()}, .profile = &kLinuxProfile, .type = kStructOps},
                 "no-prototypes", 0);
}

TEST(VerifierLog, NamesIdInstructionAndValues) {
  Verdict verdict = run_verifier({.insns = {load(KBPF_SIZE_DW, R0, R10, -520), exit_insn()}});
  EXPECT_EQ(verdict.log,
            "V025 stack-out-of-bounds: instruction 0 (r0 = *(u64 *)(r10 - 520)): 8 bytes at r10: offsets "
            "-520 to -513, the frame is -512 to -1\n");
}
TEST(VerifierLog, AtLevelOneShowsThePathThatFailed) {
  ProgramUnderTest test{.insns = {load(KBPF_SIZE_DW, R2, R1, 80), jump_imm(KBPF_JMP_JEQ, R2, 0, 1),
                                  mov64_imm(R0, 1), exit_insn()}};
  test.options.log_level = 1;
  Verdict verdict = run_verifier(test);
  EXPECT_EQ(verdict.log,
            "the path to the refusal, of 3 instructions:\n"
            "0: r2 = *(u64 *)(r1 + 80)\n"
            "1: if r2 == 0 goto +1    ; taken: r2=0\n"
            "3: exit\n"
            "    no register holds anything\n"
            "V020 uninitialised-register: instruction 3 (exit): r0 is read but holds nothing\n"
            "processed 5 insns (limit 1000000) max_states_per_insn 2 total_states 4 peak_states 3 "
            "mark_read 0\n");
}
TEST(VerifierLog, APathEntersAndLeavesFunctionsAndGoesForcedWays) {
  ProgramUnderTest test{.insns = {mov64_imm(R1, 5), call_subprogram(2), load(KBPF_SIZE_DW, R0, R0, 0),
                                  exit_insn(), jump_imm(KBPF_JMP_JGT, R1, 3, 1), mov64_imm(R1, 0),
                                  mov64_reg(R0, R1), exit_insn()}};
  test.options.log_level = 1;
  Verdict verdict = run_verifier(test);
  EXPECT_NE(verdict.log.find("1: call pc+2    ; into the function at 4, frame 1\n"
                             "4: if r1 > 3 goto +1    ; taken, as always here: r1=5\n"
                             "6: r0 = r1\n"
                             "7: exit    ; back to 2, frame 0: r0=5\n"
                             "2: r0 = *(u64 *)(r0 + 0)\n"),
            std::string::npos)
      << verdict.log;
}
TEST(VerifierLog, AShortComparisonShowsTheLowerHalf) {
  ProgramUnderTest test{.insns = {load(KBPF_SIZE_DW, R2, R1, 80), jump32_imm(KBPF_JMP_JGT, R2, 9, 1),
                                  mov64_reg(R3, R0), exit_insn()}};
  test.options.log_level = 1;
  Verdict verdict = run_verifier(test);
  EXPECT_NE(verdict.log.find("goto +1    ; not taken: w2=0..9\n"), std::string::npos) << verdict.log;
}
// 128 instructions of the beginning and 1024 of the end; one between is counted.
TEST(VerifierLog, OfALongPathTheMiddleIsCounted) {
  for (uint32_t left_out : {0u, 1u}) {
    ProgramUnderTest test;
    test.insns.assign(128 + 1024 + left_out - 1, mov64_imm(R2, 0));
    test.insns.push_back(exit_insn());
    test.options.log_level = 1;
    Verdict verdict = run_verifier(test);
    EXPECT_EQ(verdict.log.find("\n... 1 instructions ...\n") != std::string::npos, left_out == 1);
    EXPECT_EQ(verdict.log.find("\n128: ") != std::string::npos, left_out == 0);
    EXPECT_NE(verdict.log.find("\n129: "), std::string::npos);
  }
}
class LinesOfTwo final : public SourceLines {
public:
  bool find(uint32_t insn, SourceLine &line) const override {
    line = {"x();", "a.c", 10 + insn / 2};
    return insn < 4;
  }
};
TEST(VerifierLog, LinesOfCStandBeforeTheirInstructions) {
  LinesOfTwo lines;
  ProgramUnderTest test{.insns = {mov64_imm(R2, 0), mov64_imm(R2, 0), mov64_imm(R2, 0), mov64_imm(R2, 0),
                                  mov64_imm(R2, 0), exit_insn()}};
  test.options.lines = &lines;
  for (uint32_t level : {1, 2}) {
    test.options.log_level = level;
    Verdict verdict = run_verifier(test);
    EXPECT_NE(verdict.log.find("; x(); @ a.c:10\n0: r2 = 0\n"), std::string::npos) << verdict.log;
    EXPECT_NE(verdict.log.find("; x(); @ a.c:11\n2: r2 = 0\n"), std::string::npos) << verdict.log;
    EXPECT_EQ(verdict.log.find("a.c:12"), std::string::npos) << verdict.log;
  }
}
// Linux's BPF_LOG_STATS: what it took, and no path.
TEST(VerifierLog, StatisticsAreOfLinuxForm) {
  ProgramUnderTest test{.insns = {store_imm(KBPF_SIZE_DW, R10, -16, 0), call_subprogram(1), exit_insn(),
                                  store_imm(KBPF_SIZE_DW, R10, -8, 0), mov64_imm(R0, 0), exit_insn()}};
  test.options.log_stats = true;
  EXPECT_EQ(run_verifier(test).log, "stack depth 16+8\n"
                                    "processed 6 insns (limit 1000000) max_states_per_insn 1 total_states 3 "
                                    "peak_states 3 mark_read 0\n");
  static uint64_t now;
  now = 0;
  test.options.time_ns = [] { return now += 3000; };
  EXPECT_EQ(run_verifier(test).log.substr(0, 25), "verification time 3 usec\n");
}
TEST(VerifierStats, TheLongestPathEndsWhereItLeads) {
  // Into the longer branch, 4 instructions; the branches join again.
  Verdict verdict = run_verifier(
      {.insns = {load(KBPF_SIZE_DW, R2, R1, 80), mov64_imm(R0, 0), jump_imm(KBPF_JMP_JEQ, R2, 0, 3),
                 mov64_imm(R0, 1), mov64_imm(R0, 2), exit_insn(), exit_insn()}});
  EXPECT_EQ(verdict.stats.longest_path, 6u);
  EXPECT_EQ(verdict.stats.longest_path_end, 5u);
  // A path that ends in a known state is as long as the one that made it known.
  verdict = run_verifier(
      {.insns = {load(KBPF_SIZE_DW, R2, R1, 80), mov64_imm(R0, 0), jump_imm(KBPF_JMP_JEQ, R2, 0, 2), ja(0),
                 ja(2), mov64_imm(R3, 0), mov64_imm(R3, 0), mov64_imm(R3, 0), exit_insn()}});
  EXPECT_EQ(verdict.stats.longest_path, 7u);
  EXPECT_EQ(verdict.stats.longest_path_end, 8u);
}
TEST(VerifierLog, AtLevelTwoShowsRegisters) {
  ProgramUnderTest test{.insns = {mov64_imm(R0, 7), exit_insn()}};
  test.options.log_level = 2;
  Verdict verdict = run_verifier(test);
  EXPECT_NE(verdict.log.find("1: exit\n    r0=7 r1=ctx\n"), std::string::npos) << verdict.log;
  EXPECT_NE(verdict.log.find("processed 2 insns"), std::string::npos) << verdict.log;
}

TEST(VerifierLimits, ProcessedInstructionsCanBeLowered) {
  ProgramUnderTest test{.insns = {mov64_imm(R0, 0), mov64_imm(R0, 0), exit_insn()}};
  test.options.max_processed_insns = 2;
  EXPECT_EQ(run_verifier(test).name(), "too-complex");
  test.options.max_processed_insns = 3;
  EXPECT_TRUE(run_verifier(test));
}
// Eight frames with full stacks, and a loop that parts into eight ways a round: few instructions, much to
// compare.
TEST(VerifierLimits, TimeSpentOnLargeStatesIsBounded) {
  std::vector<Insn> code;
  auto append = [&](std::initializer_list<Insn> more) { code.insert(code.end(), more); };
  for (int frame = 0; frame < KBPF_MAX_CALL_FRAMES; frame++) {
    append({frame == 0 ? load(KBPF_SIZE_DW, R6, R1, 80) : mov64_reg(R6, R1)});
    for (int slot = 1; slot <= KBPF_STACK_SIZE / 8; slot++)
      append({alu64_imm(KBPF_ALU_AND, R6, 0x7fffffff), store_reg(KBPF_SIZE_DW, R10, -8 * slot, R6)});
    if (frame + 1 < KBPF_MAX_CALL_FRAMES)
      append({mov64_reg(R1, R6), call_subprogram(2), mov64_imm(R0, 0), exit_insn()});
  }
  append({store_imm(KBPF_SIZE_DW, R10, -512, 0)});
  for (int bit = 1; bit <= 64; bit *= 2)
    append({jump_imm(KBPF_JMP_JSET, R6, bit, 1), ja(0)});
  append({call_helper(7), mov64_reg(R6, R0), load(KBPF_SIZE_DW, R2, R10, -512), add64_imm(R2, 1),
          store_reg(KBPF_SIZE_DW, R10, -512, R2), jump_imm(KBPF_JMP_JNE, R2, -1, -20), mov64_imm(R0, 0),
          exit_insn()});
  ProgramUnderTest test{.insns = code};
  test.options.max_processed_insns = 50000;
  Verdict verdict = run_verifier(test);
  EXPECT_FALSE(verdict); // by work or by memory, whichever ends first
  EXPECT_LT(verdict.stats.processed_insns, 40000u);
}
TEST(VerifierLimits, ExhaustedMemoryIsAnErrorWithoutARefusal) {
  std::vector<Insn> code(1000, mov64_imm(R0, 0));
  code.push_back(exit_insn());
  RawProgram raw{code, {}, &kKbpfProfile, kKbpfProfile.prog_type(2u), true, false};
  Arena scratch(malloc_source(), 1024), result_arena(malloc_source(), 1 << 20);
  Rejection rejection;
  VerifyStats stats;
  Result<VerifiedProgram> result = verify(raw, {}, scratch, result_arena, rejection, stats);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error(), Error::no_memory);
  EXPECT_EQ(rejection.id, 0);
}

TEST(VerifierFixup, MapReferencesBecomeConstants) {
  Verdict verdict =
      run_verifier({.insns = assemble({ld_map(R1, 0), ld_map_value(R2, 1, 4), mov64_imm(R0, 0), exit_insn()}),
                    .maps = {P::hash_map(4, 8), P::data_map(8)}});
  ASSERT_TRUE(verdict);
  std::span<const Insn> insns = verdict.program->insns();
  EXPECT_EQ(insns[0].src(), 0);
  EXPECT_EQ(insns[0].imm, 0x1000);
  EXPECT_EQ(insns[2].src(), 0);
  EXPECT_EQ(static_cast<uint32_t>(insns[2].imm), 0x45678004u);
  EXPECT_EQ(insns[3].imm, 0x123);
}
TEST(VerifierFixup, UnreachableCodeIsMarkedAndHarmless) {
  Verdict verdict = run_verifier({.insns = {mov64_imm(R0, 0), jump_imm(KBPF_JMP_JEQ, R0, 0, 1),
                                            load(KBPF_SIZE_DW, R0, R0, 0), exit_insn()}});
  ASSERT_TRUE(verdict) << verdict.message();
  EXPECT_FALSE(verdict.program->facts()[2].reachable);
  EXPECT_TRUE(verdict.program->insns()[2].is_exit());
  EXPECT_EQ(verdict.program->insns()[1].opcode, ja(0).opcode) << "the branch is certain";
  EXPECT_EQ(verdict.program->insns()[1].off, 1);
}
TEST(VerifierFixup, ZeroedArgumentsKeepJumpsOnTheirTargets) {
  Verdict verdict = run_verifier(
      {.insns = {store_imm(KBPF_SIZE_DW, R10, -8, 0), load(KBPF_SIZE_DW, R6, R1, 80), mov64_reg(R1, R10),
                 add64_imm(R1, -8), mov64_imm(R2, 8), jump_imm(KBPF_JMP_JEQ, R6, 0, 1), call_helper(6),
                 mov64_imm(R0, 0), exit_insn()}});
  ASSERT_TRUE(verdict) << verdict.message();
  EXPECT_EQ(verdict.program->insns()[5].off, 4);
  EXPECT_TRUE(verdict.program->insns()[9].is_call());
  EXPECT_EQ(verdict.program->insns()[10].opcode, mov64_imm(R0, 0).opcode);
}
TEST(VerifierFixup, SubprogramsCarryTheirDepthsAndCalls) {
  Verdict verdict = run_verifier(
      {.insns = {store_imm(KBPF_SIZE_DW, R10, -16, 0), call_subprogram(1), exit_insn(),
                 store_imm(KBPF_SIZE_B, R10, -17, 0), call_helper(5), mov64_imm(R0, 0), exit_insn()}});
  ASSERT_TRUE(verdict) << verdict.message();
  std::span<const Subprogram> subprograms = verdict.program->subprograms();
  ASSERT_EQ(subprograms.size(), 2u);
  EXPECT_EQ(subprograms[0].stack_depth, 16);
  EXPECT_TRUE(subprograms[0].calls_subprogram);
  EXPECT_FALSE(subprograms[0].calls_helper);
  EXPECT_EQ(subprograms[1].first, 3u);
  EXPECT_EQ(subprograms[1].stack_depth, 24);
  EXPECT_TRUE(subprograms[1].calls_helper);
  EXPECT_EQ(verdict.program->stack_depth(), 40u);
}

} // namespace
} // namespace kbpf::test
