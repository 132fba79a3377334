// SPDX-License-Identifier: MIT OR Apache-2.0
// One place where everybody who waits for several files sleeps. An event anywhere wakes all of them and each
// looks again at its own files; with no sleeper an event costs two atomic operations.
#include "refkernel/linux/fs/file.h"

namespace refkernel {

namespace {
SpinLock lock;
WaitQueue sleepers;
std::atomic<uint64_t> sequence_number{0};
std::atomic<uint32_t> sleeper_count{0};
} // namespace

void notify_pollers() {
  sequence_number.fetch_add(1);
  if (!sleeper_count.load())
    return;
  SpinGuard guard(lock);
  sleepers.wake_all();
}

uint64_t poll_sequence() { return sequence_number.load(); }

WaitResult wait_for_event(uint64_t sequence, uint64_t deadline_ns) {
  WaitResult result = WaitResult::woken;
  sleeper_count.fetch_add(1);
  {
    SpinGuard guard(lock);
    while (sequence_number.load() == sequence && result == WaitResult::woken)
      result = sleepers.sleep(lock, deadline_ns);
  }
  sleeper_count.fetch_sub(1);
  return result;
}

} // namespace refkernel
