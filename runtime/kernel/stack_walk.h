// SPDX-License-Identifier: MIT OR Apache-2.0
// Return addresses on a stack, innermost first, by frame pointers: at fp - 8 is the return address, at fp -
// 16 the caller's fp (RISC-V ELF psABI, "Frame Pointer Convention"). Every word is read by a fault-safe copy;
// a chain that is broken or goes in circles ends the walk.
#pragma once
#include "abi/limits.h"
#include "kernel/kbpf.h"
#include "kernel/registers.h"
#include <cstddef>
#include <span>

namespace kbpf {

constexpr size_t kMaxStackDepth = KBPF_MAX_STACK_DEPTH;

// [any] From regs on, whose epc is the first address. A return that a probe has diverted shows where it
// really goes. The number of addresses.
size_t walk_kernel_stack(const kbpf_regs &regs, std::span<uint64_t> addresses);
// [any] The stack of another thread, which has stopped there.
size_t walk_stopped_stack(uint64_t thread_id, uint64_t pc, uint64_t fp, std::span<uint64_t> addresses);
// [any] Of the current thread, from where it entered the kernel; 0 for a kernel thread.
size_t walk_user_stack(std::span<uint64_t> addresses);

} // namespace kbpf
