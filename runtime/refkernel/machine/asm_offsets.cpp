// SPDX-License-Identifier: MIT OR Apache-2.0
// Nothing but checks: the offsets that the assembly uses are those of the C++ types.
#include "refkernel/machine/asm_offsets.h"
#include "refkernel/mm/layout.h"
#include "refkernel/sched/hart.h"
#include <cstddef>

namespace refkernel {

static_assert(sizeof(TrapFrame) == FRAME_SIZE && FRAME_SIZE % 16 == 0);
static_assert(offsetof(TrapFrame, epc) == FRAME_EPC);
static_assert(offsetof(TrapFrame, x) == FRAME_X(1));
static_assert(offsetof(TrapFrame, status) == FRAME_STATUS);
static_assert(offsetof(TrapFrame, badaddr) == FRAME_BADADDR);
static_assert(offsetof(TrapFrame, cause) == FRAME_CAUSE);
static_assert(offsetof(Thread::SchedState, kernel_stack_top) == STATE_STACK_TOP);
static_assert(offsetof(Thread::SchedState, overflow_stack) == STATE_OVERFLOW_STACK);
static_assert(offsetof(Thread::SchedState, spill) == STATE_SPILL);
static_assert(offsetof(Thread::SchedState, saved) == STATE_SAVED);
static_assert(kUserEnd == uintptr_t{1} << USER_END_BIT);
static_assert(kStatusSum == STATUS_SUM && kStatusSpp == STATUS_SPP && kStatusFs == STATUS_FS);
static_assert(kStackSize == 1 << STACK_BIT);

} // namespace refkernel
