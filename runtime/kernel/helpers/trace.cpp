// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/trace.h"
#include "kernel/helpers/helpers.h"
#include "kernel/helpers/printf.h"

namespace kbpf::helpers {

uint64_t trace_printk(uint64_t format, uint64_t size, uint64_t p1, uint64_t p2, uint64_t p3) {
  const uint64_t arguments[] = {p1, p2, p3};
  TextBuffer text(trace_buffer(), kMaxTraceText);
  Result<void> formatted =
      format_linux(text, {pointer<const char>(format), static_cast<uint32_t>(size)}, arguments);
  if (!formatted.ok())
    return helper_error(formatted.error());
  trace_text(text.text(), true);
  return text.text().size();
}

} // namespace kbpf::helpers
