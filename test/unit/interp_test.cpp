// SPDX-License-Identifier: MIT OR Apache-2.0
// The interpreter against the oracle's table, and what takes more than one instruction: calls, frames,
// helpers.
#include "core/interp/interp.h"
#include "engine_cases.h"
#include "engine_features.h"
#include "insn_builders.h"
#include "tools/interpret_once.h"
#include "tools/unverified_program.h"
#include <cstring>
#include <gtest/gtest.h>
#include <list>
#include <memory>
#include <vector>

namespace kbpf {
namespace {

using namespace test;

uint64_t sum_of_digits(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e) {
  return a + 10 * b + 100 * c + 1000 * d + 10000 * e;
}
HelperFunction helper(uint32_t number) { return number == 7 ? sum_of_digits : nullptr; }
constexpr Environment kEnvironment{helper};

uint64_t run(std::span<const Insn> insns, void *context = nullptr) {
  auto program = std::make_unique<UnverifiedProgram>(insns);
  alignas(16) static std::byte stack[UnverifiedProgram::kStackSize];
  memset(stack, 0xa5, sizeof stack);
  return interpret_once(program->program(), kEnvironment, reinterpret_cast<uint64_t>(context), stack);
}

TEST(Interpreter, ComputesWhatTheOracleSaysForEveryOpcodeAndForm) {
  size_t cases = 0;
  for_each_case(
      [](const EngineCase &test, void *user) {
        ++*static_cast<size_t *>(user);
        auto program = std::make_unique<UnverifiedProgram>(std::span(test.insns, test.count));
        alignas(16) std::byte stack[16];
        for (uint64_t a : operand_values())
          for (uint64_t b : operand_values()) {
            CaseMemory memory{a, b, a ^ 0x5555, b + 3, 0};
            CaseMemory expected = memory;
            uint64_t result =
                interpret_once(program->program(), kEnvironment, reinterpret_cast<uint64_t>(&memory), stack);
            ASSERT_EQ(result, expected_result(test, expected))
                << test.name << std::hex << " a " << a << " b " << b;
            ASSERT_EQ(memcmp(&memory, &expected, sizeof memory), 0)
                << test.name << std::hex << " a " << a << " b " << b << " cell " << memory.cell;
            if (!uses_b(test))
              break;
          }
      },
      &cases);
  EXPECT_GT(cases, 2000u);
}

TEST(Interpreter, RunsCallbacksMayGotoAndFramesOfAnySize) {
  for_each_feature(
      [](const FeatureProgram &feature, void *) {
        auto program = std::make_unique<UnverifiedProgram>(feature.insns, feature.callbacks);
        if (feature.adjust)
          feature.adjust(*program);
        constexpr Environment kFeatureEnvironment{feature_helper};
        alignas(16) static std::byte stack[UnverifiedProgram::kStackSize];
        memset(stack, 0xa5, sizeof stack);
        EXPECT_EQ(interpret_once(program->program(), kFeatureEnvironment, 0, stack), feature.result)
            << feature.name;
      },
      nullptr);
}

// A load that may fault reads zero where it does, sign-extending or not; an environment that can't tell runs
// no such program.
TEST(Interpreter, LoadsThatMayFaultReadZero) {
  static uint64_t word;
  word = 0x80ff7f01;
  constexpr Environment kReader{.helper = helper, .read_kernel = [](void *to, uint64_t from, size_t size) {
                                  if (from != reinterpret_cast<uint64_t>(&word))
                                    return -14;
                                  memcpy(to, &word, size);
                                  return 0;
                                }};
  struct {
    uint8_t opcode;
    uint64_t result;
  } const cases[] = {{KBPF_CLASS_LDX | KBPF_MODE_MEM | KBPF_SIZE_W, 0x80ff7f01},
                     {KBPF_CLASS_LDX | KBPF_MODE_MEM | KBPF_SIZE_B, 1},
                     {KBPF_CLASS_LDX | KBPF_MODE_MEMSX | KBPF_SIZE_W, 0xffffffff80ff7f01}};
  for (const auto &load : cases) {
    const Insn insns[] = {Insn{load.opcode, static_cast<uint8_t>(R1 << 4 | R0), 8, 0}, exit_insn()};
    auto program = std::make_unique<UnverifiedProgram>(std::span(insns));
    program->facts(0).faultable = true;
    alignas(16) static std::byte stack[UnverifiedProgram::kStackSize];
    const uint64_t there = reinterpret_cast<uint64_t>(&word) - 8;
    EXPECT_EQ(interpret_once(program->program(), kReader, there, stack), load.result);
    EXPECT_EQ(interpret_once(program->program(), kReader, 0, stack), 0u);
    Arena arena(kHeapBlocks, 1 << 20);
    EXPECT_EQ(translate(program->program(), kEnvironment, arena).error(), Error::not_supported);
  }
}

// A map of type prog_array as an engine sees it.
struct ProgArray {
  uint32_t unused = 0, count;
  uint64_t slots[4] = {};
};
constexpr ProgArrayLayout kLayout{.count = offsetof(ProgArray, count), .slots = offsetof(ProgArray, slots)};
constexpr Environment kTailCalls{.helper = helper, .prog_array = &kLayout};

class TailCall : public testing::Test {
protected:
  const VerifiedProgram &add(std::vector<Insn> insns) {
    code_.push_back(std::move(insns));
    programs_.push_back(std::make_unique<UnverifiedProgram>(code_.back()));
    return programs_.back()->program();
  }
  // r1 is passed on; the call names slot index of the array, and falls through to the instruction behind.
  Slots map() { return ld_imm64(R2, reinterpret_cast<uint64_t>(&array_)); }
  uint64_t run(const VerifiedProgram &program, uint64_t context) {
    return interpret_once(program, kTailCalls, context, std::span(stack_).first(stack_size_));
  }
  void put(unsigned slot, const VerifiedProgram &program) {
    array_.slots[slot] = reinterpret_cast<uint64_t>(*translate(program, kTailCalls, arena_));
  }

