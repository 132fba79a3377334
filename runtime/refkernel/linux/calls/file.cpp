// SPDX-License-Identifier: MIT OR Apache-2.0
// Opening files and asking about them.
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/path.h"
#include "refkernel/linux/process.h"
#include "refkernel/machine/log.h"
#include "refkernel/mm/pages.h"

namespace refkernel {

namespace {

// O_PATH: a place in the tree, with none of its contents.
class PathFile final : public HeapObject<PathFile, File> {
public:
  PathFile(Ref<Inode> inode, uint32_t flags) : HeapObject(std::move(inode), flags) {}
  SysResult<size_t> read(IoCursor &, uint64_t) override { return Errno::ebadf; }
  SysResult<size_t> write(IoCursor &, uint64_t) override { return Errno::ebadf; }
};

// With namespace_lock held: a new regular file at location.
SysResult<Ref<Inode>> create_file(Location &location, uint32_t mode) {
  Directory *directory = location.directory->as_directory();
  if (!directory || directory->removed)
    return Errno::enoent;
  if (location.trailing_slash)
    return Errno::eisdir;
  KBPF_TRY(check_access(*directory, kMayWrite | kMayExecute));
  Process &process = current_process();
  Ref<Inode> inode = KBPF_TRY(directory->make_file(mode & 07777 & ~process.fs->umask.load()));
  inode->uid = process.credentials.euid;
  inode->gid = process.credentials.egid;
  KBPF_TRY(directory->insert(location.last(), inode));
  return inode;
}

SysResult<void> check_open(const Inode &inode, uint32_t flags) {
  uint32_t access = flags & kOpenAccessMode;
  uint32_t wanted = (access != kOpenWriteOnly ? kMayRead : 0) | (access != kOpenReadOnly ? kMayWrite : 0) |
                    (flags & kOpenTruncate ? kMayWrite : 0);
  if (inode.is(kModeSymlink))
    return Errno::eloop; // O_NOFOLLOW
  if ((flags & kOpenDirectory) && !inode.is(kModeDirectory))
    return Errno::enotdir;
  if (inode.is(kModeDirectory) && (access != kOpenReadOnly || (flags & kOpenCreate)))
    return Errno::eisdir;
  return check_access(inode, wanted);
}

SysResult<Ref<File>> open_temporary(Location &location, uint32_t flags, uint32_t mode) {
  Directory *directory = location.inode ? location.inode->as_directory() : nullptr;
  if (!location.inode)
    return Errno::enoent;
  if (!directory)
    return Errno::enotdir;
  if ((flags & kOpenAccessMode) == kOpenReadOnly)
    return Errno::einval;
  KBPF_TRY(check_access(*directory, kMayWrite | kMayExecute));
  Ref<Inode> inode = KBPF_TRY(directory->make_file(mode & 07777 & ~current_process().fs->umask.load()));
  inode->link_count = 0;
  return inode->open(flags);
}

SysResult<Ref<File>> open_at(int directory_fd, std::string_view path, uint32_t flags, uint32_t mode) {
  Ref<Inode> start = KBPF_TRY(start_directory(directory_fd, path));
  bool exclusive = (flags & kOpenCreate) && (flags & kOpenExclusive);
  LastLink last = exclusive || (flags & kOpenNoFollow) ? LastLink::keep : LastLink::follow;
  Location location;
  Ref<Inode> inode;
  bool created = false;
  {
    MutexGuard guard(namespace_lock);
    KBPF_TRY(walk_locked(std::move(start), path, last, location));
    inode = location.inode;
    if ((flags & kOpenTemporaryFile) == kOpenTemporaryFile)
      return open_temporary(location, flags & ~kOpenDirectory, mode);
    if (!inode) {
      if (!(flags & kOpenCreate))
        return Errno::enoent;
      inode = KBPF_TRY(create_file(location, mode));
      created = true;
    } else if (exclusive) {
      return Errno::eexist;
    }
  }
  Ref<File> file;
  if (flags & kOpenPath) {
    if ((flags & kOpenDirectory) && !inode->is(kModeDirectory))
      return Errno::enotdir;
    file = Ref<File>::adopt(try_make<PathFile>(inode, flags));
    if (!file)
      return Errno::enomem;
  } else {
    if (!created)
      KBPF_TRY(check_open(*inode, flags));
    if ((flags & kOpenTruncate) && inode->is(kModeRegular) && inode->data())
      KBPF_TRY(inode->truncate(0));
    file = KBPF_TRY(inode->open(flags));
  }
  KBPF_TRY(file->remember_path(location.directory.get(), location.last()));
  return file;
}

void to_statx(Inode &inode, LinuxStatx &out) {
  constexpr uint32_t kBasicStats = 0x7ff;
  LinuxStat stat;
  inode.fill_stat(stat);
  auto time = [](const LinuxTimespec &from) {
    return LinuxStatxTime{from.seconds, static_cast<uint32_t>(from.nanoseconds), 0};
  };
  out = {};
  out.mask = kBasicStats;
  out.block_size = kPageSize;
  out.link_count = stat.link_count;
  out.uid = stat.uid;
  out.gid = stat.gid;
  out.mode = static_cast<uint16_t>(stat.mode);
  out.inode = stat.inode;
  out.size = static_cast<uint64_t>(stat.size);
  out.blocks = static_cast<uint64_t>(stat.blocks);
  out.access_time = time(stat.access_time);
  out.modify_time = time(stat.modify_time);
  out.change_time = time(stat.change_time);
  out.special_major = device_major(static_cast<uint32_t>(stat.special_device));
  out.special_minor = device_minor(static_cast<uint32_t>(stat.special_device));
  out.device_minor = static_cast<uint32_t>(stat.device);
}

SyscallResult write_statfs(const FileSystemKind &kind, UserPtr<LinuxStatfs> to) {
  LinuxStatfs result{};
  result.type = kind.magic;
  result.block_size = result.fragment_size = kPageSize;
  result.blocks = total_pages();
  result.blocks_free = result.blocks_available = free_pages();
  result.name_length = kNameMax;
  result.id[0] = static_cast<int32_t>(kind.device);
  return to.write(result);
}

LastLink link_rule(uint32_t at_flags) {
  return at_flags & kAtSymlinkNoFollow ? LastLink::keep : LastLink::follow;
}

} // namespace

KERNEL_CALL sys_openat(int directory_fd, UserPtr<const char> user_path, uint32_t flags, uint32_t mode) {
  log(LogLevel::debug, "linux::file", "sys openat called!");
  PathName path = KBPF_TRY(PathName::read(user_path));
  flags |= kOpenLargeFile; // there are no others here
  return install_file(KBPF_TRY(open_at(directory_fd, path.text(), flags, mode)), flags);
}

// Ways of resolving that forbid something (RESOLVE_BENEATH and the like) are not here: who asks for one is refused,
// rather than served without it.
KERNEL_CALL sys_openat2(int directory_fd, UserPtr<const char> user_path, UserPtr<const LinuxOpenHow> user, size_t size) {
  constexpr uint64_t kKnownFlags = 037777777, kResolveCached = 0x20;
  if (size < sizeof(LinuxOpenHow))
    return Errno::einval;
  if (size > kPageSize)
    return Errno::e2big;
  LinuxOpenHow how = KBPF_TRY(user.read());
  for (size_t at = sizeof(how); at < size; ++at)
    if (KBPF_TRY(UserPtr<const uint8_t>{user.address + at}.read()))
      return Errno::e2big;
  const bool may_create = how.flags & (kOpenCreate | (kOpenTemporaryFile & ~kOpenDirectory));
  if ((how.flags & ~kKnownFlags) || (how.mode & ~uint64_t{07777}) || (how.mode && !may_create) ||
      (how.resolve & ~kResolveCached))
    return Errno::einval;
  return sys_openat(directory_fd, user_path, static_cast<uint32_t>(how.flags), static_cast<uint32_t>(how.mode));
}

KERNEL_CALL sys_newfstatat(int directory_fd, UserPtr<const char> path, UserPtr<LinuxStat> to,
                           uint32_t flags) {
  Ref<Inode> inode = KBPF_TRY(find_at(directory_fd, path, flags, link_rule(flags)));
  LinuxStat stat;
  inode->fill_stat(stat);
  return to.write(stat);
}

KERNEL_CALL sys_fstat(int fd, UserPtr<LinuxStat> to) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  LinuxStat stat;
  file->inode()->fill_stat(stat);
  return to.write(stat);
}

