// SPDX-License-Identifier: MIT OR Apache-2.0
// Machine code of the JIT, run on the host: against the oracle's table, and against the interpreter.
#include "emulated.h"
#include "engine_cases.h"
#include "engine_features.h"
#include <cstring>
#include <gtest/gtest.h>
#include <memory>

namespace kbpf::test {
namespace {

constexpr rv64::CpuFeatures kVariants[] = {{.zba = false, .zbb = false, .zbc = false},
                                           {.zba = true, .zbb = true, .zbc = false}};

TEST(MachineCode, ComputesWhatTheOracleSaysForEveryOpcodeAndForm) {
  size_t cases = 0;
  for_each_case(
      [](const EngineCase &test, void *user) {
        ++*static_cast<size_t *>(user);
        auto program = std::make_unique<UnverifiedProgram>(std::span(test.insns, test.count));
        for (rv64::CpuFeatures cpu : kVariants) {
          forget_code();
          Emulated code = compile_emulated(program->program(), cpu, true);
          ASSERT_TRUE(code.compiled) << test.name;
          for (uint64_t a : operand_values())
            for (uint64_t b : operand_values()) {
              CaseMemory memory{a, b, a ^ 0x5555, b + 3, 0};
              CaseMemory expected = memory;
              std::string error;
              uint64_t result = run_emulated(code, &memory, true, error);
              ASSERT_EQ(error, "") << test.name;
              ASSERT_EQ(result, expected_result(test, expected))
                  << test.name << std::hex << " a " << a << " b " << b;
              ASSERT_EQ(memcmp(&memory, &expected, sizeof memory), 0)
                  << test.name << std::hex << " a " << a << " b " << b << " cell " << memory.cell;
              if (!uses_b(test))
                break;
            }
        }
      },
      &cases);
  EXPECT_GT(cases, 2000u);
}

TEST(MachineCode, RunsCallbacksMayGotoAndFramesOfAnySize) {
  for_each_feature(
      [](const FeatureProgram &feature, void *) {
        auto program = std::make_unique<UnverifiedProgram>(feature.insns, feature.callbacks);
        if (feature.adjust)
          feature.adjust(*program);
        forget_code();
        Emulated code = compile_emulated(program->program(), kVariants[1], false);
        ASSERT_TRUE(code.compiled) << feature.name;
        std::string error;
        EXPECT_EQ(run_emulated(code, nullptr, false, error), feature.result) << feature.name;
        EXPECT_EQ(error, "") << feature.name;
      },
      nullptr);
}

TEST(MachineCode, AgreesWithTheInterpreterOnRandomPrograms) {
  for (uint64_t seed = 1; seed <= 3000; seed++)
    ASSERT_EQ(difference_of_random_program(seed), "") << seed;
}

} // namespace
} // namespace kbpf::test
