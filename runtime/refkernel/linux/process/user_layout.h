// SPDX-License-Identifier: MIT OR Apache-2.0
// Where a process's fixed things are. mmap chooses its places below the stack.
//   2a_aaaa_a000  position-independent programs, their break behind them
//   3f_fffd_f000  top of the stack, 8 MiB at most, grown by page faults
//   3f_ffff_e000  the signal trampoline
#pragma once
#include "refkernel/mm/layout.h"

namespace refkernel {
constexpr uintptr_t kProgramBase = 0x2a'aaaa'a000;
constexpr uintptr_t kStackTop = kUserEnd - 0x21000;
constexpr size_t kUserStackSize = 8 << 20;
constexpr uintptr_t kSignalTrampoline = kUserEnd - 2 * kPageSize; // rt_sigreturn
} // namespace refkernel
