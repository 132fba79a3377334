// SPDX-License-Identifier: MIT OR Apache-2.0
// The faulting copies of user_copy.S, and where execution goes on after a fault in one.
#pragma once
#include "refkernel/mm/layout.h"
#include <cstddef>
#include <cstdint>

namespace refkernel {

extern "C" size_t copy_guarded(void *to, const void *from, size_t size); // the number of bytes not copied
extern "C" size_t copy_guarded_user(void *to, const void *from,
                                    size_t size);                   // the same, user memory in reach
extern "C" int load_guarded_u32(uint32_t *to, uintptr_t user_from); // 0 or -1
extern "C" int exchange_guarded_u32(uintptr_t address, uint32_t *expected, uint32_t desired); // 0 or -1

inline bool is_user_range(uintptr_t address, size_t size) {
  return address < kUserEnd && size <= kUserEnd - address;
}
// User memory of the current thread, with page faults taken as usual: false where any byte is not accessible.
// A kernel access to user memory by any other way is a fault of the kernel.
inline bool copy_from_user(void *to, uintptr_t from, size_t size) {
  return is_user_range(from, size) && copy_guarded_user(to, reinterpret_cast<const void *>(from), size) == 0;
}
inline bool copy_to_user(uintptr_t to, const void *from, size_t size) {
  return is_user_range(to, size) && copy_guarded_user(reinterpret_cast<void *>(to), from, size) == 0;
}

// The fix-up for a fault at pc, or 0.
uintptr_t find_exception_fixup(uintptr_t pc);

} // namespace refkernel
