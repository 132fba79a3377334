// SPDX-License-Identifier: MIT OR Apache-2.0
// Threads: what the scheduler runs. A kernel thread has no address space; a user thread belongs to a process
// of the Linux room and enters user mode through its trap frame.
#pragma once
#include "core/base/result.h"
#include "kernel/kbpf.h"
#include "refkernel/lib/ref.h"
#include "refkernel/sched/sync.h"
#include "refkernel/sched/task_struct.h"
#include <cstdint>

namespace refkernel {

class AddressSpace;
struct Process; // linux/process.h

// The registers that a trap saves; the order is Linux's struct pt_regs, so that probes get it as it is.
using TrapFrame = kbpf_regs;
enum : unsigned {
  kRegRa = 0,
  kRegSp = 1,
  kRegTp = 3,
  kRegA0 = 9,
  kRegA1 = 10,
  kRegA7 = 16
}; // indices into TrapFrame::x

struct Thread : RefCounted {
  task_struct task = {};           // its number and name, and what else programs may read of it
  uint64_t id = 0;                 // never reused; 0: it has ended
  Ref<AddressSpace> space;         // null: kernel thread
  Process *process = nullptr;      // owned by the Linux room; null: kernel thread
  void *linux_data = nullptr;      // per-thread state of the Linux room (signals, tid address)
  TrapFrame *user_frame = nullptr; // at the top of the kernel stack
  std::atomic<bool> signal_pending{
      false};               // makes interruptible waits return; before_user_return() looks at it
  uint64_t cpu_time_ns = 0; // up to its last tick, switch or charge_cpu_time()

  // Scheduler's own.
  Thread *next_waiter = nullptr;
  struct SchedState;
  SchedState *sched = nullptr;

  ~Thread();
};

// What tp points to has it there (hart.h, which checks the offset); the same for as long as a thread lives.
constexpr int kOffsetOfThread = 136;
[[gnu::always_inline]] inline Thread *current() {
  Thread *thread;
  asm("ld %0, %1(tp)" : "=r"(thread) : "i"(kOffsetOfThread));
  return thread;
}

// Made stopped; start() puts it on a run queue. Errors: no_memory.
kbpf::Result<Ref<Thread>> create_kernel_thread(const char *name, void (*entry)(void *), void *argument);
// Begins in user mode with a copy of frame (and, where fp_from is not null, of that thread's floating-point
// registers).
kbpf::Result<Ref<Thread>> create_user_thread(const char *name, Ref<AddressSpace> space, Process *process,
                                             const TrapFrame &frame, Thread *fp_from);
void start(Thread &thread);
[[noreturn]] void exit_thread(); // of the caller; calls on_thread_exit() first
void replace_space(
    Ref<AddressSpace> space); // execve: the caller's address space, switched at once; resets FP state
void yield();
WaitResult sleep_until(uint64_t deadline_ns); // interruptible
void interrupt(Thread &thread); // sets signal_pending and wakes it out of an interruptible wait (kicks its
                                // hart if in user mode)
uint64_t now_ns();              // monotonic, since boot

// Harts that a thread may run on, one bit each; at least one of them is online. A new thread has its maker's. On
// return a thread that is the caller runs on one of them, another one does so soon.
void set_allowed_harts(Thread &thread, uint64_t harts);
uint64_t allowed_harts(const Thread &thread);

// A tick of this hart, which calls on_timer_tick(), comes then or earlier.
void tick_no_later_than(uint64_t deadline_ns);
void charge_cpu_time(); // brings the caller's cpu_time_ns up to now

// The floating-point registers of the calling user thread, for signal frames.
struct FpState {
  uint64_t f[32];
  uint32_t fcsr;
};
void read_fp_state(FpState &to);
void write_fp_state(const FpState &from);

} // namespace refkernel
