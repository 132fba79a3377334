// SPDX-License-Identifier: MIT OR Apache-2.0
// Compiles a verified program to RISC-V machine code. Two steps, so that the caller can get executable memory of the
// right size in between: plan() decides everything and measures, emit() writes the same code for a given address.
#pragma once
#include "core/base/arena.h"
#include "core/base/result.h"
#include "core/interp/interp.h"

namespace kbpf::rv64 {

struct CpuFeatures { // beyond rv64imac
  bool zba : 1;
  bool zbb : 1;
  bool zbc : 1;
};

struct JitOptions {
  CpuFeatures cpu;
  const Environment *environment; // helper addresses
};

// Opaque to callers; lives in the arena given to plan().
struct Plan;

// Errors: no_memory, not_supported (an instruction that the JIT can't compile), too_big.
Result<Plan *> plan(const VerifiedProgram &program, const JitOptions &options, Arena &arena);
size_t code_size(const Plan &plan); // bytes, a multiple of 4

// Writes code_size() bytes to out, to be run at run_address. The entry point is the first byte:
//   uint64_t entry(uint64_t context), standard calling convention, stack frame included.
void emit(const Plan &plan, std::span<std::byte> out, uint64_t run_address);

// Native offset in the code of a BPF instruction, for backtraces and dumps.
uint32_t native_offset(const Plan &plan, uint32_t insn);

// An instruction that may fault and where to go on (offsets from the start of the code).
struct FaultEntry {
  uint32_t fault;
  uint32_t resume;
};
std::span<const FaultEntry> fault_table(const Plan &plan);

} // namespace kbpf::rv64