  ProgArray array_{.count = 4};
  static constexpr size_t kStack = 2 * KBPF_MAX_TAIL_CALLS * KBPF_STACK_SIZE + UnverifiedProgram::kStackSize;
  size_t stack_size_ = kStack;

private:
  std::list<std::vector<Insn>> code_;
  std::vector<std::unique_ptr<UnverifiedProgram>> programs_;
  Arena arena_{kHeapBlocks, 1 << 20};
  alignas(16) std::byte stack_[kStack];
};

TEST_F(TailCall, GoesOnWithTheContextAndDoesNotComeBack) {
  put(2, add({mov64_reg(R0, R1), add64_imm(R0, 5), exit_insn()}));
  const VerifiedProgram &caller =
      add(assemble({map(), mov64_imm(R3, 2), call_helper(12), mov64_imm(R0, 1), exit_insn()}));
  EXPECT_EQ(run(caller, 100), 105u);
}

TEST_F(TailCall, FallsThroughAtAnEmptySlotAndBeyondTheEnd) {
  put(1, add({mov64_imm(R0, 0), exit_insn()}));
  for (int64_t index : {0, 2, 4, 5, -1}) {
    const VerifiedProgram &caller =
        add(assemble({mov64_imm(R0, 7), map(), mov64_imm(R3, index), call_helper(12), exit_insn()}));
    EXPECT_EQ(run(caller, 0), 7u) << index;
  }
}

TEST_F(TailCall, IndexIsTheLowHalf) {
  put(1, add({mov64_imm(R0, 9), exit_insn()}));
  const VerifiedProgram &caller =
      add(assemble({mov64_imm(R0, 7), map(), ld_imm64(R3, 0x700000001), call_helper(12), exit_insn()}));
  EXPECT_EQ(run(caller, 0), 9u);
}

TEST_F(TailCall, ThirtyThreeOfThemInOneRun) {
  uint64_t runs = 0;
  const VerifiedProgram &self =
      add(assemble({load(KBPF_SIZE_DW, R0, R1, 0), add64_imm(R0, 1), store_reg(KBPF_SIZE_DW, R1, 0, R0),
                    map(), mov64_imm(R3, 0), call_helper(12), mov64_imm(R0, 3), exit_insn()}));
  put(0, self);
  EXPECT_EQ(run(self, reinterpret_cast<uint64_t>(&runs)), 3u);
  EXPECT_EQ(runs, 34u);
}

TEST_F(TailCall, EmptySlotsCountToo) {
  put(1, add({mov64_imm(R0, 0), exit_insn()}));
  const VerifiedProgram &caller =
      add(assemble({mov64_reg(R6, R1), mov64_imm(R7, 33), mov64_reg(R1, R6), map(), mov64_imm(R3, 0),
                    call_helper(12), add64_imm(R7, -1), jump_imm(KBPF_JMP_JNE, R7, 0, -7), map(),
                    mov64_imm(R3, 1), call_helper(12), mov64_imm(R0, 5), exit_insn()}));
  EXPECT_EQ(run(caller, 0), 5u);
}

TEST_F(TailCall, FromASubprogramReturnsToItsCaller) {
  put(0, add({mov64_imm(R6, 0), mov64_imm(R0, 20), store_imm(KBPF_SIZE_DW, R10, -8, -1), exit_insn()}));
  const VerifiedProgram &caller =
      add(assemble({mov64_imm(R6, 1), store_imm(KBPF_SIZE_DW, R10, -8, 300), call_subprogram(4),
                    add64_reg(R0, R6), load(KBPF_SIZE_DW, R1, R10, -8), add64_reg(R0, R1), exit_insn(), map(),
                    mov64_imm(R3, 0), call_helper(12), mov64_imm(R0, 0), exit_insn()}));
  EXPECT_EQ(run(caller, 0), 321u);
}

// The program calls two functions, each of which starts the program again: without one count for all it would
// run 2^33 times.
TEST_F(TailCall, OneCountForAllSubprograms) {
  uint64_t runs = 0;
  const VerifiedProgram &self = add(
      assemble({mov64_reg(R6, R1), load(KBPF_SIZE_DW, R0, R1, 0), add64_imm(R0, 1),
                store_reg(KBPF_SIZE_DW, R1, 0, R0), call_subprogram(4), mov64_reg(R1, R6), call_subprogram(2),
                mov64_imm(R0, 0), exit_insn(), map(), mov64_imm(R3, 0), call_helper(12), exit_insn()}));
  put(0, self);
  run(self, reinterpret_cast<uint64_t>(&runs));
  EXPECT_EQ(runs, 34u);
}

// Two callers wait at each tail call: more than there is room for. What was entered is left in order.
TEST_F(TailCall, FallsThroughWhereTooManyCallersWait) {
  uint64_t runs = 0;
  const VerifiedProgram &self =
      add(assemble({load(KBPF_SIZE_DW, R0, R1, 0), add64_imm(R0, 1), store_reg(KBPF_SIZE_DW, R1, 0, R0),
                    call_subprogram(2), add64_imm(R0, 1), exit_insn(), call_subprogram(2), add64_imm(R0, 1),
                    exit_insn(), map(), mov64_imm(R3, 0), call_helper(12), mov64_imm(R0, 100), exit_insn()}));
  put(0, self);
  uint64_t result = run(self, reinterpret_cast<uint64_t>(&runs));
  EXPECT_GT(runs, 1u);
  EXPECT_LE(runs, 34u);
  EXPECT_EQ(result, 100 + 2 * runs);
}

TEST_F(TailCall, FallsThroughWhereTheTargetWouldNotFindRoom) {
  put(0, add({mov64_imm(R0, 1), exit_insn()}));
  const VerifiedProgram &caller =
      add(assemble({mov64_imm(R0, 2), map(), mov64_imm(R3, 0), call_helper(12), exit_insn()}));
  EXPECT_EQ(run(caller, 0), 1u);
  stack_size_ = UnverifiedProgram::kStackSize - 16;
  EXPECT_EQ(run(caller, 0), 2u);
}

TEST(Interpreter, CompareExchangeThatMatchesStores) {
  uint64_t cell[] = {0xffffffff80000000};
  Insn insns[] = {mov64_imm(R0, INT32_MIN), mov64_imm(R2, 5),
                  atomic(KBPF_SIZE_W, KBPF_ATOMIC_CMPXCHG, R1, 0, R2), exit_insn()};
  EXPECT_EQ(run(insns, cell), 0x80000000u); // only the low half counts, and comes back zero-extended
  EXPECT_EQ(cell[0], 0xffffffff00000005u);
}

TEST(Interpreter, HelperGetsFiveArgumentsAndGivesR0) {
  Insn insns[] = {mov64_imm(R1, 1), mov64_imm(R2, 2), mov64_imm(R3, 3), mov64_imm(R4, 4),
                  mov64_imm(R5, 5), call_helper(7),   exit_insn()};
  EXPECT_EQ(run(insns), 54321u);
}

TEST(Interpreter, ABranchOverAJumpGoesWhereEitherSays) {
  Insn loop[] = {mov64_imm(R0, 0),
                 mov64_imm(R1, 5),
                 add64_imm(R0, 3),
                 alu64_imm(KBPF_ALU_ADD, R1, -1),
                 jump_imm(KBPF_JMP_JEQ, R1, 0, 1),
                 ja(-4),
                 exit_insn()};
  EXPECT_EQ(run(loop), 15u);
}

TEST(Interpreter, TheSecondOfAFusedPairRunsAloneWhereSomebodyJumpsToIt) {
  Insn insns[] = {mov64_imm(R0, 1),  mov64_imm(R1, 7), ja(1), // into the pair: r0 + 2, not r1 + 2
                  mov64_reg(R0, R1), add64_imm(R0, 2), exit_insn()};
  EXPECT_EQ(run(insns), 3u);
  insns[2] = ja(0);
  EXPECT_EQ(run(insns), 9u);
}

// The addition and the branch are one, whether the latter is a pair of its own or not; somebody may jump
// between.
TEST(Interpreter, AnAdditionAndABranchOnItsResultAreWhatTheyWereApart) {
  for (unsigned code : {KBPF_JMP_JEQ, KBPF_JMP_JNE})
    for (bool has_jump : {false, true})
      for (int64_t start : {0, 4, -9})
        for (bool enters_between : {false, true}) {
          // r0: 1 where the branch is taken, 2 where it is not
          Insn insns[] = {mov64_imm(R7, start),
                          mov64_imm(R0, 1),
                          ja(enters_between ? 1 : 0),
                          add64_imm(R7, -4),
                          jump_imm(code, R7, 0, 1),
                          has_jump ? ja(1) : mov64_imm(R0, 2),
                          ja(1),
                          mov64_imm(R0, 2),
                          alu64_reg(KBPF_ALU_MUL, R7, R7),
                          lsh64_imm(R7, 8),
                          alu64_reg(KBPF_ALU_OR, R0, R7),
                          exit_insn()};
          const int64_t value = enters_between ? start : start - 4;
          const bool taken = (value == 0) == (code == KBPF_JMP_JEQ);
          EXPECT_EQ(run(insns), static_cast<uint64_t>(value * value) << 8 | (taken ? 1u : 2u))
              << code << " " << has_jump << " " << start << " " << enters_between;
        }
}

TEST(Interpreter, CalleeSavedRegistersAndFramePointerSurviveACall) {
  Insn insns[] = {mov64_imm(R6, 6), store_imm(KBPF_SIZE_DW, R10, -8, 100), mov64_reg(R1, R10),
                  alu64_imm(KBPF_ALU_ADD, R1, -8),
                  call_subprogram(4), // 4 -> 9
                  alu64_reg(KBPF_ALU_ADD, R0, R6), load(KBPF_SIZE_DW, R1, R10, -8),
                  alu64_reg(KBPF_ALU_ADD, R0, R1), exit_insn(),
                  // reads and changes the caller's slot through r1, spoils its own frame and r6
                  load(KBPF_SIZE_DW, R0, R1, 0), store_imm(KBPF_SIZE_DW, R1, 0, 1000),
                  store_imm(KBPF_SIZE_DW, R10, -8, 77), mov64_imm(R6, 0), mov64_imm(R10, 0), exit_insn()};
  EXPECT_EQ(run(insns), 100u + 6 + 1000);
}

TEST(Interpreter, CallsNestToEightFrames) {
  std::vector<Insn> insns;
  for (int frame = 0; frame < KBPF_MAX_CALL_FRAMES - 1; frame++) {
    insns.push_back(call_subprogram(2)); // the next frame, behind this one's three instructions
    insns.push_back(alu64_imm(KBPF_ALU_ADD, R0, 1));
    insns.push_back(exit_insn());
  }
  insns.push_back(mov64_imm(R0, 100));
  insns.push_back(exit_insn());
  EXPECT_EQ(run(insns), 100u + KBPF_MAX_CALL_FRAMES - 1);
}

TEST(Interpreter, LoopRunsBackwards) {
  Insn insns[] = {mov64_imm(R0, 0),
                  mov64_imm(R1, 10),
                  alu64_reg(KBPF_ALU_ADD, R0, R1),
                  alu64_imm(KBPF_ALU_SUB, R1, 1),
                  jump_imm(KBPF_JMP_JNE, R1, 0, -3),
                  exit_insn()};
  EXPECT_EQ(run(insns), 55u);
}

} // namespace
} // namespace kbpf
