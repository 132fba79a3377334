// SPDX-License-Identifier: MIT OR Apache-2.0
// Clocks of the Linux room and what the timer tick does for it.
#pragma once
#include <cstdint>

namespace refkernel {
void start_realtime();         // once, before the first inode is made
uint64_t realtime_offset_ns(); // CLOCK_REALTIME minus CLOCK_MONOTONIC
} // namespace refkernel
