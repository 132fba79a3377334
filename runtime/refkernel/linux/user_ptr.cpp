// SPDX-License-Identifier: MIT OR Apache-2.0
// Moving bytes across the pieces of an IoCursor.
#include "refkernel/linux/user_ptr.h"
#include <algorithm>
#include <cstring>

namespace refkernel {

void IoCursor::next_piece() {
  while (single_.length == 0 && pieces_ && remaining_)
    single_ = *pieces_++;
}

SysResult<void> IoCursor::move(void *memory, size_t size, bool to_user) {
  auto *bytes = static_cast<std::byte *>(memory);
  size = std::min(size, remaining_);
  while (size) {
    size_t count = std::min(size, size_t{single_.length});
    void *in_kernel = reinterpret_cast<void *>(single_.base);
    if (in_kernel_)
      memcpy(to_user ? in_kernel : bytes, to_user ? bytes : in_kernel, count);
    else if (to_user ? !copy_to_user(single_.base, bytes, count)
                     : !copy_from_user(bytes, single_.base, count))
      return Errno::efault;
    bytes += count;
    size -= count;
    single_.base += count;
    single_.length -= count;
    remaining_ -= count;
    done_ += count;
    next_piece();
  }
  return {};
}

} // namespace refkernel
