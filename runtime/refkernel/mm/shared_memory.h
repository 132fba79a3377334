// SPDX-License-Identifier: MIT OR Apache-2.0
// Memory without a file that several processes map: the source behind MAP_SHARED | MAP_ANONYMOUS.
#pragma once
#include "refkernel/mm/address_space.h"

namespace refkernel {

kbpf::Result<Ref<PageSource>> create_shared_memory(size_t size); // zero pages, made when first touched

} // namespace refkernel
