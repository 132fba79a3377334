// SPDX-License-Identifier: MIT OR Apache-2.0
// Compiles programs with the JIT and runs the machine code on any host, in Rv64Machine. The interpreter has
// the same helpers: 1 mixes its arguments, 2 gives the first one's complement, and those of
// engine_features.h.
#pragma once
#include "core/jit/rv64/jit.h"
#include "random_program.h"
#include "rv64_machine.h"
#include "test_helpers.h"
#include "tools/unverified_program.h"
#include <string>

namespace kbpf::test {

// In the memory for code, until forget_code().
struct Emulated {
  bool compiled;
  uint64_t entry, tail_entry; // tail_entry: for a slot of a ProgArray
};
// nearby: helpers count as within 2 GiB of the code, so that it addresses them relative to pc.
Emulated compile_emulated(const VerifiedProgram &program, rv64::CpuFeatures cpu, bool nearby);
void forget_code();

// r0, or what went wrong in error, else empty.
uint64_t run_emulated(const Emulated &code, void *context, bool nearby, std::string &error);

// The same with helpers of the caller's own: environment names their addresses, outside does what they do.
// tp: what that register holds, for what machine describes.
Emulated compile_emulated(const VerifiedProgram &program, rv64::CpuFeatures cpu,
                          const Environment &environment, const kbpf_machine *machine = nullptr);
uint64_t run_emulated(const Emulated &code, void *context, Rv64Machine::Outside outside, std::string &error,
                      uint64_t tp = 0x5a5a0004);

extern const Environment kHostEnvironment; // for the interpreter

// Runs the random program of that seed in both engines, with another one to tail-call, for one of the CPU
// variants. What differs, or empty.
std::string difference_of_random_program(uint64_t seed);

} // namespace kbpf::test
