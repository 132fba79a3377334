// SPDX-License-Identifier: MIT OR Apache-2.0
// Descriptors: making, copying, closing them and asking about them.
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/path.h"
#include "refkernel/linux/fs/pipe.h"
#include "refkernel/linux/fs/record_lock.h"
#include "refkernel/linux/fs/special_files.h"
#include "refkernel/linux/process.h"

namespace refkernel {

namespace {

enum : int { // fcntl commands
  kDupFd = 0,
  kGetFd = 1,
  kSetFd = 2,
  kGetFlags = 3,
  kSetFlags = 4,
  kGetOwner = 9,
  kDupFdCloseOnExec = 1030,
  kSetPipeSize = 1031,
  kGetPipeSize = 1032,
  kAddSeals = 1033,
  kGetSeals = 1034,
};
constexpr uint32_t kFdCloseOnExec = 1;
constexpr uint32_t kSettableFlags =
    kOpenAppend | kOpenNonBlock | 020000 /* O_ASYNC */ | 040000 /* O_DIRECT */ | 01000000 /* O_NOATIME */;
constexpr int64_t kPipeCapacity = 65536;
enum : uint32_t { kFioClex = 0x5451, kFioNclex = 0x5450, kFioNonBlock = 0x5421, kFioNRead = 0x541b };

FdTable &files() { return *current_process().files; }

void set_flag(File &file, uint32_t flag, bool on) {
  file.set_flags(on ? file.flags() | flag : file.flags() & ~flag);
}

} // namespace

KERNEL_CALL sys_close(int fd) { return files().close(fd); }

KERNEL_CALL sys_close_range(uint32_t first, uint32_t last, uint32_t flags) {
  constexpr uint32_t kUnshare = 2, kCloseOnExec = 4;
  if (first > last || (flags & ~(kUnshare | kCloseOnExec)))
    return Errno::einval;
  if (flags & kUnshare) {
    if (current_process().task_count > 1) // a process has one table: its threads can't part from each other
      return Errno::einval;
    Ref<FdTable> own = KBPF_TRY(files().clone());
    SpinGuard guard(tasks_lock);
    std::swap(current_process().files, own);
  }
  files().close_range(first, last, flags & kCloseOnExec);
  return 0;
}

KERNEL_CALL sys_dup(int fd) { return files().install(KBPF_TRY(get_file(fd)), false); }

KERNEL_CALL sys_dup3(int old_fd, int new_fd, uint32_t flags) {
  if (old_fd == new_fd || (flags & ~kOpenCloseOnExec))
    return Errno::einval;
  KBPF_TRY(files().replace(new_fd, KBPF_TRY(get_file(old_fd)), flags & kOpenCloseOnExec));
  return new_fd;
}

KERNEL_CALL sys_fcntl(int fd, int command, uint64_t argument) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  switch (command) {
  case kDupFd:
  case kDupFdCloseOnExec:
    if (argument >= current_process().limits[kLimitFiles].soft)
      return Errno::einval;
    return files().install(std::move(file), command == kDupFdCloseOnExec, static_cast<int>(argument));
  case kGetFd:
    return KBPF_TRY(files().close_on_exec(fd)) ? kFdCloseOnExec : 0;
  case kSetFd:
    return files().set_close_on_exec(fd, argument & kFdCloseOnExec);
  case kGetFlags:
    return file->flags();
  case kSetFlags:
    file->set_flags((file->flags() & ~kSettableFlags) | (static_cast<uint32_t>(argument) & kSettableFlags));
    return 0;
  case kGetOwner:
    return 0;
  case kAddSeals:
  case kGetSeals: {
    constexpr uint64_t kSeals = 31;
    FileData *data = file->inode()->data();
    if (!data || argument & ~(command == kAddSeals ? kSeals : UINT64_MAX))
      return Errno::einval;
    if (command == kGetSeals)
      return data->seals();
    if (!file->may_write())
      return Errno::eperm;
    return data->add_seals(static_cast<uint32_t>(argument));
  }
  case kGetPipeSize:
  case kSetPipeSize:
    return file->inode()->is(kModeFifo) ? SyscallResult(kPipeCapacity) : Errno::ebadf;
  }
  return is_record_lock_command(command) ? fcntl_record_lock(*file, command, argument) : Errno::einval;
}

