// SPDX-License-Identifier: MIT OR Apache-2.0
// The end of a kernel that found itself broken. panic() itself is in log.h.
#pragma once
#include "refkernel/sched/thread.h"

namespace refkernel {

// reason, the registers, the way to frame.epc by function names; then powers off with status 1.
[[noreturn]] void panic_at(const TrapFrame &frame, const char *reason);
void stop_if_panicking(); // from an interrupt: another hart panics, this one stays quiet for ever

} // namespace refkernel
