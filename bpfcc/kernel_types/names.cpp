// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/kernel_types/names.h"
#include <llvm/DebugInfo/DWARF/DWARFUnit.h>
#include <vector>

using namespace llvm;

namespace bpfcc {
namespace {

constexpr size_t kMaxName = 500; // BTF's limit is 511

std::string_view name_of(DWARFDie die) {
  const char *name = die.getShortName();
  return name ? name : "";
}

bool is_unit(DWARFDie die) {
  return die.getTag() == dwarf::DW_TAG_compile_unit || die.getTag() == dwarf::DW_TAG_type_unit;
}

// From the outermost to the type itself.
std::vector<DWARFDie> path_to(DWARFDie die) {
  std::vector<DWARFDie> path;
  for (die = declared_at(die); die && !is_unit(die); die = declared_at(die.getParent()))
    if (die.getTag() != dwarf::DW_TAG_lexical_block)
      path.insert(path.begin(), die);
  return path;
}

std::string shape_of(DWARFDie type) {
  std::string shape = std::to_string(dwarf::toUnsigned(type.find(dwarf::DW_AT_byte_size), 0));
  for (DWARFDie part : type.children())
    if (part.getTag() == dwarf::DW_TAG_member || part.getTag() == dwarf::DW_TAG_enumerator)
      shape.append(",").append(name_of(part));
  return shape;
}

} // namespace

DWARFDie declared_at(DWARFDie die) {
  while (true) {
    DWARFDie other = die.getAttributeValueAsReferencedDie(dwarf::DW_AT_specification);
    if (!other)
      other = die.getAttributeValueAsReferencedDie(dwarf::DW_AT_abstract_origin);
    if (!other)
      return die;
    die = other;
  }
}

std::string c_identifier_of(std::string_view name) {
  std::string result;
  for (char c : name) {
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (is_letter)
      result += c;
    else if (!result.empty() && result.back() != '_')
      result += '_';
  }
  if (result.empty() || (result[0] >= '0' && result[0] <= '9'))
    result.insert(0, "_");
  return result;
}

std::string c_type_name(DWARFDie type) {
  std::string name;
  if (name_of(declared_at(type)).empty())
    return name;
  for (DWARFDie part : path_to(type)) {
    if (name_of(part).empty())
      continue;
    std::string own = c_identifier_of(name_of(part));
    while (own.size() > 1 && own.back() == '_')
      own.pop_back();
    if (!name.empty())
      name += own[0] == '_' ? "_" : "__";
    name += own;
  }
  for (size_t at; (at = name.find("___")) != std::string::npos;)
    name.erase(at, 1);
  if (name.size() > kMaxName)
    name.resize(kMaxName);
  return name;
}

std::string type_key(DWARFDie type) {
  std::string key;
  bool is_local = false;
  for (DWARFDie part : path_to(type)) {
    std::string_view name = name_of(part);
    bool is_namespace = part.getTag() == dwarf::DW_TAG_namespace;
    is_local |= is_namespace && name.empty();
    if (part.getTag() == dwarf::DW_TAG_subprogram)
      if (const char *linkage = part.getLinkageName())
        name = linkage;
    key += is_namespace                                      ? 'n'
           : part.getTag() == dwarf::DW_TAG_enumeration_type ? 'e'
           : part.getTag() == dwarf::DW_TAG_union_type       ? 'u'
                                                             : 's';
    key.append(name);
    if (name.empty() && !is_namespace)
      key += "{" + shape_of(part) + "}";
    key += ':';
  }
  if (is_local)
    key += std::to_string(type.getDwarfUnit()->getOffset());
  return key;
}

} // namespace bpfcc
