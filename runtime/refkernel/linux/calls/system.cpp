// SPDX-License-Identifier: MIT OR Apache-2.0
// Calls about the system as a whole, the scheduler and limits.
#include "refkernel/linux/system.h"
#include "kernel/port.h"
#include "refkernel/linux/calls/capability.h"
#include "refkernel/linux/fs/devices.h"
#include "refkernel/linux/hooks.h"
#include "refkernel/linux/process.h"
#include "refkernel/machine/log.h"
#include "refkernel/mm/pages.h"
#include <algorithm>
#include <cstring>

namespace refkernel {

namespace {

struct LinuxSysinfo { // struct sysinfo
  int64_t uptime;
  uint64_t loads[3], total_ram, free_ram, shared_ram, buffer_ram, total_swap, free_swap;
  uint16_t processes, pad;
  uint64_t total_high, free_high;
  uint32_t unit;
};
static_assert(sizeof(LinuxSysinfo) == 112);

bool task_exists(int tid) {
  SpinGuard guard(tasks_lock);
  return tid == 0 || find_task(static_cast<uint32_t>(tid));
}

} // namespace

KERNEL_CALL sys_sysinfo(UserPtr<LinuxSysinfo> info) {
  LinuxSysinfo result{};
  result.uptime = static_cast<int64_t>(now_ns() / kNanosecondsPerSecond);
  result.total_ram = total_pages() * kPageSize;
  result.free_ram = free_pages() * kPageSize;
  result.processes = static_cast<uint16_t>(process_count());
  result.unit = 1;
  return info.write(result);
}

KERNEL_CALL sys_getrandom(uintptr_t buffer, size_t size, uint32_t flags) {
  if (flags > 7)
    return Errno::einval;
  size = std::min<size_t>(size, INT32_MAX);
  IoCursor cursor = IoCursor::user(buffer, size);
  while (cursor.remaining()) {
    char chunk[256];
    size_t count = std::min(sizeof(chunk), cursor.remaining());
    fill_random(chunk, count);
    KBPF_TRY(cursor.put(chunk, count));
  }
  return size;
}

KERNEL_CALL sys_getcpu(UserPtr<uint32_t> cpu, UserPtr<uint32_t> node) {
  if (cpu)
    KBPF_TRY(cpu.write(kbpf_port_cpu()));
  if (node)
    KBPF_TRY(node.write(0));
  return 0;
}

KERNEL_CALL sys_sched_yield() {
  yield();
  return 0;
}

KERNEL_CALL sys_sched_getaffinity(int tid, size_t size, UserPtr<uint64_t> mask) {
  if (size < 8 || size % 8)
    return Errno::einval;
  if (!task_exists(tid))
    return Errno::esrch;
  KBPF_TRY(mask.write((uint64_t{1} << boot_info.hart_count) - 1));
  return 8;
}

// Threads run on any hart: a mask that names one of them is accepted, as a hint.
KERNEL_CALL sys_sched_setaffinity(int tid, size_t size, UserPtr<const uint64_t> mask) {
  if (!task_exists(tid))
    return Errno::esrch;
  uint64_t wanted = 0;
  IoCursor cursor = IoCursor::user(mask.address, std::min<size_t>(size, 8));
  KBPF_TRY(cursor.take(&wanted, 8));
  return wanted & ((uint64_t{1} << boot_info.hart_count) - 1) ? SyscallResult(0) : Errno::einval;
}

// One policy, SCHED_OTHER, with one priority.
KERNEL_CALL sys_sched_getscheduler(int tid) { return task_exists(tid) ? SyscallResult(0) : Errno::esrch; }
KERNEL_CALL sys_sched_setscheduler(int tid, int policy, UserPtr<const int32_t>) {
  return !task_exists(tid) ? SyscallResult(Errno::esrch)
         : policy == 0     ? SyscallResult(0)
                           : SyscallResult(Errno::einval);
}
KERNEL_CALL sys_sched_getparam(int tid, UserPtr<int32_t> parameter) {
  if (!task_exists(tid))
    return Errno::esrch;
  return parameter.write(0);
}
KERNEL_CALL sys_sched_get_priority_max(int policy) { return policy == 0 ? SyscallResult(0) : Errno::einval; }
KERNEL_CALL sys_sched_get_priority_min(int policy) { return policy == 0 ? SyscallResult(0) : Errno::einval; }
KERNEL_CALL sys_prlimit64(int pid, uint32_t resource, UserPtr<const LinuxRlimit> limit,
                          UserPtr<LinuxRlimit> old) {
  if (resource >= kLimitCount)
    return Errno::einval;
  LinuxRlimit wanted{};
  if (limit) {
    wanted = KBPF_TRY(limit.read());
    if (wanted.soft > wanted.hard)
      return Errno::einval;
    if (resource == kLimitFiles)
      wanted.hard = std::min<uint64_t>(wanted.hard, 65536);
    wanted.soft = std::min(wanted.soft, wanted.hard);
  }
  LinuxRlimit previous;
  {
    SpinGuard guard(tasks_lock);
    Process &caller = current_process();
    Process *process = pid ? find_process(static_cast<uint32_t>(pid)) : &caller;
    if (!process)
      return Errno::esrch;
    if (process != &caller && !capable(Capability::sys_resource))
      return Errno::eperm;
    previous = process->limits[resource];
    if (limit) {
      if (wanted.hard > previous.hard && !capable(Capability::sys_resource))
        return Errno::eperm;
      process->limits[resource] = wanted;
    }
  }
  if (old)
    KBPF_TRY(old.write(previous));
  return 0;
}

KERNEL_CALL sys_getrlimit(uint32_t resource, UserPtr<LinuxRlimit> limit) {
  return sys_prlimit64(0, resource, {}, limit);
}
KERNEL_CALL sys_setrlimit(uint32_t resource, UserPtr<const LinuxRlimit> limit) {
  return limit ? sys_prlimit64(0, resource, limit, {}) : Errno::efault;
}

KERNEL_CALL sys_prctl(int option, uint64_t argument, uint64_t second, uint64_t third, uint64_t fourth) {
  enum {
    kSetDeathSignal = 1,
    kGetDumpable = 3,
    kSetDumpable = 4,
    kSetName = 15,
    kGetName = 16,
  };
  if (auto answer = capability_prctl(option, {argument, second, third, fourth}))
    return *answer;
  switch (option) {
  case kSetName: {
    char name[16] = {};
    if (copy_string_from_user(name, argument, sizeof(name) - 1) < 0)
      return Errno::efault;
    SpinGuard guard(tasks_lock);
    memcpy(current()->task.comm, name, sizeof(name));
    if (current_task()->tid == current_process().pid)
      memcpy(current_process().name, name, sizeof(name));
    return 0;
  }
  case kGetName: {
    char name[16] = {};
    memcpy(name, current()->task.comm, sizeof(name));
    return copy_to_user(argument, name, sizeof(name)) ? SyscallResult(0) : Errno::efault;
  }
  case kGetDumpable:
    return 1;
  }
  return Errno::einval;
}

// Every start of a C library asks for restartable sequences and does without: not worth a line in the log.
KERNEL_CALL sys_rseq(uintptr_t, uint32_t, int, uint32_t) { return Errno::enosys; }

// MEMBARRIER_CMD_QUERY says that no command is there: callers then use other means.
KERNEL_CALL sys_membarrier(int command, uint32_t, int) {
  return command == 0 ? SyscallResult(0) : Errno::einval;
}

KERNEL_CALL sys_riscv_flush_icache(uintptr_t, uintptr_t, uint64_t flags) {
  if (flags & ~uint64_t{1})
    return Errno::einval;
  kbpf_port_sync_icache();
  return 0;
}

// Key and value pairs about the harts; unknown keys become -1.
KERNEL_CALL sys_riscv_hwprobe(UserPtr<int64_t> pairs, size_t count, size_t cpu_count, UserPtr<uint64_t> cpus,
                              uint32_t flags) {
  enum {
    kVendor = 0,
    kArchitecture = 1,
    kImplementation = 2,
    kBaseBehavior = 3,
    kExtensions = 4,
    kMisaligned = 5
  };
  constexpr int64_t kImaBase = 1, kFd = 1, kC = 2;
  if (flags)
    return Errno::einval;
  for (size_t i = 0; i < count; ++i) {
    int64_t key = KBPF_TRY(pairs.at(i * 2).read()), value = 0;
    switch (key) {
    case kVendor:
    case kArchitecture:
    case kImplementation:
    case kMisaligned:
      break;
    case kBaseBehavior:
      value = kImaBase;
      break;
    case kExtensions:
      value = kFd | kC;
      break;
    default:
      KBPF_TRY(pairs.at(i * 2).write(-1));
    }
    KBPF_TRY(pairs.at(i * 2 + 1).write(value));
  }
  return 0;
}

KERNEL_CALL sys_reboot(uint32_t magic, uint32_t magic2, uint32_t command, uintptr_t) {
  constexpr uint32_t kMagic = 0xfee1dead, kPowerOff = 0x4321fedc, kHalt = 0xcdef0123, kRestart = 0x01234567;
  if (magic != kMagic || magic2 == 0)
    return Errno::einval;
  if (!capable(Capability::sys_boot))
    return Errno::eperm;
  if (command == kPowerOff || command == kHalt || command == kRestart)
    power_off(0);
  return Errno::einval;
}

// kernel_log.cpp, names.cpp
KERNEL_CALL sys_syslog(int action, uintptr_t buffer, int size);
KERNEL_CALL sys_uname(UserPtr<LinuxUtsname> name);
KERNEL_CALL sys_sethostname(uintptr_t name, int size);
KERNEL_CALL sys_setdomainname(uintptr_t name, int size);

namespace {
constexpr SyscallEntry kSystemTable[] = {
    SYSCALL_ENTRY(116, syslog),
    SYSCALL_ENTRY(119, sched_setscheduler),
    SYSCALL_ENTRY(120, sched_getscheduler),
    SYSCALL_ENTRY(121, sched_getparam),
    SYSCALL_ENTRY(122, sched_setaffinity),
    SYSCALL_ENTRY(123, sched_getaffinity),
    SYSCALL_ENTRY(124, sched_yield),
    SYSCALL_ENTRY(125, sched_get_priority_max),
    SYSCALL_ENTRY(126, sched_get_priority_min),
    SYSCALL_ENTRY(142, reboot),
    SYSCALL_ENTRY(160, uname),
    SYSCALL_ENTRY(163, getrlimit),
    SYSCALL_ENTRY(164, setrlimit),
    SYSCALL_ENTRY(161, sethostname),
    SYSCALL_ENTRY(162, setdomainname),
    SYSCALL_ENTRY(167, prctl),
    SYSCALL_ENTRY(168, getcpu),
    SYSCALL_ENTRY(179, sysinfo),
    SYSCALL_ENTRY(258, riscv_hwprobe),
    SYSCALL_ENTRY(259, riscv_flush_icache),
    SYSCALL_ENTRY(261, prlimit64),
    SYSCALL_ENTRY(278, getrandom),
    SYSCALL_ENTRY(283, membarrier),
    SYSCALL_ENTRY(293, rseq),
};
}
constinit const std::span<const SyscallEntry> kSystemCalls{kSystemTable};

} // namespace refkernel
