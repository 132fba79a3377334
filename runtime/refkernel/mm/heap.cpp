// SPDX-License-Identifier: MIT OR Apache-2.0
// Small objects live in slabs: pages cut into pieces of one size, each page with a list of its free pieces.
// Pages that have free pieces are linked per size. From half a page on, whole blocks of the page allocator
// serve. Callers tell the size again when they free, so no piece needs a header.
#include "refkernel/lib/alloc.h"
#include "refkernel/mm/fail_nth.h"
#include "refkernel/mm/pages.h"
#include "refkernel/sched/sync.h"
#include <bit>
#include <cstdint>
#include <iterator>

namespace refkernel {
namespace {

constexpr uint16_t kSizes[] = {16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048};
constexpr size_t kLargest = 2048;

struct SizeClass {
  SpinLock lock;
  Page *partial = nullptr; // pages with at least one free piece
};
SizeClass classes[std::size(kSizes)];

struct FreePiece {
  FreePiece *next;
};

// Pieces are aligned as their size is, so an alignment above the smallest asks for a power of two.
size_t effective_size(size_t size, size_t align) {
  if (align <= 16)
    return size;
  return std::bit_ceil(size > align ? size : align);
}

unsigned class_of(size_t size) {
  unsigned index = 0;
  while (kSizes[index] < size)
    index++;
  return index;
}

unsigned order_of(size_t size) {
  size_t pages = (size + kPageSize - 1) / kPageSize;
  return static_cast<unsigned>(std::bit_width(pages - 1));
}

void link(SizeClass &size_class, Page *page) {
  page->previous = nullptr;
  page->next = size_class.partial;
  if (page->next)
    page->next->previous = page;
  size_class.partial = page;
}

void unlink(SizeClass &size_class, Page *page) {
  if (page->previous)
    page->previous->next = page->next;
  else
    size_class.partial = page->next;
  if (page->next)
    page->next->previous = page->previous;
}

Page *make_slab(unsigned index) {
  Page *page = allocate_page(false);
  if (!page)
    return nullptr;
  char *base = static_cast<char *>(page_address(page));
  FreePiece *list = nullptr;
  for (size_t at = kPageSize / kSizes[index] * kSizes[index]; at > 0; at -= kSizes[index]) {
    FreePiece *piece = reinterpret_cast<FreePiece *>(base + at - kSizes[index]);
    piece->next = list;
    list = piece;
  }
  page->slab_free = list;
  page->slab_used = 0;
  return page;
}

} // namespace

void *heap_allocate(size_t size, size_t align) {
  if (size > SIZE_MAX / 4 || align > kPageSize << kMaxOrder || allocation_fails())
    return nullptr;
  size_t effective = effective_size(size ? size : 1, align);
  if (effective > kLargest) {
    unsigned order = order_of(effective);
    Page *block = order <= kMaxOrder ? allocate_block(order) : nullptr;
    return block ? page_address(block) : nullptr;
  }
  unsigned index = class_of(effective);
  SizeClass &size_class = classes[index];
  SpinGuard guard(size_class.lock);
  if (!size_class.partial) {
    Page *page = make_slab(index);
    if (!page)
      return nullptr;
    link(size_class, page);
  }
  Page *page = size_class.partial;
  FreePiece *piece = static_cast<FreePiece *>(page->slab_free);
  page->slab_free = piece->next;
  page->slab_used++;
  if (!page->slab_free)
    unlink(size_class, page);
  return piece;
}

void heap_free(void *memory, size_t size, size_t align) {
  if (!memory)
    return;
  Page *page = page_of(memory);
  size_t effective = effective_size(size ? size : 1, align);
  if (effective > kLargest) {
    free_block(page);
    return;
  }
  SizeClass &size_class = classes[class_of(effective)];
  SpinGuard guard(size_class.lock);
  FreePiece *piece = static_cast<FreePiece *>(memory);
  bool was_full = !page->slab_free;
  piece->next = static_cast<FreePiece *>(page->slab_free);
  page->slab_free = piece;
  page->slab_used--;
  if (was_full)
    link(size_class, page);
  // An empty page goes back, unless it is the only one: it would soon be wanted again.
  if (page->slab_used == 0 && (size_class.partial != page || page->next)) {
    unlink(size_class, page);
    release_page(page);
  }
}

} // namespace refkernel
