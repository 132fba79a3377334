// SPDX-License-Identifier: MIT OR Apache-2.0
// The graph of calls that the walk has met: how deep it goes, and how much stack a chain of calls takes.
#pragma once
#include "core/verifier/analysis.h"

namespace kbpf {

// Bytes of stack of the deepest chain of calls, callbacks included. Errors: no_memory, or a refusal:
// recursion, too much stack, or too much of it above a function that makes tail calls.
Result<uint32_t> check_call_graph(const Analysis &analysis, Arena &scratch);

} // namespace kbpf
