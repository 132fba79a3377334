// SPDX-License-Identifier: MIT OR Apache-2.0
// Compiles a program with the JIT into executable memory of this process, to be called like a function.
#pragma once
#include "core/jit/rv64/jit.h"
#include "test_helpers.h"
#include "tools/unverified_program.h"

namespace kbpf::test {

// Programs are too big for the stack, and there is one at a time in each of two places.
UnverifiedProgram &load_program(std::span<const Insn> insns, std::span<const uint32_t> callbacks = {},
                                unsigned place = 0);

// The helpers of all target tests: 1 mixes its five arguments, 2 spoils every caller-saved register, and
// those of engine_features.h. Tail calls take the address of a ProgArray.
extern const Environment kEnvironment;
// The same helpers as kernel functions, too, and a packet.
extern const Environment kWideEnvironment;

struct Compiled {
  uint64_t (*entry)(uint64_t context); // null where compilation failed
  size_t size;                         // bytes
  uint64_t tail_entry;                 // for a slot of a ProgArray
};
// nearby: within 2 GiB of this program's functions and data, so that the code addresses them relative to pc.
Compiled compile(const VerifiedProgram &program, rv64::CpuFeatures cpu, bool nearby = false,
                 const Environment &environment = kEnvironment, const kbpf_machine *machine = nullptr);

// The most memory that the latest compilation had at a time, bytes.
size_t compilation_memory();

// After a compilation with faultable loads: SIGSEGV in the code goes on as the fault table says.
void install_fault_handler();

// For the interpreter; one at a time in each of two places.
const InterpreterCode &translate_program(const VerifiedProgram &program,
                                         const Environment &environment = kEnvironment, unsigned place = 0);
uint64_t run_interpreter(const InterpreterCode &code,
                         void *context); // with room for 33 tail calls from subprograms
inline uint64_t run_interpreter(const VerifiedProgram &program, void *context) {
  return run_interpreter(translate_program(program), context);
}

// What this CPU has beyond rv64imac: every combination of it is tested.
std::span<const rv64::CpuFeatures> cpu_variants();

} // namespace kbpf::test
