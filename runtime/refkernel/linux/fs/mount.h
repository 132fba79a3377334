// SPDX-License-Identifier: MIT OR Apache-2.0
// tmpfs mounts: the root of a new tree of memory covers a directory. What else can be mounted on Linux is at its place
// from the start. What changes or looks up mounts needs namespace_lock.
#pragma once
#include "refkernel/linux/fs/inode.h"

namespace refkernel {

// What is seen where inode is: the root mounted there last, or inode itself.
Ref<Inode> mounted_at(Ref<Inode> inode);

// Covers target, a directory with a parent. Errors: ebusy (the root of the tree), enomem.
SysResult<void> mount_tmpfs(Inode &target, uint32_t permissions);
// root: as a path to the mount point leads there. Open files and working directories in it stay usable, as after
// Linux's MNT_DETACH. Errors: einval where it is no such root.
SysResult<void> unmount(Inode &root);

// /proc/mounts and /proc/PID/mountinfo: a line for each file system, those that are always there included. They take
// namespace_lock themselves.
void print_mounts(kbpf::TextSink &sink);
void print_mount_info(kbpf::TextSink &sink);

} // namespace refkernel
