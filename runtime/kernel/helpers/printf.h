// SPDX-License-Identifier: MIT OR Apache-2.0
// The formats of Linux's bpf_trace_printk (bpf_bprintf_prepare in kernel/bpf/helpers.c says what is allowed).
#pragma once
#include "core/base/result.h"
#include "core/base/text.h"
#include <span>

namespace kbpf {

// [any] Conversions: %d %i %u %x %X %o with l and ll, %c, %s and %pks (kernel strings), %p %px %pK
// (hexadecimal), %ps %pS %pB (symbols), %%; a width, with 0 - + or blank before it. Error: invalid (no
// terminator in format, a character that does not print, another conversion, more of them than arguments);
// then nothing was appended.
Result<void> format_linux(TextSink &sink, std::string_view format, std::span<const uint64_t> arguments);

} // namespace kbpf