KERNEL_CALL sys_statx(int directory_fd, UserPtr<const char> path, uint32_t flags, uint32_t,
                      UserPtr<LinuxStatx> to) {
  Ref<Inode> inode = KBPF_TRY(find_at(directory_fd, path, flags, link_rule(flags)));
  LinuxStatx result;
  to_statx(*inode, result);
  return to.write(result);
}

KERNEL_CALL sys_faccessat2(int directory_fd, UserPtr<const char> path, uint32_t mode, uint32_t flags) {
  constexpr uint32_t kEffectiveIds = 0x200;
  if ((mode & ~7u) || (flags & ~(kEffectiveIds | kAtSymlinkNoFollow | kAtEmptyPath)))
    return Errno::einval;
  Ref<Inode> inode = KBPF_TRY(find_at(directory_fd, path, flags, link_rule(flags)));
  return check_access(*inode, mode, !(flags & kEffectiveIds));
}

KERNEL_CALL sys_faccessat(int directory_fd, UserPtr<const char> path, uint32_t mode) {
  return sys_faccessat2(directory_fd, path, mode, 0);
}

KERNEL_CALL sys_readlinkat(int directory_fd, UserPtr<const char> path, uintptr_t buffer, int size) {
  if (size <= 0)
    return Errno::einval;
  Ref<Inode> inode = KBPF_TRY(find_at(directory_fd, path, kAtEmptyPath, LastLink::keep));
  if (!inode->is(kModeSymlink))
    return Errno::einval;
  struct Text {
    char *bytes = static_cast<char *>(heap_allocate(kPathMax, 1));
    ~Text() { heap_free(bytes, kPathMax, 1); }
  } text;
  if (!text.bytes)
    return Errno::enomem;
  kbpf::TextBuffer sink(text.bytes, kPathMax);
  KBPF_TRY(inode->read_link(sink));
  size_t count = std::min(sink.text().size(), static_cast<size_t>(size));
  return copy_to_user(buffer, text.bytes, count) ? SyscallResult(count) : Errno::efault;
}

