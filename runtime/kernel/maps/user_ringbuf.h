// SPDX-License-Identifier: MIT OR Apache-2.0
// The ring buffer the other way round: processes write samples, programs take them. Its layout is the ring buffer's
// (ringbuf.h), but processes write the producer's page (offset 4096) and the data, and only read the consumer's.
// Nothing that a process wrote is trusted: it may change under the reader's eyes.
#pragma once
#include "kernel/maps/map.h"
#include "kernel/memory.h"

namespace kbpf::maps {

class UserRingBufferMap final : public Map {
public:
  UserRingBufferMap(const MapSpec &spec, RingPages pages);
  static Result<Map *> create(const MapSpec &spec);

  // [any] Inside a ReadSection. Calls use(user, sample, bytes) for each sample that is whole, until it returns false;
  // the number of calls. What was taken is free again. wakeup_flags: as the ring buffer's. Errors: busy (a program
  // is at it already), invalid and too_big (what the process wrote is no ring).
  using Use = bool (*)(void *user, std::byte *sample, uint32_t bytes);
  Result<uint64_t> drain(Use use, void *user, uint64_t wakeup_flags);

  Result<void> remove(const void *) override { return Error::not_supported; }
  Result<void> update(const void *, const void *, uint64_t) override { return Error::not_supported; }
  Result<void> next_key(const void *, void *) override { return Error::not_supported; }
  Result<void> read_for_user(const void *, void *) override { return Error::not_supported; }

  void *mapped_page(uint64_t index) override;
  uint32_t poll_events() override; // writable where there is room
  uint32_t poll_generation() override { return wakeups_.load(std::memory_order_relaxed); }

private:
  enum : size_t { kConsumerPage, kProducerPage, kHeadPages };
  struct Sample {
    std::byte *data;
    uint32_t bytes;   // of it
    uint64_t end;     // position behind it
    bool is_discarded;
  };
  // The next one. Errors: not_found (none that is whole), invalid, too_big.
  Result<Sample> next_sample() const;
  void free_memory() override { free_object(this); }
  Result<void> check_mapping(uint64_t offset, uint64_t size, bool writable) const override;
  std::atomic<uint64_t> &position(size_t page) const {
    return *reinterpret_cast<std::atomic<uint64_t> *>(pages_.page(page));
  }

  RingPages pages_; // kConsumerPage, kProducerPage, data
  const uint64_t mask_;
  std::atomic<bool> is_drained_{false}; // just now
  std::atomic<uint32_t> wakeups_{0};
};

} // namespace kbpf::maps
