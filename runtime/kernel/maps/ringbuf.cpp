// SPDX-License-Identifier: MIT OR Apache-2.0
// The reader's position is a process's to write: it bounds what may be overwritten and is never trusted
// beyond that. Everything else is in pages that processes can't write.
#include "kernel/maps/ringbuf.h"
#include "core/verifier/inline_call.h"
#include "kernel/maps/map_type.h"
#include <algorithm>

namespace kbpf::maps {
namespace {

constexpr uint64_t kMaxRecord = UINT32_MAX / 4;
enum : uint64_t { kAvailableData, kRingSize, kConsumerPosition, kProducerPosition };

} // namespace

RingBufferMap::RingBufferMap(const MapSpec &spec, RingPages pages)
    : Map(spec), pages_(std::move(pages)), positions_(new(pages_.page(kProducerPage)) Positions{{0}, {0}}),
      data_(pages_.data()), mask_(spec.max_entries - 1),
      max_record_(std::min(kMaxRecord, spec.max_entries - sizeof(Header))) {
  *reinterpret_cast<RingBufferMap **>(pages_.page(kOwnPage)) = this;
}

uint32_t RingBufferMap::call_in_place_of(uint32_t helper) const {
  return helper == kRingReserve ? kRingReserveWithoutFlags : 0;
}

Result<RingPages> allocate_ring(const MapSpec &spec, size_t head_pages) {
  if (spec.max_entries == 0 || spec.max_entries % kPageSize || spec.max_entries & (spec.max_entries - 1))
    return Error::invalid;
  return RingPages::create(head_pages, spec.max_entries / kPageSize);
}

Result<Map *> RingBufferMap::create(const MapSpec &spec) {
  RingPages pages = KBPF_TRY(allocate_ring(spec, kHeadPages));
  Map *map = allocate_object<RingBufferMap>(spec, std::move(pages));
  if (!map)
    return Error::no_memory;
  return map;
}

void *RingBufferMap::reserve_behind_reader(uint64_t size) {
  if (size > max_record_)
    return nullptr;
  LockGuard guard(lock_);
  const uint64_t begin = positions_->produced.load(std::memory_order_relaxed);
  const uint64_t total = record_size(static_cast<uint32_t>(size));
  return find_room(begin, begin + total) ? append(*positions_, begin, total, size) : nullptr;
}

// Neither what the reader has not had nor what is still being written may be overwritten; a ring that is full
// to the last byte would look empty. room_end_ stays within kMaxRecord of begin: what is below it fits.
bool RingBufferMap::find_room(uint64_t begin, uint64_t end) {
  const uint64_t consumed = position(kConsumerPage).load(std::memory_order_acquire), most = mask_;
  if (end - consumed > most)
    return false;
  if (positions_->committed.load(std::memory_order_acquire) == begin)
    pending_ = begin;
  // Not all at once: interrupts are off.
  constexpr unsigned kRecordsAtOnce = 64;
  for (unsigned i = 0; pending_ < begin && (i < kRecordsAtOnce || end - pending_ > most); i++) {
    uint32_t state = header_at(pending_)->length.load(std::memory_order_acquire);
    if (state & kBusy)
      break;
    pending_ += record_size(state & ~kDiscarded);
  }
  const uint64_t room_end = std::min(consumed, pending_) + most;
  if (end > room_end)
    return false;
  room_end_ = std::min(room_end, begin + kMaxRecord);
  return true;
}

void RingBufferMap::wake(Written written, uint64_t wakeup_flags) {
  const uintptr_t own_page = reinterpret_cast<uintptr_t>(written.committed) - offsetof(Positions, committed) -
                             (kProducerPage - kOwnPage) * kPageSize;
  RingBufferMap &ring = **reinterpret_cast<RingBufferMap **>(own_page);
  const uint64_t offset =
      static_cast<uint64_t>(static_cast<const std::byte *>(written.header) - ring.data_);
  // A reader that has everything before this record may be asleep or about to look at it once more: it stores
  // its position before that look, as the committer stores the length before the look at the position.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const uint64_t consumed = ring.position(kConsumerPage).load(std::memory_order_relaxed) & ring.mask_;
  if (wakeup_flags & kRingForceWakeup || (!(wakeup_flags & kRingNoWakeup) && consumed == offset)) {
    ring.wakeups_.fetch_add(1, std::memory_order_relaxed);
    kbpf_port_poll_wake();
  }
}

uint64_t RingBufferMap::query(uint64_t what) const {
  const uint64_t consumed = position(kConsumerPage).load(std::memory_order_acquire);
  const uint64_t produced = position(kProducerPage).load(std::memory_order_acquire);
  switch (what) {
  case kAvailableData:
    return produced - consumed;
  case kRingSize:
    return spec().max_entries;
  case kConsumerPosition:
    return consumed;
  case kProducerPosition:
    return produced;
  }
  return 0;
}

uint32_t RingBufferMap::poll_events() { return query(kAvailableData) ? kPollReadable : 0; }

// Offset 0 of a mapping is the consumer's page.
Result<void> RingBufferMap::check_mapping(uint64_t offset, uint64_t size, bool writable) const {
  if (writable && (offset != 0 || size != kPageSize))
    return Error::not_permitted;
  const uint64_t whole = (pages_.page_count() - kConsumerPage) * kPageSize;
  if (offset > whole || size > whole - offset)
    return Error::invalid;
  return {};
}

void *RingBufferMap::mapped_page(uint64_t index) {
  return index < pages_.page_count() - kConsumerPage ? pages_.page(kConsumerPage + index) : nullptr;
}

Result<Map *> create_ringbuf_map(const MapSpec &spec) { return RingBufferMap::create(spec); }

} // namespace kbpf::maps
