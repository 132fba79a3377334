// SPDX-License-Identifier: MIT OR Apache-2.0
// The load: how many threads wanted a hart on average over 1, 5 and 15 minutes, decaying with every look.
#include "refkernel/linux/system.h"
#include "refkernel/sched/hart.h"
#include "refkernel/sched/sync.h"
#include <atomic>

namespace refkernel {

namespace {

constexpr uint64_t kLook = 5'000'000'000; // ns
// exp(-5 s / period) of 1, 5 and 15 minutes, as fixed-point numbers of 16 bits behind the point.
constexpr uint64_t kOne = 1 << 16, kDecay[] = {60296, 64453, 65173};
std::atomic<uint64_t> loads[3], next_look{kLook};

} // namespace

uint32_t threads_that_run() {
  uint32_t count = 0;
  for (uint32_t i = 0; i < hart_count; ++i)
    count += harts[i].ready_count.load(std::memory_order_relaxed) +
             !harts[i].is_idle.load(std::memory_order_relaxed);
  return count;
}

void update_load(uint64_t now) {
  uint64_t due = next_look.load(std::memory_order_relaxed);
  if (now < due || !next_look.compare_exchange_strong(due, now + kLook))
    return;
  const uint64_t running = threads_that_run() * kOne;
  for (size_t i = 0; i < 3; ++i) {
    const uint64_t was = loads[i].load(std::memory_order_relaxed);
    loads[i].store((was * kDecay[i] + running * (kOne - kDecay[i])) / kOne, std::memory_order_relaxed);
  }
}

uint64_t load_average(size_t which) { return loads[which].load(std::memory_order_relaxed); }

} // namespace refkernel
