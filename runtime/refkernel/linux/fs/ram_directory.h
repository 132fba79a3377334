// SPDX-License-Identifier: MIT OR Apache-2.0
// Directories of the memory file system. Entries are in a list by age, which readdir walks, and in hash
// chains, which lookup walks. The root of /proc builds on it.
#pragma once
#include "refkernel/linux/fs/inode.h"

namespace refkernel {

class RamDirectoryBase : public Directory {
public:
  RamDirectoryBase(const FileSystemKind &kind, uint32_t permissions) : Directory(kind, permissions) {}
  SysResult<Ref<Inode>> lookup(std::string_view name) override;
  SysResult<void> insert(std::string_view name, Ref<Inode> inode) override;
  SysResult<void> remove(std::string_view name) override;
  bool empty() override { return !first_; }
  SysResult<void> list(uint64_t offset, DirectorySink &sink) override;
  SysResult<void> name_of(const Inode &child, kbpf::TextSink &sink) override;
  SysResult<Ref<Inode>> make_file(uint32_t permissions) override {
    if (&kind == &kBpfFs)
      return Errno::eperm; // only BPF_OBJ_PIN adds names of files there
    return make_ram_file(kind, permissions);
  }
  SysResult<Ref<Inode>> make_directory(uint32_t permissions) override {
    return make_ram_directory(kind, permissions);
  }

protected:
  ~RamDirectoryBase();

private:
  struct Entry;
  Entry *find(std::string_view name);
  SysResult<void> make_room();
  void unlink(Entry &entry);

  Entry **buckets_ = nullptr;
  size_t bucket_count_ = 0, entry_count_ = 0;
  Entry *first_ = nullptr, *last_ = nullptr;
  uint64_t next_offset_ = 3;
};

} // namespace refkernel
