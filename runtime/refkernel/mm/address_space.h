// SPDX-License-Identifier: MIT OR Apache-2.0
// The memory of a user process: areas, and the Sv39 page table that page faults fill from them. Copy-on-write
// after fork.
#pragma once
#include "core/base/result.h"
#include "refkernel/lib/ref.h"
#include "refkernel/mm/user_copy.h"
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace refkernel {

struct Page; // mm/pages.h

// Where the pages of a file mapping come from: implemented by files of the Linux room, reference-counted.
class PageSource : public RefCounted {
public:
  // The page with that index, with a reference for the caller. A shared mapping maps it; a private one copies
  // on write. Errors: out_of_range (beyond the end: SIGBUS), no_memory.
  virtual kbpf::Result<Page *> page(uint64_t index) = 0;
  struct Name { // of the file, for /proc/PID/maps
    std::string_view path;
    uint64_t inode = 0;
    uint32_t device = 0;
  };
  virtual Name name() const { return {}; }
  virtual void dispose() = 0; // free_object(this); called for the last reference

protected:
  ~PageSource() = default;
};

enum : uint32_t { kProtRead = 1, kProtWrite = 2, kProtExec = 4 }; // Linux's PROT_*

class AddressSpace : public RefCounted {
public:
  static kbpf::Result<Ref<AddressSpace>> create();
  kbpf::Result<Ref<AddressSpace>> fork(); // private pages become copy-on-write in both
  ~AddressSpace();

  struct MapRequest {
    uintptr_t address = 0; // hint, or the place itself where fixed
    size_t length = 0;     // bytes, rounded up to pages
    uint32_t prot = 0;
    bool fixed = false;      // replaces what is there
    bool no_replace = false; // with fixed: already_exists instead
    bool shared = false;
    bool never_writable = false; // protect() refuses kProtWrite: access_denied
    Ref<PageSource> source;      // null: anonymous zero pages
    uint64_t source_offset = 0;  // bytes, page-aligned
  };
  kbpf::Result<uintptr_t> map(const MapRequest &request); // errors: invalid, no_memory, already_exists
  kbpf::Result<void> unmap(uintptr_t address, size_t length);
  // Errors: no_memory where a page is not mapped, access_denied.
  kbpf::Result<void> protect(uintptr_t address, size_t length, uint32_t prot);
  struct Remap {
    bool may_move = false;
    bool fixed = false; // moves it to target, and replaces what is there
    bool keep = false;  // moves the pages, and leaves an area without any where they were; lengths are equal
    uintptr_t target = 0;
  };
  kbpf::Result<uintptr_t> remap(uintptr_t old_address, size_t old_length, size_t new_length, const Remap &how);
  // What fork() makes of an area: a copy, nothing, or zero pages (of private anonymous ones; else invalid). no_memory
  // where a page is not mapped.
  enum class AtFork : uint8_t { copy, leave, wipe };
  kbpf::Result<void> set_at_fork(uintptr_t address, size_t length, AtFork what);
  void set_break_start(uintptr_t address);
  uintptr_t set_break(uintptr_t address); // Linux's brk: the new break, or the old one where it can't move

  // A page fault at address: true where the access is allowed now.
  enum class Access { read, write, execute };
  kbpf::Result<void> handle_fault(uintptr_t address,
                                  Access access); // bad_address (SIGSEGV), out_of_range (SIGBUS), no_memory

  // Copies into or out of this space, which need not be the current one. bad_address where any byte is not
  // accessible.
  kbpf::Result<void> write(uintptr_t address, const void *from, size_t size, bool ignore_protection = false);
  kbpf::Result<void> read(uintptr_t address, void *to, size_t size);

  // Private anonymous pages in the range read as zero again, file pages as the file; no_memory where not
  // mapped.
  kbpf::Result<void> discard(uintptr_t address, size_t length);

  // For /proc/PID/maps: calls visit for each area by ascending address.
  struct AreaInfo {
    uintptr_t start, end;
    uint32_t prot;
    bool shared;
    uint64_t offset;
    Ref<PageSource> source; // null: anonymous
    bool is_heap;           // what brk(2) made
  };
  void for_each_area(void (*visit)(void *user, const AreaInfo &area), void *user);

  struct Usage { // pages that are present now, and were at most; pages that faults have made present
    uint64_t resident, peak, faults;
  };
  Usage usage() const;

  // What a futex in shared memory is known by in every space that has it: the number of the page frame behind
  // address (filled by a fault where needed), or 0 where the memory there is private. Errors: bad_address.
  kbpf::Result<uint64_t> shared_frame(uintptr_t address);

  // Of the scheduler, interrupts off: this hart begins to use the page table (loads satp), or has ceased to.
  void activate();
  void deactivate();
  struct State; // mm/address_space.cpp

private:
  friend struct AreaFinder;
  friend AddressSpace *new_address_space();
  AddressSpace() = default;
  State *state_ = nullptr;
};

// Of user memory: more in user_copy.h.
// Bytes before the terminator, or -1 (bad address), or size where there is no terminator within size bytes.
long copy_string_from_user(char *to, uintptr_t from, size_t size);
// Compare-and-exchange free 32-bit load for futex; false on a bad address.
bool load_user_u32(uint32_t *to, uintptr_t from);
// Atomically: where *address equals expected, stores desired. expected becomes what was there; false on a bad
// address.
bool compare_exchange_user_u32(uintptr_t address, uint32_t &expected, uint32_t desired);

} // namespace refkernel
