// SPDX-License-Identifier: MIT OR Apache-2.0
// The machine's clock of the day: the Goldfish real-time clock that the virt machine has.
#pragma once
#include <cstdint>

namespace refkernel {
uint64_t read_rtc_ns(); // since 1970, UTC; 0 where the machine has no such clock
} // namespace refkernel
