// SPDX-License-Identifier: MIT OR Apache-2.0
// What the kernel's heap stands on, for tests on the host: 16 MiB of page frames, handed out whole.
#pragma once
#include <cstddef>

namespace refkernel {
size_t host_pages_in_use();
void host_limit_pages(size_t limit); // allocations beyond fail
} // namespace refkernel
