// SPDX-License-Identifier: MIT OR Apache-2.0
#include "refkernel_host.h"
#include "refkernel/mm/fail_nth.h"
#include "refkernel/mm/pages.h"
#include "refkernel/sched/sync.h"
#include <cstring>

namespace refkernel {
namespace {

constexpr size_t kFrames = 4096;
alignas(kPageSize << kMaxOrder) char memory[kFrames * kPageSize];
Page frames[kFrames];
bool taken[kFrames];
size_t in_use, page_limit = kFrames;

} // namespace

size_t host_pages_in_use() { return in_use; }
void host_limit_pages(size_t limit) { page_limit = limit; }

bool allocation_fails() { return false; } // host_limit_pages does that

// The tests run one thread.
void SpinLock::lock() {}
void SpinLock::unlock() {}

Page *allocate_block(unsigned order) {
  size_t count = 1ul << order;
  if (in_use + count > page_limit)
    return nullptr;
  for (size_t first = 0; first + count <= kFrames; first += count) {
    if (memchr(&taken[first], true, count))
      continue;
    memset(&taken[first], true, count);
    in_use += count;
    frames[first].order = static_cast<uint8_t>(order);
    return &frames[first];
  }
  return nullptr;
}

void free_block(Page *first) {
  size_t count = 1ul << first->order;
  memset(&taken[first - frames], false, count);
  in_use -= count;
}

Page *allocate_page(bool) { return allocate_block(0); }
void release_page(Page *page) { free_block(page); }
void *page_address(const Page *page) { return memory + (page - frames) * kPageSize; }
Page *page_of(const void *address) {
  return &frames[(static_cast<const char *>(address) - memory) / kPageSize];
}

} // namespace refkernel
