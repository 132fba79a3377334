// SPDX-License-Identifier: MIT OR Apache-2.0
// The two parts of /proc: what it tells of the whole system, and the directory of one process.
#pragma once
#include "refkernel/linux/fs/inode.h"

namespace refkernel {

SysResult<void> add_system_files(Inode &proc);                               // proc_system.cpp
SysResult<Ref<Inode>> make_process_directory(Directory &proc, uint32_t pid); // proc_process.cpp
uint32_t process_directory_pid(const Inode &directory);                      // of one made by the line above

// A directory in that of a process. Keeps its parent alive, as nothing else does.
class SubDirectory : public Directory {
public:
  SubDirectory(Ref<Inode> parent, uint32_t pid, const char *name, uint32_t permissions)
      : Directory(kProcFs, permissions), name_(name), pid_(pid), parent_(std::move(parent)) {
    set_parent(parent_->as_directory());
  }
  const char *name() const { return name_; }

protected:
  ~SubDirectory() = default;
  const char *const name_;
  const uint32_t pid_;

private:
  Ref<Inode> parent_;
};

SysResult<Ref<Inode>> make_fail_nth_file(); // fail_nth_file.cpp

// ns: links to the files by which the namespaces are known. There is one of each kind.
SysResult<Ref<Inode>> make_namespace_directory(Ref<Inode> parent, uint32_t pid); // namespaces.cpp

} // namespace refkernel
