// SPDX-License-Identifier: MIT OR Apache-2.0
// Which constants of a function are worth a register.
#pragma once
#include "core/isa/encoding.h"
#include "core/jit/rv64/plan.h"

namespace kbpf::rv64 {

// Fills layout.constants for a function with these loops from registers, the best first.
void hoist_constants(Plan &plan, const Loops &loops, std::span<const Reg> registers, Layout &layout);

} // namespace kbpf::rv64
