// SPDX-License-Identifier: MIT OR Apache-2.0
// Map helpers of the kbpf profile. The verifier has seen to it that r1 is a map's handle and that keys and
// values are memory of that map's sizes.
#include "kernel/maps/map.h"
#include "kernel/helpers/helpers.h"
#include "kernel/maps/special_fields.h"

namespace kbpf::helpers {
namespace {
uint64_t status(const Result<void> &done) { return done.ok() ? 0 : helper_error(done.error()); }
} // namespace

uint64_t map_lookup_elem(uint64_t map, uint64_t key, uint64_t, uint64_t, uint64_t) {
  return reinterpret_cast<uintptr_t>(pointer<Map>(map)->lookup(pointer<const void>(key)));
}

uint64_t map_update_elem(uint64_t map, uint64_t key, uint64_t value, uint64_t flags, uint64_t) {
  return status(pointer<Map>(map)->update(pointer<const void>(key), pointer<const void>(value), flags));
}

uint64_t map_delete_elem(uint64_t map, uint64_t key, uint64_t, uint64_t, uint64_t) {
  return status(pointer<Map>(map)->remove(pointer<const void>(key)));
}

uint64_t map_push_elem(uint64_t map, uint64_t value, uint64_t flags, uint64_t, uint64_t) {
  return status(pointer<Map>(map)->push(pointer<const void>(value), flags));
}

uint64_t map_pop_elem(uint64_t map, uint64_t value, uint64_t, uint64_t, uint64_t) {
  return status(pointer<Map>(map)->pop(pointer<void>(value)));
}

uint64_t map_peek_elem(uint64_t map, uint64_t value, uint64_t, uint64_t, uint64_t) {
  return status(pointer<Map>(map)->peek(pointer<void>(value)));
}

uint64_t map_lookup_percpu_elem(uint64_t map, uint64_t key, uint64_t cpu, uint64_t, uint64_t) {
  return reinterpret_cast<uintptr_t>(
      pointer<Map>(map)->lookup_percpu(pointer<const void>(key), static_cast<uint32_t>(cpu)));
}

// Interrupts are off already: programs run in a ReadSection.
uint64_t spin_lock(uint64_t lock, uint64_t, uint64_t, uint64_t, uint64_t) {
  maps::lock_value(pointer<uint32_t>(lock));
  return 0;
}

uint64_t spin_unlock(uint64_t lock, uint64_t, uint64_t, uint64_t, uint64_t) {
  maps::unlock_value(pointer<uint32_t>(lock));
  return 0;
}

} // namespace kbpf::helpers