KERNEL_CALL sys_ioctl(int fd, uint32_t command, uint64_t argument) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  switch (command) {
  case kFioClex:
  case kFioNclex:
    return files().set_close_on_exec(fd, command == kFioClex);
  case kFioNonBlock:
    set_flag(*file, kOpenNonBlock, KBPF_TRY(UserPtr<const int32_t>{argument}.read()));
    return 0;
  case kFioNRead:
    if (file->inode()->is(kModeRegular)) {
      uint64_t size = KBPF_TRY(file->size()), position = file->position;
      return UserPtr<int32_t>{argument}.write(static_cast<int32_t>(size > position ? size - position : 0));
    }
    break;
  }
  return file->ioctl(command, argument);
}

KERNEL_CALL sys_pipe2(UserPtr<int32_t> fds, uint32_t flags) {
  if (flags & ~(kOpenCloseOnExec | kOpenNonBlock | 040000u))
    return Errno::einval;
  PipeEnds ends = KBPF_TRY(make_pipe(flags));
  return install_two(std::move(ends.reader), std::move(ends.writer), fds, flags);
}

KERNEL_CALL sys_lseek(int fd, int64_t offset, int whence) {
  enum { kSet = 0, kCurrent = 1, kEnd = 2, kData = 3, kHole = 4 };
  Ref<File> file = KBPF_TRY(get_file(fd));
  if (!file->seekable())
    return Errno::espipe;
  MutexGuard guard(file->position_lock);
  int64_t base = 0;
  switch (whence) {
  case kSet:
    break;
  case kCurrent:
    base = static_cast<int64_t>(file->position.load());
    break;
  case kEnd:
    base = static_cast<int64_t>(KBPF_TRY(file->size()));
    break;
  case kData:
  case kHole: { // a file without known holes is all data, with a hole at its end
    int64_t size = static_cast<int64_t>(KBPF_TRY(file->size()));
    if (offset < 0 || offset >= size)
      return Errno::enxio;
    base = whence == kHole ? size - offset : 0;
    break;
  }
  default:
    return Errno::einval;
  }
  int64_t target;
  if (__builtin_add_overflow(base, offset, &target) || target < 0)
    return Errno::einval;
  file->position = static_cast<uint64_t>(target);
  return target;
}

// Data is in memory only: it is always as safe as it gets.
KERNEL_CALL sys_fsync(int fd) {
  KBPF_TRY(get_file(fd));
  return 0;
}
KERNEL_CALL sys_fdatasync(int fd) { return sys_fsync(fd); }
KERNEL_CALL sys_sync() { return 0; }
KERNEL_CALL sys_syncfs(int fd) { return sys_fsync(fd); }
KERNEL_CALL sys_readahead(int fd, int64_t offset, size_t) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  if (!file->may_read())
    return Errno::ebadf;
  return offset < 0 || !file->inode()->is(kModeRegular) ? SyscallResult(Errno::einval) : 0;
}
KERNEL_CALL sys_sync_file_range(int fd, int64_t offset, int64_t length, uint32_t flags) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  if (offset < 0 || length < 0 || flags > 7)
    return Errno::einval;
  return file->seekable() ? SyscallResult(0) : Errno::espipe;
}
KERNEL_CALL sys_fadvise64(int fd, uint64_t, uint64_t, int advice) {
  KBPF_TRY(get_file(fd));
  return advice < 0 || advice > 5 ? SyscallResult(Errno::einval) : 0;
}

KERNEL_CALL sys_flock(int fd, int operation) {
  enum { kShared = 1, kExclusive = 2, kNonBlock = 4, kUnlock = 8 };
  Ref<File> file = KBPF_TRY(get_file(fd));
  bool wait = !(operation & kNonBlock);
  switch (operation & ~kNonBlock) {
  case kShared:
    return file->set_lock(File::LockKind::shared, wait);
  case kExclusive:
    return file->set_lock(File::LockKind::exclusive, wait);
  case kUnlock:
    return file->set_lock(File::LockKind::none, wait);
  }
  return Errno::einval;
}

