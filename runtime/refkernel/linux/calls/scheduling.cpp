// SPDX-License-Identifier: MIT OR Apache-2.0
// Where and how threads run. The scheduler keeps to the harts that a thread may use; policies and their priorities are
// kept, inherited and told, and change nothing: it shares each hart evenly.
#include "kernel/port.h"
#include "refkernel/linux/hooks.h"
#include "refkernel/linux/process.h"
#include <algorithm>
#include <cstring>

namespace refkernel {

namespace {

enum Policy : int { kOther = 0, kFifo = 1, kRoundRobin = 2, kBatch = 3, kIdle = 5 }; // SCHED_*
constexpr uint32_t kResetOnFork = 0x40000000;
constexpr uint64_t kTimeSlice = 10'000'000; // ns

bool is_policy(int policy) {
  return policy == kOther || policy == kFifo || policy == kRoundRobin || policy == kBatch || policy == kIdle;
}
bool is_realtime(int policy) { return policy == kFifo || policy == kRoundRobin; }

uint64_t all_harts() { return (uint64_t{1} << boot_info.hart_count) - 1; }

// With tasks_lock held. 0 is the caller. Errors: einval, esrch.
SysResult<Task *> task_of(int tid) {
  if (tid < 0)
    return Errno::einval;
  Task *task = tid ? find_task(static_cast<uint32_t>(tid)) : current_task();
  if (!task)
    return Errno::esrch;
  return task;
}

SysResult<void> set_policy(int tid, int policy, int priority, bool reset_on_fork) {
  if (!is_policy(policy) || priority < 0 || (is_realtime(policy) ? priority < 1 || priority > 99 : priority != 0))
    return Errno::einval;
  SpinGuard guard(tasks_lock);
  Task *task = KBPF_TRY(task_of(tid));
  const bool rises = is_realtime(policy) && (policy != task->scheduling.policy || priority > task->scheduling.priority);
  if (!may_change_priority(*task->process) || (rises && !capable(Capability::sys_nice)))
    return Errno::eperm;
  task->scheduling = {static_cast<uint8_t>(policy), static_cast<uint8_t>(priority), reset_on_fork};
  return {};
}

struct LinuxSchedAttr { // struct sched_attr; the first version ends before util_min
  uint32_t size, policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime, deadline, period;
  uint32_t util_min, util_max;
};
constexpr size_t kFirstAttrSize = 48;
static_assert(sizeof(LinuxSchedAttr) == 56);

} // namespace

KERNEL_CALL sys_sched_getaffinity(int tid, size_t size, UserPtr<uint64_t> mask) {
  if (size < 8 || size % 8)
    return Errno::einval;
  uint64_t harts;
  {
    SpinGuard guard(tasks_lock);
    harts = allowed_harts(*KBPF_TRY(task_of(tid))->thread) & all_harts();
  }
  KBPF_TRY(mask.write(harts));
  return 8;
}

KERNEL_CALL sys_sched_setaffinity(int tid, size_t size, UserPtr<const uint64_t> mask) {
  uint64_t wanted = 0;
  IoCursor cursor = IoCursor::user(mask.address, std::min<size_t>(size, sizeof(wanted)));
  KBPF_TRY(cursor.take(&wanted, cursor.remaining()));
  Ref<Thread> thread;
  {
    SpinGuard guard(tasks_lock);
    Task *task = KBPF_TRY(task_of(tid));
    if (!may_change_priority(*task->process))
      return Errno::eperm;
    if (!(wanted & all_harts()))
      return Errno::einval;
    thread = Ref<Thread>::share(task->thread);
  }
  set_allowed_harts(*thread, wanted & all_harts());
  return 0;
}

KERNEL_CALL sys_sched_getscheduler(int tid) {
  SpinGuard guard(tasks_lock);
  const SchedulingPolicy &has = KBPF_TRY(task_of(tid))->scheduling;
  return has.policy | (has.reset_on_fork ? kResetOnFork : 0);
}

KERNEL_CALL sys_sched_setscheduler(int tid, int policy, UserPtr<const int32_t> priority) {
  if (!priority || policy < 0)
    return Errno::einval;
  int32_t wanted = KBPF_TRY(priority.read());
  return set_policy(tid, policy & ~static_cast<int>(kResetOnFork), wanted, policy & kResetOnFork);
}

KERNEL_CALL sys_sched_getparam(int tid, UserPtr<int32_t> priority) {
  if (!priority)
    return Errno::einval;
  int32_t has;
  {
    SpinGuard guard(tasks_lock);
    has = KBPF_TRY(task_of(tid))->scheduling.priority;
  }
  return priority.write(has);
}

KERNEL_CALL sys_sched_setparam(int tid, UserPtr<const int32_t> priority) {
  if (!priority)
    return Errno::einval;
  int32_t wanted = KBPF_TRY(priority.read());
  SchedulingPolicy has;
  {
    SpinGuard guard(tasks_lock);
    has = KBPF_TRY(task_of(tid))->scheduling;
  }
  return set_policy(tid, has.policy, wanted, has.reset_on_fork);
}

KERNEL_CALL sys_sched_getattr(int tid, UserPtr<LinuxSchedAttr> to, uint32_t size, uint32_t flags) {
  if (!to || size < kFirstAttrSize || size > kPageSize || flags)
    return Errno::einval;
  LinuxSchedAttr attr{};
  attr.size = std::min<uint32_t>(size, sizeof(attr));
  {
    SpinGuard guard(tasks_lock);
    const Task *task = KBPF_TRY(task_of(tid));
    attr.policy = task->scheduling.policy;
    attr.flags = task->scheduling.reset_on_fork;
    attr.priority = task->scheduling.priority;
    attr.nice = is_realtime(task->scheduling.policy) ? 0 : task->process->nice;
  }
  return copy_to_user(to.address, &attr, attr.size) ? SyscallResult(0) : Errno::efault;
}

KERNEL_CALL sys_sched_setattr(int tid, UserPtr<LinuxSchedAttr> user, uint32_t flags) {
  if (!user || flags)
    return Errno::einval;
  uint32_t size = KBPF_TRY(user.cast<const uint32_t>().read());
  size = size ? size : kFirstAttrSize;
  LinuxSchedAttr attr{};
  bool is_known = size >= kFirstAttrSize && size <= kPageSize;
  for (size_t at = sizeof(attr); is_known && at < size; ++at)
    is_known = KBPF_TRY(UserPtr<const uint8_t>{user.address + at}.read()) == 0;
  if (!is_known) {
    KBPF_TRY(user.cast<uint32_t>().write(sizeof(attr)));
    return Errno::e2big;
  }
  if (!copy_from_user(&attr, user.address, std::min<size_t>(size, sizeof(attr))))
    return Errno::efault;
  if ((attr.flags & ~uint64_t{1}) || attr.policy > INT32_MAX || attr.priority > INT32_MAX || attr.nice < -20 ||
      attr.nice > 19)
    return Errno::einval;
  KBPF_TRY(set_policy(tid, static_cast<int>(attr.policy), static_cast<int>(attr.priority), attr.flags & 1));
  SpinGuard guard(tasks_lock);
  Process &process = *KBPF_TRY(task_of(tid))->process;
  if (!is_realtime(static_cast<int>(attr.policy))) {
    if (attr.nice < process.nice && !capable(Capability::sys_nice))
      return Errno::eperm;
    process.nice = static_cast<int8_t>(attr.nice);
  }
  return 0;
}

KERNEL_CALL sys_sched_get_priority_max(int policy) {
  return is_policy(policy) ? SyscallResult(is_realtime(policy) ? 99 : 0) : Errno::einval;
}
KERNEL_CALL sys_sched_get_priority_min(int policy) {
  return is_policy(policy) ? SyscallResult(is_realtime(policy) ? 1 : 0) : Errno::einval;
}

KERNEL_CALL sys_sched_rr_get_interval(int tid, UserPtr<LinuxTimespec> interval) {
  bool is_first_in_first_out;
  {
    SpinGuard guard(tasks_lock);
    is_first_in_first_out = KBPF_TRY(task_of(tid))->scheduling.policy == kFifo;
  }
  return interval.write(LinuxTimespec::from_ns(is_first_in_first_out ? 0 : kTimeSlice));
}

KERNEL_CALL sys_sched_yield() {
  yield();
  return 0;
}

KERNEL_CALL sys_getcpu(UserPtr<uint32_t> cpu, UserPtr<uint32_t> node) {
  if (cpu)
    KBPF_TRY(cpu.write(kbpf_port_cpu()));
  if (node)
    KBPF_TRY(node.write(0));
  return 0;
}

namespace {
constexpr SyscallEntry kSchedulingTable[] = {
    SYSCALL_ENTRY(118, sched_setparam),
    SYSCALL_ENTRY(119, sched_setscheduler),
    SYSCALL_ENTRY(120, sched_getscheduler),
    SYSCALL_ENTRY(121, sched_getparam),
    SYSCALL_ENTRY(122, sched_setaffinity),
    SYSCALL_ENTRY(123, sched_getaffinity),
    SYSCALL_ENTRY(124, sched_yield),
    SYSCALL_ENTRY(125, sched_get_priority_max),
    SYSCALL_ENTRY(126, sched_get_priority_min),
    SYSCALL_ENTRY(127, sched_rr_get_interval),
    SYSCALL_ENTRY(168, getcpu),
    SYSCALL_ENTRY(274, sched_setattr),
    SYSCALL_ENTRY(275, sched_getattr),
};
}
constinit const std::span<const SyscallEntry> kSchedulingCalls{kSchedulingTable};

} // namespace refkernel
