// SPDX-License-Identifier: MIT OR Apache-2.0
// Descriptors of a process (shared by CLONE_FILES), and its place in the file tree (shared by CLONE_FS).
#pragma once
#include "refkernel/linux/fs/inode.h"

namespace refkernel {

constexpr uint32_t kMaxDescriptors = 65536;

class FdTable : public RefCounted {
public:
  static SysResult<Ref<FdTable>> create();
  SysResult<Ref<FdTable>> clone(); // fork
  ~FdTable();

  SysResult<Ref<File>> get(int fd); // ebadf
  // Calls use(file) under the table's lock, with null where fd is not open: for what is done in a few
  // instructions.
  template <typename Use> auto with_file(int fd, Use use) {
    SpinGuard guard(lock_);
    return use(in_range(fd) ? entries_[fd].file : nullptr);
  }
  // The file behind fd, or null, where nobody else can change the table meanwhile.
  File *peek(int fd) const { return in_range(fd) ? entries_[fd].file : nullptr; }
  SysResult<int> install(Ref<File> file, bool close_on_exec, int lowest = 0); // the lowest free one; emfile
  SysResult<void> replace(int fd, Ref<File> file, bool close_on_exec);        // dup3
  SysResult<void> close(int fd);
  SysResult<bool> close_on_exec(int fd);
  SysResult<void> set_close_on_exec(int fd, bool on);
  void close_range(uint32_t first, uint32_t last, bool only_mark);
  void close_for_exec();
  int next_open(int first); // the lowest open descriptor at or above first, or -1

private:
  struct Entry {
    File *file = nullptr; // one reference
    bool close_on_exec = false;
  };
  SysResult<void> grow(uint32_t needed);
  bool in_range(int fd) const { return fd >= 0 && static_cast<uint32_t>(fd) < capacity_; }
  SpinLock lock_;
  Mutex grow_lock_;
  Entry *entries_ = nullptr;
  uint32_t capacity_ = 0;
};

struct FsContext : RefCounted {
  Ref<Inode> working_directory, root; // guarded by namespace_lock
  std::atomic<uint32_t> umask{022};
};

// Of the calling process.
SysResult<Ref<File>> get_file(int fd);
SysResult<int> install_file(Ref<File> file, uint32_t open_flags); // O_CLOEXEC counts
// Both, or none, with their numbers written to fds[0] and fds[1]. Errors: emfile, enomem, efault.
SysResult<void> install_two(Ref<File> one, Ref<File> other, UserPtr<int32_t> fds, uint32_t open_flags);

} // namespace refkernel
