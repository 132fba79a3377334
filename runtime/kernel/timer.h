// SPDX-License-Identifier: MIT OR Apache-2.0
// The timers of programs: a bpf_timer in a map's value. A map whose values have one has a Timer for each
// value that it can store, made with the map, because what programs call may not allocate; the bpf_timer
// holds its address from bpf_timer_init until the value's element is given up. Running timers wait in a heap
// of the CPU that started them; the port calls kbpf_on_timer there when the first one is due, and the
// callback runs inside a ReadSection.
//
// A timer keeps the program of its callback. That a program keeps its maps, and a map so its programs, ends
// when the map's last descriptor or name goes: then its timers stop for good (Linux's rule, too).
#pragma once
#include "core/interp/callback.h"
#include "kernel/memory.h"
#include "kernel/object.h"

namespace kbpf {

class Map;
class Program;

class Timer {
public:
  Timer(Map &map, uint32_t slot) : map_(map), slot_(slot) {}

  // [any but a tracing program] Inside a ReadSection. field: the bpf_timer. Errors: busy (it is a timer
  // already), invalid (an unknown clock), not_permitted (no process holds the map).
  Result<void> init(std::byte *field, uint64_t clock);
  // handle: of the running program. Errors: invalid, not_permitted.
  Result<void> set_callback(uint64_t handle);
  // Errors: invalid (no callback, unknown flags).
  Result<void> start(uint64_t nanoseconds, uint64_t flags);
  // Waits where the callback runs on another CPU. Whether it was waiting or running. Error: deadlock, where
  // the caller is that callback, or is waited for by it.
  Result<bool> cancel();
  // [any] The element is given up: it stops, without waiting for a callback that runs, and is no timer any
  // more.
  void release();

  static Timer *of(const std::byte *field) {
    return reinterpret_cast<Timer *>(
        __atomic_load_n(reinterpret_cast<const uint64_t *>(field), __ATOMIC_ACQUIRE));
  }

private:
  friend class TimerHeap;
  friend class DueTimers;
  void stop_locked(Program *&dropped);

  Map &map_;
  const uint32_t slot_;
  std::byte *field_ = nullptr; // null: no timer
  uint64_t clock_ = 0;
  Program *program_ = nullptr; // with a reference; null: no callback
  LastingCallback callback_ = {};
  uint64_t deadline_ = 0; // monotonic, ns
  bool queued_ = false;
  uint32_t queue_ = 0;                    // CPU, while it is queued
  std::atomic<uint32_t> running_on_{0};   // CPU + 1, while its callback runs
  std::atomic<uint32_t> cancelled_by_{0}; // callbacks that wait for this one's end
  Timer *parent_ = nullptr, *child_ = nullptr, *previous_ = nullptr, *next_ = nullptr; // in the heap
};

// A map's timers, by the slots that its type gives its values.
class TimerTable {
public:
  // Error: no_memory.
  static Result<TimerTable> create(Map &map, uint32_t slots);
  bool empty() const { return !memory_.data(); }
  Timer &at(uint32_t slot) const { return reinterpret_cast<Timer *>(memory_.data())[slot]; }
  void release_all() const;

private:
  Buffer memory_;
  uint32_t count_ = 0;
};

// [any] Drops a reference; where it was the last one, the program ends with the next system call.
void release_program_later(Program *program);
// From a system call.
void end_released_programs();

} // namespace kbpf
