// SPDX-License-Identifier: MIT OR Apache-2.0
// clone(2): a new process or a new thread, as its flags say. fork, vfork and posix_spawn are all made of it.
#include "refkernel/linux/events.h"
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/process.h"
#include <algorithm>

namespace refkernel {

namespace {

enum : uint64_t {
  kExitSignalMask = 0xff,
  kCloneVm = 0x100,
  kCloneFs = 0x200,
  kCloneFiles = 0x400,
  kCloneSighand = 0x800,
  kCloneVfork = 0x4000,
  kCloneParent = 0x8000,
  kCloneThread = 0x10000,
  kCloneSetTls = 0x80000,
  kCloneParentSetTid = 0x100000,
  kCloneChildClearTid = 0x200000,
  kCloneChildSetTid = 0x1000000,
};
constexpr uint64_t kCloneNamespaces =
    0x7e020000; // mount, cgroup, uts, ipc, user, pid, net: there is one of each

SysResult<Ref<FsContext>> copy_context(FsContext &from) {
  Ref<FsContext> copy = Ref<FsContext>::adopt(try_make<FsContext>());
  if (!copy)
    return Errno::enomem;
  MutexGuard guard(namespace_lock);
  copy->working_directory = from.working_directory;
  copy->root = from.root;
  copy->umask = from.umask.load();
  return copy;
}

SysResult<Ref<SignalActions>> copy_actions(SignalActions &from) {
  Ref<SignalActions> copy = Ref<SignalActions>::adopt(try_make<SignalActions>());
  if (!copy)
    return Errno::enomem;
  SpinGuard guard(tasks_lock);
  std::copy(std::begin(from.action), std::end(from.action), copy->action);
  return copy;
}

SysResult<Ref<Process>> copy_process(Process &parent, uint64_t flags) {
  Ref<Process> child = Ref<Process>::adopt(try_make<Process>());
  if (!child)
    return Errno::enomem;
  child->space = flags & kCloneVm ? parent.space : KBPF_TRY(parent.space->fork());
  child->files = flags & kCloneFiles ? parent.files : KBPF_TRY(parent.files->clone());
  child->fs = flags & kCloneFs ? parent.fs : KBPF_TRY(copy_context(*parent.fs));
  child->actions = flags & kCloneSighand ? parent.actions : KBPF_TRY(copy_actions(*parent.actions));
  if (parent.executable) {
    child->executable = static_cast<char *>(heap_allocate(parent.executable_size, 1));
    if (!child->executable)
      return Errno::enomem;
    child->executable_size = parent.executable_size;
    std::copy_n(parent.executable, parent.executable_size, child->executable);
  }
  child->executable_inode = parent.executable_inode;
  child->argument_start = parent.argument_start;
  child->argument_end = parent.argument_end;
  child->environment_end = parent.environment_end;
  child->credentials = parent.credentials;
  child->nice = parent.nice;
  child->dumpable = parent.dumpable;
  child->personality = parent.personality;
  child->io_priority = parent.io_priority;
  std::copy(std::begin(parent.limits), std::end(parent.limits), child->limits);
  std::copy(std::begin(parent.name), std::end(parent.name), child->name);
  child->pgid = parent.pgid;
  child->sid = parent.sid;
  child->start_ns = now_ns();
  child->exit_signal = static_cast<int>(flags & kExitSignalMask);
  child->vfork_done = !(flags & kCloneVfork);
  return child;
}

// Writes the new thread's number where the caller and the child want it.
SysResult<void> store_tid(uint32_t tid, uint64_t flags, UserPtr<uint32_t> parent_tid, uintptr_t child_tid,
                          AddressSpace &child_space) {
  if (flags & kCloneParentSetTid)
    KBPF_TRY(parent_tid.write(tid));
  if (flags & kCloneChildSetTid)
    KBPF_TRY(child_space.write(child_tid, &tid, sizeof(tid)));
  return {};
}

} // namespace

// What a new thread has of its maker's scheduling. By Linux's name, and with its arguments: there bpftrace attaches a
// program when it asks whether there is fentry.
extern "C" [[gnu::noinline]] int sched_fork(unsigned long, task_struct *child) {
  auto *thread = reinterpret_cast<Thread *>(reinterpret_cast<uintptr_t>(child) - offsetof(Thread, task));
  if (!current_task()->scheduling.reset_on_fork)
    static_cast<Task *>(thread->linux_data)->scheduling = current_task()->scheduling;
  return 0;
}

namespace {

struct CloneRequest {
  uint64_t flags; // with the exit signal in the low byte
  uintptr_t stack;
  UserPtr<uint32_t> parent_tid;
  uintptr_t tls, child_tid;
};

SyscallResult clone_task(const CloneRequest &request, const TrapFrame &frame) {
  const auto &[flags, stack, parent_tid, tls, child_tid] = request;
  if ((flags & kCloneThread) && (~flags & (kCloneVm | kCloneSighand | kCloneFiles | kCloneFs)))
    return Errno::einval;
  if (((flags & kCloneSighand) && !(flags & kCloneVm)) || (flags & kExitSignalMask) > kSignalCount)
    return Errno::einval;
  if (flags & kCloneNamespaces)
    return Errno::einval;

  Process &parent = current_process();
  bool is_thread = flags & kCloneThread;
  Ref<Process> process = is_thread ? Ref<Process>::share(&parent) : KBPF_TRY(copy_process(parent, flags));
  TrapFrame child_frame = frame;
  child_frame.x[kRegA0] = 0;
  if (stack)
    child_frame.x[kRegSp] = stack;
  if (flags & kCloneSetTls)
    child_frame.x[kRegTp] = tls;

  Ref<Thread> thread = KBPF_TRY(make_task(*process, child_frame, current()));
  auto *task = static_cast<Task *>(thread->linux_data);
  task->blocked = current_task()->blocked;
  sched_fork(flags, &thread->task);
  if (!(flags & kCloneVm) || (flags & kCloneVfork))
    task->alternate_stack = current_task()->alternate_stack;
  if (flags & kCloneChildClearTid)
    task->clear_child_tid = child_tid;

  uint32_t tid;
  {
    SpinGuard guard(tasks_lock);
    tid = parent.exiting || parent.exec_pending ? 0 : allocate_pid();
    if (tid) {
      task->tid = tid;
      total_forks++;
      if (!is_thread) {
        process->pid = tid;
        process->acquire(); // the table's
        add_process(*process, flags & kCloneParent && parent.parent ? parent.parent : &parent);
      }
      add_task(*process, *task);
      update_signal_pending(*task);
    }
  }
  if (!tid) {
    thread->linux_data = nullptr;
    thread->process = nullptr;
    destroy(task);
    return Errno::eagain;
  }
  // A bad address is the caller's own fault and changes nothing for the child, as on Linux.
  (void)store_tid(tid, flags, parent_tid, child_tid, *thread->space);
  if (kbpf_events_attached) [[unlikely]]
    report_fork(*thread);
  start(*thread);

  if (flags & kCloneVfork) {
    SpinGuard guard(tasks_lock);
    while (!process->vfork_done)
      process->vfork_wait.sleep(tasks_lock, kNoDeadline, false);
  }
  return tid;
}

struct LinuxCloneArguments { // struct clone_args, version 0
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

} // namespace

KERNEL_CALL sys_clone(TrapFrame &frame) {
  const uint64_t *arguments = &frame.x[kRegA0];
  return clone_task({arguments[0], arguments[1], {arguments[2]}, arguments[3], arguments[4]}, frame);
}

KERNEL_CALL sys_clone3(TrapFrame &frame) {
  constexpr uint64_t kClonePidFd = 0x1000;
  uint64_t size = frame.x[kRegA1];
  if (size < sizeof(LinuxCloneArguments) || size > kPageSize)
    return size > kPageSize ? Errno::e2big : Errno::einval;
  UserPtr<const LinuxCloneArguments> user{frame.x[kRegA0]};
  LinuxCloneArguments given = KBPF_TRY(user.read());
  for (size_t offset = sizeof(given); offset < size; ++offset) // set_tid, cgroup: not known here
    if (KBPF_TRY(UserPtr<const uint8_t>{user.address + offset}.read()))
      return Errno::e2big;
  if ((given.flags & (kExitSignalMask | kClonePidFd)) || given.exit_signal > kSignalCount ||
      (given.stack == 0) != (given.stack_size == 0))
    return Errno::einval;
  return clone_task({given.flags | given.exit_signal,
                     given.stack ? given.stack + given.stack_size : 0,
                     {given.parent_tid},
                     given.tls,
                     given.child_tid},
                    frame);
}

// What clone shares between processes on request; there are no namespaces. Threads of a process can't part from each
// other here.
KERNEL_CALL sys_unshare(uint64_t flags) {
  constexpr uint64_t kCloneSysvsem = 0x40000;
  if (flags & ~(kCloneFs | kCloneFiles | kCloneSysvsem | kCloneVm | kCloneSighand | kCloneThread))
    return Errno::einval;
  Process &process = current_process();
  if (flags && process.task_count > 1)
    return Errno::einval;
  Ref<FsContext> context = flags & kCloneFs ? KBPF_TRY(copy_context(*process.fs)) : process.fs;
  Ref<FdTable> files = flags & kCloneFiles ? KBPF_TRY(process.files->clone()) : process.files;
  SpinGuard guard(tasks_lock);
  std::swap(process.fs, context);
  std::swap(process.files, files);
  return 0;
}

void release_vfork_parent(Process &process) {
  SpinGuard guard(tasks_lock);
  process.vfork_done = true;
  process.vfork_wait.wake_all();
}

} // namespace refkernel
