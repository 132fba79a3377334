// SPDX-License-Identifier: MIT OR Apache-2.0
// Time, chance, and memory that may not be there.
#include "kernel/helpers/helpers.h"
#include "kernel/port.h"
#include <cstring>

namespace kbpf::helpers {

uint64_t ktime_get_ns(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return kbpf_port_time_ns(); }

uint64_t get_prandom_u32(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return kbpf_port_random_u32(); }

uint64_t probe_read_kernel(uint64_t to, uint64_t size, uint64_t from, uint64_t, uint64_t) {
  size_t count = static_cast<uint32_t>(size);
  if (kbpf_port_read_kernel(pointer<void>(to), from, count) == 0)
    return 0;
  memset(pointer<void>(to), 0, count);
  return helper_error(Error::bad_address);
}

} // namespace kbpf::helpers
