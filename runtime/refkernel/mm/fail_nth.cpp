// SPDX-License-Identifier: MIT OR Apache-2.0
#include "refkernel/mm/fail_nth.h"
#include "refkernel/machine/csr.h"
#include "refkernel/sched/thread.h"
#include <atomic>

namespace refkernel {
namespace {

constinit std::atomic<uint64_t> failing_thread{0}; // Thread::id; 0: nobody's allocations fail
constinit std::atomic<uint32_t> left{0};

bool is_failing(const Thread *thread) {
  return thread && thread->id == failing_thread.load(std::memory_order_relaxed);
}

} // namespace

bool allocation_fails() {
  if (!failing_thread.load(std::memory_order_relaxed)) [[likely]]
    return false;
  const Thread *self = current();
  // Not what a page fault takes: the process would not hear of it.
  if (!is_failing(self) || self->user_frame->cause != kCauseUserEcall)
    return false;
  const uint32_t before = left.load(std::memory_order_relaxed);
  if (before)
    left.store(before - 1, std::memory_order_relaxed);
  return before == 1;
}

void set_failing_allocation(uint32_t nth) {
  left.store(nth, std::memory_order_relaxed);
  failing_thread.store(nth ? current()->id : 0, std::memory_order_relaxed);
}

uint32_t failing_allocation() { return is_failing(current()) ? left.load(std::memory_order_relaxed) : 0; }

} // namespace refkernel
