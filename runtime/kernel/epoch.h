// SPDX-License-Identifier: MIT OR Apache-2.0
// Deferred freeing: probe code reads maps, programs and probes without locks; whoever takes something out of a shared
// structure waits until every reader that may still see it is gone. One counter a CPU, no allocation, nests.
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

private:
  uintptr_t irq_state_;
  uint32_t cpu_;
};

// Returns when every ReadSection that was open at the call has ended. From system calls only, never inside a section.
void wait_for_readers();

} // namespace kbpf
