// SPDX-License-Identifier: MIT OR Apache-2.0
// The kernel's half of the Sv39 address space. User space has the lower half.
//
//   ffffffc0_00000000  direct map: physical address p is at kDirectMap + p (RAM and devices)
//   fffffff0_00000000  kernel stacks, each below a guard of its own size
//   ffffffff_80200000  kernel image: text R-X, rodata R--, data RW-, symbols R--
//   ffffffff_90000000  pages for BPF machine code, within 2 GiB of the text
//   ffffffff_bfe00000  one page to write read-only text through
#pragma once
#include <cstddef>
#include <cstdint>

namespace refkernel {

constexpr size_t kPageSize = 4096;
constexpr uintptr_t kUserEnd = 0x40'0000'0000; // first address past user space

constexpr uintptr_t kDirectMap = 0xffff'ffc0'0000'0000;
constexpr uintptr_t kDirectMapSize = 64ull << 30;
constexpr uintptr_t kStackArea = 0xffff'fff0'0000'0000;
constexpr size_t kStackAreaSize = 1ull << 30;
constexpr uintptr_t kImageOffset = 0xffff'ffff'0000'0000; // virtual minus physical address of the image
constexpr uintptr_t kCodeArea = 0xffff'ffff'9000'0000;
constexpr size_t kCodeAreaSize = 256ull << 20;
constexpr uintptr_t kTextWindow = 0xffff'ffff'bfe0'0000;

// A stack is the upper half of a slot of twice its size, so one bit of sp tells the guard from the stack
// (trap.S).
constexpr size_t kStackSize = 32 * 1024;

constexpr uintptr_t align_down(uintptr_t value, size_t align) { return value & ~(align - 1); }
constexpr uintptr_t align_up(uintptr_t value, size_t align) { return (value + align - 1) & ~(align - 1); }

inline void *to_direct(uintptr_t physical) { return reinterpret_cast<void *>(kDirectMap + physical); }
inline uintptr_t direct_to_physical(const void *address) {
  return reinterpret_cast<uintptr_t>(address) - kDirectMap;
}

} // namespace refkernel
