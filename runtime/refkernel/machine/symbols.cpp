// SPDX-License-Identifier: MIT OR Apache-2.0
// Layout of the table (little-endian, see make_symbols.py): a header, functions by ascending address, names
// by ascending text, variables by ascending address, then all texts, each terminated.
#include "refkernel/machine/symbols.h"
#include <cstring>

extern "C" const char symbols_start[], symbols_end[], text_start[], data_start[], bss_start[];

namespace refkernel {
namespace {

struct Header {
  uint32_t function_count, name_count, variable_count;
};
struct Function {
  uint32_t offset, size;    // from text_start; bytes
  uint32_t name, demangled; // offsets of texts
};
struct Name {
  uint32_t text, length, function;
};

struct Variable {
  uint32_t offset, name; // from data_start, or with kInBss from bss_start; of its text
};
constexpr uint32_t kInBss = 1u << 31;

struct Table {
  const Function *functions = nullptr;
  const Name *names = nullptr;
  const Variable *variables = nullptr;
  const char *texts = nullptr;
  uint32_t function_count = 0, name_count = 0, variable_count = 0;
};

Table table() {
  Table result;
  if (symbols_end - symbols_start < static_cast<ptrdiff_t>(sizeof(Header)))
    return result; // the first of the two links
  const Header *header = reinterpret_cast<const Header *>(symbols_start);
  result.function_count = header->function_count;
  result.name_count = header->name_count;
  result.functions = reinterpret_cast<const Function *>(header + 1);
  result.names = reinterpret_cast<const Name *>(result.functions + result.function_count);
  result.variable_count = header->variable_count;
  result.variables = reinterpret_cast<const Variable *>(result.names + result.name_count);
  result.texts = reinterpret_cast<const char *>(result.variables + result.variable_count);
  return result;
}

kbpf_symbol symbol_of(const Table &table, uint32_t index) {
  const Function &function = table.functions[index];
  return {reinterpret_cast<uintptr_t>(text_start) + function.offset, function.size,
          table.texts + function.name, table.texts + function.demangled};
}

int compare(const Table &table, const Name &entry, std::string_view wanted) {
  size_t common = entry.length < wanted.size() ? entry.length : wanted.size();
  int order = memcmp(table.texts + entry.text, wanted.data(), common);
  return order ? order : (entry.length > wanted.size()) - (entry.length < wanted.size());
}

} // namespace

bool symbol_at(uintptr_t address, kbpf_symbol &symbol) {
  Table all = table();
  uintptr_t base = reinterpret_cast<uintptr_t>(text_start);
  if (address < base || address - base > UINT32_MAX)
    return false;
  uint32_t offset = static_cast<uint32_t>(address - base);
  uint32_t low = 0, high = all.function_count; // the first function beyond offset
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (all.functions[middle].offset <= offset)
      low = middle + 1;
    else
      high = middle;
  }
  if (!low || offset - all.functions[low - 1].offset >= all.functions[low - 1].size)
    return false;
  symbol = symbol_of(all, low - 1);
  return true;
}

void for_each_symbol_named(std::string_view name, kbpf_symbol_visitor visit, void *user) {
  Table all = table();
  uint32_t low = 0, high = all.name_count; // the first name that is not below the wanted one
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (compare(all, all.names[middle], name) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  for (; low < all.name_count && compare(all, all.names[low], name) == 0; low++) {
    kbpf_symbol symbol = symbol_of(all, all.names[low].function);
    if (visit(user, &symbol))
      return;
  }
}

bool symbol_by_index(uint32_t index, kbpf_symbol &symbol) {
  Table all = table();
  if (index >= all.function_count)
    return false;
  symbol = symbol_of(all, index);
  return true;
}

bool name_by_index(uint32_t index, std::string_view &name, kbpf_symbol &symbol) {
  Table all = table();
  if (index >= all.name_count)
    return false;
  const Name &entry = all.names[index];
  name = {all.texts + entry.text, entry.length};
  symbol = symbol_of(all, entry.function);
  const auto is_of_c = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  for (char c : name)
    if (!is_of_c(c))
      name = {};
  if (name == symbol.name)
    name = {};
  return true;
}

bool variable_by_index(uint32_t index, KernelVariable &variable) {
  Table all = table();
  if (index >= all.variable_count)
    return false;
  const Variable &found = all.variables[index];
  const char *start = found.offset & kInBss ? bss_start : data_start;
  variable = {reinterpret_cast<uintptr_t>(start) + (found.offset & ~kInBss), all.texts + found.name};
  return true;
}

// There are few.
uintptr_t variable_named(std::string_view name) {
  KernelVariable variable;
  for (uint32_t index = 0; variable_by_index(index, variable); ++index)
    if (variable.name == name)
      return variable.address;
  return 0;
}

} // namespace refkernel
