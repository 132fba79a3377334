// SPDX-License-Identifier: MIT OR Apache-2.0
// What OBJ_GET_INFO_BY_FD tells of a link, and text that goes where the caller has room for it.
#pragma once
#include "abi/info.h"
#include "kernel/link.h"
#include "kernel/syscall/command.h"

namespace kbpf {

// Copies text, terminated, to room bytes at user: all of it, or as much as fits and then no_space. length
// becomes the whole's, terminator included where counts_end. Errors: bad_address, invalid (an address without
// room or the reverse).
Result<void> copy_text(std::string_view text, uint64_t user, uint32_t room);

// info: in, the caller's addresses and room; out, what is known.
Result<void> describe(const Link &link, kbpf_link_info &info);

} // namespace kbpf
