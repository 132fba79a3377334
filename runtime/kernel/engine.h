// SPDX-License-Identifier: MIT OR Apache-2.0
// What runs verified programs: machine code where the processor is a RISC-V and the port gives executable
// pages, else the interpreter. engine_rv64.cpp or engine_interpreter.cpp is built, by the processor.
#pragma once
#include "core/base/arena.h"
#include "core/btf/program_info.h"
#include "core/jit/rv64/jit.h"
#include "core/verifier/program.h"
#include "kernel/code_memory.h"

namespace kbpf {

struct MachineCode {
  CodeMemory memory;
  uint64_t (*entry)(void *context) = nullptr;
  uint64_t tail_entry = 0;                  // where another program's tail call goes on
  size_t size = 0;                          // bytes
  std::span<const rv64::FaultEntry> faults; // loads that may fault, by ascending offset
  // Where each subprogram begins, and where the last one ends; where the code of each line begins, the first
  // of a subprogram's with the subprogram.
  std::span<const uint32_t> functions, lines;

  uint64_t address() const { return reinterpret_cast<uintptr_t>(memory.data()); }
  bool contains(uint64_t at) const { return at - address() < size; } // false where there is none
};

// Once. isa: as in kbpf_init.
void init_engine(const char *isa);

// Helpers of the kbpf profile that programs need not call: RawProgram::told.
uint32_t told_helpers();

// Compiles into executable, no longer writable pages; the tables go to memory. lines: by instruction. A
// result without an entry: this program is for the interpreter. Errors: no_memory, too_big.
Result<MachineCode> compile(const VerifiedProgram &program, std::span<const kbpf_line_info> lines,
                            Arena &scratch, Arena &memory);

} // namespace kbpf
