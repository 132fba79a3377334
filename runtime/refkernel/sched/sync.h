// SPDX-License-Identifier: MIT OR Apache-2.0
// Locks and waiting. A SpinLock keeps interrupts of its hart off while held; a Mutex sleeps; a WaitQueue
// waits for a condition that another thread or an interrupt makes true.
#pragma once
#include <atomic>
#include <cstdint>

namespace refkernel {

struct Thread;

class SpinLock {
public:
  void lock();   // saves this hart's interrupt state and turns interrupts off
  void unlock(); // restores it
  bool held_here() const;

private:
  std::atomic<uint32_t> owner_{0}; // hart number + 1
  uintptr_t irq_state_ = 0;
};

class SpinGuard {
public:
  explicit SpinGuard(SpinLock &lock) : lock_(lock) { lock_.lock(); }
  ~SpinGuard() { lock_.unlock(); }
  SpinGuard(const SpinGuard &) = delete;
  SpinGuard &operator=(const SpinGuard &) = delete;

private:
  SpinLock &lock_;
};

constexpr uint64_t kNoDeadline = UINT64_MAX;
enum class WaitResult { woken, interrupted, timed_out }; // interrupted: a signal is pending for the thread

class WaitQueue {
public:
  // Atomically gives lock up and sleeps until wake_*(), deadline (monotonic ns) or, where interruptible, a
  // signal; holds lock again on return. Spurious wake-ups happen: callers loop on their condition.
  WaitResult sleep(SpinLock &lock, uint64_t deadline_ns = kNoDeadline, bool interruptible = true);
  void wake_one(); // from any context with interrupts allowed off, interrupt handlers included
  void wake_all();

private:
  void remove(Thread *thread);
  SpinLock lock_;
  Thread *first_ = nullptr, *last_ = nullptr; // linked through Thread::next_waiter
};

class Mutex {
public:
  void lock();
  void unlock();
private:
  friend struct AreaFinder;
  // For who may not wait, and reads what it guards with care: odd while it is held; the same number before
  // and after says that nobody held it meanwhile.
  std::atomic<uint32_t> turns_{0};
  SpinLock lock_;
  Thread *owner_ = nullptr;
  WaitQueue waiters_;
};

class MutexGuard {
public:
  explicit MutexGuard(Mutex &mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexGuard() { mutex_.unlock(); }
  MutexGuard(const MutexGuard &) = delete;
  MutexGuard &operator=(const MutexGuard &) = delete;

private:
  Mutex &mutex_;
};

} // namespace refkernel
