// SPDX-License-Identifier: MIT OR Apache-2.0
// The time CSR counts at the device tree's timebase-frequency on all harts alike; timers compare against it.
#include "refkernel/machine/clock.h"
#include "refkernel/machine/csr.h"
#include "refkernel/machine/device_tree.h"
#include "refkernel/machine/sbi.h"
#include "refkernel/sched/thread.h"
#include <string_view>

namespace refkernel {
namespace {

bool has_sstc;
uint64_t ns_per_tick = 100; // 0: does not divide a second, see ticks_to_ns()
constexpr uint64_t kNsPerSecond = 1'000'000'000;

} // namespace

void init_clock() {
  ns_per_tick = kNsPerSecond % machine.timebase_hz ? 0 : kNsPerSecond / machine.timebase_hz;
  // The extension's CSR traps where the firmware did not enable it, so only the device tree's word counts.
  has_sstc = machine.isa && std::string_view(machine.isa).find("_sstc") != std::string_view::npos;
}

uint64_t whole_ns_per_tick() { return ns_per_tick; }

uint64_t ticks_to_ns(uint64_t ticks) {
  if (ns_per_tick)
    return ticks * ns_per_tick;
  return ticks / machine.timebase_hz * kNsPerSecond +
         ticks % machine.timebase_hz * kNsPerSecond / machine.timebase_hz;
}

uint64_t ns_to_ticks(uint64_t ns) {
  if (ns_per_tick)
    return ns / ns_per_tick + (ns % ns_per_tick != 0);
  uint64_t seconds = ns / kNsPerSecond, rest = ns % kNsPerSecond;
  if (seconds > UINT64_MAX / machine.timebase_hz / 2)
    return UINT64_MAX;
  return seconds * machine.timebase_hz + (rest * machine.timebase_hz + kNsPerSecond - 1) / kNsPerSecond;
}

uint64_t now_ns() { return ticks_to_ns(read_time()); }

void set_timer(uint64_t ticks) {
  if (has_sstc)
    REFKERNEL_CSR_WRITE(0x14d, ticks); // stimecmp
  else
    sbi_set_timer(ticks);
}

} // namespace refkernel
