// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/log.h"
#include "kernel/port.h"

namespace kbpf {

void log_line(std::string_view format, const TextArg *args, size_t count) {
  char line[kLogLine];
  TextBuffer text(line, sizeof(line));
  print_args(text, format, args, count);
  kbpf_port_log(text.text().data(), text.text().size());
}

} // namespace kbpf
