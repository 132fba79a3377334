// SPDX-License-Identifier: MIT OR Apache-2.0
// The runtime's own lines on the kernel's console: what it did with a program, at information level.
#pragma once
#include "core/base/text.h"
#include "kernel/port.h"

namespace kbpf {

constexpr size_t kLogLine = 640; // bytes; longer lines are cut. Holds a target name and some words

// log_info("relocation finished: {} maps", count): one whole line, prefixed so that it is known for the runtime's.
template <typename... Args> void log_info(std::string_view format, const Args &...args) {
  char line[kLogLine];
  TextBuffer text(line, sizeof(line) - 1);
  text.append("[INFO kbpf] ");
  print(text, format, args...);
  size_t length = text.text().size();
  line[length] = '\n';
  kbpf_port_console_write(line, length + 1);
}

} // namespace kbpf
