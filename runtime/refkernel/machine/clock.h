// SPDX-License-Identifier: MIT OR Apache-2.0
// The time CSR and the timer interrupt, through the Sstc extension where every hart has it, else the
// firmware.
#pragma once
#include <cstdint>

namespace refkernel {

void init_clock(); // after the device tree was read
uint64_t whole_ns_per_tick(); // 0: not a whole number
uint64_t ticks_to_ns(uint64_t ticks);
uint64_t ns_to_ticks(uint64_t ns); // rounded up; UINT64_MAX stays
void set_timer(uint64_t ticks);    // the next timer interrupt of this hart

} // namespace refkernel
