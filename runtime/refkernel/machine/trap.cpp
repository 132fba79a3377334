// SPDX-License-Identifier: MIT OR Apache-2.0
// What a trap means. Entered from trap.S with interrupts off and all registers in the frame.
#include "kernel/kbpf.h"
#include "refkernel/linux/hooks.h"
#include "refkernel/machine/csr.h"
#include "refkernel/machine/log.h"
#include "refkernel/machine/panic.h"
#include "refkernel/machine/plic.h"
#include "refkernel/mm/address_space.h"
#include "refkernel/mm/layout.h"
#include "refkernel/mm/user_copy.h"
#include "refkernel/sched/scheduler.h"

namespace refkernel {
namespace {

void handle_interrupt(TrapFrame &frame) {
  this_hart().statistics->irqs_sum++;
  switch (1ul << (frame.cause & ~kCauseInterrupt)) {
  case kInterruptSoftware:
    REFKERNEL_CSR_CLEAR(sip, kInterruptSoftware);
    stop_if_panicking();
    serve_bpf_requests();
    if (this_hart().serves_programs.exchange(false))
      kbpf_on_timer(&frame);
    break; // whoever sent it has set need_resched where that is wanted
  case kInterruptTimer:
    timer_interrupt(frame);
    break;
  case kInterruptExternal:
    external_interrupt();
    break;
  default:
    panic("unexpected interrupt");
  }
}

bool is_page_fault(uintptr_t cause) {
  return cause == kCauseFetchPage || cause == kCauseLoadPage || cause == kCauseStorePage;
}

AddressSpace::Access access_of(uintptr_t cause) {
  return cause == kCauseFetchPage  ? AddressSpace::Access::execute
         : cause == kCauseLoadPage ? AddressSpace::Access::read
                                   : AddressSpace::Access::write;
}

void user_page_fault(TrapFrame &frame) {
  AddressSpace *space = current()->space.get();
  auto result = space ? space->handle_fault(frame.badaddr, access_of(frame.cause))
                      : kbpf::Result<void>(kbpf::Error::bad_address);
  if (!result.ok())
    handle_user_exception(
        frame, result.error() == kbpf::Error::out_of_range ? UserFault::bus_error : UserFault::bad_address,
        frame.badaddr);
}

void user_exception(TrapFrame &frame) {
  switch (frame.cause) {
  case kCauseFetchPage:
  case kCauseLoadPage:
  case kCauseStorePage:
    user_page_fault(frame);
    break;
  case kCauseIllegal:
    handle_user_exception(frame, UserFault::illegal_instruction, frame.epc);
    break;
  case kCauseBreakpoint:
    handle_user_exception(frame, UserFault::breakpoint, frame.epc);
    break;
  case kCauseFetchMisaligned:
  case kCauseLoadMisaligned:
  case kCauseStoreMisaligned:
    handle_user_exception(frame, UserFault::misaligned, frame.badaddr);
    break;
  default:
    handle_user_exception(frame, UserFault::bus_error, frame.badaddr);
  }
}

// A copy routine touched user memory: as a fault in user mode, but only where the interrupted code may sleep.
bool settle_user_access(TrapFrame &frame) {
  AddressSpace *space = current()->space.get();
  if (!is_page_fault(frame.cause) || frame.badaddr >= kUserEnd || !space || !(frame.status & kStatusSpie))
    return false;
  irq_enable();
  bool settled = space->handle_fault(frame.badaddr, access_of(frame.cause)).ok();
  irq_disable();
  return settled;
}

const char *describe(uintptr_t cause) {
  switch (cause) {
  case kCauseIllegal:
    return "illegal instruction (a failed check, where it is unimp)";
  case kCauseBreakpoint:
    return "breakpoint that is no probe's";
  case kCauseFetchPage:
    return "page fault on instruction fetch";
  case kCauseLoadPage:
    return "page fault on load";
  case kCauseStorePage:
    return "page fault on store";
  default:
    return "unexpected exception";
  }
}

} // namespace

extern "C" void kernel_trap(TrapFrame *frame) {
  if (frame->cause & kCauseInterrupt) {
    handle_interrupt(*frame);
    // Interrupts were on, so no spinlock is held: the thread may be preempted here.
    if (this_hart().need_resched.load())
      schedule();
    return;
  }
  if (frame->cause == kCauseBreakpoint ? kbpf_on_breakpoint(frame) : kbpf_on_fault(frame))
    return;
  if (uintptr_t fixup = find_exception_fixup(frame->epc)) {
    if (!settle_user_access(*frame))
      frame->epc = fixup;
    return;
  }
  panic_at(*frame, describe(frame->cause));
}

extern "C" void user_trap(TrapFrame *frame) {
  Thread *self = current();
  if (frame->cause == kCauseUserEcall) [[likely]] {
    irq_enable();
    frame->epc += 4;
    handle_syscall(*frame);
    irq_disable();
  } else if (frame->cause & kCauseInterrupt) {
    handle_interrupt(*frame);
  } else {
    irq_enable();
    user_exception(*frame);
    irq_disable();
  }
  for (;;) {
    // Interrupts are off: a flag that another hart sets later comes with an interrupt.
    if (this_hart().need_resched.load(std::memory_order_acquire)) [[unlikely]] {
      schedule();
    } else if (self->signal_pending.load()) [[unlikely]] {
      irq_enable();
      before_user_return(*frame);
      irq_disable();
    } else {
      return;
    }
  }
}

extern "C" [[noreturn]] void kernel_stack_overflow(TrapFrame *frame) {
  panic_at(*frame, "kernel stack overflow");
}

} // namespace refkernel
