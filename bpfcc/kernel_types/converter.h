// SPDX-License-Identifier: MIT OR Apache-2.0
// DWARF of a linked kernel, written in C++ and C, to BTF. A C++ type becomes what C would have to write for
// the same bytes: bases are members' members, references pointers, a scoped enumerator carries its type's
// name. A function's prototype says what is in the argument registers: an object that C++ hands over by
// reference is a pointer, and a result that the caller makes room for a first parameter.
#pragma once
#include "bpfcc/kernel_types/builder.h"
#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <map>
#include <unordered_map>
#include <unordered_set>

namespace bpfcc {

class TypeConverter {
public:
  TypeConverter(llvm::DWARFContext &dwarf, TypeBuilder &out) : dwarf_(dwarf), out_(out) {
    find_definitions();
  }

  struct Function {
    std::string name; // the short one where only one function has it, otherwise the symbol
    std::string symbol;
  };
  // Every function of symbols (names in the ELF file) whose arguments can be told. Sorted by symbol.
  std::vector<Function> add_functions(const std::unordered_set<std::string> &symbols);
  // A variable, by its name in C and in the ELF file. offset: from the start of the section that it is said to be in.
  struct Variable {
    std::string name, section;
    uint64_t offset, size;
  };
  // Those of variables that the units describe, and the sections that have some. sections: sizes by name.
  void add_variables(std::vector<Variable> variables, const std::map<std::string, uint64_t> &sections);
  // Every type that the units in C name.
  void add_c_types();

private:
  using Die = llvm::DWARFDie;

  void find_definitions();
  void find_definitions_in(Die parent);

  uint32_t target(Die die); // of what die refers to as its type; 0: void
  uint32_t convert(Die type);
  uint32_t make(Die type);
  uint32_t make_base(Die type);
  uint32_t make_typedef(Die type);
  uint32_t make_array(Die type);
  uint32_t make_pointer_to_member(Die type);
  uint32_t make_enum(Die type);
  uint32_t make_record(Die type);
  uint32_t make_prototype(Die function, bool named);
  uint32_t pointer_to(uint32_t type) { return out_.add({BtfKind::pointer, {}, type}); }
  uint32_t integer(std::string_view name, uint32_t size, uint32_t encoding);

  struct Member {
    std::string name;
    uint32_t type;
    uint64_t bit_offset, bit_size; // size 0: no bit field
    size_t order;                  // as declared
  };
  void add_members(Die record, uint64_t base_bits, std::vector<Member> &members);
  Die definition(Die type) const; // the complete one, where there is any
  bool is_empty(Die type) const;  // a class without data
  enum class Passing { in_registers, by_reference, unknown };
  Passing passing(Die type) const; // of a value of that type
  bool has_known_arguments(Die function) const;
  Die result_in_c(Die type) const; // what C would have that result be

  llvm::DWARFContext &dwarf_;
  TypeBuilder &out_;
  std::unordered_map<std::string, Die> definitions_;
  std::unordered_map<std::string, std::vector<Die>> functions_;                  // by symbol
  std::unordered_map<std::string, std::unordered_set<std::string>> short_names_; // symbols of each
  std::unordered_map<std::string, Die> variables_;                               // outside of namespaces
  std::unordered_map<uint64_t, uint32_t> ids_;                                   // by offset of the entry
  std::unordered_map<std::string, uint32_t> records_;                            // by key
};

} // namespace bpfcc