KERNEL_CALL sys_fallocate(int fd, int mode, int64_t offset, int64_t length) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  if (offset < 0 || length <= 0)
    return Errno::einval;
  constexpr int kKeepSize = 1, kPunchHole = 2, kZeroRange = 16;
  if (mode & ~(kKeepSize | kPunchHole | kZeroRange) || (mode & kPunchHole && !(mode & kKeepSize)) ||
      (mode & kPunchHole && mode & kZeroRange))
    return Errno::enotsup;
  if (!file->may_write())
    return Errno::ebadf;
  FileData *data = file->inode()->data();
  if (!data || !file->inode()->is(kModeRegular))
    return file->inode()->is(kModeFifo) ? Errno::espipe : Errno::enodev;
  uint64_t end = static_cast<uint64_t>(offset) + static_cast<uint64_t>(length);
  if (end > kMaxFileSize)
    return Errno::efbig;
  if (mode & (kPunchHole | kZeroRange))
    KBPF_TRY(data->clear(static_cast<uint64_t>(offset), end));
  if (mode & kKeepSize)
    return 0;
  return end > KBPF_TRY(file->size()) ? SyscallResult(file->truncate(end)) : 0;
}

KERNEL_CALL sys_memfd_create(UserPtr<const char> user_name, uint32_t flags) {
  constexpr uint32_t kCloseOnExec = 1, kAllowSealing = 2, kNoExecSeal = 8, kExec = 16;
  constexpr size_t kMaxName = 249;
  if (flags & ~(kCloseOnExec | kAllowSealing | kNoExecSeal | kExec))
    return Errno::einval;
  PathName name = KBPF_TRY(PathName::read(user_name, true));
  if (name.text().size() > kMaxName)
    return Errno::einval;
  Ref<Inode> inode = KBPF_TRY(make_ram_file(kTmpFs, 0777));
  inode->link_count = 0;
  if (flags & (kAllowSealing | kNoExecSeal))
    inode->data()->allow_sealing();
  Ref<File> file = KBPF_TRY(open_ram_file(std::move(inode), kOpenReadWrite));
  char shown[kMaxName + 8];
  kbpf::TextBuffer text(shown, sizeof(shown));
  kbpf::print(text, "/memfd:{}", name.text());
  KBPF_TRY(file->remember_path(nullptr, text.text()));
  return files().install(std::move(file), flags & kCloseOnExec);
}

KERNEL_CALL sys_eventfd2(uint32_t initial, uint32_t flags) {
  if (flags & ~(kEventSemaphore | kOpenCloseOnExec | kOpenNonBlock))
    return Errno::einval;
  return install_file(KBPF_TRY(make_eventfd(initial, flags)), flags);
}

namespace {
constexpr SyscallEntry kDescriptorTable[] = {
    SYSCALL_ENTRY(19, eventfd2),      SYSCALL_ENTRY(23, dup),          SYSCALL_ENTRY(24, dup3),
    SYSCALL_ENTRY(25, fcntl),         SYSCALL_ENTRY(29, ioctl),        SYSCALL_ENTRY(32, flock),
    SYSCALL_ENTRY(47, fallocate),     SYSCALL_ENTRY(57, close),        SYSCALL_ENTRY(59, pipe2),
    SYSCALL_ENTRY(62, lseek),         SYSCALL_ENTRY(81, sync),         SYSCALL_ENTRY(82, fsync),
    SYSCALL_ENTRY(83, fdatasync),     SYSCALL_ENTRY(223, fadvise64),   SYSCALL_ENTRY(267, syncfs),
    SYSCALL_ENTRY(279, memfd_create), SYSCALL_ENTRY(436, close_range),  SYSCALL_ENTRY(84, sync_file_range),
    SYSCALL_ENTRY(213, readahead),
};
}
constinit const std::span<const SyscallEntry> kDescriptorCalls{kDescriptorTable};

} // namespace refkernel
