// SPDX-License-Identifier: MIT OR Apache-2.0
// What runs verified programs: machine code where the processor is a RISC-V and the port gives executable
// pages, else the interpreter. engine_rv64.cpp or engine_interpreter.cpp is built, by the processor.
#pragma once
#include "core/base/arena.h"
#include "core/jit/rv64/jit.h"
#include "core/verifier/program.h"
#include "kernel/memory.h"

namespace kbpf {

struct MachineCode {
  Pages pages;
  uint64_t (*entry)(void *context) = nullptr;
  uint64_t tail_entry = 0;                  // where another program's tail call goes on
  size_t size = 0;                          // bytes in pages
  std::span<const rv64::FaultEntry> faults; // loads that may fault, by ascending offset
};

// Once. isa: as in kbpf_init.
void init_engine(const char *isa);

// Helpers of the kbpf profile that programs need not call: RawProgram::told.
uint32_t told_helpers();

// Compiles into executable, no longer writable pages; the fault table goes to memory. A result without an
// entry: this program is for the interpreter. Errors: no_memory, too_big.
Result<MachineCode> compile(const VerifiedProgram &program, Arena &scratch, Arena &memory);

} // namespace kbpf
