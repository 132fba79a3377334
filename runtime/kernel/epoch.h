// SPDX-License-Identifier: MIT OR Apache-2.0
// Deferred freeing: probe code reads maps, programs and probes without locks; whoever takes something out of
// a shared structure waits until every reader that may still see it is gone. One counter a CPU, no
// allocation, nests.
#pragma once
#include "kernel/port.h"
#include <atomic>
#include <cstdint>

namespace kbpf {

constexpr uint32_t kMaxCpus = 64;

namespace epoch {
struct alignas(64) CpuState {
  std::atomic<uint64_t> boundaries{0}; // odd while the CPU's outermost section is open; epoch.cpp
  uint32_t depth = 0;                  // sections open on this CPU; touched by it alone
};
extern CpuState cpus[kMaxCpus];
} // namespace epoch

// Around every run of a program and every lock-free walk. Interrupts of this CPU are off for its whole life.
class ReadSection {
public:
  ReadSection() : irq_state_(kbpf_port_irq_save()), cpu_(kbpf_port_cpu()) {
    epoch::CpuState &cpu = epoch::cpus[cpu_];
    nested_ = cpu.depth++ != 0;
    if (nested_)
      return;
    cpu.boundaries.store(cpu.boundaries.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
  ~ReadSection() {
    epoch::CpuState &cpu = epoch::cpus[cpu_];
    if (--cpu.depth == 0)
      cpu.boundaries.store(cpu.boundaries.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    kbpf_port_irq_restore(irq_state_);
  }
  ReadSection(const ReadSection &) = delete;
  ReadSection &operator=(const ReadSection &) = delete;

  // Whether this CPU was inside another section already: a probe that fires there interrupted a program or
  // the runtime, and must not run a program of its own.
  bool nested() const { return nested_; }
  uint32_t cpu() const { return cpu_; }

private:
  uintptr_t irq_state_;
  uint32_t cpu_;
  bool nested_;
};

// Returns when every ReadSection that was open at the call has ended. From system calls only, never inside a
// section.
void wait_for_readers();

// The sections that are open at a moment, for those who may not wait: take() one, do something else, and see
// later whether all of them have ended.
class ReaderStamp {
public:
  void take();
  bool gone() const; // a section that take()'s caller is in counts too

private:
  uint64_t boundaries_[kMaxCpus];
  uint32_t count_ = 0;
};

} // namespace kbpf
