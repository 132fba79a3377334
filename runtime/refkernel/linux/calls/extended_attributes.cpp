// SPDX-License-Identifier: MIT OR Apache-2.0
// Extended attributes. No file system here keeps any, which the calls say as Linux's do of such ones: lists are empty,
// everything else is not supported.
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/path.h"
#include "refkernel/linux/process.h"

namespace refkernel {

namespace {

constexpr size_t kMaxName = 255, kMaxValue = 65536; // XATTR_*
using UserText = UserPtr<const char>;

SyscallResult refuse(UserText user_name) {
  char name[kMaxName + 1];
  long length = copy_string_from_user(name, user_name.address, sizeof(name));
  if (length < 0)
    return Errno::efault;
  if (length == 0 || length == static_cast<long>(sizeof(name)))
    return Errno::erange;
  return Errno::enotsup;
}

SysResult<void> find(UserText path, LastLink last) {
  KBPF_TRY(find_at(kAtFdCwd, path, 0, last));
  return {};
}
SysResult<void> find(int fd) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  return file->flags() & kOpenPath ? SysResult<void>(Errno::ebadf) : SysResult<void>();
}

SyscallResult set(SysResult<void> file, UserText name, size_t size, uint32_t flags) {
  constexpr uint32_t kCreate = 1, kReplace = 2;
  KBPF_TRY(std::move(file));
  if (flags & ~(kCreate | kReplace))
    return Errno::einval;
  return size > kMaxValue ? SyscallResult(Errno::e2big) : refuse(name);
}
SyscallResult get(SysResult<void> file, UserText name) {
  KBPF_TRY(std::move(file));
  return refuse(name);
}
SyscallResult list(SysResult<void> file) {
  KBPF_TRY(std::move(file));
  return 0;
}

} // namespace

KERNEL_CALL sys_setxattr(UserText path, UserText name, uintptr_t, size_t size, uint32_t flags) {
  return set(find(path, LastLink::follow), name, size, flags);
}
KERNEL_CALL sys_lsetxattr(UserText path, UserText name, uintptr_t, size_t size, uint32_t flags) {
  return set(find(path, LastLink::keep), name, size, flags);
}
KERNEL_CALL sys_fsetxattr(int fd, UserText name, uintptr_t, size_t size, uint32_t flags) {
  return set(find(fd), name, size, flags);
}
KERNEL_CALL sys_getxattr(UserText path, UserText name, uintptr_t, size_t) {
  return get(find(path, LastLink::follow), name);
}
KERNEL_CALL sys_lgetxattr(UserText path, UserText name, uintptr_t, size_t) {
  return get(find(path, LastLink::keep), name);
}
KERNEL_CALL sys_fgetxattr(int fd, UserText name, uintptr_t, size_t) { return get(find(fd), name); }
KERNEL_CALL sys_listxattr(UserText path, uintptr_t, size_t) { return list(find(path, LastLink::follow)); }
KERNEL_CALL sys_llistxattr(UserText path, uintptr_t, size_t) { return list(find(path, LastLink::keep)); }
KERNEL_CALL sys_flistxattr(int fd, uintptr_t, size_t) { return list(find(fd)); }
KERNEL_CALL sys_removexattr(UserText path, UserText name) { return get(find(path, LastLink::follow), name); }
KERNEL_CALL sys_lremovexattr(UserText path, UserText name) { return get(find(path, LastLink::keep), name); }
KERNEL_CALL sys_fremovexattr(int fd, UserText name) { return get(find(fd), name); }

namespace {
constexpr SyscallEntry kExtendedAttributeTable[] = {
    SYSCALL_ENTRY(5, setxattr),      SYSCALL_ENTRY(6, lsetxattr),     SYSCALL_ENTRY(7, fsetxattr),
    SYSCALL_ENTRY(8, getxattr),      SYSCALL_ENTRY(9, lgetxattr),     SYSCALL_ENTRY(10, fgetxattr),
    SYSCALL_ENTRY(11, listxattr),    SYSCALL_ENTRY(12, llistxattr),   SYSCALL_ENTRY(13, flistxattr),
    SYSCALL_ENTRY(14, removexattr),  SYSCALL_ENTRY(15, lremovexattr), SYSCALL_ENTRY(16, fremovexattr),
};
}
constinit const std::span<const SyscallEntry> kExtendedAttributeCalls{kExtendedAttributeTable};

} // namespace refkernel
