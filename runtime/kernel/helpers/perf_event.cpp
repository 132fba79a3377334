// SPDX-License-Identifier: MIT OR Apache-2.0
// Samples for perf events.
#include "kernel/helpers/helpers.h"
#include "kernel/maps/perf_event_array.h"

namespace kbpf::helpers {

uint64_t perf_event_output(uint64_t, uint64_t map, uint64_t flags, uint64_t data, uint64_t size) {
  constexpr uint64_t kIndexMask = 0xffff'ffff, kCurrentCpu = kIndexMask;
  if (flags & ~kIndexMask)
    return helper_error(Error::invalid);
  const uint32_t index = flags == kCurrentCpu ? kbpf_port_cpu() : static_cast<uint32_t>(flags);
  auto &array = *static_cast<maps::PerfEventArrayMap *>(pointer<Map>(map));
  Result<PerfEvent *> event = array.event_at(index);
  if (!event.ok())
    return helper_error(event.error());
  Result<void> written = (*event)->write({pointer<const std::byte>(data), static_cast<size_t>(size)});
  return written.ok() ? 0 : helper_error(written.error());
}

} // namespace kbpf::helpers
