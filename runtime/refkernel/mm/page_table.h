// SPDX-License-Identifier: MIT OR Apache-2.0
// Sv39 page tables (RISC-V Privileged Specification 4.4): three levels of 512 entries. A table is a page
// frame, reached through the direct map.
#pragma once
#include "refkernel/mm/pages.h"
#include <cstdint>

namespace refkernel {

using Pte = uint64_t;
enum : Pte {
  kPteValid = 1 << 0,
  kPteRead = 1 << 1,
  kPteWrite = 1 << 2,
  kPteExec = 1 << 3,
  kPteUser = 1 << 4,
  kPteGlobal = 1 << 5,
  kPteAccessed = 1 << 6,
  kPteDirty = 1 << 7,
};
constexpr Pte kPteFlags = 0x3ff;
// Accessed and dirty are set from the start: hardware may trap to have them set, and nothing here reads them.
constexpr Pte kPteKernel = kPteValid | kPteGlobal | kPteAccessed | kPteDirty;
constexpr Pte kPteUserPage = kPteValid | kPteUser | kPteAccessed | kPteDirty;

constexpr size_t kTableEntries = 512;
constexpr size_t kLargePage = 2ul << 20; // leaf of level 1

constexpr Pte make_pte(uintptr_t physical, Pte flags) { return physical >> 12 << 10 | flags; }
constexpr uintptr_t pte_physical(Pte entry) { return entry << 10 >> 20 << 12; }
constexpr bool is_leaf(Pte entry) { return entry & (kPteRead | kPteExec); }
constexpr size_t table_index(uintptr_t address, unsigned level) {
  return address >> (12 + 9 * level) & (kTableEntries - 1);
}

inline Pte *table_of(Pte entry) { return static_cast<Pte *>(to_direct(pte_physical(entry))); }

// The entry for address in a table of that level (0: 4 KiB pages, 1: 2 MiB). create: makes missing tables.
// Null where one is missing (or there is no memory for it), or a larger page is in the way.
Pte *find_pte(Pte *root, uintptr_t address, unsigned level, bool create);

} // namespace refkernel
