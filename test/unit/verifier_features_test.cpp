// SPDX-License-Identifier: MIT OR Apache-2.0
// Constructs with rules of their own, as a table of whole programs: tail calls, packet loads, may_goto,
// ordered accesses, functions that helpers call back. Verdicts are Linux 6.12's, for what it has.
#include "insn_builders.h"
#include "verify_fixture.h"
#include <gtest/gtest.h>

namespace kbpf::test {
namespace {

constexpr uint32_t kSocketFilter = 1, kKprobe = 2;
constexpr unsigned B = KBPF_SIZE_B, W = KBPF_SIZE_W, DW = KBPF_SIZE_DW;
constexpr int kForEach = 164, kLoop = 181, kTailCall = 12;

enum : int { kHash, kRingbuf, kProgArray };

std::vector<MapRef> maps() {
  return {ProgramUnderTest::hash_map(4, 16),
          {27, 0, 0, 4096, 0, 0x4000, 0, 0, 0, {}},
          {3, 4, 4, 4, 0, 0x5000, 0, 0, 0, {}}};
}

struct Case {
  const char *name;
  uint32_t type;
  std::vector<Insn> insns;
  const char *refusal; // null: accepted
};

void PrintTo(const Case &test, std::ostream *out) { *out << test.name; }
std::string case_name(const testing::TestParamInfo<Case> &info) { return info.param.name; }

class VerifierFeatures : public testing::TestWithParam<Case> {};

TEST_P(VerifierFeatures, HaveTheirVerdict) {
  const Case &test = GetParam();
  Verdict verdict =
      run_verifier({.insns = test.insns, .maps = maps(), .profile = &kLinuxProfile, .type = test.type});
  EXPECT_EQ(verdict.name(), test.refusal ? test.refusal : "(accepted)") << verdict.message();
}

using List = std::initializer_list<Slots>;
std::vector<Insn> join(std::initializer_list<std::vector<Insn>> parts) {
  std::vector<Insn> code;
  for (const auto &part : parts)
    code.insert(code.end(), part.begin(), part.end());
  return code;
}
Insn packet_load(unsigned mode, unsigned size, Reg src, int imm) {
  return make_insn(KBPF_CLASS_LD | mode | size, 0, src, 0, imm);
}
const Insn kLoadAbs = packet_load(KBPF_MODE_ABS, W, R0, 14);
Insn may_goto(int off) { return make_insn(KBPF_CLASS_JMP | KBPF_JMP_JCOND, 0, 0, off, 0); }
Insn load_acquire(unsigned size, Reg dst, Reg base, int off) {
  return atomic(size, KBPF_ATOMIC_LOAD_ACQ, dst, off, base);
}
Insn store_release(unsigned size, Reg base, int off, Reg src) {
  return atomic(size, KBPF_ATOMIC_STORE_REL, base, off, src);
}

const std::vector<Insn> kTailCallInsns = assemble(
    {ld_map(R2, kProgArray), mov64_imm(R3, 1), call_helper(kTailCall), mov64_imm(R0, 0), exit_insn()});
// A function that touches `depth` bytes of stack calls one that makes a tail call.
std::vector<Insn> tail_call_below(int depth) {
  return join(
      {{store_imm(B, R10, -depth, 0), call_subprogram(2), mov64_imm(R0, 0), exit_insn()}, kTailCallInsns});
}

const Case kTailCalls[] = {
    {"InTheProgram", kKprobe, kTailCallInsns, nullptr},
    {"ThroughAHashMap", kKprobe,
     assemble({ld_map(R2, kHash), mov64_imm(R3, 1), call_helper(kTailCall), mov64_imm(R0, 0), exit_insn()}),
     "map-type"},
    {"WithoutTheContext", kKprobe,
     assemble({mov64_imm(R1, 0), ld_map(R2, kProgArray), mov64_imm(R3, 1), call_helper(kTailCall),
               mov64_imm(R0, 0), exit_insn()}),
     "helper-argument"},
    {"WithoutAnIndex", kKprobe,
     assemble({ld_map(R2, kProgArray), call_helper(kTailCall), mov64_imm(R0, 0), exit_insn()}),
     "uninitialised-register"},
    {"GivesNoResult", kKprobe,
     assemble({ld_map(R2, kProgArray), mov64_imm(R3, 1), call_helper(kTailCall), exit_insn()}),
     "uninitialised-register"},
    {"BelowAlmostTooMuchStack", kKprobe, tail_call_below(248), nullptr},
    {"BelowTooMuchStack", kKprobe, tail_call_below(256), "tail-call"},
    {"WhileARecordIsHeld", kKprobe,
     assemble({mov64_reg(R6, R1), ld_map(R1, kRingbuf), mov64_imm(R2, 8), mov64_imm(R3, 0), call_helper(131),
               mov64_reg(R7, R0), jump_imm(KBPF_JMP_JEQ, R0, 0, 8), mov64_reg(R1, R6), ld_map(R2, kProgArray),
               mov64_imm(R3, 1), call_helper(kTailCall), mov64_reg(R1, R7), mov64_imm(R2, 0),
               call_helper(132), mov64_imm(R0, 0), exit_insn()}),
     "unreleased-reference"},
};
INSTANTIATE_TEST_SUITE_P(TailCalls, VerifierFeatures, testing::ValuesIn(kTailCalls), case_name);

const Case kPacketLoads[] = {
    {"AtAConstant", kSocketFilter, {mov64_reg(R6, R1), kLoadAbs, exit_insn()}, nullptr},
    {"AtARegister",
     kSocketFilter,
     {mov64_reg(R6, R1), mov64_imm(R2, 3), packet_load(KBPF_MODE_IND, B, R2, 14), exit_insn()},
     nullptr},
    {"AtAnEmptyRegister",
     kSocketFilter,
     {mov64_reg(R6, R1), packet_load(KBPF_MODE_IND, B, R2, 14), exit_insn()},
     "uninitialised-register"},
    {"WithoutTheContext", kSocketFilter, {kLoadAbs, exit_insn()}, "packet-load"},
    {"WithAMovedContext",
     kSocketFilter,
     {mov64_reg(R6, R1), add64_imm(R6, 4), kLoadAbs, exit_insn()},
     "packet-load"},
    {"InAProbe", kKprobe, {mov64_reg(R6, R1), kLoadAbs, exit_insn()}, "packet-load"},
    {"OfEightBytes",
     kSocketFilter,
     {mov64_reg(R6, R1), packet_load(KBPF_MODE_ABS, DW, R0, 0), exit_insn()},
     "malformed-encoding"},
    {"ClobbersArguments",
     kSocketFilter,
     {mov64_reg(R6, R1), kLoadAbs, mov64_reg(R0, R1), exit_insn()},
     "uninitialised-register"},
    {"KeepsTheOtherRegisters",
     kSocketFilter,
     {mov64_reg(R6, R1), mov64_reg(R7, R1), kLoadAbs, load(W, R0, R7, 0), exit_insn()},
     nullptr},
    {"GivesANumberOfAnySize",
     kSocketFilter,
     {mov64_reg(R6, R1), packet_load(KBPF_MODE_ABS, B, R0, 0), jump_imm(KBPF_JMP_JLE, R0, 255, 1),
      load(W, R0, R0, 0), exit_insn()},
     "not-a-pointer"},
    {"MayEndAFunctionWithNothing",
     kSocketFilter,
     // r0 is 0 where the packet is too short: then the caller reads from address 0
     {mov64_reg(R6, R1), call_subprogram(3), jump_imm(KBPF_JMP_JEQ, R0, 5, 1), load(W, R0, R0, 0),
      exit_insn(), mov64_reg(R6, R1), kLoadAbs, mov64_imm(R0, 5), exit_insn()},
     "not-a-pointer"},
};
INSTANTIATE_TEST_SUITE_P(PacketLoads, VerifierFeatures, testing::ValuesIn(kPacketLoads), case_name);

const Case kMayGotos[] = {
    {"EndsALoop", kKprobe, {mov64_imm(R0, 0), may_goto(1), ja(-2), exit_insn()}, nullptr},
    {"EndsALoopThatCounts",
     kKprobe,
     {mov64_imm(R0, 0), may_goto(2), add64_imm(R0, 1), ja(-3), mov64_imm(R0, 0), exit_insn()},
     nullptr},
    {"InTheMiddleOfALoop",
     kKprobe,
     {mov64_imm(R0, 0), mov64_imm(R2, 0), may_goto(1), ja(-3), exit_insn()},
     nullptr},
    {"TwoLoops", kKprobe, {mov64_imm(R0, 0), may_goto(3), may_goto(1), ja(-2), ja(-4), exit_insn()}, nullptr},
    {"OutsideOfTheLoop", kKprobe, {mov64_imm(R0, 0), may_goto(1), ja(-1), exit_insn()}, "infinite-loop"},
    {"JumpsToWhereARegisterIsEmpty",
     kKprobe,
     {may_goto(1), mov64_imm(R0, 0), exit_insn()},
     "uninitialised-register"},
    {"BoundedByItsCounterToo",
     kKprobe,
     // for (r2 = 0; r2 < 32 && can_loop; r2++) *(u8 *)(r10 - 32 + r2) = 0
     {mov64_imm(R2, 0), mov64_imm(R0, 0), jump_imm(KBPF_JMP_JGE, R2, 32, 7), may_goto(6), mov64_reg(R3, R10),
      add64_imm(R3, -32), add64_reg(R3, R2), store_imm(B, R3, 0, 0), add64_imm(R2, 1), ja(-8), exit_insn()},
     nullptr},
    {"BoundedOneTooFar",
     kKprobe,
     {mov64_imm(R2, 0), mov64_imm(R0, 0), jump_imm(KBPF_JMP_JGE, R2, 33, 7), may_goto(6), mov64_reg(R3, R10),
      add64_imm(R3, -32), add64_reg(R3, R2), store_imm(B, R3, 0, 0), add64_imm(R2, 1), ja(-8), exit_insn()},
     "stack-out-of-bounds"},
    {"WithReservedFields",
     kKprobe,
     {mov64_imm(R0, 0), make_insn(KBPF_CLASS_JMP | KBPF_JMP_JCOND, 1, 0, 0, 0), exit_insn()},
     "malformed-encoding"},
};
INSTANTIATE_TEST_SUITE_P(MayGotos, VerifierFeatures, testing::ValuesIn(kMayGotos), case_name);

const Case kOrdered[] = {
    {"LoadOfTheStack",
     kKprobe,
     {store_imm(DW, R10, -8, 7), load_acquire(DW, R0, R10, -8), exit_insn()},
     nullptr},
    {"LoadOfAByte", kKprobe, {store_imm(DW, R10, -8, 7), load_acquire(B, R0, R10, -1), exit_insn()}, nullptr},
    {"LoadAskew",
     kKprobe,
     {store_imm(DW, R10, -8, 7), load_acquire(W, R0, R10, -7), exit_insn()},
     "misaligned-access"},
    {"LoadOfTheContext", kKprobe, {load_acquire(DW, R0, R1, 0), exit_insn()}, "atomic-target"},
    {"LoadThroughANumber",
     kKprobe,
     {mov64_imm(R2, 0), load_acquire(DW, R0, R2, 0), exit_insn()},
     "not-a-pointer"},
    {"StoreToTheStack",
     kKprobe,
     {mov64_imm(R0, 3), store_release(DW, R10, -8, R0), load(DW, R0, R10, -8), exit_insn()},
     nullptr},
    {"StoreOfAnEmptyRegister",
     kKprobe,
     {mov64_imm(R0, 3), store_release(DW, R10, -8, R2), exit_insn()},
     "uninitialised-register"},
    {"StoreBelowTheStack",
     kKprobe,
     {mov64_imm(R0, 3), store_release(DW, R10, -520, R0), exit_insn()},
     "stack-out-of-bounds"},
    {"StoreToTheContext",
     kKprobe,
     {mov64_imm(R0, 3), store_release(DW, R1, 0, R0), exit_insn()},
     "atomic-target"},
};
INSTANTIATE_TEST_SUITE_P(Ordered, VerifierFeatures, testing::ValuesIn(kOrdered), case_name);

// bpf_loop(r1, function, r10 - 8, 0), where *(u64 *)(r10 - 8) = 0; then `after`, "exit", and the function.
std::vector<Insn> loop(List rounds, List after, List function) {
  std::vector<Insn> then = assemble(after);
  then.push_back(exit_insn());
  const int distance = 5 + static_cast<int>(then.size()); // over what follows the ld_imm64's first slot
  return join({{store_imm(DW, R10, -8, 0), mov64_reg(R6, R1)},
               assemble(rounds),
               assemble({ld_imm64_from(KBPF_PSEUDO_FUNC, R2, distance, 0), mov64_reg(R3, R10),
                         add64_imm(R3, -8), mov64_imm(R4, 0), call_helper(kLoop)}),
               then,
               assemble(function)});
}
const List kManyRounds = {mov64_imm(R1, 1000)};
const List kReturnZero = {mov64_imm(R0, 0)};

const Case kLoops[] = {
    {"ThatDoesNothing", kKprobe, loop(kManyRounds, kReturnZero, {mov64_imm(R0, 0), exit_insn()}), nullptr},
    {"ThatStops", kKprobe, loop(kManyRounds, kReturnZero, {mov64_imm(R0, 1), exit_insn()}), nullptr},
    {"ThatReturnsTwo", kKprobe, loop(kManyRounds, kReturnZero, {mov64_imm(R0, 2), exit_insn()}), "callback"},
    {"ThatReturnsMinusOne", kKprobe, loop(kManyRounds, kReturnZero, {mov64_imm(R0, -1), exit_insn()}),
     "callback"},
    {"ThatReturnsItsRound", kKprobe, loop(kManyRounds, kReturnZero, {mov64_reg(R0, R1), exit_insn()}),
     "callback"},
    {"ThatReturnsOneBit", kKprobe,
     loop(kManyRounds, kReturnZero, {mov64_reg(R0, R1), and64_imm(R0, 1), exit_insn()}), nullptr},
    {"ThatReturnsAPointer", kKprobe, loop(kManyRounds, kReturnZero, {mov64_reg(R0, R2), exit_insn()}),
     "callback"},
    {"ThatReturnsNothing", kKprobe, loop(kManyRounds, kReturnZero, {exit_insn()}), "uninitialised-register"},
    {"ThatCountsInTheCallersStack", kKprobe,
     loop(kManyRounds, kReturnZero,
          {load(DW, R1, R2, 0), add64_imm(R1, 1), store_reg(DW, R2, 0, R1), mov64_imm(R0, 0), exit_insn()}),
     nullptr},
    {"ThatUsesTheContextBeyondTheStack", kKprobe,
     loop(kManyRounds, kReturnZero, {load(DW, R1, R2, 8), mov64_imm(R0, 0), exit_insn()}),
     "stack-out-of-bounds"},
    {"ThatReadsARegisterThatItDoesNotGet", kKprobe,
     loop(kManyRounds, kReturnZero, {mov64_reg(R0, R3), exit_insn()}), "uninitialised-register"},
    {"ThatReadsTheCallersRegister", kKprobe, loop(kManyRounds, kReturnZero, {mov64_reg(R0, R6), exit_insn()}),
     "uninitialised-register"},
    {"CallerReadsItsArgumentAfterwards", kKprobe,
     loop(kManyRounds, {mov64_reg(R0, R3)}, {mov64_imm(R0, 0), exit_insn()}), "uninitialised-register"},
    {"CallerUsesTheContextAfterwards", kKprobe,
     loop(kManyRounds, {load(DW, R0, R6, 0)}, {mov64_imm(R0, 0), exit_insn()}), nullptr},
    {"CallerRunsOutOfWhatTheFunctionChanged", kKprobe,
     // the function may have stored 16, which is one too far for the caller
     loop(kManyRounds,
          {load(DW, R7, R10, -8), jump_imm(KBPF_JMP_JEQ, R7, 0, 1), load(DW, R0, R7, 0), mov64_imm(R0, 0)},
          {store_imm(DW, R2, 0, 16), mov64_imm(R0, 0), exit_insn()}),
     "not-a-pointer"},
    {"SecondRoundSeesTheFirst", kKprobe,
     loop(kManyRounds, kReturnZero,
          {load(DW, R3, R2, 0), store_imm(DW, R2, 0, 1), jump_imm(KBPF_JMP_JEQ, R3, 0, 1),
           load(DW, R0, R3, 0), mov64_imm(R0, 0), exit_insn()}),
     "not-a-pointer"},
    {"OneRoundSeesNoFirst", kKprobe,
     loop({mov64_imm(R1, 1)}, kReturnZero,
          {load(DW, R3, R2, 0), store_imm(DW, R2, 0, 1), jump_imm(KBPF_JMP_JEQ, R3, 0, 1),
           load(DW, R0, R3, 0), mov64_imm(R0, 0), exit_insn()}),
     nullptr},
    {"UnknownRounds", kKprobe, loop({load(DW, R1, R1, 8)}, kReturnZero, {mov64_imm(R0, 0), exit_insn()}),
     nullptr},
    {"RoundsFromAPointer", kKprobe, loop({mov64_reg(R1, R10)}, kReturnZero, {mov64_imm(R0, 0), exit_insn()}),
     "helper-argument"},
    {"ThatReservesAndSubmits", kKprobe,
     loop(kManyRounds, kReturnZero,
          {ld_map(R1, kRingbuf), mov64_imm(R2, 8), mov64_imm(R3, 0), call_helper(131),
           jump_imm(KBPF_JMP_JEQ, R0, 0, 3), mov64_reg(R1, R0), mov64_imm(R2, 0), call_helper(132),
           mov64_imm(R0, 0), exit_insn()}),
     nullptr},
    {"ThatLeaksARecord", kKprobe,
     loop(kManyRounds, kReturnZero,
          {ld_map(R1, kRingbuf), mov64_imm(R2, 8), mov64_imm(R3, 0), call_helper(131), mov64_imm(R0, 0),
           exit_insn()}),
     "unreleased-reference"},
    {"ThatMakesATailCall", kKprobe,
     loop({store_reg(DW, R10, -8, R1), mov64_imm(R1, 5)}, kReturnZero,
          {load(DW, R1, R2, 0), ld_map(R2, kProgArray), mov64_imm(R3, 0), call_helper(kTailCall),
           mov64_imm(R0, 0), exit_insn()}),
     "tail-call"},
    {"NotAFunction", kKprobe,
     assemble({mov64_imm(R1, 5), mov64_imm(R2, 7), mov64_imm(R3, 0), mov64_imm(R4, 0), call_helper(kLoop),
               exit_insn()}),
     "helper-argument"},
    {"ContextInAMap", kKprobe,
     assemble({mov64_imm(R1, 5), ld_imm64_from(KBPF_PSEUDO_FUNC, R2, 6, 0), ld_map(R3, kHash),
               mov64_imm(R4, 0), call_helper(kLoop), exit_insn(), mov64_imm(R0, 0), exit_insn()}),
     "helper-argument"},
    {"WithoutAContext", kKprobe,
     assemble({mov64_imm(R1, 5), ld_imm64_from(KBPF_PSEUDO_FUNC, R2, 5, 0), mov64_imm(R3, 0),
               mov64_imm(R4, 0), call_helper(kLoop), exit_insn(), mov64_imm(R0, 0), exit_insn()}),
     nullptr},
    {"FunctionOutsideOfTheProgram", kKprobe,
     assemble({ld_imm64_from(KBPF_PSEUDO_FUNC, R2, 2, 0), exit_insn()}), "unsupported-reference"},
    {"FunctionInTheMiddleOfAWideLoad", kKprobe,
     assemble({ld_imm64_from(KBPF_PSEUDO_FUNC, R2, 0, 0), exit_insn()}), "unsupported-reference"},
    {"FunctionIsNoMemory", kKprobe,
     assemble({ld_imm64_from(KBPF_PSEUDO_FUNC, R2, 3, 0), load(DW, R0, R2, 0), exit_insn(), mov64_imm(R0, 0),
               exit_insn()}),
     "opaque-pointer"},
    {"CallsItselfBack", kKprobe,
     assemble({mov64_imm(R1, 5), ld_imm64_from(KBPF_PSEUDO_FUNC, R2, -2, 0), mov64_imm(R3, 0),
               mov64_imm(R4, 0), call_helper(kLoop), mov64_imm(R0, 0), exit_insn()}),
     "call-depth"},
};
INSTANTIATE_TEST_SUITE_P(Loops, VerifierFeatures, testing::ValuesIn(kLoops), case_name);

// bpf_for_each_map_elem(map, function, 0, 0).
std::vector<Insn> for_each(int map, List function) {
  return join({assemble({ld_map(R1, map), ld_imm64_from(KBPF_PSEUDO_FUNC, R2, 6, 0), mov64_imm(R3, 0),
                         mov64_imm(R4, 0), call_helper(kForEach), mov64_imm(R0, 0), exit_insn()}),
               assemble(function)});
}

const Case kElements[] = {
    {"AreVisited", kKprobe, for_each(kHash, {mov64_imm(R0, 0), exit_insn()}), nullptr},
    {"KeyIsRead", kKprobe, for_each(kHash, {load(W, R0, R2, 0), mov64_imm(R0, 0), exit_insn()}), nullptr},
    {"KeyIsReadBehindItsEnd", kKprobe, for_each(kHash, {load(DW, R0, R2, 0), mov64_imm(R0, 0), exit_insn()}),
     "map-value-out-of-bounds"},
    {"KeyIsWritten", kKprobe, for_each(kHash, {store_imm(W, R2, 0, 0), mov64_imm(R0, 0), exit_insn()}),
     "map-access-forbidden"},
    {"KeyIsHandedToAHelper", kKprobe, for_each(kHash, {call_helper(3), mov64_imm(R0, 0), exit_insn()}),
     nullptr},
    {"ValueIsWritten", kKprobe, for_each(kHash, {store_imm(DW, R3, 8, 0), mov64_imm(R0, 0), exit_insn()}),
     nullptr},
    {"ValueIsWrittenBehindItsEnd", kKprobe,
     for_each(kHash, {store_imm(DW, R3, 9, 0), mov64_imm(R0, 0), exit_insn()}), "map-value-out-of-bounds"},
    {"OfARingBuffer", kKprobe, for_each(kRingbuf, {mov64_imm(R0, 0), exit_insn()}), "map-type"},
};
INSTANTIATE_TEST_SUITE_P(Elements, VerifierFeatures, testing::ValuesIn(kElements), case_name);

TEST(VerifierResult, NamesCallbacksByTheirIndexAmongFunctions) {
  Verdict verdict = run_verifier(
      {.insns = for_each(kHash, {mov64_imm(R0, 0), exit_insn()}), .maps = maps(), .profile = &kLinuxProfile});
  ASSERT_TRUE(verdict) << verdict.message();
  const Insn &address = verdict.program->insns()[2];
  EXPECT_TRUE(address.is_function_address());
  EXPECT_EQ(address.imm, 1);
  EXPECT_EQ(verdict.program->subprograms()[1].first, 9u);
}

TEST(VerifierResult, SaysWhichFunctionsUseMayGoto) {
  Verdict verdict = run_verifier(
      {.insns = {mov64_imm(R0, 0), may_goto(1), ja(-2), exit_insn()}, .profile = &kLinuxProfile});
  ASSERT_TRUE(verdict) << verdict.message();
  EXPECT_TRUE(verdict.program->subprograms()[0].uses_may_goto);
  EXPECT_TRUE(verdict.program->insns()[1].is_may_goto());
}

} // namespace
} // namespace kbpf::test
