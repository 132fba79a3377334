// SPDX-License-Identifier: MIT OR Apache-2.0
// Tables are made on the way down and go with their address space.
#include "refkernel/mm/page_table.h"

namespace refkernel {

Pte *find_pte(Pte *root, uintptr_t address, unsigned level, bool create) {
  Pte *table = root;
  for (unsigned at = 2; at > level; at--) {
    Pte &entry = table[table_index(address, at)];
    if (!(entry & kPteValid)) {
      Page *page = create ? allocate_page(true) : nullptr;
      if (!page)
        return nullptr;
      // Another hart's table walk must not see the entry before the zeroes.
      std::atomic_ref(entry).store(make_pte(page_physical(page), kPteValid), std::memory_order_release);
    } else if (is_leaf(entry)) {
      return nullptr;
    }
    table = table_of(entry);
  }
  return &table[table_index(address, level)];
}

} // namespace refkernel
