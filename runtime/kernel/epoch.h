// SPDX-License-Identifier: MIT OR Apache-2.0
// Deferred freeing: probe code reads maps, programs and probes without locks; whoever takes something out of
// a shared structure waits until every reader that may still see it is gone. One counter a CPU, no
// allocation, nests.
#pragma once
#include <cstdint>

namespace kbpf {

// Around every run of a program and every lock-free walk. Interrupts of this CPU are off for its whole life.
class ReadSection {
public:
  ReadSection();
  ~ReadSection();
  ReadSection(const ReadSection &) = delete;
  ReadSection &operator=(const ReadSection &) = delete;

  // Whether this CPU was inside another section already: a probe that fires there interrupted a program or
  // the runtime, and must not run a program of its own.
  bool nested() const { return nested_; }

private:
  uintptr_t irq_state_;
  uint32_t cpu_;
  bool nested_;
};

// Returns when every ReadSection that was open at the call has ended. From system calls only, never inside a
// section.
void wait_for_readers();

constexpr uint32_t kMaxCpus = 64;

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
