// SPDX-License-Identifier: MIT OR Apache-2.0
// The system calls about signals, except rt_sigreturn and restart_syscall (deliver.cpp).
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/special_files.h"
#include "refkernel/linux/process.h"

namespace refkernel {

namespace {

constexpr size_t kSetSize = sizeof(SignalSet);
enum : int { kBlock = 0, kUnblock = 1, kSetMask = 2 };

bool is_signal(int signal) { return signal >= 1 && signal <= kSignalCount; }

SysResult<void> signal_one(Process &process, int signal) {
  if (!may_signal(process))
    return Errno::eperm;
  if (signal)
    send_to_process(process, make_user_siginfo(signal, kSiUser));
  return {};
}

SysResult<void> signal_task(uint32_t group, uint32_t tid, const LinuxSiginfo &info) {
  SpinGuard guard(tasks_lock);
  Task *task = find_task(tid);
  if (!task || (group && task->process->pid != group))
    return Errno::esrch;
  if (!may_signal(*task->process))
    return Errno::eperm;
  if (info.signo && !send_to_task(*task, info))
    return Errno::eagain;
  return {};
}

} // namespace

bool may_signal(const Process &target) {
  const Credentials &mine = current_process().credentials, &theirs = target.credentials;
  return capable(Capability::kill) || mine.euid == theirs.uid || mine.uid == theirs.uid ||
         mine.euid == theirs.suid;
}

// Calls with a signal mask for their duration (ppoll, pselect6, epoll_pwait, rt_sigsuspend): the old mask
// comes back at the return to user mode, after a handler was chosen under the new one.
SysResult<void> use_temporary_mask(UserPtr<const SignalSet> mask, size_t size) {
  if (!mask)
    return {};
  if (size != kSetSize)
    return Errno::einval;
  SignalSet wanted = KBPF_TRY(mask.read());
  Task &task = *current_task();
  task.saved_blocked = task.blocked;
  task.restore_blocked = true;
  set_blocked(wanted);
  return {};
}

KERNEL_CALL sys_rt_sigaction(int signal, UserPtr<const SignalAction> action, UserPtr<SignalAction> old,
                             size_t size) {
  if (size != kSetSize || !is_signal(signal) || (action && (signal_bit(signal) & kUnblockable)))
    return Errno::einval;
  Process &process = current_process();
  SignalAction wanted;
  if (action)
    wanted = KBPF_TRY(action.read());
  SignalAction previous;
  {
    SpinGuard guard(tasks_lock);
    SignalAction &slot = process.actions->action[signal - 1];
    previous = slot;
    if (action) {
      slot = wanted;
      slot.mask &= ~kUnblockable;
      if (signal_is_ignored(process, signal)) { // what is pending of it is gone
        process.pending.drop(signal_bit(signal));
        for (Task *task = process.tasks; task; task = task->next_in_process)
          task->pending.drop(signal_bit(signal));
      }
    }
  }
  if (old)
    KBPF_TRY(old.write(previous));
  return 0;
}

KERNEL_CALL sys_rt_sigprocmask(int how, UserPtr<const SignalSet> set, UserPtr<SignalSet> old, size_t size) {
  if (size != kSetSize)
    return Errno::einval;
  SignalSet previous = current_task()->blocked;
  if (set) {
    SignalSet wanted = KBPF_TRY(set.read());
    if (how != kBlock && how != kUnblock && how != kSetMask)
      return Errno::einval;
    set_blocked(how == kBlock ? previous | wanted : how == kUnblock ? previous & ~wanted : wanted);
  }
  if (old)
    KBPF_TRY(old.write(previous));
  return 0;
}

KERNEL_CALL sys_rt_sigpending(UserPtr<SignalSet> set, size_t size) {
  if (size > kSetSize)
    return Errno::einval;
  const Task &task = *current_task();
  KBPF_TRY(set.write((task.pending.set | task.process->pending.set) & task.blocked));
  return 0;
}

KERNEL_CALL sys_rt_sigsuspend(UserPtr<const SignalSet> mask, size_t size) {
  if (!mask)
    return Errno::efault;
  KBPF_TRY(use_temporary_mask(mask, size));
  SpinGuard guard(tasks_lock);
  Task &task = *current_task();
  while (!deliverable_signals(task) && !task.process->exiting && !task.process->exec_pending &&
         !task.process->stopped) {
    task.thread->signal_pending = false;
    task.process->signal_arrived.sleep(tasks_lock);
  }
  task.thread->signal_pending = true;
  return Errno::erestart_no_handler;
}

KERNEL_CALL sys_rt_sigtimedwait(UserPtr<const SignalSet> set, UserPtr<LinuxSiginfo> info,
                                UserPtr<const LinuxTimespec> timeout, size_t size) {
  if (size != kSetSize)
    return Errno::einval;
  SignalSet wanted = KBPF_TRY(set.read()) & ~kUnblockable;
  uint64_t deadline = kNoDeadline;
  if (timeout) {
    LinuxTimespec wait = KBPF_TRY(timeout.read());
    if (!wait.valid())
      return Errno::einval;
    deadline = wait.to_ns() > kNoDeadline - now_ns() ? kNoDeadline : now_ns() + wait.to_ns();
  }
  LinuxSiginfo taken;
  WaitResult result = take_signal(wanted, taken, deadline);
  if (result != WaitResult::woken)
    return result == WaitResult::timed_out ? Errno::eagain : Errno::eintr;
  if (info)
    KBPF_TRY(info.write(taken));
  return taken.signo;
}

KERNEL_CALL sys_signalfd4(int fd, UserPtr<const SignalSet> set, size_t size, uint32_t flags) {
  if (size != kSetSize || (flags & ~(kOpenCloseOnExec | kOpenNonBlock)))
    return Errno::einval;
  SignalSet wanted = KBPF_TRY(set.read()) & ~kUnblockable;
  if (fd == -1)
    return install_file(KBPF_TRY(make_signal_queue(wanted, flags)), flags);
  Ref<File> file = KBPF_TRY(get_file(fd));
  SignalQueue *queue = as_signal_queue(*file);
  if (!queue)
    return Errno::einval;
  queue->set_signals(wanted);
  return fd;
}

KERNEL_CALL sys_sigaltstack(UserPtr<const SignalStack> stack, UserPtr<SignalStack> old) {
  constexpr uint64_t kMinimum = 2048; // MINSIGSTKSZ
  Task &task = *current_task();
  SignalStack previous = task.alternate_stack;
  uintptr_t sp = task.thread->user_frame->x[kRegSp];
  bool in_use =
      !(previous.flags & kStackDisable) && sp > previous.base && sp - previous.base <= previous.size;
  if (in_use)
    previous.flags |= kStackOn;
  if (stack) {
    SignalStack wanted = KBPF_TRY(stack.read());
    if (in_use)
      return Errno::eperm;
    if (wanted.flags & ~kStackDisable)
      return Errno::einval;
    if (!(wanted.flags & kStackDisable) && wanted.size < kMinimum)
      return Errno::enomem;
    task.alternate_stack = wanted;
  }
  if (old)
    KBPF_TRY(old.write(previous));
  return 0;
}

KERNEL_CALL sys_kill(int pid, int signal) {
  if (signal && !is_signal(signal))
    return Errno::einval;
  SpinGuard guard(tasks_lock);
  Process &caller = current_process();
  if (pid > 0) {
    Process *process = find_process(static_cast<uint32_t>(pid));
    return process ? SyscallResult(signal_one(*process, signal)) : Errno::esrch;
  }
  uint32_t group = pid == 0 ? caller.pgid : static_cast<uint32_t>(-static_cast<int64_t>(pid));
  bool everybody = pid == -1, found = false, sent = false;
  for_each_process([&](Process &process) {
    if (everybody ? process.pid > 1 && &process != &caller : process.pgid == group) {
      found = true;
      sent = signal_one(process, signal).ok() || sent;
    }
    return true;
  });
  return !found ? SyscallResult(Errno::esrch) : !sent ? SyscallResult(Errno::eperm) : 0;
}

KERNEL_CALL sys_tgkill(int group, int tid, int signal) {
  if (group <= 0 || tid <= 0 || (signal && !is_signal(signal)))
    return Errno::einval;
  return signal_task(static_cast<uint32_t>(group), static_cast<uint32_t>(tid),
                     make_user_siginfo(signal, kSiTkill));
}

KERNEL_CALL sys_tkill(int tid, int signal) {
  if (tid <= 0 || (signal && !is_signal(signal)))
    return Errno::einval;
  return signal_task(0, static_cast<uint32_t>(tid), make_user_siginfo(signal, kSiTkill));
}

namespace {
// siginfo from user mode: it may not pretend to come from the kernel, except to oneself.
SysResult<LinuxSiginfo> read_siginfo(UserPtr<const LinuxSiginfo> user, int signal, uint32_t target) {
  if (!is_signal(signal))
    return Errno::einval;
  LinuxSiginfo info = KBPF_TRY(user.read());
  info.signo = signal;
  if ((info.code >= 0 || info.code == kSiTkill) && target != current_process().pid)
    return Errno::eperm;
  return info;
}
} // namespace

KERNEL_CALL sys_rt_sigqueueinfo(int pid, int signal, UserPtr<const LinuxSiginfo> user) {
  LinuxSiginfo info = KBPF_TRY(read_siginfo(user, signal, static_cast<uint32_t>(pid)));
  SpinGuard guard(tasks_lock);
  Process *process = find_process(static_cast<uint32_t>(pid));
  if (!process)
    return Errno::esrch;
  if (!may_signal(*process))
    return Errno::eperm;
  return send_to_process(*process, info) ? SyscallResult(0) : Errno::eagain;
}

KERNEL_CALL sys_rt_tgsigqueueinfo(int group, int tid, int signal, UserPtr<const LinuxSiginfo> user) {
  LinuxSiginfo info = KBPF_TRY(read_siginfo(user, signal, static_cast<uint32_t>(group)));
  return signal_task(static_cast<uint32_t>(group), static_cast<uint32_t>(tid), info);
}

// deliver.cpp
KERNEL_CALL sys_restart_syscall();
KERNEL_CALL sys_rt_sigreturn(TrapFrame &frame);

namespace {
constexpr SyscallEntry kSignalTable[] = {
    SYSCALL_ENTRY(74, signalfd4),        SYSCALL_ENTRY(129, kill),
    SYSCALL_ENTRY(128, restart_syscall), SYSCALL_ENTRY(130, tkill),
    SYSCALL_ENTRY(131, tgkill),          SYSCALL_ENTRY(132, sigaltstack),
    SYSCALL_ENTRY(133, rt_sigsuspend),   SYSCALL_ENTRY(134, rt_sigaction),
    SYSCALL_ENTRY(135, rt_sigprocmask),  SYSCALL_ENTRY(136, rt_sigpending),
    SYSCALL_ENTRY(137, rt_sigtimedwait), SYSCALL_ENTRY(138, rt_sigqueueinfo),
    SYSCALL_ENTRY(139, rt_sigreturn),    SYSCALL_ENTRY(240, rt_tgsigqueueinfo),
};
}
constinit const std::span<const SyscallEntry> kSignalCalls{kSignalTable};

} // namespace refkernel
