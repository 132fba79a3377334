// SPDX-License-Identifier: MIT OR Apache-2.0
// Executes a probed instruction on saved registers, as the hart would have executed it at its own address.
#pragma once
#include "kernel/kbpf.h"
#include "kernel/probes/rv64_insn.h"

namespace kbpf::probes {

// regs.epc: the instruction's address; it becomes that of the next instruction. insn.operation must not be
// out_of_line.
void emulate(const NativeInsn &insn, kbpf_regs &regs);

} // namespace kbpf::probes
