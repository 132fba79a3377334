// SPDX-License-Identifier: MIT OR Apache-2.0
// Checks ranges; the accesses themselves, and what to do where one faults, are user_copy.S.
#include "refkernel/mm/user_copy.h"
#include "refkernel/machine/noprobe.h"
#include "refkernel/mm/address_space.h"
#include "refkernel/mm/layout.h"
#include <cstring>

namespace refkernel {
namespace {

struct ExceptionEntry {
  uintptr_t instruction, fixup;
};
extern "C" const ExceptionEntry exception_table_start[], exception_table_end[];

} // namespace

REFKERNEL_NOPROBE uintptr_t find_exception_fixup(uintptr_t pc) {
  for (const ExceptionEntry *entry = exception_table_start; entry < exception_table_end; entry++)
    if (entry->instruction == pc)
      return entry->fixup;
  return 0;
}

long copy_string_from_user(char *to, uintptr_t from, size_t size) {
  // Never across a page boundary in one copy: the page behind the terminator need not exist.
  for (size_t done = 0; done < size;) {
    size_t chunk = kPageSize - (from + done) % kPageSize;
    chunk = chunk < size - done ? chunk : size - done;
    chunk = chunk < 256 ? chunk : 256; // most strings are short
    if (!copy_from_user(to + done, from + done, chunk))
      return -1;
    if (const void *end = memchr(to + done, 0, chunk))
      return static_cast<const char *>(end) - to;
    done += chunk;
  }
  return static_cast<long>(size);
}

bool load_user_u32(uint32_t *to, uintptr_t from) {
  return from % 4 == 0 && is_user_range(from, 4) && load_guarded_u32(to, from) == 0;
}

bool compare_exchange_user_u32(uintptr_t address, uint32_t &expected, uint32_t desired) {
  return address % 4 == 0 && is_user_range(address, 4) &&
         exchange_guarded_u32(address, &expected, desired) == 0;
}

} // namespace refkernel
