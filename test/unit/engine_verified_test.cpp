// SPDX-License-Identifier: MIT OR Apache-2.0
// The seam between verifier and engines: programs as the fix-up pass leaves them, with dead code, map handles
// and frames of the measured depth, run in the interpreter and compile.
#include "core/interp/interp.h"
#include "core/jit/rv64/jit.h"
#include "insn_builders.h"
#include "tools/interpret_once.h"
#include "verify_fixture.h"
#include <algorithm>
#include <gtest/gtest.h>

namespace kbpf::test {
namespace {

uint64_t seen_map;
uint64_t record_map(uint64_t map, uint64_t, uint64_t, uint64_t, uint64_t) {
  seen_map = map;
  return 0;
}
constexpr uint64_t kCpu = 3, kTime = 0x123456789abcd, kPidTgid = uint64_t{7} << 32 | 9;
uint64_t cpu(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return kCpu; }
uint64_t time(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return kTime; }
uint64_t pid_tgid(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return kPidTgid; }
uint64_t own_lookup(uint64_t map, uint64_t, uint64_t, uint64_t, uint64_t) {
  seen_map = map;
  return 0;
}
HelperFunction helper(uint32_t number) {
  switch (number) {
  case 3:
    return record_map;
  case kKtimeGetNs:
    return time;
  case kGetSmpProcessorId:
    return cpu;
  case kGetCurrentPidTgid:
    return pid_tgid;
  case 0x70001:
    return own_lookup;
  }
  return nullptr;
}
constexpr Environment kEnvironment{helper};
constexpr kbpf_machine kMachine{
    .cpu = {.base = 4, .bytes = 4, .through = -1, .offset = 8},
    .pid_tgid = {.base = 4, .bytes = 8, .through = 16, .offset = 24},
    .time = {.multiplier = 0x123456789abcdef, .shift = 3, .offset = 0xfedcba987654321},
};

// Runs in a stack of exactly the size that the program asks for; a sanitizer sees a step beyond it.
uint64_t run_and_compile(const ProgramUnderTest &test) {
  Verdict verdict = run_verifier(test);
  EXPECT_TRUE(verdict) << verdict.message();
  if (!verdict)
    return ~uint64_t{0};
  Arena arena(malloc_source(), 1 << 20);
  EXPECT_TRUE(
      rv64::plan(*verdict.program, {.cpu = {}, .environment = &kEnvironment, .machine = &kMachine}, arena)
          .ok());
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

std::byte elements[1];

MapRef array(uint32_t element_size, uint32_t entries) {
  MapRef map = ProgramUnderTest::array_map(8, entries);
  map.elements = reinterpret_cast<uintptr_t>(elements);
  map.element_size = element_size;
  return map;
}
MapRef per_cpu_array(uint32_t element_size, uint32_t entries) {
  MapRef map = array(element_size, entries);
  map.type = 6;
  map.cpu_stride = uint64_t{element_size} * entries;
  return map;
}

// A lookup with the key that `key` leaves at r10 + offset, given back as a number: 0 for null.
ProgramUnderTest lookup_program(const MapRef &map, std::vector<Insn> key, int offset) {
  std::vector<Insn> code = std::move(key);
  for (Insn insn :
       assemble({mov64_reg(R2, R10), add64_imm(R2, offset), ld_map(R1, 0), call_helper(1),
                 jump_imm(KBPF_JMP_JNE, R0, 0, 1), exit_insn(), store_reg(KBPF_SIZE_DW, R10, -24, R0),
                 load(KBPF_SIZE_DW, R0, R10, -24), exit_insn()}))
    code.push_back(insn);
  ProgramUnderTest test{code};
  test.maps = {map};
  test.told = told_bit(kGetSmpProcessorId);
  return test;
}
// A number that the verifier does not know: the program's argument is a context full of zeros.
std::vector<Insn> unknown_key(uint32_t key, int offset) {
  return assemble({load(KBPF_SIZE_DW, R3, R1, 80), add64_imm(R3, static_cast<int32_t>(key)),
                   store_reg(KBPF_SIZE_W, R10, offset, R3)});
}
std::vector<Insn> constant_key(uint32_t key, int offset) {
  return assemble({store_imm(KBPF_SIZE_W, R10, offset, static_cast<int32_t>(key))});
}
// The difference from the first element's address of what the lookup gives, or -1 for null. There is no
// helper 1: a call of it would not compile.
int64_t offset_found(const ProgramUnderTest &test) {
  uint64_t address = run_and_compile(test);
  return address ? static_cast<int64_t>(address - reinterpret_cast<uintptr_t>(elements)) : -1;
}
size_t count_insns(const ProgramUnderTest &test, bool (*wanted)(const Insn &)) {
  Verdict verdict = run_verifier(test);
  EXPECT_TRUE(verdict) << verdict.message();
  return verdict ? static_cast<size_t>(std::ranges::count_if(verdict.program->insns(), wanted)) : 0;
}
bool is_conditional(const Insn &insn) { return insn.is_jump() && insn.code() != KBPF_JMP_JA; }

TEST(VerifiedProgram, LooksUpInAnArrayWithoutACall) {
  for (uint32_t size : {8u, 24u})
    for (uint32_t key : {0u, 1u, 4u}) {
      EXPECT_EQ(offset_found(lookup_program(array(size, 5), unknown_key(key, -4), -4)), size * key);
      EXPECT_EQ(offset_found(lookup_program(array(size, 5), constant_key(key, -4), -4)), size * key);
    }
}

TEST(VerifiedProgram, LookupsBeyondTheArraysEndGiveNull) {
  for (uint32_t key : {5u, 6u, 0x7fffffffu, 0x80000000u, 0xffffffffu})
    for (uint32_t size : {8u, 24u}) {
      EXPECT_EQ(offset_found(lookup_program(array(size, 5), unknown_key(key, -4), -4)), -1) << key;
      EXPECT_EQ(offset_found(lookup_program(array(size, 5), constant_key(key, -4), -4)), -1) << key;
      EXPECT_EQ(offset_found(lookup_program(per_cpu_array(size, 5), unknown_key(key, -4), -4)), -1) << key;
    }
}

TEST(VerifiedProgram, LooksUpInAPerCpuArrayWithoutACall) {
  for (uint32_t size : {8u, 24u})
    for (uint32_t key : {0u, 4u}) {
      const int64_t want = static_cast<int64_t>(size * (kCpu * 5 + key));
      EXPECT_EQ(offset_found(lookup_program(per_cpu_array(size, 5), unknown_key(key, -4), -4)), want);
      EXPECT_EQ(offset_found(lookup_program(per_cpu_array(size, 5), constant_key(key, -8), -8)), want);
    }
}

TEST(VerifiedProgram, ALookupOfAConstantKeyIsTheElementsAddress) {
  for (int offset : {-4, -8, -12, -16})
    for (uint32_t key : {0u, 3u}) {
      ProgramUnderTest test = lookup_program(array(8, 4), constant_key(key, offset), offset);
      EXPECT_EQ(offset_found(test), 8 * key);
      EXPECT_EQ(count_insns(test, is_conditional), 0u); // the program's own test is none, either
      // The store of the key, the address and the five behind the call: no argument is left.
      EXPECT_EQ(count_insns(test, [](const Insn &insn) { return insn.opcode != 0; }), 7u);
    }
}

// As in Linux up to 6.13, whose verdicts programs count on.
TEST(VerifiedProgram, ALookupOfAConstantKeyWantsTheTestForNull) {
  ProgramUnderTest test{
      assemble({store_imm(KBPF_SIZE_W, R10, -4, 3), mov64_reg(R2, R10), add64_imm(R2, -4), ld_map(R1, 0),
                call_helper(1), load(KBPF_SIZE_DW, R0, R0, 0), exit_insn()})};
  test.maps = {array(8, 4)};
  EXPECT_EQ(run_verifier(test).name(), "possibly-null");
}

// The code behind a branch that is never taken may be that of others.
TEST(VerifiedProgram, ABranchThatGoesOneWayIsNone) {
  ProgramUnderTest test{
      assemble({load(KBPF_SIZE_DW, R3, R1, 80), mov64_imm(R0, 4), jump_imm(KBPF_JMP_JEQ, R3, 9, 2),
                mov64_imm(R0, 5), jump_imm(KBPF_JMP_JNE, R0, 5, 1), add64_imm(R0, 1), exit_insn()})};
  EXPECT_EQ(count_insns(test, is_conditional), 1u);
  EXPECT_EQ(run_and_compile(test), 6u);
}

TEST(VerifiedProgram, AConstantKeyInARegisterIsAsGood) {
  ProgramUnderTest test =
      lookup_program(array(8, 4), assemble({mov64_imm(R7, 2), store_reg(KBPF_SIZE_W, R10, -4, R7)}), -4);
  EXPECT_EQ(offset_found(test), 16);
  EXPECT_EQ(count_insns(test, is_conditional), 0u);
}

// Who jumps to the test brings another r0.
TEST(VerifiedProgram, ATestForNullThatOthersShareStays) {
  ProgramUnderTest test{
      assemble({load(KBPF_SIZE_DW, R3, R1, 80), mov64_imm(R0, 0), jump_imm(KBPF_JMP_JEQ, R3, 9, 6),
                store_imm(KBPF_SIZE_W, R10, -4, 3), mov64_reg(R2, R10), add64_imm(R2, -4), ld_map(R1, 0),
                call_helper(1), jump_imm(KBPF_JMP_JNE, R0, 0, 2), mov64_imm(R0, 7), exit_insn(),
                load(KBPF_SIZE_DW, R0, R0, 0), exit_insn()})};
  test.maps = {array(8, 4)};
  EXPECT_EQ(count_insns(test, is_conditional), 2u);
}

// The key that a call sees differs from path to path: what one path relies on may not vouch for the other.
TEST(VerifiedProgram, ALookupOfOneOfTwoKeysTestsTheKey) {
  ProgramUnderTest test = lookup_program(
      array(8, 4),
      assemble({load(KBPF_SIZE_DW, R3, R1, 80), store_imm(KBPF_SIZE_DW, R10, -8, 1),
                jump_imm(KBPF_JMP_JNE, R3, 0, 1), store_imm(KBPF_SIZE_DW, R10, -8, 2), mov64_imm(R4, 0)}),
      -8);
  EXPECT_EQ(offset_found(test), 16);
  EXPECT_EQ(count_insns(test, [](const Insn &insn) { return insn.is_jump() && insn.code() == KBPF_JMP_JLT; }),
            1u);
}

// The verifier forgets a key in the upper half of a slot where anything may have changed it.
TEST(VerifiedProgram, AKeyThatMayHaveChangedIsNoConstant) {
  const auto reads_key = [](const Insn &insn) { return insn.is_jump() && insn.code() == KBPF_JMP_JLT; };
  const std::vector<Insn> changes[] = {
      assemble({store_imm(KBPF_SIZE_W, R10, -4, 1), load(KBPF_SIZE_B, R3, R1, 80),
                store_reg(KBPF_SIZE_B, R10, -4, R3)}),
      assemble({store_imm(KBPF_SIZE_W, R10, -4, 1), load(KBPF_SIZE_DW, R3, R1, 80),
                store_reg(KBPF_SIZE_DW, R10, -8, R3)}),
      assemble({store_imm(KBPF_SIZE_W, R10, -4, 1), mov64_imm(R3, 0),
                atomic(KBPF_SIZE_W, KBPF_ATOMIC_ADD, R10, -4, R3)}),
      assemble({load(KBPF_SIZE_DW, R6, R1, 80), store_imm(KBPF_SIZE_W, R10, -4, 1),
                jump_imm(KBPF_JMP_JNE, R6, 0, 1), store_imm(KBPF_SIZE_W, R10, -4, 2), mov64_imm(R4, 0)}),
  };
  for (const std::vector<Insn> &change : changes)
    EXPECT_EQ(count_insns(lookup_program(array(8, 4), change, -4), reads_key), 1u);
}

TEST(VerifiedProgram, AnArgumentThatIsNeededElsewhereStays) {
  ProgramUnderTest test{
      assemble({store_imm(KBPF_SIZE_W, R10, -4, 3), mov64_reg(R2, R10), add64_imm(R2, -4), mov64_reg(R6, R2),
                ld_map(R1, 0), call_helper(1), load(KBPF_SIZE_W, R0, R6, 0), exit_insn()})};
  test.maps = {array(8, 4)};
  EXPECT_EQ(run_and_compile(test), 3u);
}

TEST(VerifiedProgram, WhatEnginesKnowIsNoCall) {
  for (auto [number, want] : {std::pair{kKtimeGetNs, kTime}, std::pair{kGetSmpProcessorId, kCpu},
                              std::pair{kGetCurrentPidTgid, kPidTgid}}) {
    ProgramUnderTest test{assemble({call_helper(static_cast<int32_t>(number)), exit_insn()})};
    const auto is_call = [](const Insn &insn) { return insn.is_call(); };
    EXPECT_EQ(count_insns(test, is_call), 1u);
    test.told = told_bit(number);
    EXPECT_EQ(count_insns(test, is_call), 0u);
    EXPECT_EQ(run_and_compile(test), want);
  }
}

TEST(VerifiedProgram, AMapsOwnHelperIsCalled) {
  seen_map = 0;
  ProgramUnderTest test{assemble({store_imm(KBPF_SIZE_DW, R10, -8, 7), mov64_reg(R2, R10), add64_imm(R2, -8),
                                  ld_map(R1, 0), call_helper(1), mov64_imm(R0, 9), exit_insn()})};
  test.maps = {ProgramUnderTest::hash_map(8, 8)};
  test.maps[0].lookup_call = 0x70001;
  EXPECT_EQ(run_and_compile(test), 9u);
  EXPECT_EQ(seen_map, test.maps[0].handle);
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
