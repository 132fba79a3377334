// SPDX-License-Identifier: MIT OR Apache-2.0
// The runtime's own lines in the kernel's log: what it did with a program, at information level.
#pragma once
#include "core/base/text.h"

namespace kbpf {

constexpr size_t kLogLine = 640; // bytes; longer lines are cut. Holds a target name and some words

void log_line(std::string_view format, const TextArg *args, size_t count);

// log_info("relocation finished: {} maps", count): one whole line, prefixed so that it is known for the
// runtime's.
template <typename... Args> void log_info(std::string_view format, const Args &...args) {
  if constexpr (sizeof...(Args) == 0) {
    log_line(format, nullptr, 0);
  } else {
    const TextArg array[] = {TextArg(args)...};
    log_line(format, array, sizeof...(Args));
  }
}

} // namespace kbpf
