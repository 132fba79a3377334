// SPDX-License-Identifier: MIT OR Apache-2.0
// Turns accepted code into what the engines take: map references become plain constants, arguments that the
// program left unset become zero, some calls become plain instructions (inline_call.h) and what nobody else
// needed of their arguments goes, and code that no path reaches becomes harmless.
#pragma once
#include "core/verifier/analysis.h"

namespace kbpf {

struct FixedProgram {
  std::span<const Insn> insns;
  std::span<const InsnFacts> facts;
  std::span<const Subprogram> subprograms;
  std::span<const uint32_t> positions; // of each instruction given, and the end; in scratch
};

// The result lives in result_arena. Errors: no_memory, too_big (refusal program_too_long, where zeroed
// arguments push a jump beyond its reach).
Result<FixedProgram> fix_up(const Analysis &analysis, Arena &scratch, Arena &result_arena);

// Whether it wrote code that is well-formed: each instruction, jumps and calls by where they land, functions one behind the
// other. In debug and sanitised builds after each program. Errors: no_memory, or a refusal.
Result<void> check_fixed(const FixedProgram &fixed, Arena &scratch, Rejection &rejection);

} // namespace kbpf
