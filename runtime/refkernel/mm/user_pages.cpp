// SPDX-License-Identifier: MIT OR Apache-2.0
// The lower half of a user page table. An entry that is not zero owns one reference on its page; kPteValid
// says whether the hardware may use it (PROT_NONE keeps pages without). Private pages with more than one
// reference are never writable: the first write copies them.
#include "refkernel/machine/csr.h"
#include "refkernel/machine/sbi.h"
#include "refkernel/mm/kernel_map.h"
#include "refkernel/mm/pages.h"
#include "refkernel/mm/space_state.h"
#include "refkernel/sched/hart.h"
#include <cstring>

namespace refkernel {
namespace {

Pte protection_flags(uint32_t prot, bool writable) {
  Pte flags = kPteUserPage;
  if (prot & (kProtRead | kProtWrite | kProtExec))
    flags |= kPteRead; // write without read is reserved, execute without read no one expects
  else
    flags &= ~static_cast<Pte>(kPteValid);
  if (prot & kProtWrite && writable)
    flags |= kPteWrite;
  if (prot & kProtExec)
    flags |= kPteExec;
  return flags;
}

Page *page_of_pte(Pte entry) { return page_of_physical(pte_physical(entry)); }

// Calls visit(entry, address) for each entry in [start, end) that is not zero.
template <typename Visit> void for_each_present(Pte *root, uintptr_t start, uintptr_t end, Visit visit) {
  constexpr uintptr_t kTableSpan = kPageSize * kTableEntries, kGigabyte = kTableSpan * kTableEntries;
  for (uintptr_t at = start; at < end;) {
    Pte upper = root[table_index(at, 2)];
    if (!(upper & kPteValid)) {
      at = align_down(at, kGigabyte) + kGigabyte;
      continue;
    }
    Pte middle = table_of(upper)[table_index(at, 1)];
    uintptr_t table_end = align_down(at, kTableSpan) + kTableSpan;
    if (!(middle & kPteValid)) {
      at = table_end;
      continue;
    }
    Pte *table = table_of(middle);
    for (; at < end && at < table_end; at += kPageSize)
      if (Pte &entry = table[table_index(at, 0)])
        visit(entry, at);
  }
}

void free_tables(Pte *table, unsigned level, size_t entries) {
  for (size_t i = 0; i < entries; i++)
    if (table[i] & kPteValid && level) {
      free_tables(table_of(table[i]), level - 1, kTableEntries);
    }
  release_page(page_of(table));
}

Page *copy_page(Page *from) {
  Page *page = allocate_page(false);
  if (page)
    memcpy(page_address(page), page_address(from), kPageSize);
  return page;
}

} // namespace

AddressSpace::State::~State() {
  if (!root)
    return;
  drop_pages(0, kUserEnd);
  free_tables(root, 2, kTableEntries / 2);
}

void AddressSpace::State::flush(uintptr_t start, uintptr_t end) {
  uintptr_t irq = irq_save();
  uint64_t users = harts.load(), self = firmware_mask(this_hart());
  if (users & self) {
    if (end - start == kPageSize)
      flush_tlb_page(start);
    else
      flush_tlb();
  }
  if (users & ~self)
    sbi_remote_sfence_vma(users & ~self, start, end - start);
  irq_restore(irq);
}

// Instructions were written as data. Harts that take up this space later do their own fence.i (activate()).
void AddressSpace::State::sync_icaches() {
  uintptr_t irq = irq_save();
  asm volatile("fence rw, rw" ::: "memory");
  flush_icache();
  if (uint64_t others = harts.load() & ~firmware_mask(this_hart()))
    sbi_remote_fence_i(others);
  irq_restore(irq);
}

kbpf::Result<Page *> AddressSpace::State::page_at(const Area &area, uintptr_t address, bool for_write) {
  address = align_down(address, kPageSize);
  Pte *entry = find_pte(root, address, 0, true);
  if (!entry)
    return kbpf::Error::no_memory;

  bool was_present = *entry, own;
  Page *page;
  if (was_present) {
    page = page_of_pte(*entry);
    own = area.shared || page->references.load(std::memory_order_acquire) == 1;
  } else if (!area.source) {
    page = allocate_page(true);
    own = true;
  } else {
    page = KBPF_TRY(area.source->page(area.page_index(address)));
    own = area.shared;
  }
  if (page && for_write && !own) {
    Page *copy = copy_page(page);
    if (copy || !was_present)
      release_page(page);
    page = copy;
    own = true;
  }
  if (!page)
    return kbpf::Error::no_memory;

  Pte wanted = make_pte(page_physical(page), protection_flags(area.prot, own));
  Pte before = *entry;
  if (before == wanted) {
    flush(address, address + kPageSize); // a stale entry of a TLB made this fault
    return page;
  }
  std::atomic_ref(*entry).store(wanted, std::memory_order_release);
  if (was_present) {
    flush(address, address + kPageSize);
    return page;
  }
  count_pages(1);
  faults.store(faults.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  // Another hart that has cached the invalid entry takes one more fault, and finds the entry as it wants it.
  flush_tlb_page(address);
  if (wanted & kPteExec)
    sync_icaches();
  return page;
}

void AddressSpace::State::count_pages(int64_t more) {
  const uint64_t now = resident.load(std::memory_order_relaxed) + static_cast<uint64_t>(more);
  resident.store(now, std::memory_order_relaxed);
  if (now > peak.load(std::memory_order_relaxed))
    peak.store(now, std::memory_order_relaxed);
}

void AddressSpace::State::drop_pages(uintptr_t start, uintptr_t end) {
  // Pages are given back only after no TLB knows them, in batches.
  constexpr size_t kBatch = 64;
  Page *batch[kBatch];
  size_t count = 0;
  auto settle = [&] {
    if (count)
      flush(start, end);
    count_pages(-static_cast<int64_t>(count));
    for (size_t i = 0; i < count; i++)
      release_page(batch[i]);
    count = 0;
  };
  for_each_present(root, start, end, [&](Pte &entry, uintptr_t) {
    batch[count++] = page_of_pte(entry);
    entry = 0;
    if (count == kBatch)
      settle();
  });
  settle();
}

void AddressSpace::State::apply_protection(const Area &area, uintptr_t start, uintptr_t end) {
  bool any_newly_executable = false;
  for_each_present(root, start, end, [&](Pte &entry, uintptr_t) {
    bool own = area.shared || page_of_pte(entry)->references.load(std::memory_order_acquire) == 1;
    bool newly_executable = area.prot & kProtExec && !(entry & kPteExec);
    entry = make_pte(pte_physical(entry), protection_flags(area.prot, own));
    any_newly_executable |= newly_executable;
  });
  flush(start, end);
  if (any_newly_executable)
    sync_icaches();
}

kbpf::Result<void> AddressSpace::State::move_pages(uintptr_t from, uintptr_t to, size_t length) {
  // Tables first, so that nothing can fail half-way.
  for (uintptr_t at = 0; at < length; at += kPageSize)
    if (!find_pte(root, to + at, 0, true))
      return kbpf::Error::no_memory;
  for_each_present(root, from, from + length, [&](Pte &entry, uintptr_t address) {
    *find_pte(root, to + (address - from), 0, false) = entry;
    entry = 0;
  });
  flush(from, from + length);
  return {};
}

kbpf::Result<void> AddressSpace::State::share_pages_with(State &child) {
  bool complete = true;
  for (Area *area = areas.first(); area; area = area->next) {
    if (area->at_fork != AtFork::copy)
      continue;
    for_each_present(root, area->start, area->end, [&](Pte &entry, uintptr_t address) {
      Pte *copy = complete ? find_pte(child.root, address, 0, true) : nullptr;
      if (!copy) {
        complete = false;
        return;
      }
      if (!area->shared)
        entry &= ~static_cast<Pte>(kPteWrite);
      acquire_page(page_of_pte(entry));
      *copy = entry;
      child.count_pages(1);
    });
  }
  flush(0, kUserEnd);
  if (!complete)
    return kbpf::Error::no_memory;
  return {};
}

} // namespace refkernel
