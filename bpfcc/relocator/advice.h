// SPDX-License-Identifier: MIT OR Apache-2.0
// What to do about a refusal, as one sentence.
#pragma once
#include "core/verifier/reject.h"
#include "core/verifier/state.h"
#include <string_view>

namespace bpfcc {

// value: of the register that the refusal names; null: it names none. insn: the refused one. Empty: the
// refusal's sentence says it all.
std::string_view advice(const kbpf::Rejection &rejection, const kbpf::Value *value, const kbpf::Insn &insn);

} // namespace bpfcc
