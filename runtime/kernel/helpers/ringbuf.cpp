// SPDX-License-Identifier: MIT OR Apache-2.0
// Ring-buffer helpers.
#include "kernel/maps/ringbuf.h"
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

uint64_t ringbuf_query(uint64_t map, uint64_t what, uint64_t, uint64_t, uint64_t) {
  return ring(map).query(what);
}

} // namespace kbpf::helpers
