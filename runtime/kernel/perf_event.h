// SPDX-License-Identifier: MIT OR Apache-2.0
// Events of perf_event_open(2) that count, sample or are written: a ring of samples that programs of one CPU
// write (BPF_OUTPUT, by bpf_perf_event_output), or that a clock fills, and a process reads from memory that
// it maps: a page of positions (struct perf_event_mmap_page), then 2^n pages of records. The host kernel's
// perf_event_open makes one through kbpf.h.
#pragma once
#include "kernel/kbpf.h"
#include "kernel/memory.h"
#include "kernel/memory_charge.h"
#include "kernel/object.h"
#include "kernel/perf_counter.h"
#include "kernel/running_event.h"
#include "kernel/spinlock.h"
#include <span>

namespace kbpf {

class PerfEvent final : public RunningEvent {
public:
  // Errors: invalid (a sample type that is not here, a counter of no CPU), unsupported_operation (nothing
  // counts that here), no_memory.
  static Result<PerfEvent *> create(const kbpf_perf_event_attr &attr);
  Result<void> enable_event(bool enabled) override;
  // Errors: invalid (the event takes no samples, or another type of program), already_exists.
  Result<void> set_program(Ref<Program> program, uint64_t cookie) override;
  void take_program() override { counter_.program().take(); }

  // [any] Inside a ReadSection. Adds a sample with these bytes. Errors: unsupported_operation (another CPU's,
  // or disabled), not_found (nobody has mapped it), no_space (counted, and told with the next sample),
  // too_big.
  Result<void> write(std::span<const std::byte> raw) { return write_record(raw, 0); }
  // The same for a sample of its own at that address.
  Result<void> write_sample(uint64_t pc) { return write_record({}, pc); }

  PerfCounter &counter() { return counter_; }
  const PerfCounter &counter() const { return counter_; }
  uint64_t id() const { return id_; }
  const kbpf_perf_event_attr &attr() const { return attr_; }

  void destroy() override;
  Result<void> begin_mapping(uint64_t offset, uint64_t size, bool writable) override;
  void end_mapping(uint64_t offset, uint64_t size, bool writable) override;
  void *mapped_page(uint64_t index) override;
  uint32_t poll_events() override;
  uint32_t poll_generation() override { return wakeups_.load(std::memory_order_relaxed); }

private:
  template <typename T, typename... Args> friend T *allocate_object(Args &&...args);
  template <typename T> friend void free_object(T *object);
  struct Buffer {
    RingPages pages;
    MemoryCharge charge;
    uint64_t head = 0;                    // bytes ever written; the mapped page has a copy
    uint64_t lost = 0;                    // samples since the last that fitted
    uint64_t events = 0;                  // samples since the last wake-up
    std::atomic<uint64_t> announced{0};   // head at the last wake-up
    uint64_t watermark = 0, woken_at = 0; // bytes from one wake-up by size to the next
    bool overwrites = false;              // mapped without write permission: nobody can say what was read
    uint32_t mappings = 1;                // by mapping_lock_
    Buffer(RingPages ring, MemoryCharge paid) : pages(std::move(ring)), charge(std::move(paid)) {}
    std::atomic<uint64_t> &position(size_t offset) const {
      return *reinterpret_cast<std::atomic<uint64_t> *>(pages.page(0) + offset);
    }
  };
  class RecordWriter;

  explicit PerfEvent(const kbpf_perf_event_attr &attr);
  ~PerfEvent() = default;
  Result<void> write_record(std::span<const std::byte> raw, uint64_t pc);
  bool has_room(const Buffer &buffer, uint64_t size) const;
  void wake_if_due(Buffer &buffer);

  const kbpf_perf_event_attr attr_;
  const uint64_t id_;
  std::atomic<bool> enabled_;
  std::atomic<Buffer *> buffer_{nullptr}; // while it is mapped
  std::atomic<bool> mapping_lock_{false}; // of system calls, which may wait for each other
  SpinLock lock_;                         // of writers, where any CPU may write
  std::atomic<uint32_t> wakeups_{0};
  PerfCounter counter_;
};

} // namespace kbpf
