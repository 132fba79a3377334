// SPDX-License-Identifier: MIT OR Apache-2.0
// A buddy allocator: free blocks of 2^order pages, aligned to their size, in one list per order. Taking one
// splits a larger block; giving one back merges it with its buddy (the block whose index differs in bit
// `order`) while that is free too.
#include "refkernel/mm/pages.h"
#include "refkernel/mm/fail_nth.h"
#include "refkernel/sched/sync.h"
#include <cstring>

namespace refkernel {
namespace {

Page *frames; // one for each page from first_frame on
size_t frame_count;
uintptr_t first_frame; // physical
Page *free_lists[kMaxOrder + 1];
size_t free_count, managed_count;
SpinLock pages_lock; // guards all of the above

size_t index_of(const Page *page) { return static_cast<size_t>(page - frames); }

void push(Page *page, unsigned order) {
  page->is_free = true;
  page->order = static_cast<uint8_t>(order);
  page->previous = nullptr;
  page->next = free_lists[order];
  if (page->next)
    page->next->previous = page;
  free_lists[order] = page;
}

void remove(Page *page) {
  page->is_free = false;
  if (page->previous)
    page->previous->next = page->next;
  else
    free_lists[page->order] = page->next;
  if (page->next)
    page->next->previous = page->previous;
}

void insert_merged(Page *page, unsigned order) {
  free_count += 1ul << order;
  for (; order < kMaxOrder; order++) {
    size_t buddy = index_of(page) ^ (1ul << order);
    if (buddy >= frame_count || !frames[buddy].is_free || frames[buddy].order != order)
      break;
    remove(&frames[buddy]);
    page = &frames[index_of(page) & ~(1ul << order)];
  }
  push(page, order);
}

void add_range(uintptr_t start, uintptr_t end) {
  while (start < end) {
    size_t index = (start - first_frame) / kPageSize;
    unsigned order = 0;
    while (order < kMaxOrder && index % (2ul << order) == 0 && start + (kPageSize << (order + 1)) <= end)
      order++;
    push(&frames[index], order);
    free_count += 1ul << order;
    start += kPageSize << order;
  }
}

} // namespace

void init_pages(const MemoryRange *usable, size_t count) {
  uintptr_t last = 0;
  const MemoryRange *largest = nullptr;
  first_frame = UINTPTR_MAX;
  for (size_t i = 0; i < count; i++) {
    first_frame = usable[i].start < first_frame ? usable[i].start : first_frame;
    last = usable[i].end > last ? usable[i].end : last;
    if (!largest || usable[i].end - usable[i].start > largest->end - largest->start)
      largest = &usable[i];
  }
  if (!largest)
    return;
  // The frames' own table comes from the largest range.
  first_frame = align_down(first_frame, kPageSize << kMaxOrder);
  frame_count = (last - first_frame) / kPageSize;
  size_t table_size = align_up(frame_count * sizeof(Page), kPageSize);
  frames = static_cast<Page *>(to_direct(largest->start));
  memset(static_cast<void *>(frames), 0, table_size);
  for (size_t i = 0; i < count; i++)
    add_range(&usable[i] == largest ? usable[i].start + table_size : usable[i].start, usable[i].end);
  managed_count = free_count;
}

Page *allocate_block(unsigned order) {
  if (order > kMaxOrder || allocation_fails())
    return nullptr;
  SpinGuard guard(pages_lock);
  unsigned found = order;
  while (found <= kMaxOrder && !free_lists[found])
    found++;
  if (found > kMaxOrder)
    return nullptr;
  Page *page = free_lists[found];
  remove(page);
  while (found > order) {
    found--;
    push(page + (1ul << found), found);
  }
  page->order = static_cast<uint8_t>(order);
  page->references.store(1, std::memory_order_relaxed);
  free_count -= 1ul << order;
  return page;
}

void free_block(Page *first) {
  SpinGuard guard(pages_lock);
  insert_merged(first, first->order);
}

Page *allocate_page(bool zeroed) {
  Page *page = allocate_block(0);
  if (page && zeroed)
    memset(page_address(page), 0, kPageSize);
  return page;
}

void acquire_page(Page *page) { page->references.fetch_add(1, std::memory_order_relaxed); }

void release_page(Page *page) {
  if (page->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
    free_block(page);
}

uintptr_t page_physical(const Page *page) { return first_frame + index_of(page) * kPageSize; }
void *page_address(const Page *page) { return to_direct(page_physical(page)); }
Page *page_of(const void *direct_map_address) {
  return &frames[(direct_to_physical(direct_map_address) - first_frame) / kPageSize];
}

Page *page_of_physical(uintptr_t physical) {
  if (physical < first_frame || (physical - first_frame) / kPageSize >= frame_count)
    return nullptr;
  return &frames[(physical - first_frame) / kPageSize];
}

size_t free_pages() {
  SpinGuard guard(pages_lock);
  return free_count;
}
size_t total_pages() { return managed_count; }

} // namespace refkernel
