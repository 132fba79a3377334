// SPDX-License-Identifier: MIT OR Apache-2.0
// The check of what the fix-up pass wrote, which debug builds make after each program: it takes what engines
// take, and nothing else.
#include "core/verifier/fixup.h"
#include "insn_builders.h"
#include "verify_fixture.h"

namespace kbpf::test {
namespace {

class FixedCode : public testing::Test {
protected:
  // Functions begin at these instructions. Empty: accepted, else why not.
  static std::string check(const std::vector<Insn> &code, const std::vector<uint32_t> &begins = {0}) {
    std::vector<Subprogram> functions;
    for (size_t i = 0; i < begins.size(); i++) {
      Subprogram function{};
      function.first = begins[i];
      function.count =
          (i + 1 < begins.size() ? begins[i + 1] : static_cast<uint32_t>(code.size())) - begins[i];
      functions.push_back(function);
    }
    const std::vector<InsnFacts> facts(code.size());
    Arena scratch(malloc_source(), size_t{1} << 20);
    Rejection rejection{};
    return check_fixed({code, facts, functions, {}}, scratch, rejection).ok() ? "" : rejection.message;
  }
  static std::string refusal(std::string_view what) {
    return "the verifier has written wrong code, which is an error of its own: " + std::string(what);
  }
};

TEST_F(FixedCode, WhatEnginesAloneHaveIsTaken) {
  const Insn told{KBPF_OP_TOLD, 0, 0, 5};
  EXPECT_EQ(check(assemble({told, exit_insn()})), "");
  EXPECT_EQ(check(assemble({ld_callback(R2, 1), exit_insn(), mov64_imm(R0, 0), exit_insn()}), {0, 3}), "");
}

TEST_F(FixedCode, AMapHasToBeAnAddress) {
  EXPECT_EQ(check(assemble({ld_map(R1, 0), exit_insn()})), refusal("an ld_imm64 is not resolved"));
}

TEST_F(FixedCode, ACallbackHasToBeAFunction) {
  EXPECT_EQ(check(assemble({ld_callback(R2, 1), exit_insn()})), refusal("an ld_imm64 is not resolved"));
}

TEST_F(FixedCode, JumpsStayInTheirFunction) {
  EXPECT_EQ(
      check(assemble({jump_imm(KBPF_JMP_JEQ, R1, 0, 1), exit_insn(), mov64_imm(R0, 0), exit_insn()}), {0, 2}),
      refusal("a jump or call goes astray"));
}

TEST_F(FixedCode, CallsGoToTheStartOfAFunction) {
  EXPECT_EQ(check(assemble({call_subprogram(1), exit_insn(), mov64_imm(R0, 0), exit_insn()}), {0, 2}), "");
  EXPECT_EQ(check(assemble({call_subprogram(2), exit_insn(), mov64_imm(R0, 0), exit_insn()}), {0, 2}),
            refusal("a jump or call goes astray"));
}

TEST_F(FixedCode, FunctionsEndAndFollowEachOther) {
  EXPECT_EQ(check(assemble({mov64_imm(R0, 0)})), refusal("control runs on behind a function"));
  EXPECT_EQ(check(assemble({exit_insn(), exit_insn()}), {1}), refusal("functions do not follow each other"));
}

TEST_F(FixedCode, EachInstructionIsOne) {
  EXPECT_EQ(check({Insn{0xff, 0, 0, 0}, exit_insn()}), refusal("unknown arithmetic operation"));
}

} // namespace
} // namespace kbpf::test
