// SPDX-License-Identifier: MIT OR Apache-2.0
// The ring buffer: records that programs write and one process reads in place, in the order of reservation,
// laid out as Linux lays them out. Processes map the consumer's page (offset 0: the position that they have
// read up to; theirs to write), and, for reading, the producer's page (offset 4096) and the data, which lies
// there twice in a row so that no record is cut. Positions count bytes and never wrap.
//
// A record is an 8-byte header and its bytes, padded to 8. Reserving takes the lock and moves the producer's
// position; the record is busy, and stops the reader, until it is committed, which takes no lock.
#pragma once
#include "kernel/maps/map.h"
#include "kernel/memory.h"
#include "kernel/spinlock.h"

namespace kbpf::maps {

constexpr uint64_t kRingNoWakeup = 1, kRingForceWakeup = 2; // of commit
constexpr uint64_t kRingWakeupFlags = kRingNoWakeup | kRingForceWakeup;

class RingBufferMap final : public Map {
public:
  static Result<Map *> create(const MapSpec &spec);

  // [any] Inside a ReadSection. size bytes of the next record; null where there is no room.
  void *reserve(uint64_t size);
  // [any] What reserve gave goes to the reader, or is skipped by it. The record says which ring it is of.
  static void commit(void *record, uint64_t wakeup_flags, bool discard);
  // [any] BPF_RINGBUF_QUERY: unread bytes, size, consumer's and producer's position; else 0.
  uint64_t query(uint64_t what) const;

  Result<void> remove(const void *) override { return Error::not_supported; }
  Result<void> update(const void *, const void *, uint64_t) override { return Error::not_supported; }
  Result<void> next_key(const void *, void *) override { return Error::not_supported; }
  Result<void> read_for_user(const void *, void *) override { return Error::not_supported; }

  void *mapped_page(uint64_t index) override;
  uint32_t poll_events() override;
  uint32_t poll_generation() override { return wakeups_.load(std::memory_order_relaxed); }

private:
  template <typename T, typename... Args> friend T *kbpf::allocate_object(Args &&...args);
  template <typename T> friend void kbpf::free_object(T *object);
  // The two words that stand before a record's bytes.
  struct Header {
    std::atomic<uint32_t> length; // with kBusy, kDiscarded
    uint32_t page_offset;         // pages from the ring's first page to the header's
  };
  static constexpr uint32_t kBusy = 1u << 31, kDiscarded = 1u << 30;
  enum : size_t { kOwnPage, kConsumerPage, kProducerPage, kHeadPages };

  RingBufferMap(const MapSpec &spec, RingPages pages);
  ~RingBufferMap() = default;
  void free_memory() override { free_object(this); }
  Result<void> check_mapping(uint64_t offset, uint64_t size, bool writable) const override;

  static uint64_t record_size(uint32_t length) { return round_up_8(uint64_t{length} + sizeof(Header)); }
  std::atomic<uint64_t> &position(size_t page) const {
    return *reinterpret_cast<std::atomic<uint64_t> *>(pages_.page(page));
  }
  Header *header_at(uint64_t position) const {
    return reinterpret_cast<Header *>(pages_.data() + (position & (spec().max_entries - 1)));
  }

  RingPages pages_; // a page that points to this object, kConsumerPage, kProducerPage, data
  SpinLock lock_;
  uint64_t pending_ = 0; // position of the oldest record that was not committed when last looked for
  std::atomic<uint32_t> wakeups_{0};
};

} // namespace kbpf::maps
