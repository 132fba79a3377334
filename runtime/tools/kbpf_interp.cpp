// SPDX-License-Identifier: MIT OR Apache-2.0
// kbpf-interp: the interpreter as a conformance plugin.
#include "tools/interpret_once.h"
#include "tools/plugin.h"
#include "tools/unverified_program.h"

using namespace kbpf;

static Result<uint64_t> run(const VerifiedProgram &program, const Environment &environment,
                            std::span<std::byte> memory) {
  alignas(16) static std::byte stack[UnverifiedProgram::kStackSize];
  return interpret_once(program, environment, reinterpret_cast<uint64_t>(memory.data()), stack, memory.size());
}

int main(int argc, char **argv) { return plugin_main(argc, argv, {"kbpf-interp", run}); }
