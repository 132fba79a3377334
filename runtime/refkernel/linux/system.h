// SPDX-License-Identifier: MIT OR Apache-2.0
// What uname and /proc say of this system. Programs compare the release with Linux's to know what to expect.
#pragma once
#include "core/base/text.h"
#include <cstddef>
#include <cstdint>

namespace refkernel {
constexpr const char *kSystemName = "Linux";
constexpr const char *kSystemRelease = "6.6.0-kbpf";
constexpr const char *kSystemVersion = "#1 SMP kbpf reference kernel";
constexpr const char *kSystemMachine = "riscv64";
constexpr const char *kFirstHostName = "kbpf";

struct LinuxUtsname { // struct new_utsname
  char system[65], node[65], release[65], version[65], machine[65], domain[65];
};

// The two names that root may change (names.cpp).
enum class SystemName { host, domain };
void print_name(kbpf::TextSink &sink, SystemName which);

// load.cpp
uint32_t threads_that_run();           // or wait for a hart
void update_load(uint64_t now);        // from the tick
uint64_t load_average(size_t which);   // over 1, 5, 15 minutes, in 65536ths of a thread
} // namespace refkernel
