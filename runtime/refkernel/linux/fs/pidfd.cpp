// SPDX-License-Identifier: MIT OR Apache-2.0
// pidfd: a descriptor that stands for a process, and for it alone, even when its number is another's. It is readable
// once the process has ended.
#include "refkernel/linux/fs/pidfd.h"
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/process.h"

namespace refkernel {

namespace {

class ProcessFile final : public HeapObject<ProcessFile, File> {
public:
  ProcessFile(Ref<Inode> inode, uint32_t flags, Ref<Process> process)
      : HeapObject(std::move(inode), flags), process_(std::move(process)) {}
  uint32_t poll() override {
    SpinGuard guard(tasks_lock);
    return process_->zombie ? kPollIn | kPollReadNormal : 0;
  }
  uint32_t poll_generation() override { return poll() ? 1 : 0; }
  void append_name(kbpf::TextSink &sink) const override { sink.append("anon_inode:[pidfd]"); }
  void append_info(kbpf::TextSink &sink) override {
    SpinGuard guard(tasks_lock);
    const bool is_there = find_process(process_->pid) == process_.get();
    kbpf::print(sink, "Pid:\t{}\n", is_there ? static_cast<int32_t>(process_->pid) : -1);
  }
  SpecialKind special_kind() const override { return SpecialKind::process; }
  Ref<Process> process() const { return process_; }

private:
  const Ref<Process> process_;
};

} // namespace

SysResult<Ref<Process>> process_of_pidfd(int fd) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  if (file->special_kind() != SpecialKind::process)
    return Errno::ebadf;
  return static_cast<ProcessFile *>(file.get())->process();
}

KERNEL_CALL sys_pidfd_open(int pid, uint32_t flags) {
  if (pid <= 0 || (flags & ~kOpenNonBlock))
    return Errno::einval;
  Ref<Process> process;
  {
    SpinGuard guard(tasks_lock);
    process = Ref<Process>::share(find_process(static_cast<uint32_t>(pid)));
    if (!process)
      return find_task(static_cast<uint32_t>(pid)) ? Errno::einval : Errno::esrch; // a thread that leads no process
  }
  Ref<Inode> inode = KBPF_TRY(make_anonymous_inode(kAnonFs, 0600));
  auto *file = try_make<ProcessFile>(std::move(inode), flags | kOpenReadWrite, std::move(process));
  if (!file)
    return Errno::enomem;
  return install_file(Ref<File>::adopt(file), kOpenCloseOnExec);
}

KERNEL_CALL sys_pidfd_send_signal(int fd, int signal, UserPtr<const LinuxSiginfo> user, uint32_t flags) {
  if (flags || signal < 0 || signal > kSignalCount)
    return Errno::einval;
  Ref<Process> process = KBPF_TRY(process_of_pidfd(fd));
  LinuxSiginfo info = make_user_siginfo(signal, kSiUser);
  if (user) {
    info = KBPF_TRY(user.read());
    if (info.signo != signal)
      return Errno::einval;
    if ((info.code >= 0 || info.code == kSiTkill) && process.get() != &current_process())
      return Errno::eperm;
  }
  SpinGuard guard(tasks_lock);
  if (find_process(process->pid) != process.get() || process->zombie)
    return Errno::esrch;
  if (!may_signal(*process))
    return Errno::eperm;
  if (signal && !send_to_process(*process, info))
    return Errno::eagain;
  return 0;
}

namespace {
constexpr SyscallEntry kPidFdTable[] = {
    SYSCALL_ENTRY(424, pidfd_send_signal),
    SYSCALL_ENTRY(434, pidfd_open),
};
}
constinit const std::span<const SyscallEntry> kPidFdCalls{kPidFdTable};

} // namespace refkernel
