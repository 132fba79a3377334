// SPDX-License-Identifier: MIT OR Apache-2.0
// A sorted list is enough: processes have some dozens of areas, and every call walks to its place once.
#include "refkernel/mm/area_list.h"
#include "refkernel/lib/alloc.h"

namespace refkernel {
namespace {

constexpr uintptr_t kLowestMapping = 0x10000; // null pointers and small offsets from them stay faults

bool continues(const Area &left, const Area &right) {
  return left.end == right.start && left.prot == right.prot && left.shared == right.shared &&
         left.never_writable == right.never_writable && left.source.get() == right.source.get() &&
         left.at_fork == right.at_fork &&
         (!left.source || left.offset + (left.end - left.start) == right.offset);
}

} // namespace

AreaList::~AreaList() { remove(0, UINTPTR_MAX); }

Area *AreaList::find(uintptr_t address) const {
  for (Area *area = first_; area && area->start <= address; area = area->next)
    if (address < area->end)
      return area;
  return nullptr;
}

Area *AreaList::find_overlap(uintptr_t start, uintptr_t end) const {
  for (Area *area = first_; area && area->start < end; area = area->next)
    if (area->end > start)
      return area;
  return nullptr;
}

bool AreaList::covers(uintptr_t start, uintptr_t end) const {
  for (Area *area = find(start); area && area->start <= start; area = area->next) {
    if (area->end >= end)
      return true;
    start = area->end;
  }
  return false;
}

uintptr_t AreaList::find_gap(size_t length, uintptr_t limit) const {
  uintptr_t best = 0, gap_start = kLowestMapping;
  for (Area *area = first_;; area = area->next) {
    uintptr_t gap_end = area && area->start < limit ? area->start : limit;
    if (gap_end > gap_start && gap_end - gap_start >= length)
      best = gap_end - length;
    if (!area || area->start >= limit)
      return best;
    gap_start = area->end > gap_start ? area->end : gap_start;
  }
}

kbpf::Result<void> AreaList::insert(const Area &area) {
  Area *before = nullptr, *after = first_;
  while (after && after->start < area.start) {
    before = after;
    after = after->next;
  }
  if (before && continues(*before, area)) {
    before->end = area.end;
    return {};
  }
  Area *added = try_make<Area>(area);
  if (!added)
    return kbpf::Error::no_memory;
  added->next = after;
  (before ? before->next : first_) = added;
  return {};
}

kbpf::Result<void> AreaList::split_at(uintptr_t address) {
  Area *area = find(address);
  if (!area || area->start == address)
    return {};
  Area *upper = try_make<Area>(*area);
  if (!upper)
    return kbpf::Error::no_memory;
  upper->start = address;
  upper->offset += address - area->start;
  area->end = address;
  area->next = upper;
  return {};
}

kbpf::Result<void> AreaList::split(uintptr_t start, uintptr_t end) {
  KBPF_TRY(split_at(start));
  return split_at(end);
}

void AreaList::remove(uintptr_t start, uintptr_t end) {
  Area **link = &first_;
  while (Area *area = *link) {
    if (area->start >= start && area->end <= end) {
      *link = area->next;
      destroy(area);
    } else {
      link = &area->next;
    }
  }
}

kbpf::Result<void> AreaList::copy_from(const AreaList &other) {
  Area **link = &first_;
  for (Area *area = other.first_; area; area = area->next) {
    Area *copy = try_make<Area>(*area);
    if (!copy)
      return kbpf::Error::no_memory;
    copy->next = nullptr;
    *link = copy;
    link = &copy->next;
  }
  return {};
}

} // namespace refkernel
