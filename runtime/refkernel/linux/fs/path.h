// SPDX-License-Identifier: MIT OR Apache-2.0
// From paths to inodes: the walk through the tree, with symbolic links (at most 40) and permissions of
// directories.
#pragma once
#include "refkernel/linux/fs/inode.h"
#include <string_view>

namespace refkernel {

// A path copied in from user memory; lives on the heap, since kernel stacks are small.
class PathName {
public:
  // Errors: efault, enametoolong, enomem; enoent for an empty path unless allow_empty.
  static SysResult<PathName> read(UserPtr<const char> from, bool allow_empty = false);
  PathName(PathName &&other) noexcept : bytes_(other.bytes_), size_(other.size_) { other.bytes_ = nullptr; }
  PathName(const PathName &) = delete;
  PathName &operator=(const PathName &) = delete;
  ~PathName() { heap_free(bytes_, kPathMax, 1); }
  std::string_view text() const { return {bytes_, size_}; }

private:
  PathName(char *bytes, size_t size) : bytes_(bytes), size_(size) {}
  char *bytes_;
  size_t size_;
};

// Where a path leads: inode is null where only the last component is missing.
struct Location {
  Ref<Inode> directory; // that holds the last component; the thing itself for "/", "." and ".."
  char name[kNameMax + 1] = {};
  size_t name_size = 0; // 0: "/", ".", ".." or the end of a link of /proc
  bool trailing_slash = false;
  bool last_is_dot = false, last_is_dot_dot = false;
  Ref<Inode> inode;
  std::string_view last() const { return {name, name_size}; }
};

enum class LastLink { follow, keep };
// Takes namespace_lock by itself. Errors: enoent, enotdir, eloop, enametoolong, eacces, ebadf.
SysResult<void> walk(Ref<Inode> start, std::string_view path, LastLink last, Location &location);
SysResult<void> walk_at(int directory_fd, std::string_view path, LastLink last, Location &location);
SysResult<void> walk_locked(Ref<Inode> start, std::string_view path, LastLink last, Location &location);
// walk_at that insists on an existing thing; an empty path is the descriptor itself where flags has
// AT_EMPTY_PATH.
SysResult<Ref<Inode>> find_at(int directory_fd, UserPtr<const char> path, uint32_t at_flags, LastLink last);

// Where a name is to be added: walked without following a last link. Needs namespace_lock. Errors: also
// eexist.
SysResult<Directory *> directory_for_new(int directory_fd, std::string_view path, Ref<Inode> start,
                                         Location &location);
// Adds a new inode, the caller's own. Needs namespace_lock.
SysResult<void> insert_new(Directory &directory, std::string_view name, Ref<Inode> inode);

SysResult<Ref<Inode>> start_directory(int directory_fd, std::string_view path);
// The path of a directory from the caller's root; enoent where it was removed or lies outside.
SysResult<void> path_of(Inode &directory, kbpf::TextSink &sink); // takes namespace_lock
SysResult<void> path_of_locked(Inode &directory, kbpf::TextSink &sink);

enum : uint32_t { kMayExecute = 1, kMayWrite = 2, kMayRead = 4 };
SysResult<void> check_access(const Inode &inode, uint32_t wanted, bool real_ids = false); // eacces

} // namespace refkernel
