// SPDX-License-Identifier: MIT OR Apache-2.0
// Linux's memory calls on areas and pages.
#include "refkernel/mm/address_space.h"
#include "refkernel/lib/alloc.h"
#include "refkernel/machine/csr.h"
#include "refkernel/mm/kernel_map.h"
#include "refkernel/mm/pages.h"
#include "refkernel/mm/shared_memory.h"
#include "refkernel/mm/space_state.h"
#include "refkernel/sched/hart.h"
#include <cstring>

namespace refkernel {

using kbpf::Error;
using kbpf::Result;

namespace {

constexpr uintptr_t kMappingLimit = 0x3f'0000'0000; // mappings without an address go below

bool is_user_pages(uintptr_t address, size_t length) {
  return address % kPageSize == 0 && address < kUserEnd && length <= kUserEnd - address;
}

bool allows(uint32_t prot, AddressSpace::Access access) {
  switch (access) {
  case AddressSpace::Access::read:
    return prot != 0;
  case AddressSpace::Access::write:
    return prot & kProtWrite;
  case AddressSpace::Access::execute:
    return prot & kProtExec;
  }
  return false;
}

} // namespace

AddressSpace *new_address_space() {
  void *memory = heap_allocate(sizeof(AddressSpace), alignof(AddressSpace));
  return memory ? new (memory) AddressSpace : nullptr;
}

Result<Ref<AddressSpace>> AddressSpace::create() {
  Ref<AddressSpace> space = Ref<AddressSpace>::adopt(new_address_space());
  if (!space || !(space->state_ = try_make<State>()))
    return Error::no_memory;
  Page *root = allocate_page(true);
  if (!root)
    return Error::no_memory;
  space->state_->root = static_cast<Pte *>(page_address(root));
  copy_kernel_half(space->state_->root);
  return space;
}

AddressSpace::~AddressSpace() { destroy(state_); }

Result<Ref<AddressSpace>> AddressSpace::fork() {
  Ref<AddressSpace> child = KBPF_TRY(create());
  MutexGuard guard(state_->lock);
  KBPF_TRY(child->state_->areas.copy_from(state_->areas));
  KBPF_TRY(state_->share_pages_with(*child->state_));
  for (Area *area = state_->areas.first(); area; area = area->next)
    if (area->at_fork == AtFork::leave)
      child->state_->areas.remove(area->start, area->end);
  child->state_->break_start = state_->break_start;
  child->state_->break_end = state_->break_end;
  return child;
}

Result<uintptr_t> AddressSpace::map(const MapRequest &request) {
  if (!request.length || request.length > kUserEnd || request.source_offset % kPageSize)
    return Error::invalid;
  size_t length = align_up(request.length, kPageSize);
  Area area{.start = request.address,
            .end = 0,
            .prot = request.prot,
            .shared = request.shared,
            .never_writable = request.never_writable,
            .source = request.source,
            .offset = request.source_offset};
  if (area.shared && !area.source)
    area.source = KBPF_TRY(create_shared_memory(length));

  MutexGuard guard(state_->lock);
  AreaList &areas = state_->areas;
  if (request.fixed) {
    if (!is_user_pages(area.start, length))
      return area.start % kPageSize ? Error::invalid : Error::no_memory;
    if (areas.find_overlap(area.start, area.start + length)) {
      if (request.no_replace)
        return Error::already_exists;
      KBPF_TRY(areas.split(area.start, area.start + length));
      areas.remove(area.start, area.start + length);
      state_->drop_pages(area.start, area.start + length);
    }
  } else {
    area.start = align_down(area.start, kPageSize);
    if (!area.start || !is_user_pages(area.start, length) ||
        areas.find_overlap(area.start, area.start + length))
      area.start = areas.find_gap(length, kMappingLimit);
    if (!area.start)
      return Error::no_memory;
  }
  area.end = area.start + length;
  KBPF_TRY(areas.insert(area));
  return area.start;
}

Result<void> AddressSpace::unmap(uintptr_t address, size_t length) {
  length = align_up(length, kPageSize);
  if (!length || !is_user_pages(address, length))
    return Error::invalid;
  MutexGuard guard(state_->lock);
  KBPF_TRY(state_->areas.split(address, address + length));
  state_->areas.remove(address, address + length);
  state_->drop_pages(address, address + length);
  return {};
}

Result<void> AddressSpace::discard(uintptr_t address, size_t length) {
  length = align_up(length, kPageSize);
  if (!is_user_pages(address, length))
    return Error::no_memory;
  MutexGuard guard(state_->lock);
  if (!state_->areas.covers(address, address + length))
    return Error::no_memory;
  state_->drop_pages(address, address + length);
  return {};
}

Result<void> AddressSpace::protect(uintptr_t address, size_t length, uint32_t prot) {
  length = align_up(length, kPageSize);
  if (address % kPageSize)
    return Error::invalid;
  if (!length)
    return {};
  if (!is_user_pages(address, length))
    return Error::no_memory;
  MutexGuard guard(state_->lock);
  if (!state_->areas.covers(address, address + length))
    return Error::no_memory;
  for (Area *area = state_->areas.find(address); area && area->start < address + length; area = area->next)
    if (prot & kProtWrite && area->never_writable)
      return Error::access_denied;
  KBPF_TRY(state_->areas.split(address, address + length));
  for (Area *area = state_->areas.find(address); area && area->start < address + length; area = area->next) {
    area->prot = prot;
    state_->apply_protection(*area, area->start, area->end);
  }
  return {};
}

Result<uintptr_t> AddressSpace::remap(uintptr_t old_address, size_t old_length, size_t new_length,
                                      const Remap &how) {
  old_length = align_up(old_length, kPageSize);
  if (!new_length || new_length > kUserEnd || !old_length || !is_user_pages(old_address, old_length))
    return Error::invalid;
  new_length = align_up(new_length, kPageSize);
  const bool overlaps = how.target < old_address + old_length && old_address < how.target + new_length;
  if (how.fixed && (!is_user_pages(how.target, new_length) || overlaps))
    return Error::invalid;
  MutexGuard guard(state_->lock);
  AreaList &areas = state_->areas;
  uintptr_t old_end = old_address + old_length;
  Area *area = areas.find(old_address);
  if (!area || area->end < old_end)
    return Error::bad_address;
  if (how.keep && (area->source || area->shared))
    return Error::invalid;
  if (how.fixed) {
    KBPF_TRY(areas.split(how.target, how.target + new_length));
    areas.remove(how.target, how.target + new_length);
    state_->drop_pages(how.target, how.target + new_length);
  }
  if (new_length < old_length) {
    KBPF_TRY(areas.split(old_address + new_length, old_end));
    areas.remove(old_address + new_length, old_end);
    state_->drop_pages(old_address + new_length, old_end);
    old_end = old_address + new_length;
    old_length = new_length;
  }
  const bool must_move = how.fixed || how.keep;
  if (new_length == old_length && !must_move)
    return old_address;
  KBPF_TRY(areas.split(old_address, old_end));
  area = areas.find(old_address);
  uintptr_t new_end = old_address + new_length;
  if (!must_move && is_user_pages(old_address, new_length) && !areas.find_overlap(old_end, new_end)) {
    area->end = new_end;
    return old_address;
  }
  if (!how.may_move)
    return Error::no_memory;
  Area moved = *area;
  moved.next = nullptr;
  moved.start = how.fixed ? how.target : areas.find_gap(new_length, kMappingLimit);
  if (!moved.start && !how.fixed)
    return Error::no_memory;
  moved.end = moved.start + new_length;
  KBPF_TRY(state_->move_pages(old_address, moved.start, old_length));
  if (auto inserted = areas.insert(moved); !inserted.ok()) {
    KBPF_TRY(state_->move_pages(moved.start, old_address, old_length)); // all tables exist: can't fail
    return inserted.error();
  }
  if (!how.keep)
    areas.remove(old_address, old_end);
  return moved.start;
}

Result<void> AddressSpace::set_at_fork(uintptr_t address, size_t length, AtFork what) {
  length = align_up(length, kPageSize);
  if (!is_user_pages(address, length))
    return Error::no_memory;
  MutexGuard guard(state_->lock);
  if (!state_->areas.covers(address, address + length))
    return Error::no_memory;
  for (Area *area = state_->areas.find(address); area && area->start < address + length; area = area->next)
    if (what == AtFork::wipe && (area->source || area->shared))
      return Error::invalid;
  KBPF_TRY(state_->areas.split(address, address + length));
  for (Area *area = state_->areas.find(address); area && area->start < address + length; area = area->next)
    area->at_fork = what;
  return {};
}

void AddressSpace::set_break_start(uintptr_t address) {
  MutexGuard guard(state_->lock);
  state_->break_start = state_->break_end = align_up(address, kPageSize);
}

uintptr_t AddressSpace::set_break(uintptr_t address) {
  MutexGuard guard(state_->lock);
  uintptr_t old_break = state_->break_end;
  if (address < state_->break_start || address >= kUserEnd)
    return old_break;
  uintptr_t old_end = align_up(old_break, kPageSize), new_end = align_up(address, kPageSize);
  if (new_end > old_end) {
    Area area{.start = old_end,
              .end = new_end,
              .prot = kProtRead | kProtWrite,
              .shared = false,
              .never_writable = false,
              .source = nullptr,
              .offset = 0};
    if (state_->areas.find_overlap(old_end, new_end) || !state_->areas.insert(area).ok())
      return old_break;
  } else if (new_end < old_end) {
    if (!state_->areas.split(new_end, old_end).ok())
      return old_break;
    state_->areas.remove(new_end, old_end);
    state_->drop_pages(new_end, old_end);
  }
  state_->break_end = address;
  return address;
}

Result<void> AddressSpace::handle_fault(uintptr_t address, Access access) {
  MutexGuard guard(state_->lock);
  Area *area = state_->areas.find(address);
  if (!area || !allows(area->prot, access))
    return Error::bad_address;
  KBPF_TRY(state_->page_at(*area, address, access == Access::write));
  return {};
}

Result<void> AddressSpace::write(uintptr_t address, const void *from, size_t size, bool ignore_protection) {
  MutexGuard guard(state_->lock);
  for (size_t done = 0; done < size;) {
    uintptr_t at = address + done;
    Area *area = at >= address ? state_->areas.find(at) : nullptr;
    if (!area || (!ignore_protection && !allows(area->prot, Access::write)))
      return Error::bad_address;
    Page *page = KBPF_TRY(state_->page_at(*area, at, true));
    size_t in_page = at % kPageSize,
           chunk = kPageSize - in_page < size - done ? kPageSize - in_page : size - done;
    memcpy(static_cast<char *>(page_address(page)) + in_page, static_cast<const char *>(from) + done, chunk);
    done += chunk;
  }
  return {};
}

Result<void> AddressSpace::read(uintptr_t address, void *to, size_t size) {
  MutexGuard guard(state_->lock);
  for (size_t done = 0; done < size;) {
    uintptr_t at = address + done;
    Area *area = at >= address ? state_->areas.find(at) : nullptr;
    if (!area || !allows(area->prot, Access::read))
      return Error::bad_address;
    Page *page = KBPF_TRY(state_->page_at(*area, at, false));
    size_t in_page = at % kPageSize,
           chunk = kPageSize - in_page < size - done ? kPageSize - in_page : size - done;
    memcpy(static_cast<char *>(to) + done, static_cast<const char *>(page_address(page)) + in_page, chunk);
    done += chunk;
  }
  return {};
}

Result<uint64_t> AddressSpace::shared_frame(uintptr_t address) {
  MutexGuard guard(state_->lock);
  Area *area = state_->areas.find(address);
  if (!area || !allows(area->prot, Access::read))
    return Error::bad_address;
  if (!area->shared)
    return uint64_t{0};
  return page_physical(KBPF_TRY(state_->page_at(*area, address, false))) / kPageSize;
}

AddressSpace::Usage AddressSpace::usage() const {
  return {state_->resident.load(std::memory_order_relaxed), state_->peak.load(std::memory_order_relaxed),
          state_->faults.load(std::memory_order_relaxed)};
}

void AddressSpace::for_each_area(void (*visit)(void *user, const AreaInfo &area), void *user) {
  MutexGuard guard(state_->lock);
  for (Area *area = state_->areas.first(); area; area = area->next)
    visit(user, {area->start, area->end, area->prot, area->shared, area->offset, area->source,
                 area->start >= state_->break_start && area->start < state_->break_end});
}

void AddressSpace::activate() {
  state_->harts.fetch_or(
      firmware_mask(this_hart())); // before the first use: a flush from now on reaches this hart
  REFKERNEL_CSR_WRITE(satp, kSatpSv39 | direct_to_physical(state_->root) >> 12);
  flush_tlb();
  flush_icache();
}

void AddressSpace::deactivate() { state_->harts.fetch_and(~firmware_mask(this_hart())); }

} // namespace refkernel
