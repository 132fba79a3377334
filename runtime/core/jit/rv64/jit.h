// SPDX-License-Identifier: MIT OR Apache-2.0
// Compiles a verified program to RISC-V machine code. Two steps, so that the caller can get executable memory
// of the right size in between: plan() decides everything and measures, emit() writes the same code for a
// given address.
#pragma once
#include "abi/machine.h"
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
  const Environment *environment;        // helper addresses
  const kbpf_machine *machine = nullptr; // null: KBPF_OP_TOLD can't be compiled
};

// Opaque to callers; lives in the arena given to plan(), and refers to the program and the options'
// environment.
struct Plan;

// Errors: no_memory, not_supported (an instruction that the JIT can't compile, or a helper without an
// address), too_big (code beyond 1 GiB).
Result<Plan *> plan(const VerifiedProgram &program, const JitOptions &options, Arena &arena);
size_t code_size(const Plan &plan); // bytes, a multiple of 4

// Writes code_size() bytes to out, to be run at run_address. The entry point is the first byte:
//   uint64_t entry(uint64_t context), standard calling convention, stack frame included.
// Functions and addresses within 2 GiB of the code are reached relative to pc, others by way of 8 bytes
// behind the code: it must be readable. May be repeated for other addresses.
// Error: out_of_range, where out is too small or not aligned to 4, or run_address not to 8.
Result<void> emit(const Plan &plan, std::span<std::byte> out, uint64_t run_address);

// Where another program's tail call goes on in this one: offset from the start of the code. What a slot of a
// ProgArrayLayout holds is the address there. A program that tail-calls counts from its own start, unless it
// was entered by a tail call itself.
uint32_t tail_entry(const Plan &plan);

// Where the code of a subprogram begins, by its number; that of the first one is 0. Behind the last one:
// where instructions end.
uint32_t subprogram_offset(const Plan &plan, size_t number);

// Native offset in the code of a BPF instruction, for backtraces and dumps. insn: at most the number of
// instructions, which gives the offset behind the last one.
uint32_t native_offset(const Plan &plan, uint32_t insn);

// A load that may fault (InsnFacts::faultable) and where to go on; offsets from the start of the code. The
// trap handler writes 0 to x[zero_register] and sets pc to resume: the load has then read zero.
struct FaultEntry {
  uint32_t fault;
  uint32_t resume;
  uint8_t zero_register; // 1 .. 31, or 0 where the loaded value is not used
};
std::span<const FaultEntry> fault_table(const Plan &plan); // ordered by fault

} // namespace kbpf::rv64
