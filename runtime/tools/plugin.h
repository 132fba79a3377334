// SPDX-License-Identifier: MIT OR Apache-2.0
// An engine as a program: the plugin protocol of the public bpf_conformance suite.
//   PLUGIN [MEMORY] [--program HEX] [--elf] [--no-verify] [--time-limit SECONDS] [--debug]
// The BPF program comes as hexadecimal bytes on standard input or behind --program, the memory that r1 points
// to (r2 is its length) in the first argument. The result is r0 in hexadecimal on standard output; where the
// program is refused or faults, a message on standard error and exit code 1.
#pragma once
#include "core/base/result.h"
#include "core/interp/interp.h"
#include "core/verifier/program.h"

namespace kbpf {

struct Engine {
  const char *name; // of the executable
  // Runs the program and returns r0. Errors: those of the engine, where it can't take the program.
  Result<uint64_t> (*run)(const VerifiedProgram &program, const Environment &environment,
                          std::span<std::byte> memory);
};

// A plugin's main().
int plugin_main(int argc, char **argv, const Engine &engine);

} // namespace kbpf
