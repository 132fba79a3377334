// SPDX-License-Identifier: MIT OR Apache-2.0
// Each CPU counts its section boundaries: the count is odd while its outermost section is open. Only the CPU
// itself writes it, with interrupts off, so entering costs one store and one fence.
//
// Why no reader is missed: a reader stores its odd count, then fences, then loads shared pointers; the
// waiter's caller unlinks, then wait_for_readers fences, then loads the counts. Of the two sequentially
// consistent fences one comes first: either the waiter sees the odd count and waits, or the reader sees the
// pointers as the waiter left them.
#include "kernel/epoch.h"
#include "kernel/port.h"
#include <algorithm>

namespace kbpf {

constinit epoch::CpuState epoch::cpus[kMaxCpus];
using epoch::cpus;

void ReaderStamp::take() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  count_ = std::min(kbpf_port_cpu_count(), kMaxCpus);
  for (uint32_t i = 0; i < count_; i++)
    boundaries_[i] = cpus[i].boundaries.load(std::memory_order_acquire);
}

bool ReaderStamp::gone() const {
  for (uint32_t i = 0; i < count_; i++)
    if (boundaries_[i] % 2 != 0 && cpus[i].boundaries.load(std::memory_order_acquire) == boundaries_[i])
      return false;
  return true;
}

void wait_for_readers() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const uint32_t count = kbpf_port_cpu_count();
  for (uint32_t i = 0; i < count && i < kMaxCpus; i++) {
    const uint64_t seen = cpus[i].boundaries.load(std::memory_order_acquire);
    if (seen % 2 == 0)
      continue;
    while (cpus[i].boundaries.load(std::memory_order_acquire) == seen)
      kbpf_port_relax();
  }
}

} // namespace kbpf
