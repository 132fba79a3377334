// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once
#include "refkernel/linux/fs/inode.h"

namespace refkernel {

// events and available_events, in a directory of the tracing file system.
SysResult<void> add_event_files(Inode &tracing);

} // namespace refkernel
