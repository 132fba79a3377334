// SPDX-License-Identifier: MIT OR Apache-2.0
// BPF code as text, in the notation of LLVM's assembler and of Linux's logs: "r1 = *(u64 *)(r6 + 8)".
#pragma once
#include "core/base/text.h"
#include "core/isa/insn.h"
#include <cstddef>
#include <span>

namespace kbpf {

// One instruction, without its index and without a line end. Any bytes are fine: what is no instruction
// becomes "invalid" and its fields. The second half of an ld_imm64 (insns[index] after it) gives nothing
// useful: skip it.
void disassemble(TextSink &sink, std::span<const Insn> insns, size_t index);

} // namespace kbpf
