// SPDX-License-Identifier: MIT OR Apache-2.0
// Who runs here: helpers about the current thread and CPU.
#include "kernel/helpers/helpers.h"
#include "kernel/port.h"
#include <cstring>

namespace kbpf::helpers {
namespace {
kbpf_thread current() {
  kbpf_thread thread;
  kbpf_port_current(&thread);
  return thread;
}
} // namespace

uint64_t get_smp_processor_id(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return kbpf_port_cpu(); }

uint64_t get_numa_node_id(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return 0; }

uint64_t get_current_pid_tgid(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) {
  kbpf_thread thread = current();
  return uint64_t{thread.pid} << 32 | thread.tid;
}

uint64_t get_current_uid_gid(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) {
  kbpf_thread thread = current();
  return uint64_t{thread.gid} << 32 | thread.uid;
}

uint64_t get_current_comm(uint64_t buffer, uint64_t size, uint64_t, uint64_t, uint64_t) {
  kbpf_thread thread = current();
  char *to = pointer<char>(buffer);
  size_t room = static_cast<uint32_t>(size);
  if (room == 0)
    return helper_error(Error::invalid);
  memset(to, 0, room);
  size_t length = 0;
  while (length < sizeof(thread.name) && thread.name[length])
    length++;
  memcpy(to, thread.name, length < room ? length : room - 1);
  return 0;
}

} // namespace kbpf::helpers
