// SPDX-License-Identifier: MIT OR Apache-2.0
// Record locks of fcntl(2): advisory locks on ranges of bytes of an inode. Those of POSIX belong to a process (its
// descriptor table, as in Linux) and go when the process closes any descriptor of the file; those of open file
// descriptions (F_OFD_*) belong to the description and go with it.
#pragma once
#include "refkernel/linux/syscall.h"
#include <cstdint>

namespace refkernel {

class File;
class Inode;

struct RecordLock {
  enum class Kind : uint8_t { read, write, none };
  Kind kind = Kind::none;
  uint64_t first = 0, last = 0; // bytes, both inclusive
  const void *owner = nullptr;  // a FdTable or a File
  int32_t pid = 0;              // of the process that asked; -1 where a description is the owner
  RecordLock *next = nullptr;   // of the inode, by owner and then by first
};

// Sets wanted.kind for the range: what wanted.owner had there before is replaced, and neighbours of the same kind
// become one. Errors: eagain where somebody else's lock is in the way and wait is false, erestart, edeadlk where
// waiting could never end, enomem.
SysResult<void> set_record_lock(Inode &inode, const RecordLock &wanted, bool wait);
// The first lock that keeps wanted from being set; kind none where nothing does.
RecordLock find_conflicting_record(Inode &inode, const RecordLock &wanted);
// Everything that owner holds on inode. Cheap where nobody holds any.
void release_record_locks(Inode &inode, const void *owner);

// fcntl's commands for them (fcntl_record_lock.cpp); user_lock is a struct flock.
constexpr bool is_record_lock_command(int command) {
  return (command >= 5 && command <= 7) || (command >= 36 && command <= 38);
}
SyscallResult fcntl_record_lock(File &file, int command, uintptr_t user_lock);

} // namespace refkernel
