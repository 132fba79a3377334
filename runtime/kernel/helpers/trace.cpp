// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/trace.h"
#include "kernel/helpers/helpers.h"
#include "kernel/helpers/printf.h"
#include <cstring>

namespace kbpf::helpers {

namespace {

uint64_t print_trace(uint64_t format, uint64_t size, std::span<const uint64_t> arguments) {
  TextBuffer text(trace_buffer(), kMaxTraceText);
  Result<void> formatted =
      format_linux(text, {pointer<const char>(format), static_cast<uint32_t>(size)}, arguments);
  if (!formatted.ok())
    return helper_error(formatted.error());
  trace_text(text.text(), true);
  return text.text().size();
}

} // namespace

uint64_t trace_printk(uint64_t format, uint64_t size, uint64_t p1, uint64_t p2, uint64_t p3) {
  const uint64_t arguments[] = {p1, p2, p3};
  return print_trace(format, size, arguments);
}

uint64_t trace_vprintk(uint64_t format, uint64_t size, uint64_t data, uint64_t data_size, uint64_t) {
  constexpr uint32_t kMaxArguments = 12;
  uint32_t bytes = static_cast<uint32_t>(data_size);
  uint64_t arguments[kMaxArguments];
  if (bytes % sizeof(uint64_t) || bytes > sizeof(arguments) || (bytes && !data))
    return helper_error(Error::invalid);
  if (bytes)
    memcpy(arguments, pointer<const void>(data), bytes);
  return print_trace(format, size, {arguments, bytes / sizeof(uint64_t)});
}

} // namespace kbpf::helpers
