// SPDX-License-Identifier: MIT OR Apache-2.0
// Who runs here: helpers about the current thread and CPU.
#include "kernel/helpers/helpers.h"
#include "kernel/maps/task_storage.h"
#include "kernel/port.h"
#include <cstring>

namespace kbpf::helpers {
namespace {
constexpr uint64_t kRootGroup = 1;
// The verifier has seen to it that it is one of that type.
maps::TaskStorage &storage(uint64_t map) { return static_cast<maps::TaskStorage &>(*pointer<Map>(map)); }
kbpf_thread current() {
  kbpf_thread thread;
  kbpf_port_current(&thread);
  return thread;
}
} // namespace

uint64_t get_smp_processor_id(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return kbpf_port_cpu(); }

// Of a variable, by its address: the verifier has seen to it that each CPU has one.
uint64_t per_cpu_ptr(uint64_t variable, uint64_t cpu, uint64_t, uint64_t, uint64_t) {
  const uint32_t number = static_cast<uint32_t>(cpu);
  return number < kbpf_port_cpu_count()
             ? reinterpret_cast<uintptr_t>(kbpf_port_cpu_variable(variable, number))
             : 0;
}
uint64_t this_cpu_ptr(uint64_t variable, uint64_t, uint64_t, uint64_t, uint64_t) {
  return reinterpret_cast<uintptr_t>(kbpf_port_cpu_variable(variable, kbpf_port_cpu()));
}

uint64_t get_numa_node_id(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return 0; }

uint64_t get_current_pid_tgid(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) {
  kbpf_thread thread = current();
  return uint64_t{thread.pid} << 32 | thread.tid;
}

// Who asks names the namespace by its file; there is one.
uint64_t get_ns_current_pid_tgid(uint64_t device, uint64_t inode, uint64_t buffer, uint64_t size, uint64_t) {
  struct Numbers { // struct bpf_pidns_info
    uint32_t pid, tgid;
  };
  memset(pointer<void>(buffer), 0, static_cast<uint32_t>(size));
  uint64_t own_device = 0, own_inode = 0;
  if (static_cast<uint32_t>(size) != sizeof(Numbers))
    return helper_error(Error::invalid);
  if (kbpf_port_pid_namespace(&own_device, &own_inode) != 0)
    return helper_error(Error::not_found);
  if (device != own_device || inode != own_inode)
    return helper_error(Error::invalid);
  kbpf_thread thread = current();
  *pointer<Numbers>(buffer) = {thread.tid, thread.pid};
  return 0;
}

uint64_t get_current_uid_gid(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) {
  kbpf_thread thread = current();
  return uint64_t{thread.gid} << 32 | thread.uid;
}

// A thread has no BTF here: programs read its structure as memory.
uint64_t get_current_task(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return current().object; }
uint64_t get_current_task_btf(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return current().object; }

uint64_t task_storage_get(uint64_t map, uint64_t task, uint64_t value, uint64_t flags, uint64_t) {
  constexpr uint64_t kCreate = 1;
  if (flags & ~kCreate || !task)
    return 0;
  return reinterpret_cast<uintptr_t>(storage(map).get(task, flags & kCreate, pointer<const void>(value)));
}
uint64_t task_storage_delete(uint64_t map, uint64_t task, uint64_t, uint64_t, uint64_t) {
  if (!task)
    return helper_error(Error::invalid);
  Result<void> removed = storage(map).remove_of(task);
  return removed.ok() ? 0 : helper_error(removed.error());
}

// Of another thread's nothing is known.
uint64_t task_pt_regs(uint64_t task, uint64_t, uint64_t, uint64_t, uint64_t) {
  return task && task == current().object ? reinterpret_cast<uintptr_t>(kbpf_port_user_regs()) : 0;
}

// There is one control group, the root, whose number is Linux's.
uint64_t get_current_cgroup_id(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return kRootGroup; }
uint64_t get_current_ancestor_cgroup_id(uint64_t level, uint64_t, uint64_t, uint64_t, uint64_t) {
  return static_cast<uint32_t>(level) == 0 ? kRootGroup : 0;
}

uint64_t send_signal(uint64_t signal, uint64_t, uint64_t, uint64_t, uint64_t) {
  return static_cast<uint64_t>(int64_t{kbpf_port_send_signal(static_cast<uint32_t>(signal), 0)});
}
uint64_t send_signal_thread(uint64_t signal, uint64_t, uint64_t, uint64_t, uint64_t) {
  return static_cast<uint64_t>(int64_t{kbpf_port_send_signal(static_cast<uint32_t>(signal), 1)});
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
