// SPDX-License-Identifier: MIT OR Apache-2.0
// One line is one console write, so lines of several harts do not mix.
#include "refkernel/machine/log.h"
#include "kernel/port.h"
#include "refkernel/machine/csr.h"
#include "refkernel/sched/hart.h"
#include "refkernel/sched/thread.h"

namespace refkernel {

LogLevel log_limit = LogLevel::warn;

void log_line(LogLevel level, std::string_view topic, std::string_view text) {
  static constexpr const char *kNames[] = {"ERROR", "WARN ", "INFO ", "DEBUG"};
  uint64_t micros = now_ns() / 1000, seconds = micros / 1'000'000;
  kbpf_thread thread;
  kbpf_port_current(&thread);
  uintptr_t irq = irq_save();
  uint32_t hart = this_hart().index;
  irq_restore(irq);

  char buffer[384];
  kbpf::TextBuffer line(buffer, sizeof(buffer) - 1);
  kbpf::print(line, "[{}{}.", seconds < 10 ? "  " : seconds < 100 ? " " : "", seconds);
  kbpf::append_unsigned(line, micros % 1'000'000, 10, 6);
  kbpf::print(line, " {} {} {}:{} {}] {}", kNames[static_cast<int>(level)], hart, thread.pid, thread.tid,
              topic, text);
  size_t size = line.text().size();
  buffer[size++] = '\n';
  console_write(buffer, size);
}

} // namespace refkernel
