// SPDX-License-Identifier: MIT OR Apache-2.0
// Bringing up harts. Their data is in sched/hart.h.
#pragma once
#include <cstdint>

namespace refkernel {

void init_boot_hart(uint32_t firmware_id); // numbers all harts; the boot hart is 0
void enable_interrupts_of_hart();          // which ones may come; sstatus.SIE decides when
void start_other_harts();                  // returns when all that will ever run are online

} // namespace refkernel
