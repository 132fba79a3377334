// SPDX-License-Identifier: MIT OR Apache-2.0
// What PROG_LOAD tells of a program beside its code: the type of each function, the source line of each
// instruction.
#pragma once
#include "core/btf/btf.h"
#include "core/isa/insn.h"

namespace kbpf {

struct ProgramInfo {
  std::span<const kbpf_func_info> functions; // by instruction, one for each subprogram; or none
  std::span<const kbpf_line_info> lines;     // by instruction; or none
};

// The record that an instruction belongs to: the last one at or before it; null where there is none.
const kbpf_line_info *line_at(const ProgramInfo &info, uint32_t insn);

// insns: the program as it was given. Errors: invalid, no_memory; log gets the reason, and may be null.
// scratch is given back.
Result<void> check_program_info(const Btf &btf, const ProgramInfo &info, std::span<const Insn> insns,
                                Arena &scratch, TextSink *log);

} // namespace kbpf
