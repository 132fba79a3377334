// SPDX-License-Identifier: MIT OR Apache-2.0
// A table of pages by index; each has one reference of the table's, and one of every page table that maps it.
#include "refkernel/mm/shared_memory.h"
#include "refkernel/lib/alloc.h"
#include "refkernel/mm/pages.h"
#include "refkernel/sched/sync.h"
#include <cstring>

namespace refkernel {
namespace {

class SharedMemory final : public PageSource {
public:
  SharedMemory(Page **pages, size_t count) : pages_(pages), count_(count) {}
  ~SharedMemory() {
    for (size_t i = 0; i < count_; i++)
      if (pages_[i])
        release_page(pages_[i]);
    heap_free(pages_, count_ * sizeof(Page *), alignof(Page *));
  }

  kbpf::Result<Page *> page(uint64_t index) override {
    if (index >= count_)
      return kbpf::Error::out_of_range;
    MutexGuard guard(lock_);
    if (!pages_[index])
      pages_[index] = allocate_page(true);
    if (!pages_[index])
      return kbpf::Error::no_memory;
    acquire_page(pages_[index]);
    return pages_[index];
  }

  void dispose() override { free_object(this); }

private:
  Mutex lock_;
  Page **pages_;
  size_t count_;
};

} // namespace

kbpf::Result<Ref<PageSource>> create_shared_memory(size_t size) {
  size_t count = (size + kPageSize - 1) / kPageSize;
  void *table = heap_allocate(count * sizeof(Page *), alignof(Page *));
  if (!table)
    return kbpf::Error::no_memory;
  memset(table, 0, count * sizeof(Page *));
  PageSource *source = try_make<SharedMemory>(static_cast<Page **>(table), count);
  if (!source) {
    heap_free(table, count * sizeof(Page *), alignof(Page *));
    return kbpf::Error::no_memory;
  }
  return Ref<PageSource>::adopt(source);
}

} // namespace refkernel
