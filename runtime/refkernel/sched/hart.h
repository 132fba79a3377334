// SPDX-License-Identifier: MIT OR Apache-2.0
// One hart's own data, and the state of a thread that the scheduler and the trap code keep.
//
// tp points to the SchedState of the thread that runs. A thread may move to another hart whenever interrupts
// are on, so this_hart() means something only while they are off.
#pragma once
#include "refkernel/machine/csr.h"
#include "refkernel/machine/device_tree.h"
#include "refkernel/sched/per_cpu.h"
#include "refkernel/sched/thread.h"
#include <atomic>
#include <cstdint>

namespace refkernel {

// A spinning lock for code that has interrupts off already and may hand the lock on to another thread.
class RawLock {
public:
  void lock() {
    while (held_.exchange(true, std::memory_order_acquire))
      while (held_.load(std::memory_order_relaxed))
        asm volatile(".insn i 0x0f, 0, x0, x0, 0x010"); // pause (Zihintpause); a no-op elsewhere
  }
  bool try_lock() { return !held_.exchange(true, std::memory_order_acquire); }
  void unlock() { held_.store(false, std::memory_order_release); }

private:
  std::atomic<bool> held_{false};
};

class RawGuard {
public:
  explicit RawGuard(RawLock &lock) : lock_(lock) { lock_.lock(); }
  ~RawGuard() { lock_.unlock(); }
  RawGuard(const RawGuard &) = delete;
  RawGuard &operator=(const RawGuard &) = delete;

private:
  RawLock &lock_;
};

struct Hart;

// The first members are known to the assembly by their offsets (asm_offsets.h).
struct Thread::SchedState {
  uintptr_t kernel_stack_top = 0; // where a trap from user mode begins
  uintptr_t overflow_stack = 0;   // where a trap goes that finds the stack full
  uintptr_t spill = 0;            // one register of the trap entry
  uintptr_t saved[14] = {};       // ra, sp, s0 to s11 of a thread that does not run
  Thread *thread = nullptr;
  Hart *hart = nullptr; // where it runs, or ran last
  uint32_t cpu = 0;     // its index, which BPF programs read here

  RawLock lock;         // guards the flags below; held across a switch away from the thread
  bool blocked = false; // on no run queue until someone wakes it
  bool interruptible = false;
  bool running = false; // on a hart; false only once its registers are saved
  bool dead = false;
  bool is_idle = false;
  bool has_fp = false;          // a user thread
  Thread *next_ready = nullptr; // run queue
  void *waiting_on = nullptr;   // the WaitQueue that links it; under that queue's lock
  uint64_t deadline = kNoDeadline;
  Thread *previous_timer = nullptr, *next_timer = nullptr; // Hart::timers of timer_hart
  Hart *timer_hart = nullptr;                              // null: in no list
  Hart *added_to = nullptr;                                // where add_timer() last put it
  uint64_t run_since = 0;                                  // ticks
  void (*entry)(void *) = nullptr;
  void *argument = nullptr;
  uint64_t fp_registers[32] = {};
  uint64_t fp_control = 0;
  std::atomic<uint64_t> allowed{~uint64_t{0}}; // harts that it may run on, one bit each by index

  bool may_run_on(const Hart &hart) const;
};

struct Hart {
  uint32_t index;
  uint32_t id; // the firmware's
  std::atomic<bool> need_resched;
  std::atomic<bool> serves_programs; // kbpf_on_timer is to be called with the next software interrupt
  std::atomic<bool> online;
  Thread *idle;
  std::atomic<bool> is_idle; // runs its idle thread
  AddressSpace *space;       // whose page table is loaded; null: the kernel's
  uintptr_t overflow_stack;
  rq *run_queue;           // its own runqueues and kstat: what programs see of the rest
  kernel_stat *statistics;

  RawLock queue_lock; // guards ready_*
  Thread *ready_first, *ready_last;
  std::atomic<uint32_t> ready_count;

  RawLock timer_lock;        // guards what follows
  Thread *timers;            // by ascending deadline
  uint64_t next_tick;        // ticks
  uint64_t program_deadline; // ns: when kbpf_on_timer is to be called; 0: it is not
};

extern Hart harts[kMaxHarts];
extern uint32_t hart_count;

inline bool Thread::SchedState::may_run_on(const Hart &hart) const {
  return allowed.load(std::memory_order_relaxed) >> hart.index & 1;
}

inline void set_hart(Thread::SchedState &state, Hart &hart) {
  state.hart = &hart;
  state.cpu = hart.index;
}

inline Thread::SchedState *current_state() {
  Thread::SchedState *state;
  asm("mv %0, tp" : "=r"(state));
  return state;
}
inline Hart &this_hart() {
  Hart *hart;
  asm volatile("ld %0, %1(tp)" : "=r"(hart) : "i"(offsetof(Thread::SchedState, hart)));
  return *hart;
}
inline uint64_t firmware_mask(const Hart &hart) { return 1ul << hart.id; }
uint64_t other_online_harts(); // firmware hart mask; interrupts off

} // namespace refkernel
