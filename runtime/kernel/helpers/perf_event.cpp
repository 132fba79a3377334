// SPDX-License-Identifier: MIT OR Apache-2.0
// Samples for perf events, and what events count.
#include "kernel/helpers/helpers.h"
#include "kernel/maps/perf_event_array.h"
#include "kernel/run_context.h"
#include <cstring>

namespace kbpf::helpers {
namespace {

constexpr uint64_t kIndexMask = 0xffff'ffff, kCurrentCpu = kIndexMask;

Result<PerfEvent *> event_of(uint64_t map, uint64_t flags) {
  if (flags & ~kIndexMask)
    return Error::invalid;
  const uint32_t index = flags == kCurrentCpu ? kbpf_port_cpu() : static_cast<uint32_t>(flags);
  return static_cast<maps::PerfEventArrayMap *>(pointer<Map>(map))->event_at(index);
}

Result<PerfCounter::Value> read(uint64_t map, uint64_t flags) {
  const PerfEvent *event = KBPF_TRY(event_of(map, flags));
  return event->counter().read_here();
}

// struct bpf_perf_event_value. There is no sharing of counters: it runs for as long as it is enabled.
struct EventValue {
  uint64_t counter, enabled, running;
};

// Stores the value, or zeros where there is none.
uint64_t store(uint64_t buffer, uint64_t size, Result<PerfCounter::Value> value) {
  memset(pointer<void>(buffer), 0, static_cast<uint32_t>(size));
  if (static_cast<uint32_t>(size) != sizeof(EventValue))
    return helper_error(Error::invalid);
  if (!value.ok())
    return helper_error(value.error());
  *pointer<EventValue>(buffer) = {value->count, value->enabled_ns, value->enabled_ns};
  return 0;
}

} // namespace

uint64_t perf_event_output(uint64_t, uint64_t map, uint64_t flags, uint64_t data, uint64_t size) {
  Result<PerfEvent *> event = event_of(map, flags);
  if (!event.ok())
    return helper_error(event.error());
  if ((*event)->counter().counts())
    return helper_error(Error::invalid);
  Result<void> written = (*event)->write({pointer<const std::byte>(data), static_cast<size_t>(size)});
  return written.ok() ? 0 : helper_error(written.error());
}

uint64_t perf_event_read(uint64_t map, uint64_t flags, uint64_t, uint64_t, uint64_t) {
  Result<PerfCounter::Value> value = read(map, flags);
  return value.ok() ? value->count : helper_error(value.error());
}

uint64_t perf_event_read_value(uint64_t map, uint64_t flags, uint64_t buffer, uint64_t size, uint64_t) {
  return store(buffer, size, read(map, flags));
}

uint64_t perf_prog_read_value(uint64_t, uint64_t buffer, uint64_t size, uint64_t, uint64_t) {
  const PerfEvent *event = current_run().event;
  return store(buffer, size, event ? event->counter().read_here() : Error::invalid);
}

// No RISC-V processor here records its branches.
uint64_t read_branch_records(uint64_t, uint64_t, uint64_t, uint64_t flags, uint64_t) {
  constexpr uint64_t kGetSize = 1;
  return helper_error(flags & ~kGetSize ? Error::invalid : Error::not_found);
}

} // namespace kbpf::helpers
