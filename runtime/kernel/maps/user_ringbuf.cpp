// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/maps/user_ringbuf.h"
#include "kernel/helpers/dynptr.h"
#include "kernel/maps/map_type.h"
#include "kernel/maps/ringbuf.h"

namespace kbpf::maps {
namespace {

constexpr uint32_t kBusy = 1u << 31, kDiscarded = 1u << 30;
constexpr uint64_t kHeaderSize = 8;
constexpr uint32_t kMaxSamples = 128 * 1024; // of one drain
constexpr uint32_t kPollWritable = 0x104;

} // namespace

UserRingBufferMap::UserRingBufferMap(const MapSpec &spec, RingPages pages)
    : Map(spec), pages_(std::move(pages)), mask_(spec.max_entries - 1) {}

Result<Map *> UserRingBufferMap::create(const MapSpec &spec) {
  RingPages pages = KBPF_TRY(allocate_ring(spec, kHeadPages));
  Map *map = allocate_object<UserRingBufferMap>(spec, std::move(pages));
  if (!map)
    return Error::no_memory;
  return map;
}

// Each word that a process can change is read once.
Result<UserRingBufferMap::Sample> UserRingBufferMap::next_sample() const {
  const uint64_t produced = position(kProducerPage).load(std::memory_order_acquire);
  if (produced % 8)
    return Error::invalid;
  const uint64_t consumed = position(kConsumerPage).load(std::memory_order_relaxed);
  if (consumed >= produced)
    return Error::not_found;
  std::byte *at = pages_.data() + (consumed & mask_);
  const uint32_t header = reinterpret_cast<std::atomic<uint32_t> *>(at)->load(std::memory_order_acquire);
  const uint32_t bytes = header & ~(kBusy | kDiscarded);
  const uint64_t total = round_up_8(bytes + kHeaderSize);
  if (total > produced - consumed)
    return Error::invalid;
  if (total > spec().max_entries || bytes > helpers::kMaxDynptrSize)
    return Error::too_big;
  const bool is_discarded = header & kDiscarded;
  if (!is_discarded && header & kBusy)
    return Error::not_found;
  return Sample{at + kHeaderSize, bytes, consumed + total, is_discarded};
}

Result<uint64_t> UserRingBufferMap::drain(Use use, void *user, uint64_t wakeup_flags) {
  if (is_drained_.exchange(true, std::memory_order_acquire))
    return Error::busy;
  uint64_t count = 0, taken = 0;
  Error end = Error::not_found;
  for (bool more = true; more && taken < kMaxSamples;) {
    Result<Sample> sample = next_sample();
    if (!sample.ok()) {
      end = sample.error();
      break;
    }
    if (!sample->is_discarded) {
      more = use(user, sample->data, sample->bytes);
      count++;
    }
    taken++;
    position(kConsumerPage).store(sample->end, std::memory_order_release);
  }
  is_drained_.store(false, std::memory_order_release);
  if (wakeup_flags & kRingForceWakeup || (!(wakeup_flags & kRingNoWakeup) && taken)) {
    wakeups_.fetch_add(1, std::memory_order_relaxed);
    kbpf_port_poll_wake();
  }
  if (end != Error::not_found)
    return end;
  return count;
}

uint32_t UserRingBufferMap::poll_events() {
  const uint64_t consumed = position(kConsumerPage).load(std::memory_order_acquire);
  const uint64_t produced = position(kProducerPage).load(std::memory_order_acquire);
  return produced - consumed < spec().max_entries ? kPollWritable : 0;
}

Result<void> UserRingBufferMap::check_mapping(uint64_t offset, uint64_t size, bool writable) const {
  if (writable && offset == 0)
    return Error::not_permitted; // the consumer's position is the kernel's
  const uint64_t whole = pages_.page_count() * kPageSize;
  if (offset > whole || size > whole - offset)
    return Error::invalid;
  return {};
}

void *UserRingBufferMap::mapped_page(uint64_t index) {
  return index < pages_.page_count() ? pages_.page(index) : nullptr;
}

Result<Map *> create_user_ringbuf_map(const MapSpec &spec) { return UserRingBufferMap::create(spec); }

} // namespace kbpf::maps
