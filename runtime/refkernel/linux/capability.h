// SPDX-License-Identifier: MIT OR Apache-2.0
// Capabilities (capabilities(7)): what root may do, in pieces that a process can give up or keep across a
// change of users. Sets are of the whole process, not of its threads one by one.
#pragma once
#include <cstdint>

namespace refkernel {

struct Process;
struct Credentials;

// Linux's numbers, of those that something here asks for.
enum class Capability : uint32_t {
  chown = 0,
  dac_override = 1,
  fowner = 3,
  kill = 5,
  setgid = 6,
  setuid = 7,
  setpcap = 8,
  net_admin = 12,
  sys_chroot = 18,
  sys_ptrace = 19,
  sys_admin = 21,
  sys_boot = 22,
  sys_nice = 23,
  sys_resource = 24,
  sys_time = 25,
  mknod = 27,
  syslog = 34,
  perfmon = 38,
  bpf = 39,
};
constexpr uint32_t kLastCapability = 40; // CAP_CHECKPOINT_RESTORE
constexpr uint64_t kAllCapabilities = (uint64_t{2} << kLastCapability) - 1;

constexpr uint64_t capability_bit(Capability capability) {
  return uint64_t{1} << static_cast<uint32_t>(capability);
}

struct CapabilitySets { // the sets in the order of struct cred (sched/task_struct.h)
  uint64_t inheritable = 0, permitted = kAllCapabilities, effective = kAllCapabilities;
  uint64_t bounding = kAllCapabilities, ambient = 0;
  bool keep_over_setuid = false, no_new_privileges = false;
};

bool capable(Capability capability); // the calling process

// Users or their effective one have changed from before to now.
void adjust_to_users(const Credentials &before, Credentials &now);
// A new program runs with these users; set_id: its file changed one of them.
void adjust_to_exec(Credentials &now, bool set_id);

} // namespace refkernel
