// SPDX-License-Identifier: MIT OR Apache-2.0
// Changing the tree of names: directories, links, renames; and a process's place in it.
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/mount.h"
#include "refkernel/linux/fs/path.h"
#include "refkernel/linux/process.h"
#include <algorithm>
#include <cstring>

namespace refkernel {

SysResult<Directory *> directory_for_new(int directory_fd, std::string_view path, Ref<Inode> start,
                                         Location &location) {
  KBPF_TRY(walk_locked(std::move(start), path, LastLink::keep, location));
  if (location.inode)
    return Errno::eexist;
  Directory *directory = location.directory->as_directory();
  if (!directory || directory->removed)
    return Errno::enoent;
  KBPF_TRY(check_access(*directory, kMayWrite | kMayExecute));
  return directory;
}

SysResult<void> insert_new(Directory &directory, std::string_view name, Ref<Inode> inode) {
  const Credentials &who = current_process().credentials;
  inode->uid = who.euid;
  inode->gid = who.egid;
  return directory.insert(name, std::move(inode));
}

namespace {

// A sticky directory's entries are their owners' (or the directory owner's, or root's) to remove.
SysResult<void> check_removal(Directory &directory, const Inode &entry) {
  KBPF_TRY(check_access(directory, kMayWrite | kMayExecute));
  uint32_t euid = current_process().credentials.euid;
  if ((directory.mode() & kModeSticky) && euid != entry.uid && euid != directory.uid &&
      !capable(Capability::fowner))
    return Errno::eperm;
  return {};
}

SysResult<void> make_at(int directory_fd, UserPtr<const char> user_path, bool only_directory,
                        SysResult<Ref<Inode>> (*make)(Directory &directory, uint64_t argument),
                        uint64_t argument) {
  PathName path = KBPF_TRY(PathName::read(user_path));
  Ref<Inode> start = KBPF_TRY(start_directory(directory_fd, path.text()));
  MutexGuard guard(namespace_lock);
  Location location;
  Directory *directory = KBPF_TRY(directory_for_new(directory_fd, path.text(), std::move(start), location));
  if (location.trailing_slash && !only_directory)
    return Errno::enoent;
  return insert_new(*directory, location.last(), KBPF_TRY(make(*directory, argument)));
}

// Whether possible_child is directory itself or below it.
bool is_below(Directory *possible_child, Directory *directory) {
  for (; possible_child; possible_child = possible_child->parent())
    if (possible_child == directory)
      return true;
  return false;
}

} // namespace

KERNEL_CALL sys_mkdirat(int directory_fd, UserPtr<const char> path, uint32_t mode) {
  uint64_t permissions = mode & 01777 & ~current_process().fs->umask.load();
  return make_at(
      directory_fd, path, true,
      [](Directory &directory, uint64_t bits) {
        return directory.make_directory(static_cast<uint32_t>(bits));
      },
      permissions);
}

KERNEL_CALL sys_mknodat(int directory_fd, UserPtr<const char> path, uint32_t mode, uint32_t device) {
  uint32_t type = mode & kModeTypeMask;
  uint64_t permissions = mode & 07777 & ~current_process().fs->umask.load();
  switch (type) {
  case 0:
  case kModeRegular:
    return make_at(
        directory_fd, path, false,
        [](Directory &directory, uint64_t bits) { return directory.make_file(static_cast<uint32_t>(bits)); },
        permissions);
  case kModeFifo:
    return make_at(
        directory_fd, path, false,
        [](Directory &directory, uint64_t bits) {
          return make_fifo(directory.kind, static_cast<uint32_t>(bits));
        },
        permissions);
  case kModeCharacter:
  case kModeBlock:
    if (!capable(Capability::mknod))
      return Errno::eperm;
    return make_at(
        directory_fd, path, false,
        [](Directory &directory, uint64_t packed) {
          return make_device(directory.kind, static_cast<uint32_t>(packed >> 32),
                             static_cast<uint32_t>(packed));
        },
        (permissions | type) << 32 | device);
  }
  return Errno::einval;
}

KERNEL_CALL sys_symlinkat(UserPtr<const char> user_target, int directory_fd, UserPtr<const char> user_path) {
  PathName target = KBPF_TRY(PathName::read(user_target));
  PathName path = KBPF_TRY(PathName::read(user_path));
  Ref<Inode> start = KBPF_TRY(start_directory(directory_fd, path.text()));
  MutexGuard guard(namespace_lock);
  Location location;
  Directory *directory = KBPF_TRY(directory_for_new(directory_fd, path.text(), std::move(start), location));
  if (location.trailing_slash)
    return Errno::enoent;
  return insert_new(*directory, location.last(), KBPF_TRY(make_symlink(directory->kind, target.text())));
}

KERNEL_CALL sys_linkat(int old_fd, UserPtr<const char> old_path, int new_fd, UserPtr<const char> user_path,
                       uint32_t flags) {
  if (flags & ~(kAtSymlinkFollow | kAtEmptyPath))
    return Errno::einval;
  Ref<Inode> inode = KBPF_TRY(
      find_at(old_fd, old_path, flags, flags & kAtSymlinkFollow ? LastLink::follow : LastLink::keep));
  if (inode->is(kModeDirectory))
    return Errno::eperm;
  PathName path = KBPF_TRY(PathName::read(user_path));
  Ref<Inode> start = KBPF_TRY(start_directory(new_fd, path.text()));
  MutexGuard guard(namespace_lock);
  Location location;
  Directory *directory = KBPF_TRY(directory_for_new(new_fd, path.text(), std::move(start), location));
  if (&directory->kind != &inode->kind)
    return Errno::exdev;
  KBPF_TRY(directory->insert(location.last(), inode));
  ++inode->link_count;
  inode->touch(false, false);
  return 0;
}

KERNEL_CALL sys_unlinkat(int directory_fd, UserPtr<const char> user_path, uint32_t flags) {
  if (flags & ~kAtRemoveDirectory)
    return Errno::einval;
  PathName path = KBPF_TRY(PathName::read(user_path));
  Ref<Inode> start = KBPF_TRY(start_directory(directory_fd, path.text()));
  Location location; // outlives the lock: the last reference may go with it
  MutexGuard guard(namespace_lock);
  KBPF_TRY(walk_locked(std::move(start), path.text(), LastLink::keep, location));
  bool wants_directory = flags & kAtRemoveDirectory;
  if (!location.inode)
    return Errno::enoent;
  if (!location.name_size) // "/", "." or ".."
    return !wants_directory           ? Errno::eisdir
           : location.last_is_dot     ? Errno::einval
           : location.last_is_dot_dot ? Errno::enotempty
                                      : Errno::ebusy;
  Directory &parent = *location.directory->as_directory();
  KBPF_TRY(check_removal(parent, *location.inode));
  Directory *directory = location.inode->as_directory();
  if (wants_directory && !directory)
    return Errno::enotdir;
  if (!wants_directory && directory)
    return Errno::eisdir;
  if (directory && (directory->covers || directory->mounted))
    return Errno::ebusy;
  if (directory && !directory->empty())
    return Errno::enotempty;
  KBPF_TRY(parent.remove(location.last()));
  location.inode->link_count -= directory ? 2 : 1;
  location.inode->touch(false, false);
  if (directory)
    directory->removed = true;
  return 0;
}

KERNEL_CALL sys_renameat2(int old_fd, UserPtr<const char> user_old, int new_fd, UserPtr<const char> user_new,
                          uint32_t flags) {
  constexpr uint32_t kNoReplace = 1, kExchange = 2;
  if ((flags & ~(kNoReplace | kExchange)) || flags == (kNoReplace | kExchange))
    return Errno::einval;
  PathName old_path = KBPF_TRY(PathName::read(user_old)), new_path = KBPF_TRY(PathName::read(user_new));
  Ref<Inode> old_start = KBPF_TRY(start_directory(old_fd, old_path.text()));
  Ref<Inode> new_start = KBPF_TRY(start_directory(new_fd, new_path.text()));
  Location from, to; // outlive the lock
  MutexGuard guard(namespace_lock);
  KBPF_TRY(walk_locked(std::move(old_start), old_path.text(), LastLink::keep, from));
  KBPF_TRY(walk_locked(std::move(new_start), new_path.text(), LastLink::keep, to));
  if (!from.inode)
    return Errno::enoent;
  if (!from.name_size || !to.name_size)
    return Errno::ebusy;
  Directory &source = *from.directory->as_directory(), &target = *to.directory->as_directory();
  if (target.removed)
    return Errno::enoent;
  if (&source.kind != &target.kind)
    return Errno::exdev;
  KBPF_TRY(check_removal(source, *from.inode));
  KBPF_TRY(check_access(target, kMayWrite | kMayExecute));
  Directory *moved = from.inode->as_directory();
  if ((moved && moved->covers) || (to.inode && to.inode->as_directory() && to.inode->as_directory()->covers))
    return Errno::ebusy;
  if (to.trailing_slash && !moved)
    return Errno::enotdir;
  if (moved && is_below(&target, moved))
    return Errno::einval;
  if (from.inode.get() == to.inode.get())
    return flags & kNoReplace ? SyscallResult(Errno::eexist) : 0;
  if (flags & kExchange) {
    if (!to.inode)
      return Errno::enoent;
    if (Directory *back = to.inode->as_directory(); back && is_below(&source, back))
      return Errno::einval;
    KBPF_TRY(source.remove(from.last()));
    KBPF_TRY(target.remove(to.last()));
    KBPF_TRY(source.insert(from.last(), to.inode));
    KBPF_TRY(target.insert(to.last(), from.inode));
    return 0;
  }
  if (to.inode) {
    Directory *replaced = to.inode->as_directory();
    if (flags & kNoReplace)
      return Errno::eexist;
    KBPF_TRY(check_removal(target, *to.inode));
    if (moved && !replaced)
      return Errno::enotdir;
    if (!moved && replaced)
      return Errno::eisdir;
    if (replaced && !replaced->empty())
      return Errno::enotempty;
    KBPF_TRY(target.remove(to.last()));
    to.inode->link_count -= replaced ? 2 : 1;
    if (replaced)
      replaced->removed = true;
  }
  // The new name first: a failure then leaves the old one. Both names in one directory is fine, they differ.
  KBPF_TRY(target.insert(to.last(), from.inode));
  KBPF_TRY(source.remove(from.last()));
  if (moved)
    moved->set_parent(&target);
  from.inode->touch(false, false);
  return 0;
}

namespace {

// struct linux_dirent64 into user memory, entry by entry through a buffer, since the tree is locked
// meanwhile.
class DirentBuffer final : public DirectorySink {
public:
  DirentBuffer(char *bytes, size_t size) : bytes_(bytes), size_(size) {}
  bool add(std::string_view name, uint64_t inode, uint32_t mode, uint64_t next_offset) override {
    size_t length = align_up(kDirentNameOffset + name.size() + 1, 8);
    if (length > size_ - used) {
      full = true;
      return false;
    }
    char *entry = bytes_ + used;
    memset(entry, 0, length);
    LinuxDirentHeader header{inode, static_cast<int64_t>(next_offset), static_cast<uint16_t>(length),
                             static_cast<uint8_t>((mode & kModeTypeMask) >> 12)};
    memcpy(entry, &header, kDirentNameOffset);
    memcpy(entry + kDirentNameOffset, name.data(), name.size());
    used += length;
    return true;
  }
  size_t used = 0;
  bool full = false;

private:
  char *bytes_;
  size_t size_;
};

} // namespace

KERNEL_CALL sys_getdents64(int fd, uintptr_t buffer, uint32_t size) {
  constexpr size_t kMaxBuffer = 32768;
  Ref<File> file = KBPF_TRY(get_file(fd));
  struct Bytes {
    size_t size;
    char *memory = static_cast<char *>(heap_allocate(size, 8));
    ~Bytes() { heap_free(memory, size, 8); }
  } bytes{std::min<size_t>(std::max(size, 1u), kMaxBuffer)};
  if (!bytes.memory)
    return Errno::enomem;
  DirentBuffer sink(bytes.memory, bytes.size);
  MutexGuard guard(file->position_lock);
  uint64_t offset = file->position;
  KBPF_TRY(file->list(offset, sink));
  if (!sink.used && sink.full)
    return Errno::einval; // not even one entry fits
  if (!copy_to_user(buffer, bytes.memory, sink.used))
    return Errno::efault;
  file->position = offset;
  return sink.used;
}

KERNEL_CALL sys_getcwd(uintptr_t buffer, size_t size) {
  struct Text {
    char *bytes = static_cast<char *>(heap_allocate(kPathMax, 1));
    ~Text() { heap_free(bytes, kPathMax, 1); }
  } text;
  if (!text.bytes)
    return Errno::enomem;
  kbpf::TextBuffer sink(text.bytes, kPathMax);
  KBPF_TRY(path_of(*KBPF_TRY(start_directory(kAtFdCwd, {})), sink));
  size_t length = sink.text().size() + 1;
  if (length > size)
    return Errno::erange;
  return copy_to_user(buffer, text.bytes, length) ? SyscallResult(length) : Errno::efault;
}

namespace {
SysResult<void> change_directory(Ref<Inode> inode) {
  if (!inode->is(kModeDirectory))
    return Errno::enotdir;
  KBPF_TRY(check_access(*inode, kMayExecute));
  MutexGuard guard(namespace_lock);
  current_process().fs->working_directory = std::move(inode);
  return {};
}
} // namespace

KERNEL_CALL sys_chdir(UserPtr<const char> path) {
  return change_directory(KBPF_TRY(find_at(kAtFdCwd, path, 0, LastLink::follow)));
}

KERNEL_CALL sys_fchdir(int fd) {
  return change_directory(Ref<Inode>::share(KBPF_TRY(get_file(fd))->inode()));
}

KERNEL_CALL sys_chroot(UserPtr<const char> path) {
  Ref<Inode> inode = KBPF_TRY(find_at(kAtFdCwd, path, 0, LastLink::follow));
  if (!inode->is(kModeDirectory))
    return Errno::enotdir;
  KBPF_TRY(check_access(*inode, kMayExecute));
  if (!capable(Capability::sys_chroot))
    return Errno::eperm;
  MutexGuard guard(namespace_lock);
  std::swap(current_process().fs->root, inode);
  return 0;
}

// tmpfs alone can be mounted. What else Linux has is at its place already: mounting it there again is "busy",
// and elsewhere not to be had.
KERNEL_CALL sys_mount(UserPtr<const char>, UserPtr<const char> user_target, UserPtr<const char> user_type,
                      uint64_t flags, uintptr_t) {
  constexpr uint64_t kRemount = 32, kBind = 4096, kMove = 8192, kPropagation = 0x1e0000;
  if (!capable(Capability::sys_admin))
    return Errno::eperm;
  Ref<Inode> target = KBPF_TRY(find_at(kAtFdCwd, user_target, 0, LastLink::follow));
  if (!target->is(kModeDirectory))
    return Errno::enotdir;
  if (flags & (kRemount | kBind | kMove | kPropagation))
    return Errno::einval;
  PathName type = KBPF_TRY(PathName::read(user_type));
  if (type.text() == kTmpFs.name) {
    MutexGuard guard(namespace_lock);
    return mount_tmpfs(*target, 01777);
  }
  if (type.text() == target->kind.name)
    return Errno::ebusy;
  bool known = std::any_of(kFileSystems.begin(), kFileSystems.end(),
                           [&](const FileSystemKind *kind) { return type.text() == kind->name; });
  return known ? Errno::eperm : Errno::enodev;
}

KERNEL_CALL sys_umount2(UserPtr<const char> user_target, uint32_t flags) {
  constexpr uint32_t kForce = 1, kDetach = 2, kExpire = 4, kNoFollow = 8;
  if (flags & ~(kForce | kDetach | kExpire | kNoFollow))
    return Errno::einval;
  if (!capable(Capability::sys_admin))
    return Errno::eperm;
  Ref<Inode> target =
      KBPF_TRY(find_at(kAtFdCwd, user_target, 0, flags & kNoFollow ? LastLink::keep : LastLink::follow));
  MutexGuard guard(namespace_lock);
  return unmount(*target);
}

namespace {
constexpr SyscallEntry kDirectoryTable[] = {
    SYSCALL_ENTRY(17, getcwd),     SYSCALL_ENTRY(33, mknodat),   SYSCALL_ENTRY(34, mkdirat),
    SYSCALL_ENTRY(35, unlinkat),   SYSCALL_ENTRY(36, symlinkat), SYSCALL_ENTRY(37, linkat),
    SYSCALL_ENTRY(39, umount2),    SYSCALL_ENTRY(40, mount),     SYSCALL_ENTRY(49, chdir),
    SYSCALL_ENTRY(50, fchdir),     SYSCALL_ENTRY(51, chroot),    SYSCALL_ENTRY(61, getdents64),
    SYSCALL_ENTRY(276, renameat2),
};
}
constinit const std::span<const SyscallEntry> kDirectoryCalls{kDirectoryTable};

} // namespace refkernel
