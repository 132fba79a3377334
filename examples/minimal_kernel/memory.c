/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Memory: a page table that keeps code from being written and data from being executed, a heap, and pages for
 * compiled programs. 80000000  firmware, not mapped 80200000  text: execute 80800000  constants: read
 *   80a00000  data, stack: read and write
 *   80c00000  compiled programs: 512 pages, each either written or executed
 *   80e00000  heap
 *   c0000000  where a page of text is writable for as long as it's being patched */
#include "kernel.h"
#include <string.h>

enum {
  kPage = 4096,
  kLarge = 2 << 20,
  kValid = 1,
  kRead = 2,
  kWrite = 4,
  kExecute = 8,
  kUsed = 0xc0, /* accessed, dirty: hardware need not set them */
};
static const uint64_t kRam = 0x80000000, kRamEnd = 0x88000000, kText = 0x80200000, kConstants = 0x80800000,
                      kData = 0x80a00000, kCode = 0x80c00000, kHeap = 0x80e00000, kWindow = 0xc0000000;

typedef uint64_t PageTable[512] __attribute__((aligned(4096)));
static PageTable root, ram, code, window_root, window;

static uint64_t entry(uint64_t address, uint64_t rights) {
  return address >> 12 << 10 | rights | kValid | (rights ? kUsed : 0);
}
static void flush(void) { __asm__ volatile("sfence.vma" ::: "memory"); }

static void start_heap(void);

void memory_init(void) {
  for (uint64_t address = kText; address < kRamEnd; address += kLarge) {
    uint64_t rights = address < kConstants ? kRead | kExecute : address < kData ? kRead : kRead | kWrite;
    ram[(address - kRam) / kLarge] = entry(address, rights);
  }
  for (unsigned page = 0; page < 512; page++)
    code[page] = entry(kCode + page * kPage, kRead | kWrite);
  ram[(kCode - kRam) / kLarge] = entry((uintptr_t)code, 0);
  root[kRam >> 30] = entry((uintptr_t)ram, 0);
  window_root[0] = entry((uintptr_t)window, 0);
  root[kWindow >> 30] = entry((uintptr_t)window_root, 0);
  const uint64_t sv39 = 8ull << 60;
  __asm__ volatile("sfence.vma; csrw satp, %0; sfence.vma" ::"r"(sv39 | (uintptr_t)root >> 12) : "memory");
  start_heap();
}

int is_ram(uint64_t address, size_t size) {
  return address >= kText && address <= kRamEnd && size <= kRamEnd - address;
}

/* The heap: free blocks in the order of their addresses, each at least as large as its header. Sizes are
 * multiples of 16, and so are addresses. */
struct Block {
  size_t size;
  struct Block *next;
};
static struct Block *free_blocks;

static void start_heap(void) {
  free_blocks = (struct Block *)kHeap;
  free_blocks->size = kRamEnd - kHeap;
  free_blocks->next = NULL;
}

static size_t whole_blocks(size_t size) { return (size + 15) & ~(size_t)15; }

void *kbpf_port_alloc(size_t size, size_t align) {
  size = whole_blocks(size ? size : 1);
  if (align < 16)
    align = 16;
  for (struct Block **at = &free_blocks; *at; at = &(*at)->next) {
    struct Block *block = *at;
    uintptr_t start = ((uintptr_t)block + align - 1) & ~(align - 1), end = (uintptr_t)block + block->size;
    if (start > end || size > end - start)
      continue;
    struct Block *rest = block->next;
    if (start + size < end) {
      struct Block *behind = (struct Block *)(start + size);
      behind->size = end - (start + size);
      behind->next = rest;
      rest = behind;
    }
    if (start > (uintptr_t)block) {
      block->size = start - (uintptr_t)block;
      block->next = rest;
    } else {
      *at = rest;
    }
    return (void *)start;
  }
  return NULL;
}

void kbpf_port_free(void *memory, size_t size, size_t align) {
  (void)align;
  if (!memory)
    return;
  struct Block *block = memory, *before = NULL, *after = free_blocks;
  while (after && after < block) {
    before = after;
    after = after->next;
  }
  block->size = whole_blocks(size ? size : 1);
  block->next = after;
  if (after && (uintptr_t)block + block->size == (uintptr_t)after) {
    block->size += after->size;
    block->next = after->next;
  }
  if (!before) {
    free_blocks = block;
  } else if ((uintptr_t)before + before->size == (uintptr_t)block) {
    before->size += block->size;
    before->next = block->next;
  } else {
    before->next = block;
  }
}

