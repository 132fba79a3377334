// SPDX-License-Identifier: MIT OR Apache-2.0
// What helpers may ask about the run of a program that is under way on this CPU, beyond what its context
// argument shows: set by whoever fires programs.
#pragma once
#include "kernel/kbpf.h"
#include "kernel/port.h"
#include <cstdint>

namespace kbpf {

class PerfEvent;

struct RunContext {
  const kbpf_regs *regs = nullptr; // of the probed code; null where the program was not run by a probe
  uintptr_t function = 0;          // entry of the probed function; 0: the probe is not at an entry or return
  uint64_t cookie = 0;             // bpf_cookie of the link
  // Of a traced function: the words of its arguments, and behind them those of its result, where it has one
  // by now.
  const uint64_t *arguments = nullptr;
  uint32_t argument_count = 0;
  bool has_result = false;
  const PerfEvent *event = nullptr; // that takes a sample
};

// While it lives (inside a ReadSection), current_run() gives this CPU's programs what it was made of.
class RunScope {
public:
  explicit RunScope(const RunContext &run) : RunScope(run, kbpf_port_cpu()) {}
  RunScope(const RunContext &run, uint32_t cpu) : slot_(runs[cpu].run), outer_(slot_) { slot_ = &run; }
  ~RunScope() { slot_ = outer_; }
  RunScope(const RunScope &) = delete;
  RunScope &operator=(const RunScope &) = delete;

private:
  friend const RunContext &current_run();
  struct alignas(64) CpuRun {
    const RunContext *run = nullptr; // touched by its own CPU only, interrupts off
  };
  static CpuRun runs[];
  const RunContext *&slot_;
  const RunContext *const outer_;
};

// [any] Inside a ReadSection; all zero outside of a RunScope.
const RunContext &current_run();

} // namespace kbpf