KERNEL_CALL sys_statfs(UserPtr<const char> path, UserPtr<LinuxStatfs> to) {
  Ref<Inode> inode = KBPF_TRY(find_at(kAtFdCwd, path, 0, LastLink::follow));
  return write_statfs(inode->kind, to);
}

KERNEL_CALL sys_fstatfs(int fd, UserPtr<LinuxStatfs> to) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  return write_statfs(file->inode()->kind, to);
}

KERNEL_CALL sys_truncate(UserPtr<const char> path, int64_t size) {
  if (size < 0)
    return Errno::einval;
  Ref<Inode> inode = KBPF_TRY(find_at(kAtFdCwd, path, 0, LastLink::follow));
  if (inode->is(kModeDirectory))
    return Errno::eisdir;
  KBPF_TRY(check_access(*inode, kMayWrite));
  return inode->truncate(static_cast<uint64_t>(size));
}

KERNEL_CALL sys_ftruncate(int fd, int64_t size) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  if (size < 0 || !file->may_write())
    return Errno::einval;
  return file->truncate(static_cast<uint64_t>(size));
}

namespace {

SysResult<void> set_mode(Inode &inode, uint32_t mode) {
  uint32_t euid = current_process().credentials.euid;
  if (euid != inode.uid && !capable(Capability::fowner))
    return Errno::eperm;
  inode.set_permissions(mode & 07777);
  inode.touch(false, false);
  return {};
}

SysResult<void> set_owner(Inode &inode, uint32_t uid, uint32_t gid) {
  constexpr uint32_t kKeep = UINT32_MAX;
  const Credentials &who = current_process().credentials;
  bool own_group = who.euid == inode.uid && (gid == who.egid || who.has_group(gid));
  if (!capable(Capability::chown) && (uid != kKeep || !(gid == kKeep || own_group)))
    return Errno::eperm;
  if (uid != kKeep)
    inode.uid = uid;
  if (gid != kKeep)
    inode.gid = gid;
  inode.touch(false, false);
  return {};
}

} // namespace

