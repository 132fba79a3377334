// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/memory.h"

namespace kbpf {
namespace {
constexpr size_t kBlockAlign = 16;
} // namespace

BlockSource port_block_source() {
  return {[](void *, size_t size) { return kbpf_port_alloc(size, kBlockAlign); },
          [](void *, void *block, size_t size) { kbpf_port_free(block, size, kBlockAlign); }, nullptr};
}

} // namespace kbpf