/* Pages of programs. */
static uint8_t is_taken[512];

void *kbpf_port_pages_alloc(size_t pages) {
  for (size_t first = 0, count = 0, page = 0; page < 512; page++) {
    if (is_taken[page]) {
      first = page + 1;
      count = 0;
    } else if (++count == pages) {
      memset(is_taken + first, 1, pages);
      return (void *)(kCode + first * kPage);
    }
  }
  return NULL;
}

int kbpf_port_pages_protect(void *first, size_t pages, enum kbpf_protection protection) {
  uint64_t rights = protection == KBPF_PROT_READ_WRITE  ? kRead | kWrite
                    : protection == KBPF_PROT_READ_EXEC ? kRead | kExecute
                                                        : kRead;
  for (size_t page = 0; page < pages; page++) {
    uint64_t address = (uintptr_t)first + page * kPage;
    code[(address - kCode) / kPage] = entry(address, rights);
  }
  flush();
  kbpf_port_sync_icache();
  return 0;
}

void kbpf_port_pages_free(void *first, size_t pages) {
  kbpf_port_pages_protect(first, pages, KBPF_PROT_READ_WRITE);
  memset(is_taken + ((uintptr_t)first - kCode) / kPage, 0, pages);
}

void kbpf_port_sync_icache(void) { __asm__ volatile("fence.i" ::: "memory"); }

/* One hart, interrupts off: nobody can meet half an instruction. */
int kbpf_port_text_write(uintptr_t address, const void *bytes, size_t size) {
  const int kEfault = -14;
  if (address < kText || address >= kHeap)
    return kEfault;
  uint64_t page = address & ~(uint64_t)(kPage - 1);
  uintptr_t irq = kbpf_port_irq_save();
  window[0] = entry(page, kRead | kWrite);
  window[1] = entry(page + kPage, kRead | kWrite); /* an instruction may cross it */
  flush();
  memcpy((char *)kWindow + (address - page), bytes, size);
  window[0] = window[1] = 0;
  flush();
  kbpf_port_sync_icache();
  kbpf_port_irq_restore(irq);
  return 0;
}

/* The same for as much as there is, a page at a time. */
int kbpf_port_code_write(void *to, const void *from, size_t size) {
  const int kEfault = -14;
  if ((uintptr_t)to < kCode || (uintptr_t)to + size > kHeap)
    return kEfault;
  for (size_t done = 0; done < size;) {
    uint64_t address = (uintptr_t)to + done, offset = address % kPage;
    size_t here = size - done < kPage - offset ? size - done : kPage - offset;
    uintptr_t irq = kbpf_port_irq_save();
    window[0] = entry(address - offset, kRead | kWrite);
    flush();
    memcpy((char *)kWindow + offset, (const char *)from + done, here);
    window[0] = 0;
    flush();
    kbpf_port_irq_restore(irq);
    done += here;
  }
  return 0;
}

/* Rings lie twice in a row; this kernel maps nothing twice, so maps of type ringbuf can't be made. */
void *kbpf_port_ring_alloc(size_t head_pages, size_t data_pages) {
  (void)head_pages, (void)data_pages;
  return NULL;
}
void kbpf_port_ring_free(void *first, size_t head_pages, size_t data_pages) {
  (void)first, (void)head_pages, (void)data_pages;
}

/* What compilers call. Their loops must not become calls of themselves: the Makefile says -fno-builtin. */
void *memcpy(void *to, const void *from, size_t size) {
  char *out = to;
  const char *in = from;
  while (size--)
    *out++ = *in++;
  return to;
}
void *memmove(void *to, const void *from, size_t size) {
  char *out = to;
  const char *in = from;
  if (out < in)
    return memcpy(to, from, size);
  while (size--)
    out[size] = in[size];
  return to;
}
void *memset(void *to, int byte, size_t size) {
  char *out = to;
  while (size--)
    *out++ = (char)byte;
  return to;
}
int memcmp(const void *left, const void *right, size_t size) {
  const unsigned char *a = left, *b = right;
  for (; size; size--, a++, b++)
    if (*a != *b)
      return *a - *b;
  return 0;
}
