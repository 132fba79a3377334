// SPDX-License-Identifier: MIT OR Apache-2.0
// The one lock of the runtime that probes take too. It is held inside a ReadSection: interrupts of this CPU
// are off, so nothing here can be switched away, and a probe that fires in the locked region (a breakpoint is
// an exception, not an interrupt) finds the section open and runs no program, so it can't come back for a
// lock that its own CPU holds.
#pragma once
#include "kernel/epoch.h"
#include <atomic>

namespace kbpf {

class SpinLock {
public:
  void lock() {
    while (held_.exchange(1, std::memory_order_acquire)) [[unlikely]]
      while (held_.load(std::memory_order_relaxed))
        ; // the holder runs with interrupts off and takes a bounded time
  }
  void unlock() {
    held_.exchange(0, std::memory_order_release);
  } // one instruction; a store takes a fence, too

private:
  std::atomic<uint32_t> held_{0}; // a word: it is exchanged by one instruction
};

// Both for a scope. The lock goes first, the section after it.
class SpinGuard {
public:
  explicit SpinGuard(SpinLock &lock) : lock_(lock) { lock_.lock(); }
  ~SpinGuard() { lock_.unlock(); }
  SpinGuard(const SpinGuard &) = delete;
  SpinGuard &operator=(const SpinGuard &) = delete;

private:
  ReadSection section_; // before the lock: members are made in this order
  SpinLock &lock_;
};

// The lock alone, where a section is open already.
class LockGuard {
public:
  explicit LockGuard(SpinLock &lock) : lock_(lock) { lock_.lock(); }
  ~LockGuard() { lock_.unlock(); }
  LockGuard(const LockGuard &) = delete;
  LockGuard &operator=(const LockGuard &) = delete;

private:
  SpinLock &lock_;
};

} // namespace kbpf
