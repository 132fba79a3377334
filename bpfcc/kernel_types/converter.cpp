// SPDX-License-Identifier: MIT OR Apache-2.0
// The walk over the units, and functions. What single types become is in types.cpp.
#include "bpfcc/kernel_types/converter.h"
#include "bpfcc/kernel_types/names.h"
#include "core/btf/btf.h"
#include <algorithm>
#include <llvm/ADT/STLExtras.h>
#include <tuple>

using namespace llvm;

namespace bpfcc {
namespace {

constexpr uint64_t kRegisterPair = 16; // bytes; the ABI hands over larger values by reference

bool is_declaration(DWARFDie die) { return dwarf::toUnsigned(die.find(dwarf::DW_AT_declaration), 0) != 0; }

bool is_parameter(DWARFDie die) {
  return die.getTag() == dwarf::DW_TAG_formal_parameter ||
         die.getTag() == dwarf::DW_TAG_unspecified_parameters;
}

// Behind names and qualifiers.
DWARFDie stripped(DWARFDie type) {
  while (type && (type.getTag() == dwarf::DW_TAG_typedef || type.getTag() == dwarf::DW_TAG_const_type ||
                  type.getTag() == dwarf::DW_TAG_volatile_type || type.getTag() == dwarf::DW_TAG_atomic_type))
    type = type.getAttributeValueAsReferencedDie(dwarf::DW_AT_type);
  return type;
}

DWARFDie type_of(DWARFDie die) {
  if (auto form = die.findRecursively(dwarf::DW_AT_type))
    return die.getAttributeValueAsReferencedDie(*form);
  return {};
}

bool is_identifier(std::string_view name) { return !name.empty() && c_identifier_of(name) == name; }

} // namespace

void TypeConverter::find_definitions() {
  for (const auto &unit : dwarf_.compile_units())
    find_definitions_in(unit->getUnitDIE(false));
}

void TypeConverter::find_definitions_in(Die parent) {
  for (Die die : parent.children()) {
    switch (die.getTag()) {
    case dwarf::DW_TAG_structure_type:
    case dwarf::DW_TAG_class_type:
    case dwarf::DW_TAG_union_type:
    case dwarf::DW_TAG_enumeration_type:
      if (!is_declaration(die))
        definitions_.try_emplace(type_key(die), die);
      find_definitions_in(die);
      break;
    case dwarf::DW_TAG_namespace:
      find_definitions_in(die);
      break;
    case dwarf::DW_TAG_variable:
      if (const char *name = die.getShortName();
          name && die.find(dwarf::DW_AT_location) && parent.getTag() == dwarf::DW_TAG_compile_unit)
        variables_.try_emplace(name, die);
      break;
    case dwarf::DW_TAG_subprogram:
      if (die.find(dwarf::DW_AT_low_pc) || die.find(dwarf::DW_AT_ranges)) {
        const char *symbol = die.getName(DINameKind::LinkageName), *name = die.getShortName();
        if (symbol) {
          functions_[symbol].push_back(die);
          if (name)
            short_names_[name].insert(symbol);
        }
      }
      break;
    default:
      break;
    }
  }
}

TypeConverter::Passing TypeConverter::passing(Die type) const {
  type = definition(stripped(type));
  if (!type)
    return Passing::in_registers;
  if (type.getTag() == dwarf::DW_TAG_unspecified_type || type.getTag() == dwarf::DW_TAG_array_type)
    return Passing::in_registers;
  std::optional<uint64_t> size = dwarf::toUnsigned(type.find(dwarf::DW_AT_byte_size));
  bool is_record = type.getTag() == dwarf::DW_TAG_structure_type ||
                   type.getTag() == dwarf::DW_TAG_class_type || type.getTag() == dwarf::DW_TAG_union_type;
  if (!is_record)
    return size && *size > 8 ? Passing::unknown
                             : Passing::in_registers; // a pair may begin at an even register
  if (!size || is_empty(type))
    return Passing::unknown;
  bool by_reference =
      dwarf::toUnsigned(type.find(dwarf::DW_AT_calling_convention), 0) == dwarf::DW_CC_pass_by_reference;
  return by_reference || *size > kRegisterPair ? Passing::by_reference : Passing::in_registers;
}

// The optimiser marks functions whose arguments it changed.
bool TypeConverter::has_known_arguments(Die function) const {
  if (dwarf::toUnsigned(function.findRecursively(dwarf::DW_AT_calling_convention), 0) == dwarf::DW_CC_nocall)
    return false;
  if (passing(type_of(function)) == Passing::unknown)
    return false;
  return llvm::none_of(function.children(), [&](Die child) {
    return child.getTag() == dwarf::DW_TAG_formal_parameter && passing(type_of(child)) == Passing::unknown;
  });
}

// A record of one number or pointer is in the register as that is alone, and programs may read it so.
DWARFDie TypeConverter::result_in_c(Die type) const {
  const Die record = definition(stripped(type));
  if (!record ||
      (record.getTag() != dwarf::DW_TAG_structure_type && record.getTag() != dwarf::DW_TAG_class_type))
    return type;
  Die member;
  for (Die child : record.children()) {
    const bool is_static = child.find(dwarf::DW_AT_external) || child.find(dwarf::DW_AT_declaration);
    if (child.getTag() == dwarf::DW_TAG_inheritance || (child.getTag() == dwarf::DW_TAG_member && !is_static && member))
      return type;
    if (child.getTag() == dwarf::DW_TAG_member && !is_static)
      member = child;
  }
  const Die held = member ? type_of(member) : Die(), scalar = stripped(held);
  if (!scalar)
    return type;
  const bool is_pointer = scalar.getTag() == dwarf::DW_TAG_pointer_type;
  const bool is_number = scalar.getTag() == dwarf::DW_TAG_enumeration_type ||
                         (scalar.getTag() == dwarf::DW_TAG_base_type &&
                          dwarf::toUnsigned(scalar.find(dwarf::DW_AT_encoding), 0) != dwarf::DW_ATE_float);
  const uint64_t size = is_pointer ? 8 : dwarf::toUnsigned(scalar.find(dwarf::DW_AT_byte_size), 0);
  const bool is_all = size == dwarf::toUnsigned(record.find(dwarf::DW_AT_byte_size), 0);
  return (is_pointer || is_number) && is_all ? held : type;
}

uint32_t TypeConverter::make_prototype(Die function, bool named) {
  std::vector<uint32_t> parts;
  uint32_t count = 0, result = 0;
  Die result_type = type_of(function);
  bool uses_memory = named && result_type && passing(result_type) == Passing::by_reference;
  if (uses_memory) {
    parts = {out_.string("result"), pointer_to(convert(result_type))};
    count++;
  } else if (result_type) {
    result = convert(named ? result_in_c(result_type) : result_type);
  }
  for (Die child : function.children()) {
    if (!is_parameter(child))
      continue;
    if (child.getTag() == dwarf::DW_TAG_unspecified_parameters) {
      parts.insert(parts.end(), {0, 0});
      count++;
      break;
    }
    Die type = type_of(child);
    uint32_t id = convert(type);
    if (named && passing(type) == Passing::by_reference)
      id = pointer_to(id);
    std::string name;
    if (named) {
      const char *own = child.getShortName();
      name = own && is_identifier(own) ? own : "argument" + std::to_string(count);
    }
    parts.insert(parts.end(), {named ? out_.string(name) : 0, id});
    count++;
  }
  return out_.add({BtfKind::function_proto, {}, result, count, false, std::move(parts)});
}

std::vector<TypeConverter::Function>
TypeConverter::add_functions(const std::unordered_set<std::string> &symbols) {
  std::vector<Function> added;
  for (const auto &[symbol, dies] : functions_) {
    // Functions of several units that share a name, each unit's own, could not be told apart.
    bool is_one = dies.size() == 1 || dwarf::toUnsigned(dies[0].findRecursively(dwarf::DW_AT_external), 0);
    if (!symbols.contains(symbol) || !is_one || !has_known_arguments(dies[0]))
      continue;
    std::string name = symbol;
    const char *short_name = dies[0].getShortName();
    if (short_name && is_identifier(short_name) && short_names_[short_name].size() == 1)
      name = short_name;
    if (kbpf::is_btf_identifier(name)) // not a lambda's '$'
      added.push_back({name, symbol});
  }
  std::ranges::sort(added, {}, &Function::symbol);
  for (const Function &function : added) {
    uint32_t prototype = make_prototype(functions_[function.symbol][0], true);
    out_.add({BtfKind::function, function.name, prototype}); // "static", as for Linux's own
  }
  return added;
}

void TypeConverter::add_variables(std::vector<Variable> variables,
                                  const std::map<std::string, uint64_t> &sections) {
  constexpr uint32_t kGlobal = 1; // linkage
  std::ranges::sort(variables, {}, [](const Variable &variable) {
    return std::tie(variable.section, variable.offset, variable.name);
  });
  for (const auto &[section, size] : sections) {
    std::vector<uint32_t> places;
    for (const Variable &variable : variables) {
      auto described = variables_.find(variable.name);
      if (variable.section != section || described == variables_.end())
        continue;
      const uint32_t type = convert(type_of(described->second));
      places.insert(places.end(), {out_.add({BtfKind::variable, variable.name, type, 0, false, {kGlobal}}),
                                   static_cast<uint32_t>(variable.offset), static_cast<uint32_t>(variable.size)});
    }
    const uint32_t count = static_cast<uint32_t>(places.size() / 3);
    if (count)
      out_.add({BtfKind::datasec, section, static_cast<uint32_t>(size), count, false, std::move(places)});
  }
}

void TypeConverter::add_c_types() {
  for (const auto &unit : dwarf_.compile_units()) {
    Die root = unit->getUnitDIE(false);
    auto language =
        static_cast<dwarf::SourceLanguage>(dwarf::toUnsigned(root.find(dwarf::DW_AT_language), 0));
    if (!dwarf::isC(language) || dwarf::isCPlusPlus(language))
      continue;
    for (Die die : root.children())
      if (die.getTag() == dwarf::DW_TAG_structure_type || die.getTag() == dwarf::DW_TAG_union_type ||
          die.getTag() == dwarf::DW_TAG_enumeration_type || die.getTag() == dwarf::DW_TAG_typedef)
        convert(die);
  }
}

} // namespace bpfcc
