// SPDX-License-Identifier: MIT OR Apache-2.0
// Locks and timers in the values of maps, as a table. The map's values: a lock at offset 4, or a timer at
// offset 16.
#include "insn_builders.h"
#include "verify_fixture.h"
#include <gtest/gtest.h>

namespace kbpf::test {
namespace {

constexpr uint32_t kSocketFilter = 1, kKprobe = 2, kSchedCls = 3;
constexpr unsigned W = KBPF_SIZE_W, DW = KBPF_SIZE_DW;
constexpr int kLock = 93, kUnlock = 94, kTimerInit = 169, kTimerSetCallback = 170, kTimerStart = 171;

enum : int { kLocked, kTimed, kPlain };

std::vector<MapRef> maps() {
  std::vector<MapRef> result = {ProgramUnderTest::hash_map(4, 16), ProgramUnderTest::hash_map(4, 32),
                                ProgramUnderTest::hash_map(4, 16)};
  result[kLocked].fields.spin_lock = 4;
  result[kTimed].fields.timer = 16;
  return result;
}

struct Case {
  const char *name;
  uint32_t type;
  std::vector<Insn> insns;         // "r0 = 0; exit" is added
  const char *refusal;             // null: accepted
  std::vector<Insn> function = {}; // behind it
};

void PrintTo(const Case &test, std::ostream *out) { *out << test.name; }
std::string case_name(const testing::TestParamInfo<Case> &info) { return info.param.name; }

class VerifierMapFields : public testing::TestWithParam<Case> {};

TEST_P(VerifierMapFields, HaveTheirVerdict) {
  Case test = GetParam();
  test.insns.push_back(mov64_imm(R0, 0));
  test.insns.push_back(exit_insn());
  test.insns.insert(test.insns.end(), test.function.begin(), test.function.end());
  Verdict verdict =
      run_verifier({.insns = test.insns, .maps = maps(), .profile = &kLinuxProfile, .type = test.type});
  EXPECT_EQ(verdict.name(), test.refusal ? test.refusal : "(accepted)") << verdict.message();
}

std::vector<Insn> join(std::initializer_list<std::vector<Insn>> parts) {
  std::vector<Insn> code;
  for (const auto &part : parts)
    code.insert(code.end(), part.begin(), part.end());
  return code;
}
// reg = a value of the map; the program ends where there is none.
std::vector<Insn> lookup(int map, Reg reg) {
  return assemble({store_imm(W, R10, -4, 0), mov64_reg(R2, R10), add64_imm(R2, -4), ld_map(R1, map),
                   call_helper(1), jump_imm(KBPF_JMP_JNE, R0, 0, 2), mov64_imm(R0, 0), exit_insn(),
                   mov64_reg(reg, R0)});
}
std::vector<Insn> call_on(Reg value, int offset, int helper) {
  return {mov64_reg(R1, value), add64_imm(R1, offset), call_helper(helper)};
}

const Case kLocks[] = {
    {"LockAndUnlock", kSchedCls,
     join({lookup(kLocked, R6), call_on(R6, 4, kLock), {store_imm(W, R6, 0, 1)}, call_on(R6, 4, kUnlock)}),
     nullptr},
    {"NeverUnlocked", kSchedCls, join({lookup(kLocked, R6), call_on(R6, 4, kLock)}), "spin-lock"},
    {"NeverLocked", kSchedCls, join({lookup(kLocked, R6), call_on(R6, 4, kUnlock)}), "spin-lock"},
    {"LockedTwice", kSchedCls, join({lookup(kLocked, R6), call_on(R6, 4, kLock), call_on(R6, 4, kLock)}),
     "spin-lock"},
    {"UnlockedTwice", kSchedCls,
     join({lookup(kLocked, R6), call_on(R6, 4, kLock), call_on(R6, 4, kUnlock), call_on(R6, 4, kUnlock)}),
     "spin-lock"},
    {"UnlockedOnOnePathOnly", kSchedCls,
     join({{load(W, R7, R1, 0)},
           lookup(kLocked, R6),
           call_on(R6, 4, kLock),
           {jump_imm(KBPF_JMP_JEQ, R7, 0, 3)},
           call_on(R6, 4, kUnlock)}),
     "spin-lock"},
    {"AnotherValueIsUnlocked", kSchedCls,
     join({lookup(kLocked, R6), lookup(kLocked, R7), call_on(R6, 4, kLock), call_on(R7, 4, kUnlock)}),
     "spin-lock"},
    {"TwoValuesAfterEachOther", kSchedCls,
     join({lookup(kLocked, R6), lookup(kLocked, R7), call_on(R6, 4, kLock), call_on(R6, 4, kUnlock),
           call_on(R7, 4, kLock), call_on(R7, 4, kUnlock)}),
     nullptr},
    {"HelperWhileLocked", kSchedCls,
     join({lookup(kLocked, R6), call_on(R6, 4, kLock), {call_helper(5)}, call_on(R6, 4, kUnlock)}),
     "spin-lock"},
    {"WrongOffset", kSchedCls, join({lookup(kLocked, R6), call_on(R6, 0, kLock)}), "special-field"},
    {"WithoutALock", kSchedCls, join({lookup(kPlain, R6), call_on(R6, 4, kLock)}), "special-field"},
    {"OnTheStack", kSchedCls, join({{store_imm(DW, R10, -8, 0)}, call_on(R10, -8, kLock)}), "special-field"},
    {"LockIsRead", kSchedCls, join({lookup(kLocked, R6), {load(W, R0, R6, 4)}}), "special-field"},
    {"LockIsWrittenWithItsNeighbour", kSchedCls, join({lookup(kLocked, R6), {store_imm(DW, R6, 0, 1)}}),
     "special-field"},
    {"NeighboursAreWritten", kSchedCls,
     join({lookup(kLocked, R6), {store_imm(W, R6, 0, 1), store_imm(DW, R6, 8, 1)}}), nullptr},
    {"LockIsFilledByAHelper", kSchedCls,
     join({lookup(kLocked, R6), {mov64_reg(R1, R6), mov64_imm(R2, 16), mov64_imm(R3, 0), call_helper(113)}}),
     "special-field"},
    {"InAProbe", kKprobe, lookup(kLocked, R6), "special-field"},
    {"InASocketFilter", kSocketFilter, lookup(kLocked, R6), "special-field"},
};
INSTANTIATE_TEST_SUITE_P(Locks, VerifierMapFields, testing::ValuesIn(kLocks), case_name);

// The timer gets the function that follows the program's last two instructions.
std::vector<Insn> set_callback(Reg value, int distance) {
  return assemble({mov64_reg(R1, value), add64_imm(R1, 16), ld_imm64_from(KBPF_PSEUDO_FUNC, R2, distance, 0),
                   call_helper(kTimerSetCallback)});
}
std::vector<Insn> init(Reg value, int offset, int map) {
  return assemble({mov64_reg(R1, value), add64_imm(R1, offset), ld_map(R2, map), mov64_imm(R3, 0),
                   call_helper(kTimerInit)});
}

const Case kTimers[] = {
    {"IsMadeAndStarted", kSchedCls,
     join({lookup(kTimed, R6),
           init(R6, 16, kTimed),
           {mov64_reg(R1, R6), add64_imm(R1, 16), mov64_imm(R2, 0), mov64_imm(R3, 0),
            call_helper(kTimerStart)}}),
     nullptr},
    {"IsMadeAtAnotherOffset", kSchedCls, join({lookup(kTimed, R6), init(R6, 8, kTimed)}), "special-field"},
    {"IsMadeForAnotherMap", kSchedCls, join({lookup(kTimed, R6), init(R6, 16, kPlain)}), "special-field"},
    {"IsWritten", kSchedCls, join({lookup(kTimed, R6), {store_imm(DW, R6, 24, 0)}}), "special-field"},
    {"NeighbourIsWritten", kSchedCls, join({lookup(kTimed, R6), {store_imm(DW, R6, 8, 0)}}), nullptr},
    {"InAProbe", kKprobe, lookup(kTimed, R6), "special-field"},
    {"FunctionReturnsZero",
     kSchedCls,
     join({lookup(kTimed, R6), set_callback(R6, 4)}),
     nullptr,
     {mov64_imm(R0, 0), exit_insn()}},
    {"FunctionReturnsOne",
     kSchedCls,
     join({lookup(kTimed, R6), set_callback(R6, 4)}),
     "callback",
     {mov64_imm(R0, 1), exit_insn()}},
    {"FunctionUsesKeyAndValue",
     kSchedCls,
     join({lookup(kTimed, R6), set_callback(R6, 4)}),
     nullptr,
     {load(W, R0, R2, 0), store_imm(DW, R3, 8, 0), mov64_imm(R0, 0), exit_insn()}},
    {"FunctionWritesTheTimer",
     kSchedCls,
     join({lookup(kTimed, R6), set_callback(R6, 4)}),
     "special-field",
     {store_imm(DW, R3, 16, 0), mov64_imm(R0, 0), exit_insn()}},
    {"FunctionReadsTheProgramsRegister",
     kSchedCls,
     join({lookup(kTimed, R6), set_callback(R6, 4)}),
     "uninitialised-register",
     {mov64_reg(R0, R6), exit_insn()}},
};
INSTANTIATE_TEST_SUITE_P(Timers, VerifierMapFields, testing::ValuesIn(kTimers), case_name);

} // namespace
} // namespace kbpf::test
