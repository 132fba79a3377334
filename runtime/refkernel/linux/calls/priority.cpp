// SPDX-License-Identifier: MIT OR Apache-2.0
// Priorities of processes, for the processor and for disks. They are kept and inherited, and tell the
// scheduler nothing: it shares each hart evenly, and there are no disks.
#include "refkernel/linux/process.h"
#include <algorithm>

namespace refkernel {

namespace {

enum Which : int { kProcess, kGroup, kUser }; // PRIO_*; IOPRIO_WHO_* is one more
constexpr int kMinNice = -20, kMaxNice = 19;

bool is_meant(const Process &process, int which, uint32_t who) {
  const Process &caller = current_process();
  switch (which) {
  case kProcess:
    return who ? process.pid == who : &process == &caller;
  case kGroup:
    return process.pgid == (who ? who : caller.pgid);
  default:
    return process.credentials.uid == (who ? who : caller.credentials.uid);
  }
}

// Calls visit for each process that is meant; false where there is none. A thread's number stands for its
// process.
template <typename Visit> bool for_each_meant(int which, uint32_t who, Visit &&visit) {
  if (which == kProcess && who)
    if (Task *task = find_task(who))
      who = task->process->pid;
  bool any = false;
  for_each_process([&](Process &process) {
    if (!process.zombie && is_meant(process, which, who)) {
      any = true;
      visit(process);
    }
    return true;
  });
  return any;
}

} // namespace

bool may_change_priority(const Process &process) {
  uint32_t euid = current_process().credentials.euid;
  return capable(Capability::sys_nice) || euid == process.credentials.uid || euid == process.credentials.euid;
}

KERNEL_CALL sys_getpriority(int which, uint32_t who) {
  if (which < kProcess || which > kUser)
    return Errno::einval;
  int lowest = kMaxNice + 1;
  SpinGuard guard(tasks_lock);
  if (!for_each_meant(which, who, [&](Process &process) { lowest = std::min(lowest, int{process.nice}); }))
    return Errno::esrch;
  return 20 - lowest; // the C library turns it round
}

KERNEL_CALL sys_setpriority(int which, uint32_t who, int nice) {
  if (which < kProcess || which > kUser)
    return Errno::einval;
  nice = std::clamp(nice, kMinNice, kMaxNice);
  SyscallResult result = 0;
  SpinGuard guard(tasks_lock);
  bool any = for_each_meant(which, who, [&](Process &process) {
    if (!may_change_priority(process))
      result = Errno::eperm;
    else if (nice < process.nice && !capable(Capability::sys_nice))
      result = Errno::eacces;
    else
      process.nice = static_cast<int8_t>(nice);
  });
  return any ? result : Errno::esrch;
}

KERNEL_CALL sys_ioprio_get(int which, uint32_t who) {
  if (which < kProcess + 1 || which > kUser + 1)
    return Errno::einval;
  int best = -1;
  SpinGuard guard(tasks_lock);
  if (!for_each_meant(which - 1, who, [&](Process &process) {
        if (best < 0 || (process.io_priority && process.io_priority < best))
          best = process.io_priority;
      }))
    return Errno::esrch;
  return best;
}

KERNEL_CALL sys_ioprio_set(int which, uint32_t who, uint32_t priority) {
  enum { kNone = 0, kRealtime = 1, kBestEffort = 2, kIdle = 3 };
  uint32_t io_class = priority >> 13, level = priority & 7;
  if (which < kProcess + 1 || which > kUser + 1 || io_class > kIdle || (io_class == kNone && level))
    return Errno::einval;
  if (io_class == kRealtime && !capable(Capability::sys_nice))
    return Errno::eperm;
  SyscallResult result = 0;
  SpinGuard guard(tasks_lock);
  bool any = for_each_meant(which - 1, who, [&](Process &process) {
    if (may_change_priority(process))
      process.io_priority = static_cast<uint16_t>(priority);
    else
      result = Errno::eperm;
  });
  return any ? result : Errno::esrch;
}

namespace {
constexpr SyscallEntry kPriorityTable[] = {
    SYSCALL_ENTRY(30, ioprio_set),
    SYSCALL_ENTRY(31, ioprio_get),
    SYSCALL_ENTRY(140, setpriority),
    SYSCALL_ENTRY(141, getpriority),
};
}
constinit const std::span<const SyscallEntry> kPriorityCalls{kPriorityTable};

} // namespace refkernel
