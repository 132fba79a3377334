// SPDX-License-Identifier: MIT OR Apache-2.0
// The descriptor table: an array that grows. References are dropped outside of its spin lock, since the last
// one may run a file's destructor.
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/record_lock.h"
#include "refkernel/linux/process.h"
#include <algorithm>
#include <memory>

namespace refkernel {

namespace {
// What was taken out of a table: let go when the table's lock is free again, so it is declared before the
// guard.
struct Removed {
  const FdTable *table;
  File *file = nullptr;
  ~Removed() {
    if (!file)
      return;
    release_record_locks(*file->inode(), table); // of the process, whichever descriptor it set them through
    file->drop_descriptor();
    Ref<File>::adopt(file);
  }
};
} // namespace

SysResult<Ref<FdTable>> FdTable::create() {
  auto *table = try_make<FdTable>();
  if (!table)
    return Errno::enomem;
  return Ref<FdTable>::adopt(table);
}

FdTable::~FdTable() {
  for (uint32_t fd = 0; fd < capacity_; ++fd)
    Removed entry{this, entries_[fd].file};
  heap_free(entries_, capacity_ * sizeof(Entry), alignof(Entry));
}

SysResult<void> FdTable::grow(uint32_t needed) {
  MutexGuard guard(grow_lock_);
  if (needed <= capacity_)
    return {};
  if (needed > kMaxDescriptors)
    return Errno::emfile;
  uint32_t capacity = std::max({needed, capacity_ * 2, 32u});
  auto *entries = static_cast<Entry *>(heap_allocate(capacity * sizeof(Entry), alignof(Entry)));
  if (!entries)
    return Errno::enomem;
  uint32_t old_capacity = capacity_;
  Entry *old = entries_;
  {
    SpinGuard spin(lock_);
    std::uninitialized_copy_n(entries_, capacity_, entries);
    std::uninitialized_fill_n(entries + capacity_, capacity - capacity_, Entry{});
    entries_ = entries;
    capacity_ = capacity;
  }
  heap_free(old, old_capacity * sizeof(Entry), alignof(Entry));
  return {};
}

SysResult<Ref<FdTable>> FdTable::clone() {
  Ref<FdTable> copy = KBPF_TRY(create());
  for (;;) {
    uint32_t capacity;
    {
      SpinGuard guard(lock_);
      capacity = capacity_;
    }
    KBPF_TRY(copy->grow(capacity));
    SpinGuard guard(lock_);
    if (capacity_ > copy->capacity_)
      continue; // it grew meanwhile
    for (uint32_t fd = 0; fd < capacity_; ++fd)
      if (entries_[fd].file) {
        entries_[fd].file->acquire();
        entries_[fd].file->add_descriptor();
        copy->entries_[fd] = entries_[fd];
      }
    return copy;
  }
}

SysResult<Ref<File>> FdTable::get(int fd) {
  SpinGuard guard(lock_);
  if (!in_range(fd) || !entries_[fd].file)
    return Errno::ebadf;
  return Ref<File>::share(entries_[fd].file);
}

SysResult<int> FdTable::install(Ref<File> file, bool close_on_exec, int lowest) {
  uint64_t limit = std::min<uint64_t>(current_process().limits[kLimitFiles].soft, kMaxDescriptors);
  for (;;) {
    uint32_t fd = static_cast<uint32_t>(lowest);
    {
      SpinGuard guard(lock_);
      while (fd < capacity_ && entries_[fd].file)
        ++fd;
      if (fd >= limit)
        return Errno::emfile;
      if (fd < capacity_) {
        file->add_descriptor();
        entries_[fd] = {file.release(), close_on_exec};
        return static_cast<int>(fd);
      }
    }
    KBPF_TRY(grow(fd + 1));
  }
}

SysResult<void> FdTable::replace(int fd, Ref<File> file, bool close_on_exec) {
  if (fd < 0 || static_cast<uint64_t>(fd) >= current_process().limits[kLimitFiles].soft)
    return Errno::ebadf;
  KBPF_TRY(grow(static_cast<uint32_t>(fd) + 1));
  Removed old{this};
  SpinGuard guard(lock_);
  file->add_descriptor();
  old.file = std::exchange(entries_[fd], Entry{file.release(), close_on_exec}).file;
  return {};
}

SysResult<void> FdTable::close(int fd) {
  Removed old{this};
  SpinGuard guard(lock_);
  if (!in_range(fd) || !entries_[fd].file)
    return Errno::ebadf;
  old.file = std::exchange(entries_[fd], Entry{}).file;
  return {};
}

SysResult<bool> FdTable::close_on_exec(int fd) {
  SpinGuard guard(lock_);
  if (!in_range(fd) || !entries_[fd].file)
    return Errno::ebadf;
  return entries_[fd].close_on_exec;
}

SysResult<void> FdTable::set_close_on_exec(int fd, bool on) {
  SpinGuard guard(lock_);
  if (!in_range(fd) || !entries_[fd].file)
    return Errno::ebadf;
  entries_[fd].close_on_exec = on;
  return {};
}

void FdTable::close_range(uint32_t first, uint32_t last, bool only_mark) {
  for (uint64_t fd = first; fd <= last; ++fd) {
    int next = fd > INT32_MAX ? -1 : next_open(static_cast<int>(fd));
    if (next < 0 || static_cast<uint32_t>(next) > last)
      return;
    fd = static_cast<uint64_t>(next);
    // Another thread may close it first; that is no error here.
    SysResult<void> done = only_mark ? set_close_on_exec(next, true) : close(next);
    (void)done;
  }
}

void FdTable::close_for_exec() {
  for (int fd = next_open(0); fd >= 0; fd = next_open(fd + 1)) {
    SysResult<bool> closes = close_on_exec(fd);
    if (closes.ok() && *closes)
      (void)close(fd);
  }
}

int FdTable::next_open(int first) {
  SpinGuard guard(lock_);
  for (uint32_t fd = static_cast<uint32_t>(std::max(first, 0)); fd < capacity_; ++fd)
    if (entries_[fd].file)
      return static_cast<int>(fd);
  return -1;
}

SysResult<Ref<File>> get_file(int fd) { return current_process().files->get(fd); }

SysResult<int> install_file(Ref<File> file, uint32_t open_flags) {
  return current_process().files->install(std::move(file), open_flags & kOpenCloseOnExec);
}

SysResult<void> install_two(Ref<File> one, Ref<File> other, UserPtr<int32_t> fds, uint32_t open_flags) {
  int first = KBPF_TRY(install_file(std::move(one), open_flags));
  SysResult<int> second = install_file(std::move(other), open_flags);
  if (second.ok() && fds.write(first).ok() && fds.at(1).write(*second).ok())
    return {};
  FdTable &files = *current_process().files;
  (void)files.close(first);
  if (!second.ok())
    return second.error();
  (void)files.close(*second);
  return Errno::efault;
}

} // namespace refkernel
