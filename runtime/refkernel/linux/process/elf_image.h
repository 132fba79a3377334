// SPDX-License-Identifier: MIT OR Apache-2.0
// Mapping an ELF program or dynamic loader into an address space.
#pragma once
#include "refkernel/linux/fs/inode.h"

namespace refkernel {

struct ElfImage {
  uintptr_t entry = 0, bias = 0, end = 0; // end: first page after the image, where the break starts
  uintptr_t program_headers = 0;          // address in the space, 0 where no segment holds them
  uint16_t program_header_count = 0;
  bool is_position_independent = false;
  char interpreter[256] = {}; // empty: none
};

// hint: where a position-independent image is put if that is free. Errors: enoexec, enomem, eacces (no regular file).
SysResult<ElfImage> map_elf(AddressSpace &space, Inode &inode, std::string_view path, uintptr_t hint);

} // namespace refkernel
