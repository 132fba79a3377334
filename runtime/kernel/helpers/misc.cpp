// SPDX-License-Identifier: MIT OR Apache-2.0
// Time and chance.
#include "kernel/helpers/helpers.h"
#include "kernel/port.h"

namespace kbpf::helpers {

// This kernel never sleeps as a whole: time since boot and time that it ran are one clock.
uint64_t ktime_get_ns(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return kbpf_port_time_ns(); }
uint64_t ktime_get_boot_ns(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return kbpf_port_time_ns(); }
uint64_t ktime_get_coarse_ns(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return kbpf_port_time_ns(); }

uint64_t ktime_get_tai_ns(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) {
  return kbpf_port_realtime_ns();
}

uint64_t jiffies64(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) {
  constexpr uint64_t kHz = 250, kNsPerSecond = 1'000'000'000;
  return kbpf_port_time_ns() / (kNsPerSecond / kHz);
}

uint64_t get_prandom_u32(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return kbpf_port_random_u32(); }

} // namespace kbpf::helpers
