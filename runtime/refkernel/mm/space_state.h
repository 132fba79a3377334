// SPDX-License-Identifier: MIT OR Apache-2.0
// Inside of AddressSpace: what address_space.cpp (the calls) and user_pages.cpp (the page table) share.
#pragma once
#include "refkernel/mm/area_list.h"
#include "refkernel/mm/page_table.h"
#include "refkernel/sched/sync.h"
#include <atomic>

namespace refkernel {

struct AddressSpace::State {
  Mutex lock; // guards everything but harts
  Pte *root = nullptr;
  AreaList areas;
  uintptr_t break_start = 0, break_end = 0;
  std::atomic<uint64_t> resident{0}, peak{0}, faults{0}; // see Usage; changed under the lock only
  std::atomic<uint64_t> harts{0}; // firmware mask of those that have the page table loaded

  ~State();

  // The page at address, made present where needed; area contains address. for_write: it is this space's own.
  // Errors: out_of_range, no_memory.
  kbpf::Result<Page *> page_at(const Area &area, uintptr_t address, bool for_write);
  void count_pages(int64_t more); // that are present now
  void drop_pages(uintptr_t start, uintptr_t end);
  void apply_protection(const Area &area, uintptr_t start, uintptr_t end);
  kbpf::Result<void> move_pages(uintptr_t from, uintptr_t to, size_t length);
  kbpf::Result<void> share_pages_with(State &child);
  void flush(uintptr_t start, uintptr_t end);
  void sync_icaches();
};

} // namespace refkernel
