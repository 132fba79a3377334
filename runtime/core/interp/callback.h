// SPDX-License-Identifier: MIT OR Apache-2.0
// How a helper calls a function of the program that called it, such as bpf_loop's. The program hands over a
// handle, which ld_imm64 with src KBPF_PSEUDO_FUNC gave it; which engine runs the program does not matter.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace kbpf {

// Runs the function with r1 to r5 and returns its r0. Only while the helper call lasts to which the program
// passed the handle, on the same CPU. May nest: the function may call a helper with a callback of its own.
uint64_t run_callback(uint64_t handle, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5);

// What a handle stands for, for later than the helper call: as long as the program lives.
struct LastingCallback {
  const void *code = nullptr;       // machine code, or the program's InterpreterCode
  uint32_t function = kMachineCode; // index of the subprogram, where it is for the interpreter
  static constexpr uint32_t kMachineCode = UINT32_MAX;
};
LastingCallback lasting_callback(uint64_t handle); // as run_callback
// stack: as for interpret().
uint64_t run_lasting(const LastingCallback &callback, uint64_t a1, uint64_t a2, uint64_t a3,
                     std::span<std::byte> stack);

} // namespace kbpf
