// SPDX-License-Identifier: MIT OR Apache-2.0
// Numbers and names of processes: pid, tid, groups, sessions, users, and the table of the process family.
#include "refkernel/linux/process.h"
#include <algorithm>

namespace refkernel {

KERNEL_CALL sys_clone(TrapFrame &frame);
KERNEL_CALL sys_clone3(TrapFrame &frame);
KERNEL_CALL sys_unshare(uint64_t flags);
KERNEL_CALL sys_execve(TrapFrame &frame);
KERNEL_CALL sys_execveat(TrapFrame &frame);
KERNEL_CALL sys_exit(int code);
KERNEL_CALL sys_exit_group(int code);
KERNEL_CALL sys_wait4(int pid, UserPtr<int32_t> status, uint32_t options, UserPtr<LinuxRusage> usage);
KERNEL_CALL sys_waitid(int type, uint32_t id, UserPtr<LinuxSiginfo> info, uint32_t options,
                       UserPtr<LinuxRusage> usage);

KERNEL_CALL sys_getpid() { return current_process().pid; }
KERNEL_CALL sys_gettid() { return current_task()->tid; }
KERNEL_CALL sys_getppid() {
  SpinGuard guard(tasks_lock);
  return current_process().parent ? current_process().parent->pid : 0;
}

KERNEL_CALL sys_set_tid_address(uintptr_t address) {
  current_task()->clear_child_tid = address;
  return current_task()->tid;
}

namespace {

SysResult<uint32_t> number_of(int pid, uint32_t Process::*field) {
  SpinGuard guard(tasks_lock);
  Process *process = pid ? find_process(static_cast<uint32_t>(pid)) : &current_process();
  if (!process)
    return Errno::esrch;
  return process->*field;
}

} // namespace

KERNEL_CALL sys_getpgid(int pid) { return number_of(pid, &Process::pgid); }
KERNEL_CALL sys_getsid(int pid) { return number_of(pid, &Process::sid); }

KERNEL_CALL sys_setpgid(int pid, int pgid) {
  if (pgid < 0)
    return Errno::einval;
  SpinGuard guard(tasks_lock);
  Process &caller = current_process();
  Process *target = pid ? find_process(static_cast<uint32_t>(pid)) : &caller;
  if (!target || (target != &caller && target->parent != &caller))
    return Errno::esrch;
  if (target != &caller && target->has_executed)
    return Errno::eacces;
  if (target->sid == target->pid || target->sid != caller.sid)
    return Errno::eperm; // a session leader
  uint32_t group = pgid ? static_cast<uint32_t>(pgid) : target->pid;
  bool exists = group == target->pid;
  for_each_process([&](Process &process) {
    exists = exists || (process.pgid == group && process.sid == target->sid);
    return !exists;
  });
  if (!exists)
    return Errno::eperm;
  target->pgid = group;
  return 0;
}

KERNEL_CALL sys_setsid() {
  SpinGuard guard(tasks_lock);
  Process &caller = current_process();
  bool leads_group = false;
  for_each_process([&](Process &process) {
    leads_group = process.pgid == caller.pid;
    return !leads_group;
  });
  if (leads_group)
    return Errno::eperm;
  return caller.sid = caller.pgid = caller.pid;
}

KERNEL_CALL sys_getuid() { return current_process().credentials.uid; }
KERNEL_CALL sys_geteuid() { return current_process().credentials.euid; }
KERNEL_CALL sys_getgid() { return current_process().credentials.gid; }
KERNEL_CALL sys_getegid() { return current_process().credentials.egid; }

namespace {

constexpr uint32_t kKeep = UINT32_MAX;

struct Triple { // real, effective and saved number of a user or group
  uint32_t &real, &effective, &saved;
  bool has(uint32_t id) const { return id == real || id == effective || id == saved; }
};
Triple users(Credentials &who) { return {who.uid, who.euid, who.suid}; }
Triple groups(Credentials &who) { return {who.gid, who.egid, who.sgid}; }

SysResult<void> set_triple(Triple now, bool privileged, uint32_t real, uint32_t effective, uint32_t saved) {
  for (uint32_t id : {real, effective, saved})
    if (id != kKeep && !privileged && !now.has(id))
      return Errno::eperm;
  if (real != kKeep)
    now.real = real;
  if (effective != kKeep)
    now.effective = effective;
  if (saved != kKeep)
    now.saved = saved;
  return {};
}

SysResult<void> set_one(Triple now, bool privileged, uint32_t id) {
  if (id == kKeep)
    return Errno::einval;
  return privileged ? set_triple(now, true, id, id, id) : set_triple(now, false, kKeep, id, kKeep);
}

SysResult<void> set_pair(Triple now, bool privileged, uint32_t real, uint32_t effective) {
  bool changes_saved = real != kKeep || (effective != kKeep && effective != now.real);
  KBPF_TRY(set_triple(now, privileged, real, effective, kKeep));
  if (changes_saved)
    now.saved = now.effective;
  return {};
}

SysResult<void> write_triple(Triple now, UserPtr<uint32_t> real, UserPtr<uint32_t> effective,
                             UserPtr<uint32_t> saved) {
  KBPF_TRY(real.write(now.real));
  KBPF_TRY(effective.write(now.effective));
  return saved.write(now.saved);
}

} // namespace

namespace {

// Changes the caller's users; capabilities follow them.
template <typename Set> SysResult<void> set_users(Set &&set) {
  Credentials &who = current_process().credentials;
  const Credentials before = who;
  KBPF_TRY(set(users(who), capable(Capability::setuid)));
  adjust_to_users(before, who);
  return {};
}
template <typename Set> SysResult<void> set_groups(Set &&set) {
  return set(groups(current_process().credentials), capable(Capability::setgid));
}

} // namespace

KERNEL_CALL sys_setuid(uint32_t id) {
  return set_users([&](Triple now, bool privileged) { return set_one(now, privileged, id); });
}
KERNEL_CALL sys_setgid(uint32_t id) {
  return set_groups([&](Triple now, bool privileged) { return set_one(now, privileged, id); });
}
KERNEL_CALL sys_setreuid(uint32_t real, uint32_t effective) {
  return set_users([&](Triple now, bool privileged) { return set_pair(now, privileged, real, effective); });
}
KERNEL_CALL sys_setregid(uint32_t real, uint32_t effective) {
  return set_groups([&](Triple now, bool privileged) { return set_pair(now, privileged, real, effective); });
}
KERNEL_CALL sys_setresuid(uint32_t real, uint32_t effective, uint32_t saved) {
  return set_users(
      [&](Triple now, bool privileged) { return set_triple(now, privileged, real, effective, saved); });
}
KERNEL_CALL sys_setresgid(uint32_t real, uint32_t effective, uint32_t saved) {
  return set_groups(
      [&](Triple now, bool privileged) { return set_triple(now, privileged, real, effective, saved); });
}
KERNEL_CALL sys_getresuid(UserPtr<uint32_t> real, UserPtr<uint32_t> effective, UserPtr<uint32_t> saved) {
  return write_triple(users(current_process().credentials), real, effective, saved);
}
KERNEL_CALL sys_getresgid(UserPtr<uint32_t> real, UserPtr<uint32_t> effective, UserPtr<uint32_t> saved) {
  return write_triple(groups(current_process().credentials), real, effective, saved);
}

// The ids by which files are reached are the effective ones: no others can be set, and the result is what they are.
KERNEL_CALL sys_setfsuid(uint32_t) { return current_process().credentials.euid; }
KERNEL_CALL sys_setfsgid(uint32_t) { return current_process().credentials.egid; }

KERNEL_CALL sys_personality(uint32_t wanted) {
  constexpr uint32_t kAsk = UINT32_MAX;
  uint32_t &has = current_process().personality;
  return wanted == kAsk ? has : std::exchange(has, wanted);
}

KERNEL_CALL sys_getgroups(int size, UserPtr<uint32_t> list) {
  const Credentials &who = current_process().credentials;
  if (size < 0 || (size && static_cast<uint32_t>(size) < who.group_count))
    return Errno::einval;
  for (uint32_t i = 0; size && i < who.group_count; ++i)
    KBPF_TRY(list.at(i).write(who.groups[i]));
  return who.group_count;
}
KERNEL_CALL sys_setgroups(size_t count, UserPtr<const uint32_t> list) {
  if (!capable(Capability::setgid))
    return Errno::eperm;
  if (count > kMaxGroups)
    return Errno::einval;
  uint32_t groups[kMaxGroups];
  for (size_t i = 0; i < count; ++i)
    groups[i] = KBPF_TRY(list.at(i).read());
  SpinGuard guard(tasks_lock);
  Credentials &who = current_process().credentials;
  std::copy_n(groups, count, who.groups);
  who.group_count = static_cast<uint32_t>(count);
  return 0;
}

namespace {
constexpr SyscallEntry kProcessTable[] = {
    SYSCALL_ENTRY(93, exit),      SYSCALL_ENTRY(94, exit_group), SYSCALL_ENTRY(95, waitid),
    SYSCALL_ENTRY(220, clone),    SYSCALL_ENTRY(221, execve),    SYSCALL_ENTRY(260, wait4),
    SYSCALL_ENTRY(281, execveat), SYSCALL_ENTRY(435, clone3),    SYSCALL_ENTRY(97, unshare),
};
constexpr SyscallEntry kIdentityTable[] = {
    SYSCALL_ENTRY(96, set_tid_address), SYSCALL_ENTRY(143, setregid),  SYSCALL_ENTRY(144, setgid),
    SYSCALL_ENTRY(145, setreuid),       SYSCALL_ENTRY(146, setuid),    SYSCALL_ENTRY(147, setresuid),
    SYSCALL_ENTRY(148, getresuid),      SYSCALL_ENTRY(149, setresgid), SYSCALL_ENTRY(150, getresgid),
    SYSCALL_ENTRY(154, setpgid),        SYSCALL_ENTRY(155, getpgid),   SYSCALL_ENTRY(156, getsid),
    SYSCALL_ENTRY(157, setsid),         SYSCALL_ENTRY(158, getgroups), SYSCALL_ENTRY(159, setgroups),
    SYSCALL_ENTRY(172, getpid),         SYSCALL_ENTRY(173, getppid),   SYSCALL_ENTRY(174, getuid),
    SYSCALL_ENTRY(175, geteuid),        SYSCALL_ENTRY(176, getgid),    SYSCALL_ENTRY(177, getegid),
    SYSCALL_ENTRY(178, gettid),         SYSCALL_ENTRY(92, personality), SYSCALL_ENTRY(151, setfsuid),
    SYSCALL_ENTRY(152, setfsgid),
};
} // namespace
constinit const std::span<const SyscallEntry> kProcessCalls{kProcessTable}, kIdentityCalls{kIdentityTable};

} // namespace refkernel
