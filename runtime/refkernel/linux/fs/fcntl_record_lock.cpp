// SPDX-License-Identifier: MIT OR Apache-2.0
// struct flock and the six commands of fcntl(2) that take it (include/uapi/asm-generic/fcntl.h).
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/record_lock.h"
#include "refkernel/linux/process.h"

namespace refkernel {

namespace {

enum : int { kGetLock = 5, kSetLock = 6, kSetLockWait = 7, kOfdGetLock = 36, kOfdSetLock = 37, kOfdSetLockWait = 38 };
enum : int16_t { kReadLock = 0, kWriteLock = 1, kUnlock = 2 };
enum : int16_t { kFromStart = 0, kFromPosition = 1, kFromEnd = 2 };

struct LinuxFlock {
  int16_t type, whence;
  int32_t pad1;
  int64_t start, length; // length 0: to the end of all files; negative: what lies before start
  int32_t pid, pad2;
};
static_assert(sizeof(LinuxFlock) == 32);

// Errors: einval, eoverflow.
SysResult<RecordLock> to_record(File &file, const LinuxFlock &lock) {
  RecordLock record;
  switch (lock.type) {
  case kReadLock:
    record.kind = RecordLock::Kind::read;
    break;
  case kWriteLock:
    record.kind = RecordLock::Kind::write;
    break;
  case kUnlock:
    break;
  default:
    return Errno::einval;
  }
  int64_t base = 0, first, last;
  if (lock.whence == kFromPosition)
    base = static_cast<int64_t>(file.position.load());
  else if (lock.whence == kFromEnd)
    base = static_cast<int64_t>(KBPF_TRY(file.size()));
  else if (lock.whence != kFromStart)
    return Errno::einval;
  if (__builtin_add_overflow(base, lock.start, &first))
    return Errno::eoverflow;
  if (lock.length > 0) {
    if (__builtin_add_overflow(first, lock.length - 1, &last))
      return Errno::eoverflow;
  } else if (lock.length < 0) {
    last = first - 1;
    if (__builtin_add_overflow(first, lock.length, &first))
      return Errno::einval;
  } else {
    last = INT64_MAX;
  }
  if (first < 0)
    return Errno::einval;
  record.first = static_cast<uint64_t>(first);
  record.last = static_cast<uint64_t>(last);
  return record;
}

void describe_conflict(const RecordLock &held, LinuxFlock &lock) {
  if (held.kind == RecordLock::Kind::none) {
    lock.type = kUnlock;
    return;
  }
  lock.type = held.kind == RecordLock::Kind::write ? kWriteLock : kReadLock;
  lock.whence = kFromStart;
  lock.start = static_cast<int64_t>(held.first);
  lock.length = held.last == INT64_MAX ? 0 : static_cast<int64_t>(held.last - held.first + 1);
  lock.pid = held.pid;
}

} // namespace

SyscallResult fcntl_record_lock(File &file, int command, uintptr_t user_lock) {
  UserPtr<LinuxFlock> user{user_lock};
  LinuxFlock lock = KBPF_TRY(user.cast<const LinuxFlock>().read());
  RecordLock record = KBPF_TRY(to_record(file, lock));
  bool of_description = command >= kOfdGetLock;
  if (of_description && lock.pid != 0)
    return Errno::einval;
  record.owner = of_description ? static_cast<const void *>(&file) : current_process().files.get();
  record.pid = of_description ? -1 : static_cast<int32_t>(current_process().pid);
  if (command == kGetLock || command == kOfdGetLock) {
    if (record.kind == RecordLock::Kind::none)
      return Errno::einval;
    describe_conflict(find_conflicting_record(*file.inode(), record), lock);
    return user.write(lock);
  }
  if ((record.kind == RecordLock::Kind::read && !file.may_read()) ||
      (record.kind == RecordLock::Kind::write && !file.may_write()))
    return Errno::ebadf;
  return set_record_lock(*file.inode(), record, command == kSetLockWait || command == kOfdSetLockWait);
}

} // namespace refkernel
