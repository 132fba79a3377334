// SPDX-License-Identifier: MIT OR Apache-2.0
// A verified program as machine code of the JIT, run in a RISC-V hart in software beside World's helpers.
#pragma once
#include "core/verifier/program.h"
#include <string>

namespace kbpf::soundness {

// r0; or what went wrong in error, else empty. variant: which extensions the CPU has.
uint64_t run_machine_code(const VerifiedProgram &program, unsigned variant, std::string &error);

} // namespace kbpf::soundness
