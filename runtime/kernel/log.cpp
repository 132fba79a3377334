// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/log.h"
#include "kernel/port.h"

namespace kbpf {

void log_line(std::string_view format, const TextArg *args, size_t count) {
  char line[kLogLine];
  TextBuffer text(line, sizeof(line) - 1);
  text.append("[INFO kbpf] ");
  print_args(text, format, args, count);
  size_t length = text.text().size();
  line[length] = '\n';
  kbpf_port_console_write(line, length + 1);
}

} // namespace kbpf
