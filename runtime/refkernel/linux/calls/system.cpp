// SPDX-License-Identifier: MIT OR Apache-2.0
// Calls about the system as a whole, and limits.
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

} // namespace

KERNEL_CALL sys_sysinfo(UserPtr<LinuxSysinfo> info) {
  LinuxSysinfo result{};
  result.uptime = static_cast<int64_t>(now_ns() / kNanosecondsPerSecond);
  for (size_t i = 0; i < 3; ++i)
    result.loads[i] = load_average(i);
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
    kGetDeathSignal = 2,
    kGetDumpable = 3,
    kSetDumpable = 4,
    kSetName = 15,
    kGetName = 16,
    kGetSeccomp = 21,
    kSetTimerSlack = 29,
    kGetTimerSlack = 30,
    kSetSubreaper = 36,
    kGetSubreaper = 37,
    kSetHugePagesOff = 41,
    kGetHugePagesOff = 42,
  };
  constexpr uint64_t kTimerSlack = 50'000; // ns; nothing is late on purpose
  Process &process = current_process();
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
  case kSetDeathSignal:
    if (argument > kSignalCount)
      return Errno::einval;
    process.death_signal = static_cast<uint8_t>(argument);
    return 0;
  case kGetDeathSignal:
    return UserPtr<int32_t>{argument}.write(process.death_signal);
  case kGetDumpable:
    return process.dumpable;
  case kSetDumpable:
    if (argument > 1)
      return Errno::einval;
    process.dumpable = argument;
    return 0;
  case kGetSeccomp: // there are no filters
  case kSetTimerSlack:
    return 0;
  case kGetTimerSlack:
    return kTimerSlack;
  case kSetSubreaper:
    process.subreaper = argument != 0;
    return 0;
  case kGetSubreaper:
    return UserPtr<int32_t>{argument}.write(process.subreaper);
  case kSetHugePagesOff: // there are none
    return second || third || fourth ? SyscallResult(Errno::einval) : 0;
  case kGetHugePagesOff:
    return argument || second || third || fourth ? SyscallResult(Errno::einval) : 1;
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
    SYSCALL_ENTRY(142, reboot),
    SYSCALL_ENTRY(160, uname),
    SYSCALL_ENTRY(163, getrlimit),
    SYSCALL_ENTRY(164, setrlimit),
    SYSCALL_ENTRY(161, sethostname),
    SYSCALL_ENTRY(162, setdomainname),
    SYSCALL_ENTRY(167, prctl),
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
