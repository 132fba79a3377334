// SPDX-License-Identifier: MIT OR Apache-2.0
// The trace: lines that programs print. The ring behind the pseudo file (kbpf_trace_read) takes them as
// Linux's trace_pipe shows them, the console takes the text alone and at once.
#pragma once
#include "core/base/text.h"
#include <cstddef>
#include <string_view>

namespace kbpf {

constexpr size_t kMaxTraceText = 1024; // bytes of one text, terminator included; longer ones are cut

// [any] Inside a ReadSection. text: without terminator. whole_line: the console's copy ends in a newline
// whether or not the text does; else it gets the bytes as they are. In the ring each text is a line of its
// own.
void trace_text(std::string_view text, bool whole_line);

// [any] Inside a ReadSection: this CPU's buffer of kMaxTraceText bytes, for a text under construction.
char *trace_buffer();

} // namespace kbpf
