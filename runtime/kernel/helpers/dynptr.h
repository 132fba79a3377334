// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>

namespace kbpf::helpers {

// What stands in a program's stack, or is handed to its callback.
struct Dynptr {
  std::byte *data; // null: of nothing
  uint64_t size;
};
static_assert(sizeof(Dynptr) == 16);

constexpr uint64_t kMaxDynptrSize = (1 << 24) - 1;

} // namespace kbpf::helpers
