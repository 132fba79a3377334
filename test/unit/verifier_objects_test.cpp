// SPDX-License-Identifier: MIT OR Apache-2.0
// Objects of the kernel on a program's stack, as a table: dynptrs, iterators over numbers, and the RCU read
// lock.
#include "insn_builders.h"
#include "verify_fixture.h"
#include <gtest/gtest.h>

namespace kbpf::test {
namespace {

constexpr uint32_t kRawTracepoint = 17;
constexpr unsigned B = KBPF_SIZE_B, W = KBPF_SIZE_W, DW = KBPF_SIZE_DW;
constexpr int kFromMem = 197, kReserve = 198, kSubmit = 199, kDiscard = 200, kRead = 201, kWrite = 202,
              kData = 203;
constexpr int kNew = 0x20000, kNext = 0x20001, kDestroy = 0x20002, kReadLock = 0x20003, kReadUnlock = 0x20004;

enum : int { kHash, kRingbuf };

std::vector<MapRef> maps() {
  return {ProgramUnderTest::hash_map(4, 16), {27, 0, 0, 4096, 0, 0x4000, 0, 0, 0, {}}};
}

struct Case {
  const char *name;
  std::vector<Insn> insns; // "r0 = 0; exit" is added
  const char *refusal;     // null: accepted
};

void PrintTo(const Case &test, std::ostream *out) { *out << test.name; }
std::string case_name(const testing::TestParamInfo<Case> &info) { return info.param.name; }

class VerifierObjects : public testing::TestWithParam<Case> {};

TEST_P(VerifierObjects, HaveTheirVerdict) {
  Case test = GetParam();
  test.insns.push_back(mov64_imm(R0, 0));
  test.insns.push_back(exit_insn());
  Verdict verdict =
      run_verifier({.insns = test.insns, .maps = maps(), .profile = &kLinuxProfile, .type = kRawTracepoint});
  EXPECT_EQ(verdict.name(), test.refusal ? test.refusal : "(accepted)") << verdict.message();
}

using List = std::initializer_list<Slots>;
std::vector<Insn> join(std::initializer_list<std::vector<Insn>> parts) {
  std::vector<Insn> code;
  for (const auto &part : parts)
    code.insert(code.end(), part.begin(), part.end());
  return code;
}
std::vector<Insn> stack_address(Reg reg, int offset) { return {mov64_reg(reg, R10), add64_imm(reg, offset)}; }

// An iterator over 0..9 at r10 + offset.
std::vector<Insn> new_iterator(int offset) {
  return join({stack_address(R1, offset), {mov64_imm(R2, 0), mov64_imm(R3, 10), call_helper(kNew)}});
}
std::vector<Insn> next(int offset) { return join({stack_address(R1, offset), {call_helper(kNext)}}); }
std::vector<Insn> destroy(int offset) { return join({stack_address(R1, offset), {call_helper(kDestroy)}}); }
// A loop over all elements, in r0, which runs `body` for each.
std::vector<Insn> each(int offset, List body) {
  std::vector<Insn> code = assemble(body);
  const int length = static_cast<int>(code.size());
  return join({next(offset), {jump_imm(KBPF_JMP_JEQ, R0, 0, length + 1)}, code, {ja(-length - 5)}});
}

const Case kIterators[] = {
    {"IsMadeAndEnded", join({new_iterator(-8), destroy(-8)}), nullptr},
    {"IsNotEnded", new_iterator(-8), "unreleased-reference"},
    {"IsEndedTwice", join({new_iterator(-8), destroy(-8), destroy(-8)}), "stack-object"},
    {"IsUsedAfterItsEnd", join({new_iterator(-8), destroy(-8), next(-8)}), "stack-object"},
    {"IsNotMade", next(-8), "stack-object"},
    {"IsMadeTwice", join({new_iterator(-8), new_iterator(-8), destroy(-8)}), "stack-object"},
    {"TwoIterators", join({new_iterator(-8), new_iterator(-16), destroy(-8), destroy(-16)}), nullptr},
    {"IsMadeAskew", join({new_iterator(-12), destroy(-12)}), "misaligned-access"},
    {"IsMadeBelowTheStack", new_iterator(-520), "stack-out-of-bounds"},
    {"IsMadeInAContext", {mov64_imm(R2, 0), mov64_imm(R3, 10), call_helper(kNew)}, "stack-object"},
    {"IsOverwritten", join({new_iterator(-8), {store_imm(DW, R10, -8, 0)}, destroy(-8)}), "stack-object"},
    {"IsPartlyOverwritten", join({new_iterator(-8), {store_imm(B, R10, -3, 0)}, destroy(-8)}),
     "stack-object"},
    {"IsRead", join({new_iterator(-8), {load(DW, R2, R10, -8)}, destroy(-8)}), "stack-object"},
    {"NeighbourIsWritten", join({new_iterator(-8), {store_imm(DW, R10, -16, 0)}, destroy(-8)}), nullptr},
    {"AllElementsAreVisited", join({new_iterator(-8), each(-8, {load(W, R2, R0, 0)}), destroy(-8)}), nullptr},
    {"ElementsAreCounted",
     join({{mov64_imm(R6, 0)}, new_iterator(-8), each(-8, {add64_imm(R6, 1)}), destroy(-8)}), nullptr},
    {"ElementIsReadBehindItsEnd", join({new_iterator(-8), each(-8, {load(DW, R2, R0, 0)}), destroy(-8)}),
     "granted-memory-out-of-bounds"},
    {"ElementIsWritten", join({new_iterator(-8), each(-8, {store_imm(W, R0, 0, 0)}), destroy(-8)}),
     "granted-memory-out-of-bounds"},
    {"ElementIsNotCompared", join({new_iterator(-8), next(-8), {load(W, R2, R0, 0)}, destroy(-8)}),
     "not-a-pointer"},
    {"ElementAfterTheEnd",
     join({new_iterator(-8),
           next(-8),
           {mov64_reg(R6, R0)},
           destroy(-8),
           {jump_imm(KBPF_JMP_JEQ, R6, 0, 1), load(W, R2, R6, 0)}}),
     "not-a-pointer"},
    {"IsLeftByABreak",
     join({new_iterator(-8),
           next(-8),
           {jump_imm(KBPF_JMP_JEQ, R0, 0, 2), mov64_imm(R0, 0), exit_insn()},
           destroy(-8)}),
     "unreleased-reference"},
    {"BodyRefusesTheSecondRound",
     join({{mov64_imm(R6, 0)},
           new_iterator(-8),
           each(-8, {jump_imm(KBPF_JMP_JEQ, R6, 0, 1), load(DW, R0, R6, 0), mov64_imm(R6, 1)}),
           destroy(-8)}),
     "not-a-pointer"},
};
INSTANTIATE_TEST_SUITE_P(Iterators, VerifierObjects, testing::ValuesIn(kIterators), case_name);

// A dynptr at r10 + offset: to a record of 16 bytes, or to a value of the hash map (the program ends where
// there is none).
std::vector<Insn> reserve(int offset) {
  return join({assemble({ld_map(R1, kRingbuf), mov64_imm(R2, 16), mov64_imm(R3, 0)}),
               stack_address(R4, offset),
               {call_helper(kReserve)}});
}
std::vector<Insn> from_value(int offset) {
  return join(
      {{store_imm(W, R10, -4, 0)},
       stack_address(R2, -4),
       assemble({ld_map(R1, kHash), call_helper(1), jump_imm(KBPF_JMP_JNE, R0, 0, 2), mov64_imm(R0, 0),
                 exit_insn(), mov64_reg(R1, R0), mov64_imm(R2, 16), mov64_imm(R3, 0)}),
       stack_address(R4, offset),
       {call_helper(kFromMem)}});
}
std::vector<Insn> end(int helper, int offset) {
  return join({stack_address(R1, offset), {mov64_imm(R2, 0), call_helper(helper)}});
}
// r0 = the address of 8 bytes at the dynptr's start, or null.
std::vector<Insn> data(int offset) {
  return join({stack_address(R1, offset), {mov64_imm(R2, 0), mov64_imm(R3, 8), call_helper(kData)}});
}

const Case kDynptrs[] = {
    {"RecordIsSubmitted", join({reserve(-16), end(kSubmit, -16)}), nullptr},
    {"RecordIsDiscarded", join({reserve(-16), end(kDiscard, -16)}), nullptr},
    {"RecordIsLeaked", reserve(-16), "unreleased-reference"},
    {"HelperFillsMemoryOverIt",
     join({from_value(-24), stack_address(R1, -10), {mov64_imm(R2, 4), mov64_imm(R3, 0), call_helper(113)}}),
     "stack-object"},
    {"HelperReadsItIntoItself",
     join({from_value(-24),
           stack_address(R1, -9),
           {mov64_imm(R2, 4)},
           stack_address(R3, -24),
           {mov64_imm(R4, 0), mov64_imm(R5, 0), call_helper(kRead)}}),
     "stack-object"},
    {"AnotherIsMadeInItsPlace", join({from_value(-24), from_value(-24)}), nullptr},
    {"RecordIsSubmittedTwice", join({reserve(-16), end(kSubmit, -16), end(kSubmit, -16)}), "stack-object"},
    {"RecordOverwrites", join({reserve(-16), reserve(-16), end(kSubmit, -16)}), "stack-object"},
    {"RecordIsOverwritten", join({reserve(-16), {store_imm(DW, R10, -8, 0)}, end(kSubmit, -16)}),
     "stack-object"},
    {"RecordIsRead", join({reserve(-16), {load(DW, R2, R10, -16)}, end(kSubmit, -16)}), "stack-object"},
    {"RecordIsSubmittedFromItsMiddle", join({reserve(-16), end(kSubmit, -8)}), "stack-object"},
    {"ValueNeedNotBeGivenBack", from_value(-24), nullptr},
    {"ValueIsSubmitted", join({from_value(-24), end(kSubmit, -24)}), "reference-not-held"},
    {"StackIsNoValue",
     join({{store_imm(DW, R10, -8, 0)},
           stack_address(R1, -8),
           {mov64_imm(R2, 8), mov64_imm(R3, 0)},
           stack_address(R4, -24),
           {call_helper(kFromMem)}}),
     "helper-argument"},
    {"DataIsUsed",
     join({reserve(-16),
           data(-16),
           {jump_imm(KBPF_JMP_JEQ, R0, 0, 1), store_imm(DW, R0, 0, 1)},
           end(kSubmit, -16)}),
     nullptr},
    {"DataIsUsedBehindItsEnd",
     join({reserve(-16),
           data(-16),
           {jump_imm(KBPF_JMP_JEQ, R0, 0, 1), store_imm(DW, R0, 1, 1)},
           end(kSubmit, -16)}),
     "granted-memory-out-of-bounds"},
    {"DataMayBeNull", join({reserve(-16), data(-16), {store_imm(DW, R0, 0, 1)}, end(kSubmit, -16)}),
     "possibly-null"},
    {"DataIsUsedAfterItsSubmission",
     join({reserve(-16),
           data(-16),
           {mov64_reg(R7, R0)},
           end(kSubmit, -16),
           {jump_imm(KBPF_JMP_JEQ, R7, 0, 1), store_imm(DW, R7, 0, 1)}}),
     "not-a-pointer"},
    {"NullDataIsNoRelease",
     join({reserve(-16),
           data(-16),
           {jump_imm(KBPF_JMP_JNE, R0, 0, 2), mov64_imm(R0, 0), exit_insn()},
           end(kSubmit, -16)}),
     "unreleased-reference"},
    {"DataIsNoRecord",
     join({reserve(-16),
           data(-16),
           {jump_imm(KBPF_JMP_JEQ, R0, 0, 3), mov64_reg(R1, R0), mov64_imm(R2, 0), call_helper(132)},
           end(kSubmit, -16)}),
     "reference-not-held"},
    {"DataOfAnOverwrittenDynptr",
     join({from_value(-24),
           data(-24),
           {mov64_reg(R7, R0), store_imm(DW, R10, -24, 0), jump_imm(KBPF_JMP_JEQ, R7, 0, 1),
            load(DW, R0, R7, 0)}}),
     "not-a-pointer"},
    {"BytesAreCopiedOut",
     join({from_value(-24),
           stack_address(R1, -40),
           {mov64_imm(R2, 8)},
           stack_address(R3, -24),
           {mov64_imm(R4, 0), mov64_imm(R5, 0), call_helper(kRead), load(DW, R0, R10, -40)}}),
     nullptr},
    {"BytesAreCopiedOverTheDynptr",
     join({reserve(-24),
           stack_address(R1, -24),
           {mov64_imm(R2, 8)},
           stack_address(R3, -24),
           {mov64_imm(R4, 0), mov64_imm(R5, 0), call_helper(kRead)},
           end(kSubmit, -24)}),
     "stack-object"},
    {"BytesAreCopiedIn",
     join({from_value(-24),
           {store_imm(DW, R10, -40, 1)},
           stack_address(R1, -24),
           {mov64_imm(R2, 0)},
           stack_address(R3, -40),
           {mov64_imm(R4, 8), mov64_imm(R5, 0), call_helper(kWrite)}}),
     nullptr},
    {"NotADynptr", join({{store_imm(DW, R10, -8, 0), store_imm(DW, R10, -16, 0)}, data(-16)}),
     "stack-object"},
    {"IteratorIsNoDynptr", join({new_iterator(-16), data(-16), destroy(-16)}), "stack-object"},
};
INSTANTIATE_TEST_SUITE_P(Dynptrs, VerifierObjects, testing::ValuesIn(kDynptrs), case_name);

const Case kRcu[] = {
    {"IsUnlocked", {call_helper(kReadLock), call_helper(kReadUnlock)}, nullptr},
    {"IsNotUnlocked", {call_helper(kReadLock)}, "unreleased-reference"},
    {"IsNotLocked", {call_helper(kReadUnlock)}, "reference-not-held"},
    {"IsLockedTwice",
     {call_helper(kReadLock), call_helper(kReadLock), call_helper(kReadUnlock)},
     "reference-not-held"},
    {"IsUnlockedOnOnePathOnly",
     {load(DW, R6, R1, 0), call_helper(kReadLock), jump_imm(KBPF_JMP_JEQ, R6, 0, 1),
      call_helper(kReadUnlock)},
     "unreleased-reference"},
};
INSTANTIATE_TEST_SUITE_P(Rcu, VerifierObjects, testing::ValuesIn(kRcu), case_name);

} // namespace
} // namespace kbpf::test
