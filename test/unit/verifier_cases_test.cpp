// SPDX-License-Identifier: MIT OR Apache-2.0
// Verdicts as a table: a program type, a short program, and the name of the refusal, or nothing where it is
// accepted. The cases follow from Linux's rules for the program types and for addresses.
#include "insn_builders.h"
#include "verify_fixture.h"
#include <gtest/gtest.h>

namespace kbpf::test {
namespace {

constexpr uint32_t kSocketFilter = 1, kKprobe = 2, kSchedCls = 3, kTracepoint = 5, kXdp = 6, kPerfEvent = 7,
                   kRawTracepoint = 17, kSyscall = 31;
constexpr unsigned B = KBPF_SIZE_B, H = KBPF_SIZE_H, W = KBPF_SIZE_W, DW = KBPF_SIZE_DW;

struct Case {
  const char *name;
  uint32_t type;
  std::vector<Insn> insns; // "r0 = 0; exit" is added
  const char *refusal;     // null: accepted
};

void PrintTo(const Case &test, std::ostream *out) { *out << test.name; }

class VerifierCases : public testing::TestWithParam<Case> {};

TEST_P(VerifierCases, HasItsVerdict) {
  Case test = GetParam();
  test.insns.push_back(mov64_imm(R0, 0));
  test.insns.push_back(exit_insn());
  Verdict verdict =
      run_verifier({.insns = test.insns, .maps = {ProgramUnderTest::hash_map(4, 8)}, .type = test.type});
  EXPECT_EQ(verdict.name(), test.refusal ? test.refusal : "(accepted)") << verdict.message();
}

std::string case_name(const testing::TestParamInfo<Case> &info) { return info.param.name; }

const Case kContexts[] = {
    {"TracepointReadsItsRecord", kTracepoint, {load(DW, R2, R1, 8), load(B, R3, R1, 8191)}, nullptr},
    {"TracepointReadsTheKernelsWord", kTracepoint, {load(DW, R2, R1, 0)}, "context-access"},
    {"TracepointReadsBehindTheLongestRecord", kTracepoint, {load(DW, R2, R1, 8192)}, "context-access"},
    {"TracepointReadsAcrossWords", kTracepoint, {load(DW, R2, R1, 12)}, "context-access"},
    {"TracepointWrites", kTracepoint, {store_imm(DW, R1, 8, 0)}, "context-access"},
    {"RawTracepointReadsItsLastArgument", kRawTracepoint, {load(DW, R2, R1, 88)}, nullptr},
    {"RawTracepointReadsAThirteenthArgument", kRawTracepoint, {load(DW, R2, R1, 96)}, "context-access"},
    {"RawTracepointWrites", kRawTracepoint, {store_imm(DW, R1, 0, 0)}, "context-access"},
    {"PerfEventReadsARegister", kPerfEvent, {load(DW, R2, R1, 248)}, nullptr},
    {"PerfEventReadsHalfARegister", kPerfEvent, {load(W, R2, R1, 8)}, "context-access"},
    {"PerfEventReadsHalfTheAddress", kPerfEvent, {load(W, R2, R1, 264)}, nullptr},
    {"PerfEventReadsBehindTheAddress", kPerfEvent, {load(DW, R2, R1, 272)}, "context-access"},
    {"SocketFilterReadsTheLength", kSocketFilter, {load(W, R2, R1, 0)}, nullptr},
    {"SocketFilterReadsAByteOfTheMark", kSocketFilter, {load(B, R2, R1, 9)}, nullptr},
    {"SocketFilterReadsTwoFieldsAtOnce", kSocketFilter, {load(DW, R2, R1, 0)}, "context-access"},
    {"SocketFilterWritesTheMark", kSocketFilter, {store_imm(W, R1, 8, 1)}, "context-access"},
    {"SocketFilterWritesItsScratchWords",
     kSocketFilter,
     {store_imm(DW, R1, 48, 1), store_imm(B, R1, 67, 1)},
     nullptr},
    {"SocketFilterWritesBehindItsScratchWords", kSocketFilter, {store_imm(DW, R1, 64, 1)}, "context-access"},
    {"SocketFilterReadsTheData", kSocketFilter, {load(W, R2, R1, 76)}, "context-access"},
    {"SocketFilterReadsTheClassId", kSocketFilter, {load(W, R2, R1, 72)}, "context-access"},
    {"SocketFilterReadsTheFamily", kSocketFilter, {load(W, R2, R1, 88)}, "context-access"},
    {"SocketFilterReadsTheTimeStamp", kSocketFilter, {load(DW, R2, R1, 152)}, "context-access"},
    {"ClassifierWritesTheMark", kSchedCls, {store_imm(W, R1, 8, 1)}, nullptr},
    {"ClassifierWritesAByteOfTheMark", kSchedCls, {store_imm(B, R1, 8, 1)}, "context-access"},
    {"ClassifierWritesTheLength", kSchedCls, {store_imm(W, R1, 0, 1)}, "context-access"},
    {"ClassifierWritesTheTimeStamp", kSchedCls, {store_imm(DW, R1, 152, 1)}, nullptr},
    {"ClassifierWritesTheData", kSchedCls, {store_imm(W, R1, 76, 1)}, "context-access"},
    {"XdpReadsTheQueue", kXdp, {load(W, R2, R1, 16)}, nullptr},
    {"XdpReadsHalfTheQueue", kXdp, {load(H, R2, R1, 16)}, "context-access"},
    {"XdpWritesTheQueue", kXdp, {store_imm(W, R1, 16, 1)}, "context-access"},
    {"XdpReadsTheDataAsEightBytes", kXdp, {load(DW, R2, R1, 0)}, "context-access"},
    {"XdpReadsTheDataAsTwoBytes", kXdp, {load(H, R2, R1, 0)}, "context-access"},
    {"XdpReadsTheEgressInterface", kXdp, {load(W, R2, R1, 20)}, "context-access"},
    {"SyscallWritesItsBuffer",
     kSyscall,
     {store_imm(H, R1, 2, 1), load(DW, R2, R1, 32760)},
     nullptr},
    {"SyscallMovesThePointerToItsBuffer", kSyscall, {add64_imm(R1, 16), load(DW, R2, R1, 0)}, "context-access"},
    {"SyscallReadsBehindTheLargestBuffer",
     kSyscall,
     {add64_imm(R1, 65528), load(DW, R2, R1, 0)},
     "context-access"},
};
INSTANTIATE_TEST_SUITE_P(Contexts, VerifierCases, testing::ValuesIn(kContexts), case_name);

// r2: the packet's start, r3: its end, r4: start + offset. Then `jump`, over the accesses, which use r2.
std::vector<Insn> after_check(int offset, Insn jump, std::vector<Insn> then) {
  std::vector<Insn> code = {load(W, R2, R1, 0), load(W, R3, R1, 4), mov64_reg(R4, R2), add64_imm(R4, offset),
                            jump};
  code.insert(code.end(), then.begin(), then.end());
  return code;
}
// The same, where the jump leads to the accesses.
std::vector<Insn> at_target(int offset, Insn jump, std::vector<Insn> then) {
  jump.off = 1;
  std::vector<Insn> code = {load(W, R2, R1, 0),
                            load(W, R3, R1, 4),
                            mov64_reg(R4, R2),
                            add64_imm(R4, offset),
                            jump,
                            ja(static_cast<int>(then.size()))};
  code.insert(code.end(), then.begin(), then.end());
  return code;
}
const Insn kLast8 = load(B, R5, R2, 7), kBehind8 = load(B, R5, R2, 8);

// r5: an unknown number up to the mask, added to the packet's start in r2; r4 a copy 8 bytes on.
std::vector<Insn> after_unknown_step(int64_t mask, std::vector<Insn> then) {
  std::vector<Insn> code = {load(W, R2, R1, 0), load(W, R3, R1, 4), load(W, R5, R1, 12), and64_imm(R5, mask),
                            add64_reg(R2, R5),  mov64_reg(R4, R2),  add64_imm(R4, 8)};
  code.insert(code.end(), then.begin(), then.end());
  return code;
}

const Case kPackets[] = {
    {"WithoutAComparison", kXdp, {load(W, R2, R1, 0), load(B, R3, R2, 0)}, "packet-out-of-bounds"},
    {"BeyondEndSkips", kXdp, after_check(8, jump_reg(KBPF_JMP_JGT, R4, R3, 1), {kLast8}), nullptr},
    {"BeyondEndSkipsOneTooMany", kXdp, after_check(8, jump_reg(KBPF_JMP_JGT, R4, R3, 1), {kBehind8}),
     "packet-out-of-bounds"},
    {"BeyondEndLeadsThere", kXdp, at_target(8, jump_reg(KBPF_JMP_JGT, R4, R3, 1), {kLast8}),
     "packet-out-of-bounds"},
    {"AtLeastEndSkips", kXdp, after_check(8, jump_reg(KBPF_JMP_JGE, R4, R3, 1), {kBehind8}), nullptr},
    {"AtLeastEndSkipsOneTooMany", kXdp,
     after_check(8, jump_reg(KBPF_JMP_JGE, R4, R3, 1), {load(B, R5, R2, 9)}), "packet-out-of-bounds"},
    {"BeforeEndLeadsThere", kXdp, at_target(8, jump_reg(KBPF_JMP_JLT, R4, R3, 1), {kBehind8}), nullptr},
    {"BeforeEndSkips", kXdp, after_check(8, jump_reg(KBPF_JMP_JLT, R4, R3, 1), {kLast8}),
     "packet-out-of-bounds"},
    {"AtMostEndLeadsThere", kXdp, at_target(8, jump_reg(KBPF_JMP_JLE, R4, R3, 1), {kLast8}), nullptr},
    {"AtMostEndLeadsThereOneTooMany", kXdp, at_target(8, jump_reg(KBPF_JMP_JLE, R4, R3, 1), {kBehind8}),
     "packet-out-of-bounds"},
    {"EndIsBeyondLeadsThere", kXdp, at_target(8, jump_reg(KBPF_JMP_JGT, R3, R4, 1), {kBehind8}), nullptr},
    {"EndIsBeyondSkips", kXdp, after_check(8, jump_reg(KBPF_JMP_JGT, R3, R4, 1), {kLast8}),
     "packet-out-of-bounds"},
    {"EndIsAtLeastLeadsThere", kXdp, at_target(8, jump_reg(KBPF_JMP_JGE, R3, R4, 1), {kLast8}), nullptr},
    {"EndIsAtLeastLeadsThereOneTooMany", kXdp, at_target(8, jump_reg(KBPF_JMP_JGE, R3, R4, 1), {kBehind8}),
     "packet-out-of-bounds"},
    {"EndIsBeforeSkips", kXdp, after_check(8, jump_reg(KBPF_JMP_JLT, R3, R4, 1), {kLast8}), nullptr},
    {"EndIsBeforeSkipsOneTooMany", kXdp, after_check(8, jump_reg(KBPF_JMP_JLT, R3, R4, 1), {kBehind8}),
     "packet-out-of-bounds"},
    {"EndIsAtMostSkips", kXdp, after_check(8, jump_reg(KBPF_JMP_JLE, R3, R4, 1), {kBehind8}), nullptr},
    {"EndIsAtMostLeadsThere", kXdp, at_target(8, jump_reg(KBPF_JMP_JLE, R3, R4, 1), {kLast8}),
     "packet-out-of-bounds"},
    {"ComparedAt32Bits", kXdp, after_check(8, jump32_reg(KBPF_JMP_JGT, R4, R3, 1), {kLast8}),
     "packet-out-of-bounds"},
    {"EqualToEnd", kXdp, at_target(8, jump_reg(KBPF_JMP_JEQ, R4, R3, 1), {kLast8}), "packet-out-of-bounds"},
    {"BeforeItsStart", kXdp, after_check(8, jump_reg(KBPF_JMP_JGT, R4, R3, 1), {load(B, R5, R2, -1)}),
     "packet-out-of-bounds"},
    {"BackFromBehind", kXdp, after_check(8, jump_reg(KBPF_JMP_JGT, R4, R3, 1), {load(DW, R5, R4, -8)}),
     nullptr},
    {"Misaligned", kXdp, after_check(8, jump_reg(KBPF_JMP_JGT, R4, R3, 1), {load(W, R5, R2, 3)}), nullptr},
    {"Written", kXdp, after_check(8, jump_reg(KBPF_JMP_JGT, R4, R3, 1), {store_imm(DW, R2, 0, 1)}), nullptr},
    {"AtomicallyChanged", kXdp,
     after_check(8, jump_reg(KBPF_JMP_JGT, R4, R3, 2),
                 {mov64_imm(R5, 1), atomic(DW, KBPF_ATOMIC_ADD, R2, 0, R5)}),
     "atomic-target"},
    {"CheckedBeyondTheLongestPacket", kXdp, after_check(0x10000, jump_reg(KBPF_JMP_JGT, R4, R3, 1), {kLast8}),
     "packet-out-of-bounds"},
    {"StepOfAByte", kXdp, after_unknown_step(0xff, {jump_reg(KBPF_JMP_JGT, R4, R3, 1), kLast8}), nullptr},
    {"StepOfAByteOneTooMany", kXdp, after_unknown_step(0xff, {jump_reg(KBPF_JMP_JGT, R4, R3, 1), kBehind8}),
     "packet-out-of-bounds"},
    {"StepBeyondTheLongestPacket", kXdp,
     after_unknown_step(0x1ffff, {jump_reg(KBPF_JMP_JGT, R4, R3, 1), kLast8}), "packet-out-of-bounds"},
    {"StepAfterTheComparison", kXdp,
     after_unknown_step(0xff, {jump_reg(KBPF_JMP_JGT, R4, R3, 2), add64_reg(R2, R5), load(B, R0, R2, 0)}),
     "packet-out-of-bounds"},
    {"ReadThroughTheEnd", kXdp, {load(W, R3, R1, 4), load(B, R2, R3, 0)}, "opaque-pointer"},
    {"EndMoved", kXdp, {load(W, R3, R1, 4), add64_imm(R3, -8)}, "pointer-arithmetic"},
    {"LengthFromEndMinusStart",
     kXdp,
     {load(W, R2, R1, 0), load(W, R3, R1, 4), alu64_reg(KBPF_ALU_SUB, R3, R2), store_reg(DW, R10, -8, R3)},
     nullptr},
    {"SpilledAndFilled", kXdp,
     after_check(8, jump_reg(KBPF_JMP_JGT, R4, R3, 3),
                 {store_reg(DW, R10, -8, R2), load(DW, R0, R10, -8), load(DW, R5, R0, 0)}),
     nullptr},
    {"MetadataUpToTheStart",
     kXdp,
     {load(W, R2, R1, 8), load(W, R3, R1, 0), mov64_reg(R4, R2), add64_imm(R4, 4),
      jump_reg(KBPF_JMP_JGT, R4, R3, 1), load(W, R5, R2, 0)},
     nullptr},
    {"MetadataUpToTheEnd",
     kXdp,
     {load(W, R2, R1, 8), load(W, R3, R1, 4), mov64_reg(R4, R2), add64_imm(R4, 4),
      jump_reg(KBPF_JMP_JGT, R4, R3, 1), load(W, R5, R2, 0)},
     "packet-out-of-bounds"},
    {"KeyInThePacket", kXdp,
     after_check(8, jump_reg(KBPF_JMP_JGT, R4, R3, 3),
                 {make_insn(KBPF_OP_LD_IMM64, R1, KBPF_PSEUDO_MAP_IDX, 0, 0), Insn{}, call_helper(1)}),
     nullptr},
    {"TextInThePacket", kXdp,
     after_check(8, jump_reg(KBPF_JMP_JGT, R4, R3, 3), {mov64_reg(R1, R2), mov64_imm(R2, 4), call_helper(6)}),
     "helper-argument"},
};
INSTANTIATE_TEST_SUITE_P(Packets, VerifierCases, testing::ValuesIn(kPackets), case_name);

const Case kArithmetic[] = {
    {"DivisionByConstantZero",
     kKprobe,
     {mov64_imm(R2, 1), alu64_imm(KBPF_ALU_DIV, R2, 0)},
     "constant-operand"},
    {"RemainderOfConstantZero",
     kKprobe,
     {mov64_imm(R2, 1), alu32_imm(KBPF_ALU_MOD, R2, 0)},
     "constant-operand"},
    {"SignedDivisionByConstantZero",
     kKprobe,
     {mov64_imm(R2, 1), alu64_imm(KBPF_ALU_DIV, R2, 0, 1)},
     "constant-operand"},
    {"DivisionByARegisterOfZero",
     kKprobe,
     {mov64_imm(R2, 1), mov64_imm(R3, 0), alu64_reg(KBPF_ALU_DIV, R2, R3)},
     nullptr},
    {"ShiftBy63", kKprobe, {mov64_imm(R2, 1), lsh64_imm(R2, 63)}, nullptr},
    {"ShiftBy64", kKprobe, {mov64_imm(R2, 1), lsh64_imm(R2, 64)}, "constant-operand"},
    {"ShiftBy31At32Bits", kKprobe, {mov64_imm(R2, 1), alu32_imm(KBPF_ALU_ARSH, R2, 31)}, nullptr},
    {"ShiftBy32At32Bits", kKprobe, {mov64_imm(R2, 1), alu32_imm(KBPF_ALU_RSH, R2, 32)}, "constant-operand"},
    {"ShiftByLessThanZero", kKprobe, {mov64_imm(R2, 1), alu64_imm(KBPF_ALU_RSH, R2, -1)}, "constant-operand"},
    {"ShiftByARegisterOf64",
     kKprobe,
     {mov64_imm(R2, 1), mov64_imm(R3, 64), alu64_reg(KBPF_ALU_LSH, R2, R3)},
     nullptr},
    {"SumOfAddresses", kKprobe, {add64_reg(R1, R10)}, "pointer-arithmetic"},
    {"DistanceOfAddresses", kKprobe, {alu64_reg(KBPF_ALU_SUB, R1, R10)}, nullptr},
    {"AddressTakenFromANumber",
     kKprobe,
     {mov64_imm(R2, 1), alu64_reg(KBPF_ALU_SUB, R2, R1)},
     "pointer-arithmetic"},
    {"ProductOfAnAddress", kKprobe, {alu64_imm(KBPF_ALU_MUL, R1, 2)}, "pointer-arithmetic"},
    {"NumberCombinedWithAnAddress",
     kKprobe,
     {mov64_imm(R2, 1), alu64_reg(KBPF_ALU_OR, R2, R1)},
     "pointer-arithmetic"},
    {"SumOfHalfAnAddress", kKprobe, {alu32_imm(KBPF_ALU_ADD, R1, 1)}, "pointer-arithmetic"},
    {"CopyOfHalfAnAddress", kKprobe, {mov32_reg(R2, R1)}, nullptr},
    {"NegatedAddress", kKprobe, {neg64(R1)}, nullptr},
};
INSTANTIATE_TEST_SUITE_P(Arithmetic, VerifierCases, testing::ValuesIn(kArithmetic), case_name);

// r0: a value of 8 bytes, r1: an unknown number of 64 bits from the context. Then the case.
std::vector<Insn> with_value(std::vector<Insn> then) {
  std::vector<Insn> code = {mov64_reg(R6, R1),
                            store_imm(DW, R10, -8, 0),
                            mov64_reg(R2, R10),
                            add64_imm(R2, -8),
                            make_insn(KBPF_OP_LD_IMM64, R1, KBPF_PSEUDO_MAP_IDX, 0, 0),
                            Insn{},
                            call_helper(1),
                            jump_imm(KBPF_JMP_JNE, R0, 0, 1),
                            exit_insn(),
                            load(DW, R1, R6, 80)};
  code.insert(code.end(), then.begin(), then.end());
  return code;
}
// r1 was narrowed by `narrowing`: is it an index of a byte of the value?
std::vector<Insn> index_after(std::vector<Insn> narrowing) {
  std::vector<Insn> code = with_value(std::move(narrowing));
  code.push_back(add64_reg(R0, R1));
  code.push_back(store_imm(B, R0, 0, 1));
  return code;
}
const Insn kLeave = exit_insn();
constexpr unsigned JEQ = KBPF_JMP_JEQ, JNE = KBPF_JMP_JNE, JGT = KBPF_JMP_JGT, JLT = KBPF_JMP_JLT,
                   JLE = KBPF_JMP_JLE, JSGT = KBPF_JMP_JSGT, JSGE = KBPF_JMP_JSGE, JSLT = KBPF_JMP_JSLT,
                   JSLE = KBPF_JMP_JSLE, JSET = KBPF_JMP_JSET;
constexpr const char *kOutside = "map-value-out-of-bounds", *kFar = "pointer-arithmetic";

const Case kBounds[] = {
    {"None", kKprobe, index_after({}), kFar},
    {"LessThan8", kKprobe, index_after({jump_imm(JLT, R1, 8, 1), kLeave}), nullptr},
    {"LessThan9", kKprobe, index_after({jump_imm(JLT, R1, 9, 1), kLeave}), kOutside},
    {"AtMost7", kKprobe, index_after({jump_imm(JLE, R1, 7, 1), kLeave}), nullptr},
    {"AtMost8", kKprobe, index_after({jump_imm(JLE, R1, 8, 1), kLeave}), kOutside},
    {"NotMoreThan7", kKprobe, index_after({jump_imm(JGT, R1, 7, 1), ja(1), kLeave}), nullptr},
    {"SignedLessThan8", kKprobe, index_after({jump_imm(JSLT, R1, 8, 1), kLeave}), kFar},
    {"SignedBetween", kKprobe,
     index_after({jump_imm(JSLT, R1, 8, 1), kLeave, jump_imm(JSGE, R1, 0, 1), kLeave}), nullptr},
    {"SignedBetweenTheOtherOrder", kKprobe,
     index_after({jump_imm(JSGT, R1, -1, 1), kLeave, jump_imm(JSLE, R1, 7, 1), kLeave}), nullptr},
    {"SignedBelowZeroPossible", kKprobe,
     index_after({jump_imm(JSLT, R1, 8, 1), kLeave, jump_imm(JSGE, R1, -1, 1), kLeave}), kOutside},
    {"UnsignedAboveMinusOneAndSignedBelow", kKprobe,
     index_after({mov64_imm(R2, -1), jump_reg(JGT, R1, R2, 1), jump_imm(JSGT, R1, 1, -2)}), kFar},
    {"Half32LessThan8ThenWhole", kKprobe, index_after({jump32_imm(JLT, R1, 8, 1), kLeave}), kFar},
    {"Half32LessThan8ThenZeroExtended", kKprobe,
     index_after({jump32_imm(JLT, R1, 8, 1), kLeave, mov32_reg(R1, R1)}), nullptr},
    {"ZeroExtendedThenHalf32LessThan8", kKprobe,
     index_after({mov32_reg(R1, R1), jump32_imm(JLT, R1, 8, 1), kLeave}), nullptr},
    {"Signed32BetweenThenZeroExtended", kKprobe,
     index_after({jump32_imm(JSLT, R1, 8, 1), kLeave, jump32_imm(JSGE, R1, 0, 1), kLeave, mov32_reg(R1, R1)}),
     nullptr},
    {"Signed32BetweenThenSignExtended", kKprobe,
     index_after(
         {jump32_imm(JSLT, R1, 8, 1), kLeave, jump32_imm(JSGE, R1, 0, 1), kLeave, movsx64_reg(R1, R1, 32)}),
     nullptr},
    {"Signed32AboveOnlyThenSignExtended", kKprobe,
     index_after({jump32_imm(JSLT, R1, 8, 1), kLeave, movsx64_reg(R1, R1, 32)}), kFar},
    {"Masked", kKprobe, index_after({and64_imm(R1, 7)}), nullptr},
    {"MaskedTooWide", kKprobe, index_after({and64_imm(R1, 15)}), kOutside},
    {"MaskedThenMultiplied", kKprobe, index_after({and64_imm(R1, 1), alu64_imm(KBPF_ALU_MUL, R1, 7)}),
     nullptr},
    {"MaskedThenMultipliedTooFar", kKprobe, index_after({and64_imm(R1, 1), alu64_imm(KBPF_ALU_MUL, R1, 8)}),
     kOutside},
    {"MaskedThenShiftedUp", kKprobe, index_after({and64_imm(R1, 3), lsh64_imm(R1, 1)}), nullptr},
    {"ShiftedDown61", kKprobe, index_after({alu64_imm(KBPF_ALU_RSH, R1, 61)}), nullptr},
    {"ShiftedDown60", kKprobe, index_after({alu64_imm(KBPF_ALU_RSH, R1, 60)}), kOutside},
    {"Shifted32Down29", kKprobe, index_after({alu32_imm(KBPF_ALU_RSH, R1, 29)}), nullptr},
    {"ShiftedDownSigned61", kKprobe, index_after({alu64_imm(KBPF_ALU_ARSH, R1, 61)}), kOutside},
    {"ShiftedBothWays", kKprobe, index_after({lsh64_imm(R1, 61), alu64_imm(KBPF_ALU_RSH, R1, 61)}), nullptr},
    {"Remainder", kKprobe, index_after({alu64_imm(KBPF_ALU_MOD, R1, 8)}), nullptr},
    {"OrOfMasked", kKprobe,
     index_after({mov64_reg(R2, R1), and64_imm(R1, 5), and64_imm(R2, 2), alu64_reg(KBPF_ALU_OR, R1, R2)}),
     nullptr},
    {"XorOfMasked", kKprobe,
     index_after({mov64_reg(R2, R1), and64_imm(R1, 7), and64_imm(R2, 3), alu64_reg(KBPF_ALU_XOR, R1, R2)}),
     nullptr},
    {"DifferenceMayBeNegative", kKprobe, index_after({and64_imm(R1, 7), add64_imm(R1, -1)}), kOutside},
    {"SumThenDifference", kKprobe, index_after({and64_imm(R1, 7), add64_imm(R1, 100), add64_imm(R1, -100)}),
     nullptr},
    {"CopyCompared", kKprobe, index_after({mov64_reg(R2, R1), jump_imm(JLT, R2, 8, 1), kLeave}), nullptr},
    {"OriginalComparedCopyChanged", kKprobe,
     index_after({mov64_reg(R2, R1), add64_imm(R2, 1), jump_imm(JLT, R2, 8, 1), kLeave}), kOutside},
    {"EqualToConstant", kKprobe, index_after({jump_imm(JEQ, R1, 7, 1), kLeave}), nullptr},
    {"EqualToConstantTooFar", kKprobe, index_after({jump_imm(JEQ, R1, 8, 1), kLeave}), kOutside},
    {"EqualToABoundedRegister", kKprobe,
     index_after({load(DW, R2, R6, 88), and64_imm(R2, 7), jump_reg(JEQ, R1, R2, 1), kLeave}), nullptr},
    {"LessThanABoundedRegister", kKprobe,
     index_after({load(DW, R2, R6, 88), and64_imm(R2, 7), jump_reg(JLT, R1, R2, 1), kLeave}), nullptr},
    {"UpperBitsAbsent", kKprobe, index_after({jump_imm(JSET, R1, -8, 1), ja(1), kLeave}), nullptr},
    {"NotEqualAtTheEdge", kKprobe,
     index_after({jump_imm(JLE, R1, 8, 1), kLeave, jump_imm(JNE, R1, 8, 1), kLeave}), nullptr},
    {"NotEqualInside", kKprobe,
     index_after({jump_imm(JLE, R1, 8, 1), kLeave, jump_imm(JNE, R1, 5, 1), kLeave}), kOutside},
    {"LowByte", kKprobe, index_after({load(B, R1, R6, 80), alu64_imm(KBPF_ALU_RSH, R1, 5)}), nullptr},
    {"SignedByteBetween", kKprobe,
     index_after(
         {load_signed(B, R1, R0, 0), jump_imm(JSLT, R1, 8, 1), kLeave, jump_imm(JSGE, R1, 0, 1), kLeave}),
     nullptr},
    {"SignExtendedByteOfAMask", kKprobe, index_after({and64_imm(R1, 7), movsx64_reg(R1, R1, 8)}), nullptr},
    {"SwappedBytes", kKprobe, index_after({and64_imm(R1, 7), to_be(R1, 16), to_be(R1, 16)}), nullptr},
    {"QuotientBounded", kKprobe, index_after({and64_imm(R1, 7), alu64_imm(KBPF_ALU_DIV, R1, 2)}), nullptr},
    {"NegatedMask", kKprobe, index_after({and64_imm(R1, 7), neg64(R1), add64_imm(R1, 7)}), nullptr},
    {"SpilledWhole", kKprobe,
     index_after({and64_imm(R1, 7), store_reg(DW, R10, -16, R1), mov64_imm(R1, 0), load(DW, R1, R10, -16)}),
     nullptr},
    {"SpilledWord", kKprobe,
     index_after({and64_imm(R1, 7), store_reg(W, R10, -16, R1), mov64_imm(R1, 0), load(W, R1, R10, -16)}),
     nullptr},
    {"SpilledHalf", kKprobe,
     index_after({and64_imm(R1, 7), store_reg(H, R10, -16, R1), mov64_imm(R1, 0), load(H, R1, R10, -16)}),
     nullptr},
    {"SpilledByte", kKprobe,
     index_after({and64_imm(R1, 7), store_reg(B, R10, -16, R1), mov64_imm(R1, 0), load(B, R1, R10, -16)}),
     nullptr},
    {"SpilledByteOfAWideMask", kKprobe,
     index_after({and64_imm(R1, 0x107), store_reg(B, R10, -16, R1), mov64_imm(R1, 0), load(B, R1, R10, -16)}),
     nullptr},
    {"SpilledByteCutOff", kKprobe,
     index_after({store_reg(B, R10, -16, R1), jump_imm(JLT, R1, 8, 1), kLeave, load(B, R1, R10, -16)}),
     nullptr},
    {"SpilledByteThatMayBeAnything", kKprobe,
     index_after({store_reg(B, R10, -16, R1), load(B, R1, R10, -16)}), kOutside},
    {"SpilledWordComparedAfterwards", kKprobe,
     index_after({mov32_reg(R1, R1), store_reg(W, R10, -16, R1), jump_imm(JLT, R1, 8, 1), kLeave,
                  load(W, R1, R10, -16)}),
     nullptr},
    {"SpilledThenOverwrittenInPart", kKprobe,
     index_after(
         {and64_imm(R1, 7), store_reg(DW, R10, -16, R1), store_imm(B, R10, -15, 1), load(DW, R1, R10, -16)}),
     kFar},
    {"ProvedImpossible", kKprobe,
     with_value({and64_imm(R1, 7), jump_imm(JGT, R1, 7, 1), ja(1), store_imm(B, R0, 100, 1)}), nullptr},
    {"ProvedImpossibleBySign", kKprobe,
     with_value({and64_imm(R1, 7), jump_imm(JSLT, R1, 0, 1), ja(1), store_imm(B, R0, 100, 1)}), nullptr},
    {"ProvedImpossibleByBits", kKprobe,
     with_value({alu64_imm(KBPF_ALU_OR, R1, 1), jump_imm(JEQ, R1, 4, 1), ja(1), store_imm(B, R0, 100, 1)}),
     nullptr},
    {"ProvedImpossibleByHalf", kKprobe,
     with_value({mov32_reg(R1, R1), lsh64_imm(R1, 1), alu32_imm(KBPF_ALU_RSH, R1, 1),
                 jump32_imm(JSLT, R1, 0, 1), ja(1), store_imm(B, R0, 100, 1)}),
     nullptr},
    {"EqualToAnotherValuesAddress", kKprobe,
     with_value({mov64_reg(R7, R0), mov64_reg(R2, R10), add64_imm(R2, -8),
                 make_insn(KBPF_OP_LD_IMM64, R1, KBPF_PSEUDO_MAP_IDX, 0, 0), Insn{}, call_helper(1),
                 jump_reg(JEQ, R0, R7, 1), kLeave, store_imm(B, R0, 7, 1)}),
     nullptr},
    {"AddressIsNotNull", kKprobe, with_value({jump_imm(JNE, R0, 0, 1), load(B, R2, R10, 0)}), nullptr},
    {"NullIsNoAddress", kKprobe,
     with_value({mov64_imm(R2, 0), jump_reg(JNE, R2, R0, 1), load(B, R2, R10, 0)}), nullptr},
    {"StackIsTestedForNullBothWays",
     kKprobe,
     {jump_imm(JNE, R10, 0, 1), load(B, R2, R10, 0)},
     "stack-out-of-bounds"},
    {"AddressMayEqualANumber",
     kKprobe,
     {load(DW, R2, R1, 80), jump_reg(JNE, R10, R2, 1), load(B, R2, R10, 0)},
     "stack-out-of-bounds"},
    {"AddressesMayBeEqual", kKprobe, {jump_reg(JNE, R10, R1, 1), load(B, R2, R10, 0)}, "stack-out-of-bounds"},
    {"DifferentFromAnotherValuesAddress", kKprobe,
     with_value({mov64_reg(R7, R0), mov64_reg(R2, R10), add64_imm(R2, -8),
                 make_insn(KBPF_OP_LD_IMM64, R1, KBPF_PSEUDO_MAP_IDX, 0, 0), Insn{}, call_helper(1),
                 jump_reg(JNE, R0, R7, 1), kLeave, store_imm(B, R0, 7, 1)}),
     "possibly-null"},
};
INSTANTIATE_TEST_SUITE_P(Bounds, VerifierCases, testing::ValuesIn(kBounds), case_name);

// bpf_probe_read_kernel(fp - 16, r2, 0), where r2 is what `size` makes of an unknown number.
std::vector<Insn> probe_read(std::vector<Insn> size, std::vector<Insn> then) {
  std::vector<Insn> code = {load(DW, R2, R1, 80)};
  code.insert(code.end(), size.begin(), size.end());
  for (const Insn &insn : {mov64_reg(R1, R10), add64_imm(R1, -16), mov64_imm(R3, 0), call_helper(113)})
    code.push_back(insn);
  code.insert(code.end(), then.begin(), then.end());
  return code;
}

const Case kSizes[] = {
    {"Unbounded", kKprobe, probe_read({}, {}), "memory-size"},
    {"BoundedIntoUnwrittenStack", kKprobe, probe_read({and64_imm(R2, 15)}, {}), nullptr},
    {"BoundedBeyondTheStack", kKprobe, probe_read({and64_imm(R2, 31)}, {}), "stack-out-of-bounds"},
    {"ReadsWhatMayBeUnfilled", kKprobe, probe_read({and64_imm(R2, 15)}, {load(B, R1, R10, -16)}), nullptr},
    {"ReadsWhatIsSurelyFilled", kKprobe,
     probe_read({and64_imm(R2, 7), add64_imm(R2, 8)}, {load(DW, R1, R10, -16)}), nullptr},
    {"ReadsBehindWhatIsSurelyFilled", kKprobe,
     probe_read({and64_imm(R2, 7), add64_imm(R2, 8)}, {load(B, R1, R10, -8)}), nullptr},
    {"AllFilled", kKprobe, probe_read({mov64_imm(R2, 16)}, {load(DW, R1, R10, -8)}), nullptr},
    {"FillsOverASpilledNumber", kKprobe,
     probe_read({and64_imm(R2, 15), store_imm(DW, R10, -16, 0)},
                {load(DW, R1, R10, -16), mov64_reg(R2, R10), add64_reg(R2, R1), store_imm(B, R2, -1, 0)}),
     "pointer-arithmetic"},
};
INSTANTIATE_TEST_SUITE_P(Sizes, VerifierCases, testing::ValuesIn(kSizes), case_name);

} // namespace
} // namespace kbpf::test
