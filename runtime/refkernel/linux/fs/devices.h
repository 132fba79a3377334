// SPDX-License-Identifier: MIT OR Apache-2.0
// Character devices by number, and the parts of the tree that the kernel fills at boot.
#pragma once
#include "refkernel/linux/fs/inode.h"

namespace refkernel {

SysResult<Ref<File>> open_character_device(Ref<Inode> inode, uint32_t device, uint32_t flags); // enxio
SysResult<Ref<File>> open_console(Ref<Inode> inode, uint32_t flags);    // fs/console.cpp
SysResult<Ref<File>> open_trace_pipe(Ref<Inode> inode, uint32_t flags); // fs/tracefs.cpp

// A number of bytes that nobody outside can guess easily: mixed from the clock and the counter of calls.
void fill_random(void *to, size_t size);

// Adds a directory under parent, or finds the one that is there.
SysResult<Ref<Inode>> ensure_directory(Inode &parent, std::string_view name, const FileSystemKind &kind,
                                       uint32_t permissions = 0755);
SysResult<void> add_entry(Inode &parent, std::string_view name, SysResult<Ref<Inode>> inode);

SysResult<void> populate_dev(Inode &root);
SysResult<void> populate_proc(Inode &root);
SysResult<void> populate_sys(Inode &root);
SysResult<void> add_processor_files(Inode &sys);                                      // fs/proc_system.cpp
SysResult<void> add_kernel_btf(Inode &kernel); // fs/kernel_btf.cpp; /sys/kernel's directory
SysResult<void> add_event_sources(Inode &sys);                                        // perf_event.cpp
SysResult<void> unpack_initramfs(Inode &root, const std::byte *archive, size_t size); // einval: malformed

} // namespace refkernel
