// SPDX-License-Identifier: MIT OR Apache-2.0
// The reader's position is a process's to write: it bounds what may be overwritten and is never trusted
// beyond that. Everything else is in pages that processes can't write.
#include "kernel/maps/ringbuf.h"
#include "kernel/maps/map_type.h"

namespace kbpf::maps {
namespace {

constexpr uint32_t kFlags = KBPF_MAP_F_NUMA_NODE;
constexpr uint64_t kMaxRecord = UINT32_MAX / 4;
enum : uint64_t { kAvailableData, kRingSize, kConsumerPosition, kProducerPosition };

} // namespace

RingBufferMap::RingBufferMap(const MapSpec &spec, RingPages pages) : Map(spec), pages_(std::move(pages)) {
  *reinterpret_cast<RingBufferMap **>(pages_.page(kOwnPage)) = this;
}

Result<Map *> RingBufferMap::create(const MapSpec &spec) {
  if (spec.flags & ~kFlags || spec.key_size || spec.value_size || spec.max_entries == 0 ||
      spec.max_entries % kPageSize || spec.max_entries & (spec.max_entries - 1))
    return Error::invalid;
  RingPages pages = KBPF_TRY(RingPages::create(kHeadPages, spec.max_entries / kPageSize));
  Map *map = allocate_object<RingBufferMap>(spec, std::move(pages));
  if (!map)
    return Error::no_memory;
  return map;
}

void *RingBufferMap::reserve(uint64_t size) {
  if (size > kMaxRecord || record_size(static_cast<uint32_t>(size)) > spec().max_entries)
    return nullptr;
  const uint32_t length = static_cast<uint32_t>(size);
  const uint64_t consumed = position(kConsumerPage).load(std::memory_order_acquire);
  SpinGuard guard(lock_);
  const uint64_t begin = position(kProducerPage).load(std::memory_order_relaxed);
  while (pending_ < begin) {
    uint32_t state = header_at(pending_)->length.load(std::memory_order_acquire);
    if (state & kBusy)
      break;
    pending_ += record_size(state & ~kDiscarded);
  }
  // Neither what the reader has not had nor what is still being written may be overwritten; a ring that is
  // full to the last byte would look empty.
  const uint64_t end = begin + record_size(length), most = spec().max_entries - 1;
  if (end - consumed > most || end - pending_ > most)
    return nullptr;
  Header *header = header_at(begin);
  header->length.store(length | kBusy, std::memory_order_relaxed);
  header->page_offset = static_cast<uint32_t>(
      static_cast<size_t>(reinterpret_cast<std::byte *>(header) - pages_.page(0)) / kPageSize);
  position(kProducerPage).store(end, std::memory_order_release);
  return header + 1;
}

void RingBufferMap::commit(void *record, uint64_t wakeup_flags, bool discard) {
  Header *header = static_cast<Header *>(record) - 1;
  uintptr_t page = reinterpret_cast<uintptr_t>(header) / kPageSize - header->page_offset;
  RingBufferMap &ring = **reinterpret_cast<RingBufferMap **>(page * kPageSize);
  const uint64_t offset = static_cast<uint64_t>(reinterpret_cast<std::byte *>(header) - ring.pages_.data());
  uint32_t length = header->length.load(std::memory_order_relaxed) & ~kBusy;
  header->length.store(length | (discard ? kDiscarded : 0), std::memory_order_seq_cst);
  // A reader that has everything before this record may be asleep or about to look at it once more: it stores
  // its position before that look, as this stores the length before the look at the position.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const uint64_t consumed =
      ring.position(kConsumerPage).load(std::memory_order_relaxed) & (ring.spec().max_entries - 1);
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
