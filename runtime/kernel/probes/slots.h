// SPDX-License-Identifier: MIT OR Apache-2.0
// Out-of-line slots: where the hart itself executes a copy of a probed instruction. RISC-V has no single
// step, so the copy is followed by a jump back to the next instruction, or where that is out of a jump's
// reach, by a breakpoint that kbpf_on_breakpoint turns into one.
//
// Slots are never freed and never change, which is the whole argument for their safety. A thread in a slot
// runs with the interrupts of the probed code; it may be preempted there, migrate, and stay for any time, so
// neither a read section nor per-hart state could tell when a slot is idle. But a slot depends on nothing
// except the instruction that it copies. So it stays right after the probe is gone, a stale thread leaves it
// correctly whenever it runs again, and the next probe on the same address uses it again. The price is 8
// bytes of code for each distinct address ever probed with an instruction that can't be emulated. Nor is
// there any state to clobber when a hit nests inside another.
#pragma once
#include "core/base/result.h"
#include "kernel/probes/rv64_insn.h"

namespace kbpf::probes {

// The slot for this instruction at address, made if there is none. From system calls, under the attach lock.
// Errors: no_memory, not_permitted (the host refuses to write code).
Result<uintptr_t> slot_for(uintptr_t address, const NativeInsn &insn);

// A slot that holds nothing but a breakpoint: where return probes come back. Same conditions.
Result<uintptr_t> make_breakpoint_slot();

// Any context. Where the code continues whose slot breaks at pc, or 0 where pc is no such breakpoint.
uintptr_t slot_continuation(uintptr_t pc);

// Any context. The address of the instruction whose copy is at pc, or 0 where pc is in no slot.
uintptr_t slot_origin(uintptr_t pc);

} // namespace kbpf::probes
