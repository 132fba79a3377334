// SPDX-License-Identifier: MIT OR Apache-2.0
// Files of the tracing file system that take orders: each line that is written is one, done before the write
// returns. Reading gives text made at open, as of make_generated_file.
#pragma once
#include "refkernel/linux/fs/inode.h"

namespace refkernel {

struct Orders {
  TextGenerator generate; // what a reader sees; null: nothing to read
  // One line, without its end and without blanks around it; never empty.
  SysResult<void> (*obey)(std::string_view line, uint64_t argument);
  // Opened for writing with O_TRUNC; null: that does nothing.
  SysResult<void> (*clear)(uint64_t argument) = nullptr;
};

// orders lives for ever.
SysResult<Ref<Inode>> make_control_file(const FileSystemKind &kind, uint32_t permissions,
                                        const Orders &orders, uint64_t argument);

} // namespace refkernel
