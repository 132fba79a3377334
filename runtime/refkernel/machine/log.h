// SPDX-License-Identifier: MIT OR Apache-2.0
// The kernel's log: "[  seconds.micros LEVEL hart pid:tid topic] text" on the console. The command line's
// loglevel=error|warn|info|debug sets what is shown (default warn). The newest lines are kept in memory as well, from
// level info on, whatever is shown.
#pragma once
#include "core/base/text.h"
#include <string_view>

namespace refkernel {

enum class LogLevel { error, warn, info, debug };
extern LogLevel log_limit;
constexpr LogLevel kKeptLevel = LogLevel::info;
void log_line(LogLevel level, std::string_view topic, std::string_view text); // [any] context

template <typename... Args>
void log(LogLevel level, std::string_view topic, std::string_view format, const Args &...args) {
  if (level > log_limit && level > kKeptLevel)
    return;
  char buffer[256];
  kbpf::TextBuffer text(buffer, sizeof(buffer));
  kbpf::print(text, format, args...);
  log_line(level, topic, text.text());
}

// The kept lines, each "<level>[ seconds.micros] topic: text" with the level as syslog(2) numbers it.
constexpr size_t kKeptLogSize = 65536;
uint64_t kept_log_end(); // bytes kept since boot
// Copies kept bytes from position on, at most size, and moves position behind them; a position whose bytes are gone is
// first moved to the oldest whole line. Gives how many bytes.
size_t read_kept_log(uint64_t &position, char *to, size_t size);

void console_write(const char *text, size_t size); // [any]; whole writes are not torn apart by other harts
[[noreturn]] void panic(const char *text);         // backtrace with symbols, powers off with a failing status
[[noreturn]] void power_off(int status); // 0: SRST shutdown; other: the virt machine's test device, so that
                                         // QEMU's exit status is status
} // namespace refkernel
