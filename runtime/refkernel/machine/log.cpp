// SPDX-License-Identifier: MIT OR Apache-2.0
// One line is one console write, so lines of several harts do not mix.
#include "refkernel/machine/log.h"
#include "kernel/port.h"
#include "refkernel/machine/csr.h"
#include "refkernel/sched/hart.h"
#include "refkernel/sched/thread.h"

namespace refkernel {

LogLevel log_limit = LogLevel::warn;

namespace {

RawLock kept_lock;
char kept[kKeptLogSize]; // a ring: byte n of the log is at n % kKeptLogSize
uint64_t kept_end = 0;

void keep(const char *text, size_t size) {
  uintptr_t irq = irq_save();
  kept_lock.lock();
  for (size_t i = 0; i < size; ++i)
    kept[kept_end++ % kKeptLogSize] = text[i];
  kept_lock.unlock();
  irq_restore(irq);
}

void append_time(kbpf::TextSink &line, uint64_t micros) {
  uint64_t seconds = micros / 1'000'000;
  kbpf::print(line, "{}{}.", seconds < 10 ? "  " : seconds < 100 ? " " : "", seconds);
  kbpf::append_unsigned(line, micros % 1'000'000, 10, 6);
}

} // namespace

uint64_t kept_log_end() {
  uintptr_t irq = irq_save();
  kept_lock.lock();
  uint64_t end = kept_end;
  kept_lock.unlock();
  irq_restore(irq);
  return end;
}

size_t read_kept_log(uint64_t &position, char *to, size_t size) {
  uintptr_t irq = irq_save();
  kept_lock.lock();
  if (kept_end - position > kKeptLogSize) {
    position = kept_end - kKeptLogSize;
    while (position < kept_end && kept[position++ % kKeptLogSize] != '\n') {
    }
  }
  size_t count = 0;
  while (count < size && position < kept_end)
    to[count++] = kept[position++ % kKeptLogSize];
  kept_lock.unlock();
  irq_restore(irq);
  return count;
}

void log_line(LogLevel level, std::string_view topic, std::string_view text) {
  static constexpr const char *kNames[] = {"ERROR", "WARN ", "INFO ", "DEBUG"};
  static constexpr char kSyslogLevels[] = {'3', '4', '6', '7'};
  uint64_t micros = now_ns() / 1000;
  if (level <= kKeptLevel) {
    char bytes[384];
    kbpf::TextBuffer line(bytes, sizeof(bytes) - 1);
    kbpf::print(line, "<{}>[", std::string_view(&kSyslogLevels[static_cast<int>(level)], 1));
    append_time(line, micros);
    kbpf::print(line, "] {}: {}", topic, text);
    size_t size = line.text().size();
    bytes[size++] = '\n';
    keep(bytes, size);
  }
  if (level > log_limit)
    return;
  kbpf_thread thread;
  kbpf_port_current(&thread);
  uintptr_t irq = irq_save();
  uint32_t hart = this_hart().index;
  irq_restore(irq);

  char buffer[384];
  kbpf::TextBuffer line(buffer, sizeof(buffer) - 1);
  line.append("[");
  append_time(line, micros);
  kbpf::print(line, " {} {} {}:{} {}] {}", kNames[static_cast<int>(level)], hart, thread.pid, thread.tid,
              topic, text);
  size_t size = line.text().size();
  buffer[size++] = '\n';
  console_write(buffer, size);
}

} // namespace refkernel
