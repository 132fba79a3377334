// SPDX-License-Identifier: MIT OR Apache-2.0
// One run queue a hart, first in first out, 10 ms a turn. A hart without work steals from the others; a woken
// thread goes to an idle hart where there is one, of those that it may run on.
//
// A thread's SchedState::lock is held from its decision to leave the hart until its registers are saved:
// schedule() takes it and the next thread's finish_switch() drops it. So whoever wakes a thread either still
// finds it running, or waits until another hart may take it. A thread is on at most one run queue, and only
// while it does not run.
#include "refkernel/sched/scheduler.h"
#include "kernel/kbpf.h"
#include "refkernel/linux/hooks.h"
#include "refkernel/machine/clock.h"
#include "refkernel/machine/log.h"
#include "refkernel/machine/sbi.h"
#include "refkernel/mm/address_space.h"
#include "refkernel/mm/kernel_map.h"

namespace refkernel {

Hart harts[kMaxHarts];
uint32_t hart_count = 1;

using State = Thread::SchedState;

extern "C" {
State *switch_threads(State *from, State *to);
void save_fp(uint64_t registers[32], uint64_t *control);
void load_fp(const uint64_t registers[32], uint64_t control);
TrapFrame *thread_begin(State *previous);
}

namespace {

constexpr uint64_t kTickNs = 10'000'000;

// Others enqueue here, too.
void count_running(Hart &hart, unsigned change) {
  std::atomic_ref(hart.run_queue->nr_running).fetch_add(change, std::memory_order_relaxed);
}

void enqueue(Hart &hart, Thread &thread) {
  RawGuard guard(hart.queue_lock);
  count_running(hart, 1);
  thread.sched->next_ready = nullptr;
  (hart.ready_last ? hart.ready_last->sched->next_ready : hart.ready_first) = &thread;
  hart.ready_last = &thread;
  hart.ready_count.fetch_add(1);
}

// Takes the first thread off hart's queue that is wanted; null where there is none.
template <typename Wanted> Thread *dequeue(Hart &hart, Wanted is_wanted) {
  if (!hart.ready_count.load(std::memory_order_relaxed))
    return nullptr;
  RawGuard guard(hart.queue_lock);
  Thread *before = nullptr, *thread = hart.ready_first;
  while (thread && !is_wanted(*thread)) {
    before = thread;
    thread = thread->sched->next_ready;
  }
  if (!thread)
    return nullptr;
  (before ? before->sched->next_ready : hart.ready_first) = thread->sched->next_ready;
  if (hart.ready_last == thread)
    hart.ready_last = before;
  hart.ready_count.fetch_sub(1, std::memory_order_relaxed);
  count_running(hart, -1u);
  return thread;
}

Thread *take_for(const Hart &taker, Hart &from) {
  return dequeue(from, [&](const Thread &thread) { return thread.sched->may_run_on(taker); });
}

Thread *steal(Hart &thief) {
  for (uint32_t i = 1; i < hart_count; i++)
    if (Thread *thread = take_for(thief, harts[(thief.index + i) % hart_count]))
      return thread;
  return nullptr;
}

void kick(Hart &hart) {
  hart.need_resched.store(true);
  if (&hart != &this_hart())
    sbi_send_ipi(firmware_mask(hart));
}

Hart &choose_hart(Thread &thread) {
  Hart &last = *thread.sched->hart;
  const bool may_stay = thread.sched->may_run_on(last);
  if (may_stay && last.is_idle.load())
    return last;
  Hart *busy = may_stay ? &last : nullptr;
  for (uint32_t i = 0; i < hart_count; i++) {
    if (!harts[i].online.load(std::memory_order_relaxed) || !thread.sched->may_run_on(harts[i]))
      continue;
    if (harts[i].is_idle.load())
      return harts[i];
    busy = busy ? busy : &harts[i];
  }
  return busy ? *busy : last;
}

void make_ready(Thread &thread) { // its lock held
  Hart &target = choose_hart(thread);
  enqueue(target, thread);
  if (target.is_idle.load())
    kick(target);
}

void load_space(Hart &hart, AddressSpace *space) {
  if (hart.space == space)
    return;
  AddressSpace *old = hart.space;
  hart.space = space;
  if (space) {
    space->activate();
  } else {
    REFKERNEL_CSR_WRITE(satp, kernel_satp);
    flush_tlb();
  }
  if (old)
    old->deactivate();
}

void save_fp_if_dirty(State &state) {
  if ((REFKERNEL_CSR_READ(sstatus) & kStatusFs) != kStatusFsDirty)
    return;
  save_fp(state.fp_registers, &state.fp_control);
  REFKERNEL_CSR_CLEAR(sstatus, kStatusFsDirty & ~kStatusFsClean);
}

void restore_fp(State &state) {
  load_fp(state.fp_registers, state.fp_control);
  REFKERNEL_CSR_SET(sstatus, kStatusFsClean);
  REFKERNEL_CSR_CLEAR(sstatus, kStatusFsDirty & ~kStatusFsClean);
}

// In the thread that was switched to: the one before has its registers saved.
void finish_switch(State *previous) {
  Thread *thread = previous->thread;
  bool dead = previous->dead;
  bool requeue = !previous->blocked && !dead && !previous->is_idle;
  previous->running = false;
  if (requeue && previous->may_run_on(this_hart()))
    enqueue(this_hart(), *thread);
  else if (requeue)
    make_ready(*thread);
  previous->lock.unlock();
  if (dead) {
    kbpf_on_thread_exit(std::atomic_ref(thread->id).exchange(0));
    Ref<Thread>::adopt(thread); // drops the scheduler's reference
  }
}

// The running thread has run until now; interrupts off.
void charge(State &state, uint64_t now) {
  state.thread->cpu_time_ns += ticks_to_ns(now - state.run_since);
  state.run_since = now;
}

void switch_to(Hart &hart, Thread &next) {
  State &from = *current_state(), &to = *next.sched;
  uint64_t now = read_time();
  charge(from, now);
  to.run_since = now;
  if (from.has_fp)
    save_fp_if_dirty(from);
  set_hart(to, hart);
  to.overflow_stack = hart.overflow_stack;
  to.running = true;
  hart.is_idle.store(to.is_idle);
  hart.run_queue->curr = &next.task;
  hart.run_queue->nr_switches++;
  count_running(hart, unsigned{from.is_idle} - unsigned{to.is_idle});
  load_space(hart, next.space.get());
  if (to.has_fp)
    restore_fp(to);
  finish_switch(switch_threads(&from, &to));
}

} // namespace

void schedule() {
  Hart &hart = this_hart();
  State &self = *current_state();
  self.lock.lock();
  hart.need_resched.store(false);
  bool runnable = !self.blocked && !self.dead && !self.is_idle && self.may_run_on(hart);
  Thread *next = take_for(hart, hart);
  if (!next && !runnable) {
    next = steal(hart);
    if (!next && !self.is_idle)
      next = hart.idle;
  }
  if (!next) {
    self.lock.unlock();
    return;
  }
  if (kbpf_events_attached) [[unlikely]]
    report_switch(*current(), *next,
                  self.dead                            ? SwitchReason::ended
                  : self.blocked && self.interruptible ? SwitchReason::sleeps
                  : self.blocked                       ? SwitchReason::sleeps_deaf
                                                       : SwitchReason::preempted);
  switch_to(hart, *next);
}

void wake(Thread &thread, bool only_interruptible) {
  State &state = *thread.sched;
  state.lock.lock();
  if (!state.blocked || (only_interruptible && !state.interruptible)) {
    state.lock.unlock();
    return;
  }
  state.blocked = false;
  if (state.running) { // about to call schedule(), which will see it
    state.lock.unlock();
    return;
  }
  make_ready(thread);
  state.lock.unlock();
}

void start(Thread &thread) {
  uintptr_t irq = irq_save();
  thread.acquire(); // the scheduler's reference
  set_hart(*thread.sched, this_hart());
  thread.sched->blocked = true;
  wake(thread);
  irq_restore(irq);
}

void yield() {
  uintptr_t irq = irq_save();
  schedule();
  irq_restore(irq);
}

void set_allowed_harts(Thread &thread, uint64_t mask) {
  uintptr_t irq = irq_save();
  State &state = *thread.sched;
  state.lock.lock();
  state.allowed.store(mask, std::memory_order_relaxed);
  Hart *leaves = state.running && !state.may_run_on(*state.hart) ? state.hart : nullptr;
  // One that waits for its turn in another hart's queue would wait there for good. Where a hart has just taken it
  // out of the queue, that hart's next tick moves it.
  for (uint32_t i = 0; i < hart_count && !state.running; i++)
    if (!state.may_run_on(harts[i]) && dequeue(harts[i], [&](const Thread &queued) { return &queued == &thread; })) {
      make_ready(thread);
      break;
    }
  state.lock.unlock();
  if (leaves && &thread != current())
    kick(*leaves);
  else if (leaves)
    schedule();
  irq_restore(irq);
}

uint64_t allowed_harts(const Thread &thread) { return thread.sched->allowed.load(std::memory_order_relaxed); }

void interrupt(Thread &thread) {
  thread.signal_pending.store(true);
  uintptr_t irq = irq_save();
  wake(thread, true);
  // In user mode it has to trap to see the signal.
  State &state = *thread.sched;
  state.lock.lock();
  Hart *busy = state.running && &thread != current() ? state.hart : nullptr;
  state.lock.unlock();
  if (busy)
    kick(*busy);
  irq_restore(irq);
}

void exit_thread() {
  Thread *self = current();
  on_thread_exit(*self);
  replace_space(nullptr);
  irq_disable();
  self->sched->dead = true;
  schedule();
  panic("a dead thread runs");
}

void replace_space(Ref<AddressSpace> space) {
  Thread *self = current();
  State &state = *self->sched;
  uintptr_t irq = irq_save();
  Ref<AddressSpace> old = self->space;
  self->space = space;
  load_space(this_hart(), space.get());
  for (uint64_t &value : state.fp_registers)
    value = 0;
  state.fp_control = 0;
  if (state.has_fp)
    restore_fp(state);
  irq_restore(irq);
  // old goes out of scope here, with interrupts as the caller had them: its files may have to sleep.
}

TrapFrame *thread_begin(State *previous) {
  finish_switch(previous);
  State &self = *current_state();
  if (!self.entry)
    return self.thread->user_frame;
  irq_enable();
  self.entry(self.argument);
  exit_thread();
}

void copy_fp(State &to, Thread &from) {
  uintptr_t irq = irq_save();
  if (&from == current() && from.sched->has_fp)
    save_fp_if_dirty(*from.sched);
  for (size_t i = 0; i < std::size(to.fp_registers); i++)
    to.fp_registers[i] = from.sched->fp_registers[i];
  to.fp_control = from.sched->fp_control;
  irq_restore(irq);
}

void charge_cpu_time() {
  uintptr_t irq = irq_save();
  charge(*current_state(), read_time());
  irq_restore(irq);
}

void read_fp_state(FpState &to) {
  State &self = *current_state();
  uintptr_t irq = irq_save();
  save_fp_if_dirty(self);
  for (size_t i = 0; i < std::size(to.f); i++)
    to.f[i] = self.fp_registers[i];
  to.fcsr = static_cast<uint32_t>(self.fp_control);
  irq_restore(irq);
}

void write_fp_state(const FpState &from) {
  State &self = *current_state();
  uintptr_t irq = irq_save();
  for (size_t i = 0; i < std::size(from.f); i++)
    self.fp_registers[i] = from.f[i];
  self.fp_control = from.fcsr & 0xff; // rounding mode and flags; the rest is reserved
  restore_fp(self);
  irq_restore(irq);
}

void become_idle_thread(Hart &hart) {
  State &state = *current_state();
  state.is_idle = true;
  state.running = true;
  hart.idle = state.thread;
  hart.run_queue->idle = hart.run_queue->curr = &state.thread->task;
  hart.is_idle.store(true);
}

void idle_loop() {
  for (;;) {
    irq_disable();
    schedule();
    Hart &hart = this_hart();
    if (!hart.need_resched.load() && !hart.ready_count.load())
      wait_for_interrupt(); // wakes up on a pending interrupt, taken when they are on again
    irq_enable();
  }
}

// Timers: each hart has a list of sleeping threads, by ascending deadline, and a periodic tick.
namespace {

void program_timer(Hart &hart) { // timer_lock held
  uint64_t next = hart.next_tick;
  if (hart.timers) {
    uint64_t deadline = ns_to_ticks(hart.timers->sched->deadline);
    next = deadline < next ? deadline : next;
  }
  if (hart.program_deadline) {
    uint64_t deadline = ns_to_ticks(hart.program_deadline);
    next = deadline < next ? deadline : next;
  }
  set_timer(next);
}

void unlink_timer(Hart &hart, State &state) {
  (state.previous_timer ? state.previous_timer->sched->next_timer : hart.timers) = state.next_timer;
  if (state.next_timer)
    state.next_timer->sched->previous_timer = state.previous_timer;
  state.timer_hart = nullptr;
}

} // namespace

void add_timer(Thread &thread) {
  Hart &hart = this_hart();
  State &state = *thread.sched;
  RawGuard guard(hart.timer_lock);
  Thread *before = nullptr, *after = hart.timers;
  while (after && after->sched->deadline <= state.deadline) {
    before = after;
    after = after->sched->next_timer;
  }
  state.previous_timer = before;
  state.next_timer = after;
  (before ? before->sched->next_timer : hart.timers) = &thread;
  if (after)
    after->sched->previous_timer = &thread;
  state.timer_hart = state.added_to = &hart;
  if (!before)
    program_timer(hart);
}

void remove_timer(Thread &thread) {
  // Only add_timer(), by the thread itself, sets it. The lock is taken even where the list has let go of the
  // thread already: timer_interrupt() may not be done with it.
  Hart &hart = *thread.sched->added_to;
  RawGuard guard(hart.timer_lock);
  if (thread.sched->timer_hart)
    unlink_timer(hart, *thread.sched);
}

void timer_interrupt(TrapFrame &frame) {
  Hart &hart = this_hart();
  uint64_t now = read_time();
  bool tick = false, is_due = false;
  {
    RawGuard guard(hart.timer_lock);
    uint64_t now_in_ns = ticks_to_ns(now);
    while (hart.timers && hart.timers->sched->deadline <= now_in_ns) {
      Thread *thread = hart.timers;
      unlink_timer(hart, *thread->sched);
      wake(*thread);
    }
    if (hart.program_deadline && hart.program_deadline <= now_in_ns) {
      is_due = true;
      hart.program_deadline = 0;
    }
    if (now >= hart.next_tick) {
      tick = true;
      hart.next_tick = now + ns_to_ticks(kTickNs);
    }
    program_timer(hart);
  }
  if (is_due)
    kbpf_on_timer(&frame);
  if (tick) {
    charge(*current_state(), now);
    on_timer_tick();
    if (hart.ready_count.load(std::memory_order_relaxed) || hart.is_idle.load() ||
        !current_state()->may_run_on(hart))
      hart.need_resched.store(true);
  }
}

void serve_programs_soon(Hart &hart) {
  hart.serves_programs.store(true);
  if (&hart == &this_hart())
    REFKERNEL_CSR_SET(sip, kInterruptSoftware);
  else
    sbi_send_ipi(firmware_mask(hart));
}

void set_program_deadline(uint64_t deadline_ns) {
  Hart &hart = this_hart();
  RawGuard guard(hart.timer_lock);
  hart.program_deadline = deadline_ns;
  program_timer(hart);
}

void tick_no_later_than(uint64_t deadline_ns) {
  constexpr uint64_t kShortest = 100'000; // ns: a timer of a few nanoseconds must not fill the hart with ticks
  if (deadline_ns == UINT64_MAX)
    return;
  uintptr_t irq = irq_save();
  Hart &hart = this_hart();
  const uint64_t earliest = read_time() + ns_to_ticks(kShortest);
  const uint64_t wanted = ns_to_ticks(deadline_ns);
  {
    RawGuard guard(hart.timer_lock);
    if (wanted < hart.next_tick && earliest < hart.next_tick) {
      hart.next_tick = wanted < earliest ? earliest : wanted;
      program_timer(hart);
    }
  }
  irq_restore(irq);
}

void start_ticking() {
  Hart &hart = this_hart();
  RawGuard guard(hart.timer_lock);
  hart.next_tick = read_time() + ns_to_ticks(kTickNs);
  program_timer(hart);
}

} // namespace refkernel
