// SPDX-License-Identifier: MIT OR Apache-2.0
// How a helper calls a function of the program that called it, such as bpf_loop's. The program hands over a
// handle, which ld_imm64 with src KBPF_PSEUDO_FUNC gave it; which engine runs the program does not matter.
#pragma once
#include <cstdint>

namespace kbpf {

// Runs the function with r1 to r5 and returns its r0. Only while the helper call lasts to which the program
// passed the handle, on the same CPU. May nest: the function may call a helper with a callback of its own.
uint64_t run_callback(uint64_t handle, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5);

} // namespace kbpf
