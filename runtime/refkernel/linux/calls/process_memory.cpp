// SPDX-License-Identifier: MIT OR Apache-2.0
// process_vm_readv(2) and process_vm_writev(2): from one process's memory to another's.
#include "refkernel/linux/fs/io_pieces.h"
#include "refkernel/linux/process.h"

namespace refkernel {

namespace {

// Errors: esrch, eperm (of another user, without CAP_SYS_PTRACE).
SysResult<Ref<AddressSpace>> space_to_use(int pid) {
  SpinGuard guard(tasks_lock);
  Task *task = pid > 0 ? find_task(static_cast<uint32_t>(pid)) : nullptr;
  if (!task || !task->process->space)
    return Errno::esrch;
  const Credentials &mine = current_process().credentials, &theirs = task->process->credentials;
  const bool is_own = task->process == &current_process();
  const bool is_same_user = mine.uid == theirs.uid && mine.uid == theirs.euid && mine.uid == theirs.suid;
  if (!is_own && !is_same_user && !capable(Capability::sys_ptrace))
    return Errno::eperm;
  return Ref<AddressSpace>(task->process->space);
}

SyscallResult move(int pid, UserPtr<const UserIovec> local, size_t local_count, UserPtr<const UserIovec> remote,
                   size_t remote_count, uint64_t flags, bool writes) {
  if (flags || local_count > static_cast<size_t>(kMaxPieces) || remote_count > static_cast<size_t>(kMaxPieces))
    return Errno::einval;
  IoPieces pieces = KBPF_TRY(IoPieces::read(local, static_cast<int>(local_count)));
  IoCursor cursor = pieces.cursor();
  Ref<AddressSpace> space = KBPF_TRY(space_to_use(pid));
  size_t total = 0;
  for (size_t i = 0; i < remote_count && cursor.remaining(); ++i) {
    UserIovec piece = KBPF_TRY(remote.at(i).read());
    for (size_t done = 0; done < piece.length && cursor.remaining();) {
      char chunk[512];
      const size_t count = std::min({sizeof(chunk), piece.length - done, cursor.remaining()});
      SysResult<void> moved;
      if (writes) {
        moved = cursor.take(chunk, count);
        if (moved.ok() && !space->write(piece.base + done, chunk, count).ok())
          moved = Errno::efault;
      } else if (space->read(piece.base + done, chunk, count).ok()) {
        moved = cursor.put(chunk, count);
      } else {
        moved = Errno::efault;
      }
      if (!moved.ok())
        return total ? SyscallResult(total) : moved.error();
      done += count;
      total += count;
    }
  }
  return total;
}

} // namespace

KERNEL_CALL sys_process_vm_readv(TrapFrame &frame) {
  const uint64_t *a = &frame.x[kRegA0];
  return move(static_cast<int>(a[0]), {a[1]}, a[2], {a[3]}, a[4], a[5], false);
}
KERNEL_CALL sys_process_vm_writev(TrapFrame &frame) {
  const uint64_t *a = &frame.x[kRegA0];
  return move(static_cast<int>(a[0]), {a[1]}, a[2], {a[3]}, a[4], a[5], true);
}

namespace {
constexpr SyscallEntry kProcessMemoryTable[] = {
    SYSCALL_ENTRY(270, process_vm_readv),
    SYSCALL_ENTRY(271, process_vm_writev),
};
}
constinit const std::span<const SyscallEntry> kProcessMemoryCalls{kProcessMemoryTable};

} // namespace refkernel
