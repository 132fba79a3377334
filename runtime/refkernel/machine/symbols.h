// SPDX-License-Identifier: MIT OR Apache-2.0
// The kernel's own symbol table, made by machine/make_symbols.py from the linked kernel and embedded by a
// second link. Lookups neither allocate nor lock.
#pragma once
#include "kernel/port.h"
#include <cstdint>
#include <string_view>

namespace refkernel {

bool symbol_at(uintptr_t address, kbpf_symbol &symbol); // the function that contains address
// Calls visit for each function that has this raw name, demangled name (with or without parameter list) or
// alias, until it returns non-zero.
void for_each_symbol_named(std::string_view name, kbpf_symbol_visitor visit, void *user);
// For /proc/kallsyms: the index-th function by address; false behind the last.
bool symbol_by_index(uint32_t index, kbpf_symbol &symbol);

// The index-th name that functions have besides their raw one, if it is one of C (as the kernel's BTF names them), and
// the function; an empty name: another kind of name; false behind the last. By text.
bool name_by_index(uint32_t index, std::string_view &name, kbpf_symbol &symbol);

// Variables that have a name in C; of those that each hart has, hart 0's. By address; false behind the last.
struct KernelVariable {
  uintptr_t address;
  const char *name;
};
bool variable_by_index(uint32_t index, KernelVariable &variable);
uintptr_t variable_named(std::string_view name); // its address; 0: there is none

} // namespace refkernel
