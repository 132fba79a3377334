// SPDX-License-Identifier: MIT OR Apache-2.0
// Dynptrs: memory whose size is known only when the program runs, behind 16 bytes of the program's stack that
// it can't look into. The helpers check offsets and lengths.
#include "kernel/helpers/dynptr.h"
#include "kernel/helpers/helpers.h"
#include "kernel/maps/ringbuf.h"
#include <cstring>

namespace kbpf::helpers {
namespace {

bool is_inside(const Dynptr &ptr, uint64_t offset, uint64_t length) {
  return length <= ptr.size && offset <= ptr.size - length;
}

void end_record(Dynptr &ptr, uint64_t wakeup_flags, bool discard) {
  if (ptr.data)
    maps::RingBufferMap::commit(ptr.data, wakeup_flags, discard);
  ptr = {};
}

} // namespace

uint64_t dynptr_from_mem(uint64_t data, uint64_t size, uint64_t flags, uint64_t to, uint64_t) {
  Dynptr &ptr = *pointer<Dynptr>(to);
  ptr = {};
  const uint32_t bytes = static_cast<uint32_t>(size);
  if (bytes > kMaxDynptrSize)
    return helper_error(Error::too_big);
  if (flags)
    return helper_error(Error::invalid);
  ptr = {pointer<std::byte>(data), bytes};
  return 0;
}

// The program has a dynptr to end, whatever this returns.
uint64_t ringbuf_reserve_dynptr(uint64_t map, uint64_t size, uint64_t flags, uint64_t to, uint64_t) {
  Dynptr &ptr = *pointer<Dynptr>(to);
  ptr = {};
  const uint32_t bytes = static_cast<uint32_t>(size);
  if (flags)
    return helper_error(Error::invalid);
  if (bytes > kMaxDynptrSize)
    return helper_error(Error::too_big);
  auto &ring = *static_cast<maps::RingBufferMap *>(pointer<Map>(map));
  void *record = ring.reserve(bytes);
  if (!record)
    return helper_error(Error::invalid);
  ptr = {static_cast<std::byte *>(record), bytes};
  return 0;
}

uint64_t ringbuf_submit_dynptr(uint64_t ptr, uint64_t flags, uint64_t, uint64_t, uint64_t) {
  end_record(*pointer<Dynptr>(ptr), flags, false);
  return 0;
}

uint64_t ringbuf_discard_dynptr(uint64_t ptr, uint64_t flags, uint64_t, uint64_t, uint64_t) {
  end_record(*pointer<Dynptr>(ptr), flags, true);
  return 0;
}

uint64_t dynptr_read(uint64_t to, uint64_t length, uint64_t from, uint64_t offset, uint64_t flags) {
  const Dynptr &ptr = *pointer<Dynptr>(from);
  const uint32_t bytes = static_cast<uint32_t>(length), at = static_cast<uint32_t>(offset);
  Error error = !ptr.data || flags ? Error::invalid : Error::too_big;
  if (ptr.data && !flags && is_inside(ptr, at, bytes)) {
    memmove(pointer<void>(to), ptr.data + at, bytes);
    return 0;
  }
  memset(pointer<void>(to), 0, bytes); // the verifier counts it as written
  return helper_error(error);
}

uint64_t dynptr_write(uint64_t to, uint64_t offset, uint64_t from, uint64_t length, uint64_t flags) {
  const Dynptr &ptr = *pointer<Dynptr>(to);
  const uint32_t bytes = static_cast<uint32_t>(length), at = static_cast<uint32_t>(offset);
  if (!ptr.data || flags)
    return helper_error(Error::invalid);
  if (!is_inside(ptr, at, bytes))
    return helper_error(Error::too_big);
  memmove(ptr.data + at, pointer<const void>(from), bytes);
  return 0;
}

uint64_t dynptr_data(uint64_t of, uint64_t offset, uint64_t length, uint64_t, uint64_t) {
  const Dynptr &ptr = *pointer<Dynptr>(of);
  const uint32_t at = static_cast<uint32_t>(offset);
  if (!ptr.data || !is_inside(ptr, at, static_cast<uint32_t>(length)))
    return 0;
  return reinterpret_cast<uintptr_t>(ptr.data + at);
}

} // namespace kbpf::helpers
