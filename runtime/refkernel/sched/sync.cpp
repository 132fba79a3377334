// SPDX-License-Identifier: MIT OR Apache-2.0
// A sleeper links itself into the queue before it blocks, and takes the queue's lock once more when it runs
// again: then no waker is still using it, and whether it is still linked tells why it woke.
#include "refkernel/sched/sync.h"
#include "refkernel/sched/scheduler.h"

namespace refkernel {

void SpinLock::lock() {
  uintptr_t irq = irq_save();
  uint32_t mine = this_hart().index + 1, free = 0;
  while (!owner_.compare_exchange_weak(free, mine, std::memory_order_acquire, std::memory_order_relaxed))
    free = 0;
  irq_state_ = irq;
}

void SpinLock::unlock() {
  uintptr_t irq = irq_state_;
  owner_.store(0, std::memory_order_release);
  irq_restore(irq);
}

bool SpinLock::held_here() const {
  return !irq_enabled() && owner_.load(std::memory_order_relaxed) == this_hart().index + 1;
}

WaitResult WaitQueue::sleep(SpinLock &lock, uint64_t deadline_ns, bool interruptible) {
  Thread *self = current();
  Thread::SchedState &state = *self->sched;
  if (interruptible && self->signal_pending.load())
    return WaitResult::interrupted;

  {
    SpinGuard guard(lock_);
    self->next_waiter = nullptr;
    (last_ ? last_->next_waiter : first_) = self;
    last_ = self;
    state.waiting_on = this;
  }
  {
    RawGuard guard(state.lock);
    state.blocked = true;
    state.interruptible = interruptible;
  }
  // interrupt() sets the flag first and looks for a blocked thread second, so one of the two sees the other.
  if (interruptible && self->signal_pending.load())
    wake(*self);
  bool timed = deadline_ns != kNoDeadline;
  if (timed) {
    state.deadline = deadline_ns;
    add_timer(*self);
  }
  lock.unlock();
  uintptr_t irq = irq_save(); // what the caller had before it took the lock
  schedule();
  if (timed)
    remove_timer(*self);

  WaitResult result = WaitResult::woken;
  {
    SpinGuard guard(lock_);
    if (state.waiting_on) {
      remove(self);
      result = interruptible && self->signal_pending.load() ? WaitResult::interrupted
               : timed && now_ns() >= deadline_ns           ? WaitResult::timed_out
                                                            : WaitResult::woken;
    }
  }
  irq_restore(irq);
  lock.lock();
  return result;
}

void WaitQueue::remove(Thread *thread) {
  Thread *before = nullptr;
  for (Thread *at = first_; at != thread; at = at->next_waiter)
    before = at;
  (before ? before->next_waiter : first_) = thread->next_waiter;
  if (last_ == thread)
    last_ = before;
  thread->sched->waiting_on = nullptr;
}

void WaitQueue::wake_one() {
  SpinGuard guard(lock_);
  if (Thread *thread = first_) {
    remove(thread);
    wake(*thread);
  }
}

void WaitQueue::wake_all() {
  SpinGuard guard(lock_);
  while (Thread *thread = first_) {
    remove(thread);
    wake(*thread);
  }
}

void Mutex::lock() {
  SpinGuard guard(lock_);
  while (owner_)
    waiters_.sleep(lock_, kNoDeadline, false);
  owner_ = current();
  turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release); // before what the holder changes
}

void Mutex::unlock() {
  SpinGuard guard(lock_);
  turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  owner_ = nullptr;
  waiters_.wake_one();
}

WaitResult sleep_until(uint64_t deadline_ns) {
  SpinLock lock;
  WaitQueue nobody_wakes;
  SpinGuard guard(lock);
  while (now_ns() < deadline_ns)
    if (nobody_wakes.sleep(lock, deadline_ns) == WaitResult::interrupted)
      return WaitResult::interrupted;
  return WaitResult::timed_out;
}

} // namespace refkernel
