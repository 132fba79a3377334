// SPDX-License-Identifier: MIT OR Apache-2.0
// Page frames: a buddy allocator over all RAM, and a reference count for each frame so that address spaces
// and files can share it. Every function works with interrupts off.
#pragma once
#include "refkernel/mm/layout.h"
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace refkernel {

struct Page {
  std::atomic<uint32_t> references;
  // The allocator's own; of a slab page, the heap's.
  uint8_t order; // of the block that begins here: 2^order pages
  bool is_free;
  Page *previous, *next;
  void *slab_free;
  uint32_t slab_used;
};

constexpr unsigned kMaxOrder = 12; // 16 MiB

// One page with one reference, or null. zeroed: filled with zero bytes.
Page *allocate_page(bool zeroed);
void acquire_page(Page *page);
void release_page(Page *page); // the last reference frees it

// 2^order contiguous pages, uninitialised, with one reference on the first; null where there are none.
Page *allocate_block(unsigned order);
void free_block(Page *first);

void *page_address(const Page *page); // in the direct map
uintptr_t page_physical(const Page *page);
Page *page_of(const void *direct_map_address);
Page *page_of_physical(uintptr_t physical); // null where it is no RAM that the allocator manages

size_t free_pages();
size_t total_pages();

// At boot. Ranges are physical and page-aligned; memory outside of them stays untouched.
struct MemoryRange {
  uintptr_t start, end;
};
void init_pages(const MemoryRange *usable, size_t count);

} // namespace refkernel
