// SPDX-License-Identifier: MIT OR Apache-2.0
// What an engine takes for granted of a program, checked where no verifier has: control flow that stays
// inside of the program, a bounded depth of calls, helpers that exist. What the code does to memory is not
// looked at.
#pragma once
#include "core/interp/interp.h"
#include "core/isa/encoding.h"
#include "tools/unverified_program.h"

namespace kbpf {

// Nothing where all is well, else the first fault: check_encoding() with the groups that only engines have,
// and then
//   - a reference to a map, or to a helper or kernel function that environment does not have
//   - an instruction that writes r10
//   - a path that leaves its function other than by exit, by a jump or by running off its end
//   - more functions than UnverifiedProgram holds, or calls that nest deeper than KBPF_MAX_CALL_FRAMES
std::optional<EncodingFault> check_structure(const UnverifiedProgram &program, std::span<const Insn> insns,
                                             const Environment &environment);

} // namespace kbpf
