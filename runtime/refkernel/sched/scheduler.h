// SPDX-License-Identifier: MIT OR Apache-2.0
// Inside of the scheduler: what sync.cpp, thread.cpp and the trap code ask of it. Interrupts are off in all
// of these.
#pragma once
#include "refkernel/sched/hart.h"

namespace refkernel {

// Lets another thread run, until the caller is chosen again; a blocked or dead caller leaves the run queues.
void schedule();
// Makes a blocked thread ready; nothing where it is not blocked. only_interruptible: nor where it blocks for
// good.
void wake(Thread &thread, bool only_interruptible = false);

void add_timer(Thread &thread);    // wakes it at its SchedState::deadline
void remove_timer(Thread &thread); // where it is still in a list
void timer_interrupt(TrapFrame &frame);
void serve_programs_soon(Hart &hart); // kbpf_on_timer is called there
void set_program_deadline(
    uint64_t deadline_ns); // of this hart, interrupts off: calls kbpf_on_timer then; 0: never
void start_ticking();      // this hart's periodic tick

[[noreturn]] void idle_loop();
// The thread that runs now becomes its hart's idle thread.
void become_idle_thread(Hart &hart);
Thread *create_idle_thread(Hart &hart);             // null where there is no memory
void copy_fp(Thread::SchedState &to, Thread &from); // the floating-point registers that from has now

} // namespace refkernel
