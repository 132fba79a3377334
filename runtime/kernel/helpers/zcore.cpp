// SPDX-License-Identifier: MIT OR Apache-2.0
// The helpers of the zcore profile as those kernels' programs expect them: maps by number, values copied out,
// -1 for every error. What does not differ is the kbpf profile's own helper.
#include "kernel/helpers/helpers.h"
#include "kernel/maps/map.h"
#include "kernel/port.h"
#include "kernel/trace.h"

namespace kbpf::zcore_helpers {
namespace {
constexpr uint64_t kFailed = ~uint64_t{0};
uint64_t status(bool ok) { return ok ? 0 : kFailed; }
} // namespace

uint64_t map_lookup_elem(uint64_t fd, uint64_t key, uint64_t value, uint64_t, uint64_t) {
  Map *map = find_zcore_map(static_cast<uint32_t>(fd));
  return status(map && map->read_value(pointer<const void>(key), pointer<void>(value)).ok());
}

uint64_t map_update_elem(uint64_t fd, uint64_t key, uint64_t value, uint64_t flags, uint64_t) {
  Map *map = find_zcore_map(static_cast<uint32_t>(fd));
  return status(map && map->update(pointer<const void>(key), pointer<const void>(value), flags).ok());
}

uint64_t map_delete_elem(uint64_t fd, uint64_t key, uint64_t, uint64_t, uint64_t) {
  Map *map = find_zcore_map(static_cast<uint32_t>(fd));
  return status(map && map->remove(pointer<const void>(key)).ok());
}

uint64_t probe_read(uint64_t to, uint64_t size, uint64_t from, uint64_t, uint64_t) {
  return status(helpers::probe_read_kernel(to, size, from, 0, 0) == 0);
}

uint64_t ktime_get_ns(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return kbpf_port_time_ns(); }

uint64_t trace_printk(uint64_t format, uint64_t size, uint64_t p1, uint64_t p2, uint64_t p3) {
  std::string_view pattern(pointer<const char>(format), static_cast<uint32_t>(size));
  pattern = pattern.substr(0, pattern.find('\0'));
  const uint64_t values[] = {p1, p2, p3};
  size_t next = 0;
  TextBuffer text(trace_buffer(), kMaxTraceText);
  for (size_t i = 0; i < pattern.size(); i++) {
    if (pattern.substr(i, 2) != "{}") {
      text.append(pattern.substr(i, 1));
      continue;
    }
    if (next < 3)
      append_unsigned(text, values[next++]);
    i++;
  }
  trace_text(text.text(), false);
  return 0;
}

uint64_t get_prandom_u32(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return kbpf_port_random_u32(); }

uint64_t get_smp_processor_id(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return kbpf_port_cpu(); }

uint64_t get_current_pid_tgid(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) {
  kbpf_thread thread;
  kbpf_port_current(&thread);
  return uint64_t{thread.pid} << 32 | thread.pid;
}

uint64_t get_current_comm(uint64_t buffer, uint64_t size, uint64_t, uint64_t, uint64_t) {
  return status(helpers::get_current_comm(buffer, size, 0, 0, 0) == 0);
}

} // namespace kbpf::zcore_helpers
