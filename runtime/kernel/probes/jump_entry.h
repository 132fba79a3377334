// SPDX-License-Identifier: MIT OR Apache-2.0
// Probes without a breakpoint, where the kernel's functions have room before their first instruction
// (-fpatchable-function-entry=N,N): the room gets a call of a stub, once and for all, and the function's
// first halfword a jump back into it. That is as much as a breakpoint takes, so a thread that was interrupted
// anywhere in the function goes on undisturbed. What the stub saves looks like a trap frame; behind the
// programs, the function's first instruction runs in its slot (slots.h).
//
// Returns come to a stub of their own, with every kind of probe.
#pragma once
#include "kernel/probes/rv64_insn.h"
#include <cstdint>

namespace kbpf::probes {

constexpr uint16_t kJumpToRoom = 0xbfe5; // c.j -8

// From system calls, under the attach lock. Whether a jump may stand at the entry of the function, which
// begins with insn, in place of a breakpoint; its room then leads to the stub.
bool prepare_jump(uintptr_t function, const NativeInsn &insn);

// Where functions return to that are probed at their return; 0: there is no stub, a breakpoint is needed.
uintptr_t return_stub();

} // namespace kbpf::probes
