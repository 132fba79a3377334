// SPDX-License-Identifier: MIT OR Apache-2.0
// Who attached a program.
#pragma once
#include <cstdint>

namespace kbpf {

// A program may be at one place once for each owner.
struct AttachOwner {
  const void *object = nullptr; // a link or an event; null: attached by name
  uint64_t cookie = 0;          // the program's to ask for: bpf_get_attach_cookie
};

} // namespace kbpf
