// SPDX-License-Identifier: MIT OR Apache-2.0
// Programs of more than one function or more than one kind of instruction, and what they return, for any
// engine: callbacks, may_goto, cleared and large frames.
#pragma once
#include "core/interp/interp.h"
#include "tools/unverified_program.h"

namespace kbpf::test {

struct FeatureProgram {
  const char *name;
  std::span<const Insn> insns;
  std::span<const uint32_t> callbacks; // functions that only handles name
  void (*adjust)(UnverifiedProgram &); // what a verifier would have found out; may be null
  uint64_t result;                     // r0
};

void for_each_feature(void (*visit)(const FeatureProgram &program, void *user), void *user);

// The helpers that these programs call.
//   repeat(count, callback, value): calls callback(i, value) for i = 0 .. until it returns non-zero; how
//   often sum(a, b, c, d, e): a + 10 b + 100 c + 1000 d + 10000 e
constexpr int kRepeat = 3, kSum = 7;
HelperFunction feature_helper(uint32_t number);

} // namespace kbpf::test
