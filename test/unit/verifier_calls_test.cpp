// SPDX-License-Identifier: MIT OR Apache-2.0
// Calls of helpers, as a table: a program type, a program, and the name of the refusal, or nothing where it
// is accepted. Prototypes and rules are those of Linux 6.12; the numbers of helpers are Linux's.
#include "insn_builders.h"
#include "verify_fixture.h"
#include <gtest/gtest.h>

namespace kbpf::test {
namespace {

constexpr uint32_t kSocketFilter = 1, kKprobe = 2, kSchedCls = 3, kTracepoint = 5, kXdp = 6, kSyscall = 31;
constexpr unsigned B = KBPF_SIZE_B, W = KBPF_SIZE_W, DW = KBPF_SIZE_DW;

// Maps of the cases, by index.
enum : int { kHash, kRingbuf, kRodata, kProgArray, kPerfEvents, kOuter, kReadOnlyHash };
constexpr char kStrings[8] = {'a', 'b', 'c', 0, 'd', 'e', 'f', 'g'};
const MapRef kInner{1, 4, 16, 8, 0, 0, 0, 0, 0, {}};

std::vector<MapRef> maps() {
  std::vector<MapRef> result(7);
  result[kHash] = ProgramUnderTest::hash_map(4, 48);
  result[kRingbuf] = {27, 0, 0, 4096, 0, 0x4000, 0, 0, 0, {}};
  result[kRodata] = ProgramUnderTest::data_map(sizeof kStrings);
  result[kRodata].map_flags = 1u << 7;
  result[kRodata].constants = std::as_bytes(std::span(kStrings));
  result[kProgArray] = {3, 4, 4, 4, 0, 0x5000, 0, 0, 0, {}};
  result[kPerfEvents] = {4, 4, 4, 4, 0, 0x6000, 0, 0, 0, {}};
  result[kOuter] = {12, 4, 4, 4, 0, 0x7000, 0, 0, 0, {}, &kInner};
  result[kReadOnlyHash] = ProgramUnderTest::hash_map(4, 48);
  result[kReadOnlyHash].map_flags = 1u << 7;
  return result;
}

struct Case {
  const char *name;
  uint32_t type;
  std::vector<Insn> insns; // "r0 = 0; exit" is added
  const char *refusal;     // null: accepted
  bool gpl = true;
};

void PrintTo(const Case &test, std::ostream *out) { *out << test.name; }
std::string case_name(const testing::TestParamInfo<Case> &info) { return info.param.name; }

class VerifierCalls : public testing::TestWithParam<Case> {};

TEST_P(VerifierCalls, HaveTheirVerdict) {
  Case test = GetParam();
  test.insns.push_back(mov64_imm(R0, 0));
  test.insns.push_back(exit_insn());
  Verdict verdict = run_verifier({.insns = test.insns,
                                  .maps = maps(),
                                  .profile = &kLinuxProfile,
                                  .gpl_compatible = test.gpl,
                                  .type = test.type});
  EXPECT_EQ(verdict.name(), test.refusal ? test.refusal : "(accepted)") << verdict.message();
}

using List = std::initializer_list<Slots>;
std::vector<Insn> join(std::initializer_list<std::vector<Insn>> parts) {
  std::vector<Insn> code;
  for (const auto &part : parts)
    code.insert(code.end(), part.begin(), part.end());
  return code;
}

// reg = the address of 16 zeroed bytes at the top of the stack.
std::vector<Insn> stack_buffer(Reg reg) {
  return {store_imm(DW, R10, -8, 0), store_imm(DW, R10, -16, 0), mov64_reg(reg, R10), add64_imm(reg, -16)};
}
// r0 = a value of the map; the program ends where there is none. r6 keeps the context.
std::vector<Insn> lookup(int map) {
  return assemble({mov64_reg(R6, R1), store_imm(W, R10, -4, 0), mov64_reg(R2, R10), add64_imm(R2, -4),
                   ld_map(R1, map), call_helper(1), jump_imm(KBPF_JMP_JNE, R0, 0, 1), exit_insn()});
}
// A byte of the context's first word, then what bounds it, as a size in r2; r1 points to 16 bytes of stack.
std::vector<Insn> probe_read_of(List bound) {
  return join({{load(DW, R7, R1, 8)},
               stack_buffer(R1),
               assemble(bound),
               {mov64_reg(R2, R7), mov64_imm(R3, 0), call_helper(113)}});
}

const Case kSizes[] = {
    {"SizeAtTheBufferEnd", kKprobe, probe_read_of({mov64_imm(R7, 16)}), nullptr},
    {"SizeBehindTheBufferEnd", kKprobe, probe_read_of({mov64_imm(R7, 17)}), "stack-out-of-bounds"},
    {"SizeOfZeroWhereAllowed", kKprobe, probe_read_of({mov64_imm(R7, 0)}), nullptr},
    {"UnknownSizeMaskedToTheBuffer", kKprobe, probe_read_of({and64_imm(R7, 15)}), nullptr},
    {"UnknownSizeMaskedTooWide", kKprobe, probe_read_of({and64_imm(R7, 31)}), "stack-out-of-bounds"},
    {"UnknownSize", kKprobe, probe_read_of({}), "memory-size"},
    {"SizeThatMayBeNegative", kKprobe, probe_read_of({jump_imm(KBPF_JMP_JSLE, R7, 16, 1), mov64_imm(R7, 16)}),
     "memory-size"},
    {"SizeBoundedFromBothSides", kKprobe,
     probe_read_of({jump_imm(KBPF_JMP_JSLE, R7, 16, 1), mov64_imm(R7, 16), jump_imm(KBPF_JMP_JSGE, R7, 0, 1),
                    mov64_imm(R7, 0)}),
     nullptr},
    {"PointerAsSize", kKprobe, probe_read_of({mov64_reg(R7, R10)}), "memory-size"},
    {"SizeOfZeroWhereOneIsNeeded", kKprobe, join({stack_buffer(R1), {mov64_imm(R2, 0), call_helper(16)}}),
     "memory-size"},
    {"SizeOfOneWhereOneIsNeeded", kKprobe, join({stack_buffer(R1), {mov64_imm(R2, 1), call_helper(16)}}),
     nullptr},
    {"NullWithSizeZero",
     kXdp,
     {mov64_imm(R1, 0), mov64_imm(R2, 0), mov64_imm(R3, 0), mov64_imm(R4, 0), mov64_imm(R5, 0),
      call_helper(28)},
     nullptr},
    {"NullWithASize",
     kXdp,
     {mov64_imm(R1, 0), mov64_imm(R2, 4), mov64_imm(R3, 0), mov64_imm(R4, 0), mov64_imm(R5, 0),
      call_helper(28)},
     "memory-size"},
    {"NullWhereMemoryIsNeeded",
     kKprobe,
     {mov64_imm(R1, 0), mov64_imm(R2, 0), mov64_imm(R3, 0), call_helper(113)},
     "helper-argument"},
    {"MapValueToItsEnd", kKprobe,
     join({lookup(kHash), {mov64_reg(R1, R0), mov64_imm(R2, 48), mov64_imm(R3, 0), call_helper(113)}}),
     nullptr},
    {"MapValueBehindItsEnd", kKprobe,
     join({lookup(kHash), {mov64_reg(R1, R0), mov64_imm(R2, 49), mov64_imm(R3, 0), call_helper(113)}}),
     "map-value-out-of-bounds"},
    {"MapValueToItsEndFromAnOffset", kKprobe,
     join({lookup(kHash),
           {mov64_reg(R1, R0), add64_imm(R1, 40), mov64_imm(R2, 8), mov64_imm(R3, 0), call_helper(113)}}),
     nullptr},
    {"MapValueFromAnOffsetTooFar", kKprobe,
     join({lookup(kHash),
           {mov64_reg(R1, R0), add64_imm(R1, 41), mov64_imm(R2, 8), mov64_imm(R3, 0), call_helper(113)}}),
     "map-value-out-of-bounds"},
    {"ReadOnlyValueIsNotFilled", kKprobe,
     join({lookup(kReadOnlyHash), {mov64_reg(R1, R0), mov64_imm(R2, 8), mov64_imm(R3, 0), call_helper(113)}}),
     "map-access-forbidden"},
    {"ContextAsMemory", kKprobe, {mov64_imm(R2, 8), mov64_imm(R3, 0), call_helper(113)}, "helper-argument"},
};
INSTANTIATE_TEST_SUITE_P(Sizes, VerifierCalls, testing::ValuesIn(kSizes), case_name);

// r0 = what bpf_get_stack returned for up to 48 bytes of a map value in r7; then `rest`.
std::vector<Insn> after_get_stack(List rest) {
  return join({lookup(kHash),
               {mov64_reg(R7, R0), mov64_reg(R1, R6), mov64_reg(R2, R7), mov64_imm(R3, 48), mov64_imm(R4, 0),
                call_helper(67)},
               assemble(rest)});
}

const Case kResults[] = {
    {"StackSizeIsAtMostWhatWasAsked", kKprobe,
     after_get_stack({jump_imm(KBPF_JMP_JSLT, R0, 0, 4), mov64_reg(R1, R7), mov64_reg(R2, R0),
                      mov64_imm(R3, 0), call_helper(113)}),
     nullptr},
    {"StackSizeMayBeAnError", kKprobe,
     after_get_stack({mov64_reg(R1, R7), mov64_reg(R2, R0), mov64_imm(R3, 0), call_helper(113)}),
     "memory-size"},
    {"StackSizePastWhatWasAsked", kKprobe,
     after_get_stack({jump_imm(KBPF_JMP_JSLT, R0, 0, 5), mov64_reg(R1, R7), mov64_reg(R2, R0),
                      add64_imm(R2, 1), mov64_imm(R3, 0), call_helper(113)}),
     "map-value-out-of-bounds"},
    {"ArgumentRegistersAreGone", kKprobe, {call_helper(7), mov64_reg(R2, R1)}, "uninitialised-register"},
    {"VoidGivesNothing", kKprobe,
     assemble({ld_map(R2, kProgArray), mov64_imm(R3, 0), call_helper(12), mov64_reg(R2, R0)}),
     "uninitialised-register"},
    {"NumberWrittenByStrtol", kKprobe,
     join({stack_buffer(R1),
           {mov64_imm(R2, 8), mov64_imm(R3, 10), mov64_reg(R4, R10), add64_imm(R4, -24), call_helper(105),
            load(DW, R2, R10, -24)}}),
     nullptr},
    {"NumberWrittenAskew", kKprobe,
     join({stack_buffer(R1),
           {mov64_imm(R2, 8), mov64_imm(R3, 10), mov64_reg(R4, R10), add64_imm(R4, -28), call_helper(105)}}),
     "misaligned-access"},
};
INSTANTIATE_TEST_SUITE_P(Results, VerifierCalls, testing::ValuesIn(kResults), case_name);

const Case kPermissions[] = {
    {"TracingTypesMayAskForTheTask", kTracepoint, {call_helper(35)}, nullptr},
    {"GplOnlyHelperWithoutTheLicence", kTracepoint, {call_helper(35)}, "gpl-only-helper", false},
    {"SocketFiltersHaveNoProbeRead", kSocketFilter,
     join({stack_buffer(R1), {mov64_imm(R2, 8), mov64_imm(R3, 0), call_helper(4)}}), "helper-not-allowed"},
    {"SocketFiltersLoadPacketBytes",
     kSocketFilter,
     {mov64_imm(R2, 0), mov64_reg(R3, R10), add64_imm(R3, -8), mov64_imm(R4, 8), call_helper(26),
      load(DW, R2, R10, -8)},
     nullptr},
    {"SocketFiltersStoreNoPacketBytes",
     kSocketFilter,
     {mov64_imm(R2, 0), mov64_reg(R3, R10), add64_imm(R3, -8), store_imm(DW, R10, -8, 0), mov64_imm(R4, 8),
      mov64_imm(R5, 0), call_helper(9)},
     "helper-not-allowed"},
    {"ClassifiersStorePacketBytes",
     kSchedCls,
     {mov64_imm(R2, 0), mov64_reg(R3, R10), add64_imm(R3, -8), store_imm(DW, R10, -8, 0), mov64_imm(R4, 8),
      mov64_imm(R5, 0), call_helper(9)},
     nullptr},
    {"KprobesHaveNoPacketBytes", kKprobe, {mov64_imm(R2, 0), call_helper(39)}, "helper-not-allowed"},
    {"CoarseClockIsForSockets", kXdp, {call_helper(160)}, nullptr},
    {"CoarseClockIsNotForProbes", kKprobe, {call_helper(160)}, "helper-not-allowed"},
    {"SleepingHelperInAProgramThatDoesNotSleep", kKprobe,
     join({stack_buffer(R1), {mov64_imm(R2, 8), mov64_imm(R3, 0), call_helper(148)}}), "helper-not-allowed"},
    {"UnknownNumber", kKprobe, {call_helper(212)}, "unknown-helper"},
    {"SyscallProgramsCloseDescriptors", kSyscall, {mov64_imm(R1, 3), call_helper(168)}, nullptr},
    {"MovedContext", kSchedCls, {add64_imm(R1, 4), mov64_imm(R2, 0), call_helper(39)}, "helper-argument"},
    {"NumberAsContext", kSchedCls, {mov64_imm(R1, 0), mov64_imm(R2, 0), call_helper(39)}, "helper-argument"},
    {"ObjectFromNowhere", kSchedCls, {mov64_imm(R1, 0), call_helper(86)}, "helper-argument"},
};
INSTANTIATE_TEST_SUITE_P(Permissions, VerifierCalls, testing::ValuesIn(kPermissions), case_name);

// r2: 8 bytes of packet that exist. r6: the context.
std::vector<Insn> in_packet(List rest) {
  return join({{mov64_reg(R6, R1), load(W, R2, R1, 0), load(W, R3, R1, 4), mov64_reg(R4, R2),
                add64_imm(R4, 8), jump_reg(KBPF_JMP_JLE, R4, R3, 1), exit_insn()},
               assemble(rest)});
}
std::vector<Insn> xdp_packet(List rest) {
  std::vector<Insn> code = in_packet(rest);
  code.insert(code.begin(), mov64_imm(R0, 0));
  return code;
}

const Case kPackets[] = {
    {"KeyInThePacket", kXdp, xdp_packet({ld_map(R1, kHash), call_helper(1)}), nullptr},
    {"KeyPartlyBehindThePacket", kXdp, xdp_packet({add64_imm(R2, 5), ld_map(R1, kHash), call_helper(1)}),
     "packet-out-of-bounds"},
    {"SumOverThePacket", kXdp,
     xdp_packet({mov64_reg(R3, R2), mov64_imm(R4, 8), mov64_imm(R1, 0), mov64_imm(R2, 0), mov64_imm(R5, 0),
                 call_helper(28)}),
     nullptr},
    {"SumBehindThePacket", kXdp,
     xdp_packet({mov64_reg(R3, R2), mov64_imm(R4, 12), mov64_imm(R1, 0), mov64_imm(R2, 0), mov64_imm(R5, 0),
                 call_helper(28)}),
     "packet-out-of-bounds"},
    {"HelperThatTakesNoPacket", kXdp,
     xdp_packet({mov64_reg(R1, R2), mov64_imm(R2, 8), mov64_imm(R3, 0), call_helper(113)}),
     "helper-argument"},
    {"PointersSurviveOtherHelpers", kXdp, xdp_packet({mov64_reg(R7, R2), call_helper(5), load(B, R0, R7, 0)}),
     nullptr},
    {"PointersAreGoneAfterAChange", kXdp,
     xdp_packet(
         {mov64_reg(R7, R2), mov64_reg(R1, R6), mov64_imm(R2, 4), call_helper(44), load(B, R0, R7, 0)}),
     "not-a-pointer"},
    {"SpilledPointersAreGoneAfterAChange", kXdp,
     xdp_packet({store_reg(DW, R10, -8, R2), mov64_reg(R1, R6), mov64_imm(R2, 4), call_helper(44),
                 load(DW, R7, R10, -8), load(B, R0, R7, 0)}),
     "not-a-pointer"},
};
INSTANTIATE_TEST_SUITE_P(Packets, VerifierCalls, testing::ValuesIn(kPackets), case_name);

// r0 = bpf_ringbuf_reserve(.., size), or null; r6 the context.
std::vector<Insn> reserve(int size) {
  return assemble(
      {mov64_reg(R6, R1), ld_map(R1, kRingbuf), mov64_imm(R2, size), mov64_imm(R3, 0), call_helper(131)});
}
const Insn kSubmit = call_helper(132), kDiscard = call_helper(133);
// Where there is a record, `rest`.
std::vector<Insn> with_record(List rest) {
  std::vector<Insn> code = assemble(rest);
  return join({reserve(16), {jump_imm(KBPF_JMP_JEQ, R0, 0, static_cast<int>(code.size()))}, code});
}

const Case kRecords[] = {
    {"RecordIsSubmitted", kKprobe,
     with_record({store_imm(DW, R0, 8, 1), mov64_reg(R1, R0), mov64_imm(R2, 0), kSubmit}), nullptr},
    {"RecordIsDiscarded", kKprobe, with_record({mov64_reg(R1, R0), mov64_imm(R2, 0), kDiscard}), nullptr},
    {"RecordIsLeaked", kKprobe, with_record({store_imm(DW, R0, 8, 1)}), "unreleased-reference"},
    {"RecordIsNeverLookedAt", kKprobe, reserve(16), "unreleased-reference"},
    {"RecordMayBeNull", kKprobe, join({reserve(16), {store_imm(DW, R0, 0, 1)}}), "possibly-null"},
    {"RecordThatMayBeNullIsSubmitted", kKprobe,
     join({reserve(16), {mov64_reg(R1, R0), mov64_imm(R2, 0), kSubmit}}), "possibly-null"},
    {"RecordIsUsedToItsEnd", kKprobe,
     with_record({store_imm(B, R0, 15, 1), mov64_reg(R1, R0), mov64_imm(R2, 0), kSubmit}), nullptr},
    {"RecordIsUsedBehindItsEnd", kKprobe,
     with_record({store_imm(B, R0, 16, 1), mov64_reg(R1, R0), mov64_imm(R2, 0), kSubmit}),
     "granted-memory-out-of-bounds"},
    {"RecordIsUsedBeforeItsStart", kKprobe,
     with_record({store_imm(B, R0, -1, 1), mov64_reg(R1, R0), mov64_imm(R2, 0), kSubmit}),
     "granted-memory-out-of-bounds"},
    {"RecordIsUsedAfterItsSubmission", kKprobe,
     with_record({mov64_reg(R7, R0), mov64_reg(R1, R0), mov64_imm(R2, 0), kSubmit, store_imm(DW, R7, 0, 1)}),
     "not-a-pointer"},
    {"SpilledRecordIsUsedAfterItsSubmission", kKprobe,
     with_record({store_reg(DW, R10, -8, R0), mov64_reg(R1, R0), mov64_imm(R2, 0), kSubmit,
                  load(DW, R7, R10, -8), store_imm(DW, R7, 0, 1)}),
     "not-a-pointer"},
    {"RecordIsSubmittedTwice", kKprobe,
     with_record({mov64_reg(R7, R0), mov64_reg(R1, R0), mov64_imm(R2, 0), kSubmit, mov64_reg(R1, R7),
                  mov64_imm(R2, 0), kSubmit}),
     "reference-not-held"},
    {"RecordIsSubmittedFromItsMiddle", kKprobe,
     with_record({mov64_reg(R1, R0), add64_imm(R1, 8), mov64_imm(R2, 0), kSubmit}), "reference-not-held"},
    {"MapValueIsSubmitted", kKprobe, join({lookup(kHash), {mov64_reg(R1, R0), mov64_imm(R2, 0), kSubmit}}),
     "reference-not-held"},
    {"RecordOfUnknownSize", kKprobe,
     assemble(
         {load(DW, R2, R1, 8), and64_imm(R2, 7), ld_map(R1, kRingbuf), mov64_imm(R3, 0), call_helper(131)}),
     "memory-size"},
    {"RecordOfAHashMap", kKprobe,
     assemble({ld_map(R1, kHash), mov64_imm(R2, 8), mov64_imm(R3, 0), call_helper(131)}), "map-type"},
    {"LookupInARingBuffer", kKprobe,
     join({stack_buffer(R2), assemble({ld_map(R1, kRingbuf), call_helper(1)})}), "map-type"},
    {"RecordFilledByAHelper", kKprobe,
     with_record({mov64_reg(R7, R0), mov64_reg(R1, R0), mov64_imm(R2, 16), mov64_imm(R3, 0), call_helper(113),
                  mov64_reg(R1, R7), mov64_imm(R2, 0), kSubmit}),
     nullptr},
    {"RecordFilledPastItsEnd", kKprobe,
     with_record({mov64_reg(R7, R0), mov64_reg(R1, R0), mov64_imm(R2, 17), mov64_imm(R3, 0), call_helper(113),
                  mov64_reg(R1, R7), mov64_imm(R2, 0), kSubmit}),
     "granted-memory-out-of-bounds"},
    {"RecordOutputInOneCall", kKprobe,
     join({stack_buffer(R2),
           assemble({ld_map(R1, kRingbuf), mov64_imm(R3, 16), mov64_imm(R4, 0), call_helper(130)})}),
     nullptr},
    {"TwoRecordsOneLeaked", kKprobe,
     with_record({mov64_reg(R8, R0), ld_map(R1, kRingbuf), mov64_imm(R2, 8), mov64_imm(R3, 0),
                  call_helper(131), mov64_reg(R1, R8), mov64_imm(R2, 0), kSubmit}),
     "unreleased-reference"},
};
INSTANTIATE_TEST_SUITE_P(Records, VerifierCalls, testing::ValuesIn(kRecords), case_name);

// r6 = a socket, or null; the tuple is 12 bytes of stack.
std::vector<Insn> find_socket() {
  return join({{mov64_reg(R9, R1)},
               stack_buffer(R2),
               {mov64_reg(R1, R9), mov64_imm(R3, 12), mov64_imm(R4, -1), mov64_imm(R5, 0), call_helper(84),
                mov64_reg(R6, R0)}});
}
// Where there is one, `rest`.
std::vector<Insn> with_socket(List rest) {
  std::vector<Insn> code = assemble(rest);
  return join({find_socket(), {jump_imm(KBPF_JMP_JEQ, R6, 0, static_cast<int>(code.size()))}, code});
}
const Insn kRelease = call_helper(86);

const Case kSockets[] = {
    {"IsReleased", kSchedCls, with_socket({mov64_reg(R1, R6), kRelease}), nullptr},
    {"IsLeaked", kSchedCls, with_socket({mov64_imm(R0, 0)}), "unreleased-reference"},
    {"IsNotLookedAt", kSchedCls, find_socket(), "unreleased-reference"},
    {"IsReleasedUnchecked", kSchedCls, join({find_socket(), {mov64_reg(R1, R6), kRelease}}), "possibly-null"},
    {"IsReleasedTwice", kSchedCls, with_socket({mov64_reg(R1, R6), kRelease, mov64_reg(R1, R6), kRelease}),
     "helper-argument"},
    {"IsMoved", kSchedCls, with_socket({add64_imm(R6, 8), mov64_reg(R1, R6), kRelease}),
     "pointer-arithmetic"},
    {"IsWritten", kSchedCls, with_socket({store_imm(DW, R6, 0, 1), mov64_reg(R1, R6), kRelease}),
     "opaque-pointer"},
    {"IsSeenAsATcpSocket", kSchedCls,
     with_socket({mov64_reg(R1, R6), call_helper(96), mov64_reg(R1, R6), kRelease}), nullptr},
    {"TcpSocketAfterTheRelease", kSchedCls,
     with_socket({mov64_reg(R1, R6), call_helper(96), mov64_reg(R7, R0), mov64_reg(R1, R6), kRelease,
                  mov64_reg(R1, R7), call_helper(96)}),
     "helper-argument"},
    {"NullTcpSocketIsNoRelease", kSchedCls,
     with_socket({mov64_reg(R1, R6), call_helper(96), jump_imm(KBPF_JMP_JNE, R0, 0, 2), mov64_imm(R0, 0),
                  exit_insn(), mov64_reg(R1, R6), kRelease}),
     "unreleased-reference"},
    {"TaskGivesItsRegisters", kKprobe, {call_helper(158), mov64_reg(R1, R0), call_helper(175)}, nullptr},
    {"RegistersAreNoTask",
     kKprobe,
     {call_helper(158), mov64_reg(R1, R0), call_helper(175), mov64_reg(R1, R0), call_helper(175)},
     "helper-argument"},
    {"TaskIsReleased", kSchedCls, {call_helper(158), mov64_reg(R1, R0), kRelease}, "helper-argument"},
};
INSTANTIATE_TEST_SUITE_P(Sockets, VerifierCalls, testing::ValuesIn(kSockets), case_name);

const Case kMaps[] = {
    {"StringInReadOnlyData", kKprobe,
     join({stack_buffer(R1), assemble({mov64_imm(R2, 4), ld_map_value(R3, kRodata, 0), call_helper(182)})}),
     nullptr},
    {"StringWithoutAnEnd", kKprobe,
     join({stack_buffer(R1), assemble({mov64_imm(R2, 4), ld_map_value(R3, kRodata, 4), call_helper(182)})}),
     "helper-argument"},
    {"StringOnTheStack", kKprobe,
     join({stack_buffer(R1), {mov64_imm(R2, 4), mov64_reg(R3, R1), call_helper(182)}}), "helper-argument"},
    {"InnerMapIsUsed", kKprobe,
     join({lookup(kOuter),
           {mov64_reg(R1, R0), mov64_reg(R2, R10), add64_imm(R2, -4), call_helper(1),
            jump_imm(KBPF_JMP_JEQ, R0, 0, 1), store_imm(DW, R0, 8, 1)}}),
     nullptr},
    {"InnerValueBehindItsEnd", kKprobe,
     join({lookup(kOuter),
           {mov64_reg(R1, R0), mov64_reg(R2, R10), add64_imm(R2, -4), call_helper(1),
            jump_imm(KBPF_JMP_JEQ, R0, 0, 1), store_imm(DW, R0, 9, 1)}}),
     "map-value-out-of-bounds"},
    {"InnerMapMayBeNull", kKprobe,
     join({stack_buffer(R2), assemble({ld_map(R1, kOuter), call_helper(1), mov64_reg(R1, R0),
                                       mov64_reg(R2, R10), add64_imm(R2, -4), call_helper(1)})}),
     "possibly-null"},
    {"InnerMapIsNoMemory", kKprobe, join({lookup(kOuter), {load(DW, R1, R0, 64)}}), "opaque-pointer"},
    {"EventGoesToAnEventArray", kKprobe,
     join({{mov64_reg(R6, R1)},
           stack_buffer(R4),
           assemble({mov64_reg(R1, R6), ld_map(R2, kPerfEvents), mov64_imm(R3, 0), mov64_imm(R5, 16),
                     call_helper(25)})}),
     nullptr},
    {"EventGoesToAHashMap", kKprobe,
     join({{mov64_reg(R6, R1)},
           stack_buffer(R4),
           assemble({mov64_reg(R1, R6), ld_map(R2, kHash), mov64_imm(R3, 0), mov64_imm(R5, 16),
                     call_helper(25)})}),
     "map-type"},
    {"LookupInAProgramArray", kKprobe,
     join({stack_buffer(R2), assemble({ld_map(R1, kProgArray), call_helper(1)})}), "map-type"},
    {"UpdateOfAReadOnlyMap", kKprobe,
     join({stack_buffer(R2), assemble({mov64_reg(R3, R10), add64_imm(R3, -64), store_imm(DW, R10, -64, 0),
                                       ld_map(R1, kReadOnlyHash), mov64_imm(R4, 0), call_helper(2)})}),
     "map-access-forbidden"},
};
INSTANTIATE_TEST_SUITE_P(Maps, VerifierCalls, testing::ValuesIn(kMaps), case_name);

} // namespace
} // namespace kbpf::test
