// SPDX-License-Identifier: MIT OR Apache-2.0
// Pipes and FIFOs: 64 KiB between writers and readers; writes of up to 4096 bytes are not torn.
#pragma once
#include "refkernel/linux/fs/inode.h"

namespace refkernel {

struct PipeEnds {
  Ref<File> reader, writer;
};
SysResult<PipeEnds> make_pipe(uint32_t flags);

} // namespace refkernel
