// SPDX-License-Identifier: MIT OR Apache-2.0
// The areas of an address space: page-aligned, disjoint, by ascending address. Says what may be there; the
// page table says what is.
#pragma once
#include "refkernel/mm/address_space.h"
#include "refkernel/mm/layout.h"

namespace refkernel {

struct Area {
  uintptr_t start, end;
  uint32_t prot;
  bool shared, never_writable;
  Ref<PageSource> source; // null: zero pages
  uint64_t offset;        // bytes into source, at start
  AddressSpace::AtFork at_fork = AddressSpace::AtFork::copy;
  Area *next = nullptr;

  uint64_t page_index(uintptr_t address) const { return (offset + (address - start)) / kPageSize; }
};

class AreaList {
public:
  ~AreaList();
  Area *first() const { return first_; }
  Area *find(uintptr_t address) const;                      // the area that contains address, or null
  Area *find_overlap(uintptr_t start, uintptr_t end) const; // the lowest one, or null
  bool covers(uintptr_t start, uintptr_t end) const;        // without a hole
  // The highest free place for length bytes below limit; 0 where there is none.
  uintptr_t find_gap(size_t length, uintptr_t limit) const;

  // Adds an area where nothing is, or lengthens a like neighbour.
  kbpf::Result<void> insert(const Area &area);
  // Cuts areas so that none crosses start or end. no_memory leaves them valid, some cut.
  kbpf::Result<void> split(uintptr_t start, uintptr_t end);
  void remove(uintptr_t start, uintptr_t end);         // after split()
  kbpf::Result<void> copy_from(const AreaList &other); // into an empty list

private:
  friend struct AreaFinder;
  kbpf::Result<void> split_at(uintptr_t address);
  Area *first_ = nullptr;
};

} // namespace refkernel
