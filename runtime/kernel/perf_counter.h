// SPDX-License-Identifier: MIT OR Apache-2.0
// What a perf event counts on its CPU, and the moments at which it takes samples. Only the CPU itself can
// read its counters, and only its timer interrupt samples it: system calls link an event into the CPU's list,
// say what they want, and wait until kbpf_on_timer has done it there.
#pragma once
#include "kernel/kbpf.h"
#include "kernel/program.h"

namespace kbpf {

class PerfEvent;

// Of an event that runs a program: the one that it has.
class EventProgram {
public:
  // From system calls. Error: already_exists (it has one).
  Result<void> set(Ref<Program> program, uint64_t cookie);
  void take(); // waits until it does not run any more
  // [any] Inside a ReadSection; null where there is none. cookie is that program's.
  const Program *get() const { return program_.load(std::memory_order_acquire); }
  uint64_t cookie() const { return cookie_; }
  bool is_set() const { return get(); }

private:
  std::atomic<bool> lock_{false};
  std::atomic<Program *> program_{nullptr}; // with a reference
  uint64_t cookie_ = 0;                     // written while there is no program
};

class PerfCounter {
public:
  PerfCounter(PerfEvent &event, const kbpf_perf_event_attr &attr) : event_(event), attr_(attr) {}

  bool counts() const { return attr_.source != KBPF_EVENT_OUTPUT; }
  bool samples() const { return attr_.period; }
  EventProgram &program() { return program_; }

  // From system calls, when it does what enabled says.
  void enable(bool enabled);
  struct Value {
    uint64_t count = 0, enabled_ns = 0;
  };
  Value read(); // from system calls
  // [any] Inside a ReadSection. Errors: invalid (another CPU's).
  Result<Value> read_here() const;
  void end(); // the event's last reference is gone

private:
  friend uint64_t serve_perf_counters(kbpf_regs *regs);
  void serve(kbpf_regs *regs, uint64_t now);
  void sample(kbpf_regs &regs);
  Value value_at(uint64_t now) const; // on its CPU
  void ask_cpu();
  bool is_excluded(const kbpf_regs &regs) const;

  PerfEvent &event_;
  const kbpf_perf_event_attr &attr_; // of the event
  EventProgram program_;
  std::atomic<PerfCounter *> next_{nullptr}; // of the CPU's
  bool linked_ = false;                      // by the lists' lock
  std::atomic<bool> wanted_{false};
  std::atomic<uint32_t> asked_{0}, served_{0}; // ask_cpu's turns
  // Of the CPU alone.
  std::atomic<bool> running_{false};
  uint64_t started_ = 0, base_ = 0, due_ = 0;
  // Up to the last stop; written by the CPU, and read elsewhere after a served turn.
  uint64_t count_ = 0, enabled_ns_ = 0;
  Value last_; // of the last served turn
};

// From kbpf_on_timer. When the next sample is due here, ns; UINT64_MAX: never.
uint64_t serve_perf_counters(kbpf_regs *regs);
// The same without doing anything, for this CPU.
uint64_t next_sample_ns();

// The value of one CPU's counter now, on that CPU. Error: unsupported_operation.
Result<uint64_t> read_counter(uint8_t source);

} // namespace kbpf