KERNEL_CALL sys_fchmodat(int directory_fd, UserPtr<const char> path, uint32_t mode) {
  Ref<Inode> inode = KBPF_TRY(find_at(directory_fd, path, 0, LastLink::follow));
  return set_mode(*inode, mode);
}

KERNEL_CALL sys_fchmodat2(int directory_fd, UserPtr<const char> path, uint32_t mode, uint32_t flags) {
  if (flags & ~(kAtSymlinkNoFollow | kAtEmptyPath))
    return Errno::einval;
  Ref<Inode> inode = KBPF_TRY(find_at(directory_fd, path, flags, link_rule(flags)));
  if (inode->is(kModeSymlink))
    return Errno::enotsup;
  return set_mode(*inode, mode);
}

KERNEL_CALL sys_fchmod(int fd, uint32_t mode) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  return set_mode(*file->inode(), mode);
}

KERNEL_CALL sys_fchownat(int directory_fd, UserPtr<const char> path, uint32_t uid, uint32_t gid,
                         uint32_t flags) {
  Ref<Inode> inode = KBPF_TRY(find_at(directory_fd, path, flags, link_rule(flags)));
  return set_owner(*inode, uid, gid);
}

KERNEL_CALL sys_fchown(int fd, uint32_t uid, uint32_t gid) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  return set_owner(*file->inode(), uid, gid);
}

KERNEL_CALL sys_utimensat(int directory_fd, UserPtr<const char> path, UserPtr<const LinuxTimespec> times,
                          uint32_t flags) {
  constexpr int64_t kNow = 0x3fffffff, kOmit = 0x3ffffffe;
  Ref<Inode> inode;
  if (!path) // futimens
    inode = Ref<Inode>::share(KBPF_TRY(get_file(directory_fd))->inode());
  else
    inode = KBPF_TRY(find_at(directory_fd, path, flags, link_rule(flags)));
  uint64_t now = now_ns() + realtime_offset_ns();
  std::atomic<uint64_t> *stamps[2] = {&inode->access_ns, &inode->modify_ns};
  for (size_t i = 0; i < 2; ++i) {
    LinuxTimespec time{0, kNow};
    if (times)
      time = KBPF_TRY(times.at(i).read());
    if (time.nanoseconds == kOmit)
      continue;
    if (time.nanoseconds != kNow && !time.valid())
      return Errno::einval;
    *stamps[i] = time.nanoseconds == kNow ? now : time.to_ns();
  }
  inode->change_ns = now;
  return 0;
}

KERNEL_CALL sys_umask(uint32_t mask) { return current_process().fs->umask.exchange(mask & 0777); }

namespace {
constexpr SyscallEntry kFileTable[] = {
    SYSCALL_ENTRY(43, statfs),    SYSCALL_ENTRY(44, fstatfs),     SYSCALL_ENTRY(45, truncate),
    SYSCALL_ENTRY(46, ftruncate), SYSCALL_ENTRY(48, faccessat),   SYSCALL_ENTRY(52, fchmod),
    SYSCALL_ENTRY(53, fchmodat),  SYSCALL_ENTRY(54, fchownat),    SYSCALL_ENTRY(55, fchown),
    SYSCALL_ENTRY(56, openat),    SYSCALL_ENTRY(78, readlinkat),  SYSCALL_ENTRY(79, newfstatat),
    SYSCALL_ENTRY(80, fstat),     SYSCALL_ENTRY(88, utimensat),   SYSCALL_ENTRY(166, umask),
    SYSCALL_ENTRY(291, statx),    SYSCALL_ENTRY(439, faccessat2), SYSCALL_ENTRY(452, fchmodat2),
    SYSCALL_ENTRY(437, openat2),
};
}
constinit const std::span<const SyscallEntry> kFileCalls{kFileTable};

} // namespace refkernel
