// SPDX-License-Identifier: MIT OR Apache-2.0
// Is a sequence of slots well-formed BPF code? Each instruction by itself, and jumps and calls by where they
// land; what the code does with its values is the verifier's question.
#pragma once
#include "core/isa/insn.h"
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace kbpf {

struct EncodingFault {
  size_t insn; // index
  std::string_view reason;
};

// RFC 9669: the groups base32, base64, atomic32, atomic64, divmul32, divmul64 and packet; what Linux has besides:
// the pseudo registers of ld_imm64 and call, may_goto, load-acquire and store-release. Register numbers are valid, reserved fields zero, targets in range and not
// inside of an ld_imm64. Nothing where all is well, else the first fault.
// allow_callx: also group callx, a call of the helper whose number is in a register. No verifier can judge
// it.
std::optional<EncodingFault> check_encoding(std::span<const Insn> insns, bool allow_callx = false);

// Index of the instruction that a jump goes to when it is taken, or that a call of a subprogram enters. The
// result may lie outside of the program where check_encoding() has not accepted it.
constexpr int64_t jump_target(size_t index, const Insn &insn) {
  bool by_imm = insn.is_call() || (insn.cls() == KBPF_CLASS_JMP32 && insn.code() == KBPF_JMP_JA);
  return static_cast<int64_t>(index) + 1 + (by_imm ? insn.imm : insn.off);
}

} // namespace kbpf
