// SPDX-License-Identifier: MIT OR Apache-2.0
// Ring-buffer helpers.
#include "kernel/maps/ringbuf.h"
#include "core/verifier/inline_call.h"
#include "kernel/helpers/helpers.h"
#include <cstring>

namespace kbpf::helpers {
namespace {
maps::RingBufferMap &ring(uint64_t map) { return *static_cast<maps::RingBufferMap *>(pointer<Map>(map)); }
} // namespace

uint64_t ringbuf_output(uint64_t map, uint64_t data, uint64_t size, uint64_t flags, uint64_t) {
  if (flags & ~maps::kRingWakeupFlags)
    return helper_error(Error::invalid);
  void *record = ring(map).reserve(size);
  if (!record)
    return helper_error(Error::try_again);
  memcpy(record, pointer<const void>(data), size);
  maps::RingBufferMap::commit(record, flags, false);
  return 0;
}

uint64_t ringbuf_reserve(uint64_t map, uint64_t size, uint64_t flags, uint64_t, uint64_t) {
  return flags ? 0 : reinterpret_cast<uintptr_t>(ring(map).reserve(size));
}

uint64_t ringbuf_submit(uint64_t record, uint64_t flags, uint64_t, uint64_t, uint64_t) {
  maps::RingBufferMap::commit(pointer<void>(record), flags, false);
  return 0;
}

uint64_t ringbuf_discard(uint64_t record, uint64_t flags, uint64_t, uint64_t, uint64_t) {
  maps::RingBufferMap::commit(pointer<void>(record), flags, true);
  return 0;
}

// What fix-up calls where the flags are a constant: none, and BPF_RB_NO_WAKEUP.
[[gnu::noinline]] static uint64_t reserve_behind_reader(uint64_t map, uint64_t size, uint64_t, uint64_t,
                                                        uint64_t) {
  return reinterpret_cast<uintptr_t>(ring(map).reserve_behind_reader(size));
}
static uint64_t reserve_without_flags(uint64_t map, uint64_t size, uint64_t r3, uint64_t r4, uint64_t r5) {
  if (void *record = ring(map).reserve_in_known_room(size)) [[likely]]
    return reinterpret_cast<uintptr_t>(record);
  [[clang::musttail]] return reserve_behind_reader(map, size, r3, r4, r5); // no frame for the way above
}
static uint64_t submit_quietly(uint64_t record, uint64_t, uint64_t, uint64_t, uint64_t) {
  maps::RingBufferMap::commit_quietly(pointer<void>(record));
  return 0;
}

uint64_t ringbuf_query(uint64_t map, uint64_t what, uint64_t, uint64_t, uint64_t) {
  return ring(map).query(what);
}

} // namespace kbpf::helpers

namespace kbpf {

HelperFunction ring_buffer_helper(uint32_t number) {
  switch (number) {
  case kRingReserveWithoutFlags:
    return helpers::reserve_without_flags;
  case kRingSubmitQuietly:
    return helpers::submit_quietly;
  }
  return nullptr;
}

} // namespace kbpf
