// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once
#include "refkernel/linux/process.h"

namespace refkernel {

// The process that the descriptor of pidfd_open(2) stands for. Error: ebadf.
SysResult<Ref<Process>> process_of_pidfd(int fd);

} // namespace refkernel
