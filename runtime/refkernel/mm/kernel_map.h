// SPDX-License-Identifier: MIT OR Apache-2.0
// The kernel's half of every address space (mm/layout.h draws it), write-protected and non-executable by the
// page.
#pragma once
#include "kernel/port.h"
#include "refkernel/mm/page_table.h"

namespace refkernel {

void init_kernel_map();                             // after init_pages(); loads it on this hart
extern "C" uintptr_t kernel_satp;                   // for a hart that runs no user thread
void copy_kernel_half(Pte *user_root);              // the entries are the same for ever
bool is_kernel_ram(uintptr_t address, size_t size); // in the direct map: is it all RAM?

// The top of a kernel stack of kStackSize bytes, or 0. A freed one stays mapped for the next thread.
uintptr_t allocate_stack();
void free_stack(uintptr_t top);
size_t stack_bytes(); // of all that were ever allocated

// Executable pages (kernel/port.h).
void *allocate_code_pages(size_t count);
void free_code_pages(void *first, size_t count);
bool protect_code_pages(void *first, size_t count, kbpf_protection protection);
// Of the same area (kernel/port.h): the last data_pages show those before them once more.
void *allocate_ring_pages(size_t head_pages, size_t data_pages);
void free_ring_pages(void *first, size_t head_pages, size_t data_pages);
Page *
page_behind(const void *address); // of the image, a stack or the pages above; null where nothing is mapped

// Stores a halfword, or a word at a multiple of 4, into read-only kernel memory in one piece. False where
// nothing is mapped there. Says nothing to instruction fetch.
bool write_kernel_text(uintptr_t address, uint32_t value, size_t size);
// Any number of bytes, where nobody runs them yet.
bool write_kernel_code(uintptr_t address, const void *from, size_t size);

void flush_kernel_tlb(); // on every hart, everything
void sync_all_icaches(); // fence.i on every hart, after what was stored before

} // namespace refkernel
