// SPDX-License-Identifier: MIT OR Apache-2.0
// Clocks of the Linux room and what the timer tick does for it.
#pragma once
#include "refkernel/linux/errno.h"
#include <cstdint>

namespace refkernel {
void start_realtime();         // once, before the first inode is made
uint64_t realtime_offset_ns(); // CLOCK_REALTIME minus CLOCK_MONOTONIC
void expect_timer(uint64_t deadline_ns); // the tick looks at processes' timers then, monotonic; tasks_lock held

// What a timer of a clock runs by.
enum class ClockSource { realtime, monotonic, cpu /* of the process */ };
SysResult<ClockSource> clock_source(int clock); // einval
} // namespace refkernel
