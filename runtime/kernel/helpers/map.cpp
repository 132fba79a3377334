// SPDX-License-Identifier: MIT OR Apache-2.0
// Map helpers of the kbpf profile. The verifier has seen to it that r1 is a map's handle and that keys and
// values are memory of that map's sizes.
#include "kernel/maps/map.h"
#include "kernel/helpers/helpers.h"

namespace kbpf::helpers {

uint64_t map_lookup_elem(uint64_t map, uint64_t key, uint64_t, uint64_t, uint64_t) {
  return reinterpret_cast<uintptr_t>(pointer<Map>(map)->lookup(pointer<const void>(key)));
}

uint64_t map_update_elem(uint64_t map, uint64_t key, uint64_t value, uint64_t flags, uint64_t) {
  Result<void> done = pointer<Map>(map)->update(pointer<const void>(key), pointer<const void>(value), flags);
  return done.ok() ? 0 : helper_error(done.error());
}

uint64_t map_delete_elem(uint64_t map, uint64_t key, uint64_t, uint64_t, uint64_t) {
  Result<void> done = pointer<Map>(map)->remove(pointer<const void>(key));
  return done.ok() ? 0 : helper_error(done.error());
}

} // namespace kbpf::helpers
