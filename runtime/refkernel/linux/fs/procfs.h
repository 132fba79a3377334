// SPDX-License-Identifier: MIT OR Apache-2.0
// The two parts of /proc: what it tells of the whole system, and the directory of one process.
#pragma once
#include "refkernel/linux/fs/inode.h"

namespace refkernel {

SysResult<void> add_system_files(Inode &proc);                               // proc_system.cpp
SysResult<Ref<Inode>> make_process_directory(Directory &proc, uint32_t pid); // proc_process.cpp
uint32_t process_directory_pid(const Inode &directory);                      // of one made by the line above

} // namespace refkernel
