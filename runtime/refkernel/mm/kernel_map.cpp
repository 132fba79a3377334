// SPDX-License-Identifier: MIT OR Apache-2.0
// Built once at boot, changed only for stacks, BPF code and the window for text writes. All user page tables
// share the tables below the root, so a change here is a change everywhere.
#include "refkernel/mm/kernel_map.h"
#include "refkernel/machine/csr.h"
#include "refkernel/machine/device_tree.h"
#include "refkernel/machine/log.h"
#include "refkernel/machine/noprobe.h"
#include "refkernel/machine/sbi.h"
#include "refkernel/sched/hart.h"
#include <cstring>

extern "C" {
extern char boot_stack_guard[], image_start[], text_end[], rodata_start[], rodata_end[], image_end[];
uintptr_t kernel_satp;
}

namespace refkernel {
namespace {

alignas(kPageSize) Pte kernel_root[kTableEntries];
constexpr Pte kReadOnly = kPteKernel | kPteRead;
constexpr Pte kReadWrite = kReadOnly | kPteWrite;
constexpr Pte kReadExec = kReadOnly | kPteExec;

uintptr_t address_of(const void *symbol) { return reinterpret_cast<uintptr_t>(symbol); }

void map_or_panic(uintptr_t address, uintptr_t physical, Pte flags, unsigned level) {
  Pte *entry = find_pte(kernel_root, address, level, true);
  if (!entry)
    panic("no memory for the kernel's page table");
  *entry = make_pte(physical, flags);
}

bool in_write_protected_image(uintptr_t physical) {
  uintptr_t address = physical + kImageOffset;
  return address >= address_of(image_start) && address < address_of(rodata_end);
}

// Large pages, but small ones where the image's text and constants are: their alias here is read-only as
// well.
void map_direct(uintptr_t start, uintptr_t end) {
  start = align_down(start, kPageSize);
  uintptr_t image_first = address_of(image_start) - kImageOffset,
            image_last = address_of(rodata_end) - kImageOffset;
  while (start < end) {
    bool large = start % kLargePage == 0 && start + kLargePage <= end &&
                 (start + kLargePage <= image_first || start >= image_last);
    map_or_panic(kDirectMap + start, start, in_write_protected_image(start) ? kReadOnly : kReadWrite, large);
    start += large ? kLargePage : kPageSize;
  }
}

void map_image() {
  for (uintptr_t at = address_of(image_start); at < address_of(image_end); at += kPageSize) {
    if (at >= address_of(boot_stack_guard) && at < address_of(boot_stack_guard) + kStackSize)
      continue;
    Pte flags = at < address_of(text_end) ? kReadExec : at < address_of(rodata_end) ? kReadOnly : kReadWrite;
    map_or_panic(at, at - kImageOffset, flags, 0);
  }
}

void map_device(uintptr_t physical, size_t size) {
  if (physical)
    map_direct(physical, physical + size);
}

} // namespace

void init_kernel_map() {
  constexpr size_t kPlicSize = 4ul << 20;
  for (uint32_t i = 0; i < machine.memory_count; i++)
    map_direct(machine.memory[i].start, machine.memory[i].end);
  map_device(machine.uart, kPageSize);
  map_device(machine.plic, kPlicSize);
  map_device(machine.test_finisher, kPageSize);
  map_device(machine.rtc, kPageSize);
  map_image();
  // Tables that all address spaces share must exist before the first copy of the root.
  if (!find_pte(kernel_root, kStackArea, 1, true) || !find_pte(kernel_root, kCodeArea, 1, true) ||
      !find_pte(kernel_root, kTextWindow, 0, true))
    panic("no memory for the kernel's page table");
  kernel_satp = kSatpSv39 | (address_of(kernel_root) - kImageOffset) >> 12;
  REFKERNEL_CSR_WRITE(satp, kernel_satp);
  flush_tlb();
}

void copy_kernel_half(Pte *user_root) {
  memcpy(user_root + kTableEntries / 2, kernel_root + kTableEntries / 2, kPageSize / 2);
}

REFKERNEL_NOPROBE bool is_kernel_ram(uintptr_t address, size_t size) {
  if (address < kDirectMap || address - kDirectMap >= kDirectMapSize)
    return false;
  uintptr_t physical = address - kDirectMap;
  for (uint32_t i = 0; i < machine.memory_count; i++)
    if (physical >= machine.memory[i].start && physical < machine.memory[i].end)
      return size <= machine.memory[i].end - physical;
  return false;
}

void flush_kernel_tlb() {
  uintptr_t irq = irq_save();
  flush_tlb();
  if (uint64_t others = other_online_harts())
    sbi_remote_sfence_vma(others, 0, UINTPTR_MAX);
  irq_restore(irq);
}

REFKERNEL_NOPROBE void sync_all_icaches() {
  uintptr_t irq = irq_save();
  asm volatile("fence rw, rw" ::: "memory");
  flush_icache();
  if (uint64_t others = other_online_harts())
    sbi_remote_fence_i(others); // returns when they have done it
  irq_restore(irq);
}

// Kernel stacks. Slot n of the area is a guard and, above it, the stack.
namespace {
SpinLock stack_lock;
uintptr_t free_stacks; // top of the first; each keeps the next one's top in its highest word
size_t stack_slots;
} // namespace

uintptr_t allocate_stack() {
  SpinGuard guard(stack_lock);
  if (free_stacks) {
    uintptr_t top = free_stacks;
    free_stacks = *reinterpret_cast<uintptr_t *>(top - sizeof(uintptr_t));
    return top;
  }
  if ((stack_slots + 1) * 2 * kStackSize > kStackAreaSize)
    return 0;
  uintptr_t base = kStackArea + stack_slots * 2 * kStackSize + kStackSize;
  for (size_t at = 0; at < kStackSize; at += kPageSize) {
    Pte *entry = find_pte(kernel_root, base + at, 0, true);
    if (!entry)
      return 0;
    if (*entry)
      continue; // from an attempt that ran out of memory half-way
    Page *page = allocate_page(false);
    if (!page)
      return 0;
    *entry = make_pte(page_physical(page), kReadWrite);
  }
  stack_slots++;
  flush_kernel_tlb(); // an entry may be cached as invalid
  return base + kStackSize;
}

void free_stack(uintptr_t top) {
  SpinGuard guard(stack_lock);
  *reinterpret_cast<uintptr_t *>(top - sizeof(uintptr_t)) = free_stacks;
  free_stacks = top;
}

size_t stack_bytes() {
  SpinGuard guard(stack_lock);
  return stack_slots * kStackSize;
}

// Executable pages: a bitmap of the area, first fit from the lowest page that may be free.
namespace {
constexpr size_t kCodePages = kCodeAreaSize / kPageSize;
SpinLock code_lock;
uint64_t code_used[kCodePages / 64];

bool is_code_used(size_t page) { return code_used[page / 64] >> page % 64 & 1; }
void set_code_used(size_t page, bool used) {
  code_used[page / 64] = (code_used[page / 64] & ~(1ul << page % 64)) | static_cast<uint64_t>(used)
                                                                            << page % 64;
}

size_t find_code_run(size_t count) { // kCodePages where there is none
  size_t run = 0;
  for (size_t page = 0; page < kCodePages; page++) {
    run = is_code_used(page) ? 0 : run + 1;
    if (run == count)
      return page + 1 - count;
  }
  return kCodePages;
}

// The direct map's view of a page, which must not stay a writable way into code. Lock held; the caller
// flushes TLBs.
bool set_alias_writable(uintptr_t physical, bool writable) {
  Pte *large = find_pte(kernel_root, kDirectMap + physical, 1, false);
  if (!large)
    return false;
  if (is_leaf(*large)) {
    if (writable)
      return true;
    Page *table = allocate_page(false);
    if (!table)
      return false;
    Pte *entries = static_cast<Pte *>(page_address(table));
    for (size_t i = 0; i < kTableEntries; i++)
      entries[i] = make_pte(pte_physical(*large) + i * kPageSize, *large & kPteFlags);
    std::atomic_ref(*large).store(make_pte(page_physical(table), kPteValid), std::memory_order_release);
  }
  *find_pte(kernel_root, kDirectMap + physical, 0, false) =
      make_pte(physical, writable ? kReadWrite : kReadOnly);
  return true;
}

// A page that is there twice is given back where it stands first; its second place only had a reference more.
void unmap_code_pages(size_t first, size_t count, size_t repeated) {
  uintptr_t address = kCodeArea + first * kPageSize;
  Page *pages = nullptr; // freed after no hart can reach them
  {
    SpinGuard guard(code_lock);
    for (size_t i = 0; i < count; i++)
      if (Pte *entry = find_pte(kernel_root, address + i * kPageSize, 0, false); entry && *entry) {
        set_alias_writable(pte_physical(*entry), true);
        Page *page = page_of_physical(pte_physical(*entry));
        *entry = 0;
        if (i >= count - repeated) {
          release_page(page);
          continue;
        }
        page->next = pages;
        pages = page;
      }
  }
  flush_kernel_tlb();
  while (pages) {
    Page *page = pages;
    pages = page->next;
    release_page(page);
  }
  SpinGuard guard(code_lock);
  for (size_t i = 0; i < count; i++)
    set_code_used(first + i, false);
}

// count pages in a row, of which the last `repeated` are those before them once more.
void *allocate_area(size_t count, size_t repeated) {
  if (!count || count > kCodePages)
    return nullptr;
  size_t first;
  {
    SpinGuard guard(code_lock);
    first = find_code_run(count);
    if (first == kCodePages)
      return nullptr;
    for (size_t i = 0; i < count; i++)
      set_code_used(first + i, true);
  }
  uintptr_t address = kCodeArea + first * kPageSize;
  for (size_t i = 0; i < count; i++) {
    Pte *entry;
    {
      SpinGuard guard(code_lock); // two neighbours may want the same missing table
      entry = find_pte(kernel_root, address + i * kPageSize, 0, true);
    }
    Page *page = nullptr;
    if (entry && i >= count - repeated) {
      page = page_behind(reinterpret_cast<void *>(address + (i - repeated) * kPageSize));
      acquire_page(page);
    } else if (entry) {
      page = allocate_page(true);
    }
    if (!page) {
      unmap_code_pages(first, count, repeated);
      return nullptr;
    }
    *entry = make_pte(page_physical(page), kReadWrite);
  }
  flush_kernel_tlb();
  return reinterpret_cast<void *>(address);
}

} // namespace

void *allocate_code_pages(size_t count) { return allocate_area(count, 0); }
void free_code_pages(void *first, size_t count) {
  unmap_code_pages((address_of(first) - kCodeArea) / kPageSize, count, 0);
}

void *allocate_ring_pages(size_t head_pages, size_t data_pages) {
  if (head_pages > kCodePages || data_pages > kCodePages)
    return nullptr;
  return allocate_area(head_pages + 2 * data_pages, data_pages);
}
void free_ring_pages(void *first, size_t head_pages, size_t data_pages) {
  unmap_code_pages((address_of(first) - kCodeArea) / kPageSize, head_pages + 2 * data_pages, data_pages);
}

Page *page_behind(const void *address) {
  Pte *entry = find_pte(kernel_root, address_of(address), 0, false);
  return entry && *entry & kPteValid ? page_of_physical(pte_physical(*entry)) : nullptr;
}

bool protect_code_pages(void *first, size_t count, kbpf_protection protection) {
  uintptr_t address = address_of(first);
  if (address < kCodeArea || address % kPageSize || (address - kCodeArea) / kPageSize + count > kCodePages)
    return false;
  Pte flags = protection == KBPF_PROT_READ_EXEC   ? kReadExec
              : protection == KBPF_PROT_READ_ONLY ? kReadOnly
                                                  : kReadWrite;
  SpinGuard guard(code_lock);
  for (size_t i = 0; i < count; i++) {
    Pte *entry = find_pte(kernel_root, address + i * kPageSize, 0, false);
    if (!entry || !*entry)
      return false;
    if (!set_alias_writable(pte_physical(*entry), protection == KBPF_PROT_READ_WRITE))
      return false;
    *entry = make_pte(pte_physical(*entry), flags);
  }
  flush_kernel_tlb();
  return true;
}

namespace {
SpinLock text_window_lock;
}

REFKERNEL_NOPROBE bool write_kernel_text(uintptr_t address, uint32_t value, size_t size) {
  Pte *target = find_pte(kernel_root, address, 0, false);
  if (!target || !(*target & kPteValid) || address % size)
    return false;
  SpinGuard guard(text_window_lock);
  Pte *window = find_pte(kernel_root, kTextWindow, 0, false);
  *window = make_pte(pte_physical(*target), kReadWrite);
  flush_tlb_page(kTextWindow);
  uintptr_t alias = kTextWindow + address % kPageSize;
  if (size == 2)
    *reinterpret_cast<volatile uint16_t *>(alias) = static_cast<uint16_t>(value);
  else
    *reinterpret_cast<volatile uint32_t *>(alias) = value;
  *window = 0;
  flush_tlb_page(kTextWindow); // no other hart has used the window: its lock is held with interrupts off
  return true;
}

bool write_kernel_code(uintptr_t address, const void *from, size_t size) {
  for (size_t done = 0; done < size;) {
    const uintptr_t at = address + done, offset = at % kPageSize;
    const size_t here = size - done < kPageSize - offset ? size - done : kPageSize - offset;
    Pte *target = find_pte(kernel_root, at, 0, false);
    if (!target || !(*target & kPteValid))
      return false;
    SpinGuard guard(text_window_lock);
    Pte *window = find_pte(kernel_root, kTextWindow, 0, false);
    *window = make_pte(pte_physical(*target), kReadWrite);
    flush_tlb_page(kTextWindow);
    memcpy(reinterpret_cast<void *>(kTextWindow + offset), static_cast<const std::byte *>(from) + done, here);
    *window = 0;
    flush_tlb_page(kTextWindow);
    done += here;
  }
  return true;
}

} // namespace refkernel
