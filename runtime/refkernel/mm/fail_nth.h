// SPDX-License-Identifier: MIT OR Apache-2.0
// Fault injection, as Linux has it at /proc/self/fail-nth: one allocation of a thread's system calls fails,
// so that tests see what each call does then. One thread at a time.
#pragma once
#include <cstdint>

namespace refkernel {

// Whether an allocation that begins now is to fail; counts those of the thread that asked for it.
bool allocation_fails();

// Of the calling thread. nth: 1 for the next allocation, by heap or pages, that its system calls make; 0:
// none.
void set_failing_allocation(uint32_t nth);
uint32_t failing_allocation(); // how many are left to it; 0: it has failed, or none was to

} // namespace refkernel
