// SPDX-License-Identifier: MIT OR Apache-2.0
// The end of threads and processes, and how a parent learns of it. When init ends, the machine powers off
// with its status: the exit code, or 128 and the signal that killed it.
#include "refkernel/linux/events.h"
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/hooks.h"
#include "refkernel/linux/process.h"
#include "refkernel/machine/log.h"

namespace refkernel {

namespace {

constexpr uint32_t kInitPid = 1;

LinuxSiginfo exit_siginfo(const Process &child) {
  int status = child.exit_status, signal = status & 0x7f;
  LinuxSiginfo info = make_siginfo(child.exit_signal, signal ? kChildKilled : kChildExited);
  info.child = {};
  info.child.pid = static_cast<int32_t>(child.pid);
  info.child.uid = child.credentials.uid;
  info.child.status = signal ? signal : status >> 8 & 0xff;
  return info;
}

// With tasks_lock held. True where the parent does not want to know: the child is to be reaped at once.
bool notify_parent_of_exit(Process &process) {
  Process *parent = process.parent;
  if (!parent)
    return true;
  const SignalAction &action = parent->actions->action[kSigChld - 1];
  if (process.exit_signal)
    send_to_process(*parent, exit_siginfo(process));
  parent->child_changed.wake_all();
  return process.exit_signal == kSigChld &&
         (action.handler == kHandlerIgnore || (action.flags & kSaNoChildWait));
}

// With tasks_lock held: children go to the nearest subreaper above, or to init, which waits for them.
void give_children_away(Process &process) {
  Process *heir = process.parent;
  while (heir && !(heir->subreaper && !heir->exiting))
    heir = heir->parent;
  heir = heir ? heir : find_process(kInitPid);
  while (Process *child = process.first_child) {
    process.first_child = child->next_sibling;
    set_parent(*child, *heir);
    if (child->death_signal)
      send_to_process(*child, make_siginfo(child->death_signal, kSiUser));
    child->exit_signal = kSigChld;
    if (child->zombie)
      notify_parent_of_exit(*child);
  }
}

} // namespace

void exit_task(int wait_status) {
  Task *task = current_task();
  Process &process = *task->process;
  current()->task.exit_code = process.exiting ? process.exit_status : wait_status;
  current()->task.flags |= PF_EXITING;
  if (kbpf_events_attached) [[unlikely]]
    report_exit();
  robust_futex_cleanup(*task);
  if (task->clear_child_tid && UserPtr<uint32_t>{task->clear_child_tid}.write(0).ok())
    wake_futex(task->clear_child_tid, 1);

  bool is_last;
  Ref<FdTable> files;
  Ref<FsContext> fs;
  Ref<AddressSpace> space;
  Ref<Inode> executable;
  {
    SpinGuard guard(tasks_lock);
    remove_task(*task);
    charge_cpu_time();
    process.cpu_ns += current()->cpu_time_ns;
    is_last = process.task_count == 0;
    if (is_last) {
      if (!process.exiting)
        process.exit_status = wait_status;
      process.exiting = true;
      files = std::move(process.files);
      fs = std::move(process.fs);
      process.peak_pages = process.space->usage().peak;
      process.faults = process.space->usage().faults;
      space = std::move(process.space);
      executable = std::move(process.executable_inode);
      process.real_timer = process.cpu_timers[0] = process.cpu_timers[1] = {};
      delete_posix_timers(process);
    } else {
      process.task_left.wake_all();
    }
    current()->linux_data = nullptr;
  }
  destroy(task);
  if (is_last) {
    if (process.pid == kInitPid) {
      int signal = process.exit_status & 0x7f;
      power_off(signal ? 128 + signal : process.exit_status >> 8 & 0xff);
    }
    files = nullptr; // closes what nobody else has open, before the parent hears of it
    fs = nullptr;
    space = nullptr;
    executable = nullptr;
    release_vfork_parent(process);
  }
  Ref<Process> reaped;
  {
    SpinGuard guard(tasks_lock);
    current()->process = nullptr;
    if (is_last) {
      give_children_away(process);
      process.zombie = true;
      notify_pollers(); // of a pidfd
      if (notify_parent_of_exit(process)) {
        unlink_process(process);
        reaped = Ref<Process>::adopt(&process);
      }
    }
  }
  reaped = nullptr;
  exit_thread();
}

void exit_process(int wait_status) {
  {
    SpinGuard guard(tasks_lock);
    Process &process = current_process();
    if (!process.exiting) {
      process.exiting = true;
      process.exit_status = wait_status;
      for (Task *task = process.tasks; task; task = task->next_in_process)
        if (task->thread != current())
          interrupt(*task->thread);
    }
  }
  exit_task(wait_status);
}

SysResult<void> kill_other_tasks() {
  Process &process = current_process();
  SpinGuard guard(tasks_lock);
  if (process.exiting || process.exec_pending)
    return Errno::eagain; // the caller leaves at its return to user mode
  process.exec_pending = true;
  for (Task *task = process.tasks; task; task = task->next_in_process)
    if (task->thread != current())
      interrupt(*task->thread);
  while (process.task_count > 1)
    process.task_left.sleep(tasks_lock, kNoDeadline, false);
  process.exec_pending = false;
  return {};
}

// exit_task() has done everything; a kernel thread has nothing of this half.
void on_thread_exit(Thread &) {}

KERNEL_CALL sys_exit(int code) { exit_task(wait_status_exited(code)); }
KERNEL_CALL sys_exit_group(int code) { exit_process(wait_status_exited(code)); }

} // namespace refkernel
