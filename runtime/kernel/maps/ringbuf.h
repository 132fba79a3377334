// SPDX-License-Identifier: MIT OR Apache-2.0
// The ring buffer: records that programs write and one process reads in place, in the order of reservation,
// laid out as Linux lays them out. Processes map the consumer's page (offset 0: the position that they have
// read up to; theirs to write), and, for reading, the producer's page (offset 4096) and the data, which lies
// there twice in a row so that no record is cut. Positions count bytes and never wrap.
//
// A record is an 8-byte header and its bytes, padded to 8. Reserving takes the lock and moves the producer's
// position; the record is busy, and stops the reader, until it is committed, which takes no lock. How far the
// producer may go is known from the last time that it asked where the reader and the oldest busy record are;
// it asks again when it gets there.
#pragma once
#include "kernel/maps/map.h"
#include "kernel/memory.h"
#include "kernel/spinlock.h"

namespace kbpf::maps {

constexpr uint64_t kRingNoWakeup = 1, kRingForceWakeup = 2; // of commit
constexpr uint64_t kRingWakeupFlags = kRingNoWakeup | kRingForceWakeup;

// Pages for a ring of the spec's size. Errors: invalid (a size or flag that rings do not take), no_memory.
Result<RingPages> allocate_ring(const MapSpec &spec, size_t head_pages);

class RingBufferMap final : public Map {
public:
  static Result<Map *> create(const MapSpec &spec);

  // [any] Inside a ReadSection. size bytes (below 2^63) of the next record; null where there is no room.
  void *reserve(uint64_t size) {
    void *record = reserve_in_known_room(size);
    return record ? record : reserve_behind_reader(size);
  }
  // The two ways of it: null where it has to be asked where the reader is, which the other one does. Apart,
  // so that the first one is a few instructions.
  void *reserve_in_known_room(uint64_t size) {
    LockGuard guard(lock_);
    Positions &positions = *positions_;
    const uint64_t begin = positions.produced.load(std::memory_order_relaxed);
    const uint64_t total = (size + sizeof(Header) + 7) & ~uint64_t{7};
    return total <= room_end_ - begin ? append(positions, begin, total, size) : nullptr;
  }
  void *reserve_behind_reader(uint64_t size);
  // [any] What reserve gave goes to the reader, or is skipped by it. The record says which ring it is of.
  static void commit(void *record, uint64_t wakeup_flags, bool discard) {
    const Written written = end_writing(record, discard);
    if ((wakeup_flags & kRingWakeupFlags) != kRingNoWakeup)
      wake(written, wakeup_flags);
  }
  static void commit_quietly(void *record) { end_writing(record, false); } // with kRingNoWakeup
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
    uint32_t from_committed; // bytes from Positions::committed to here, so that a record leads to its ring
  };
  // At the start of the producer's page, which processes may read.
  struct Positions {
    std::atomic<uint64_t> produced;  // what Linux's ABI has there
    std::atomic<uint64_t> committed; // bytes, headers included, of all records that are
  };
  static constexpr uint32_t kBusy = 1u << 31, kDiscarded = 1u << 30;
  enum : size_t { kOwnPage, kConsumerPage, kProducerPage, kHeadPages };

  RingBufferMap(const MapSpec &spec, RingPages pages);
  ~RingBufferMap() = default;
  void free_memory() override { free_object(this); }
  Result<void> check_mapping(uint64_t offset, uint64_t size, bool writable) const override;

  static uint64_t record_size(uint32_t length) { return round_up_8(uint64_t{length} + sizeof(Header)); }
  // Locked.
  void *append(Positions &positions, uint64_t begin, uint64_t total, uint64_t size) const {
    Header *header = reinterpret_cast<Header *>(data_ + (begin & mask_));
    header->length.store(static_cast<uint32_t>(size) | kBusy, std::memory_order_relaxed);
    header->from_committed = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(header) -
                                                   reinterpret_cast<uintptr_t>(&positions.committed));
    positions.produced.store(begin + total, std::memory_order_release);
    return header + 1;
  }
  // A record that was: what stands there may be read and written over already.
  struct Written {
    const void *header;
    std::atomic<uint64_t> *committed; // of the record's ring
  };
  static Written end_writing(void *record, bool discard) {
    Header *header = static_cast<Header *>(record) - 1;
    auto *committed = reinterpret_cast<std::atomic<uint64_t> *>(reinterpret_cast<std::byte *>(header) -
                                                                header->from_committed);
    const uint32_t length = header->length.load(std::memory_order_relaxed) & ~kBusy;
    // An exchange is one instruction; a releasing store takes a fence, too.
    header->length.exchange(length | (discard ? kDiscarded : 0), std::memory_order_release);
    committed->fetch_add(record_size(length), std::memory_order_release);
    return {header, committed};
  }
  static void wake(Written written, uint64_t wakeup_flags);
  uint32_t call_in_place_of(uint32_t helper) const override;

  std::atomic<uint64_t> &position(size_t page) const {
    return *reinterpret_cast<std::atomic<uint64_t> *>(pages_.page(page));
  }
  Header *header_at(uint64_t position) const {
    return reinterpret_cast<Header *>(data_ + (position & mask_));
  }
  bool find_room(uint64_t begin, uint64_t end); // locked

  RingPages pages_; // a page that points to this object, kConsumerPage, kProducerPage, data
  Positions *const positions_;
  std::byte *const data_;
  const uint64_t mask_;       // of a position: where it is in the data
  const uint64_t max_record_; // bytes
  SpinLock lock_;             // guards the two below and the producer's position
  uint64_t room_end_ = 0;     // up to which nothing was to be kept when last looked
  uint64_t pending_ = 0;      // of the oldest record that was not committed when last looked for
  std::atomic<uint32_t> wakeups_{0};
};

} // namespace kbpf::maps
