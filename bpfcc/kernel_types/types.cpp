// SPDX-License-Identifier: MIT OR Apache-2.0
// What each kind of DWARF type becomes.
#include "bpfcc/kernel_types/converter.h"
#include "bpfcc/kernel_types/names.h"
#include <algorithm>
#include <llvm/ADT/STLExtras.h>

using namespace llvm;

namespace bpfcc {
namespace {

constexpr uint32_t kSigned = 1, kBoolean = 4; // encodings of an INT
constexpr uint32_t kMaxCount = 0xffff;

std::string_view name_of(DWARFDie die) {
  const char *name = die.getShortName();
  return name ? name : "";
}
uint64_t size_of(DWARFDie die) { return dwarf::toUnsigned(die.find(dwarf::DW_AT_byte_size), 0); }
bool has_flag(DWARFDie die, dwarf::Attribute flag) { return dwarf::toUnsigned(die.find(flag), 0) != 0; }

DWARFDie refers_to(DWARFDie die) { return die.getAttributeValueAsReferencedDie(dwarf::DW_AT_type); }

bool is_record(DWARFDie die) {
  return die.getTag() == dwarf::DW_TAG_structure_type || die.getTag() == dwarf::DW_TAG_class_type ||
         die.getTag() == dwarf::DW_TAG_union_type;
}

} // namespace

DWARFDie TypeConverter::definition(Die type) const {
  if (!type || (!is_record(type) && type.getTag() != dwarf::DW_TAG_enumeration_type))
    return type;
  auto known = definitions_.find(type_key(type));
  return known == definitions_.end() ? type : known->second;
}

bool TypeConverter::is_empty(Die type) const {
  type = definition(type);
  if (!type || !is_record(type) || has_flag(type, dwarf::DW_AT_declaration))
    return false;
  return llvm::none_of(type.children(), [&](Die child) {
    if (child.getTag() == dwarf::DW_TAG_inheritance)
      return !is_empty(refers_to(child));
    return child.getTag() == dwarf::DW_TAG_member && !has_flag(child, dwarf::DW_AT_external) &&
           !has_flag(child, dwarf::DW_AT_declaration);
  });
}

uint32_t TypeConverter::target(Die die) {
  Die type = refers_to(die);
  return type ? convert(type) : 0;
}

uint32_t TypeConverter::convert(Die type) {
  if (!type)
    return 0;
  if (auto known = ids_.find(type.getOffset()); known != ids_.end())
    return known->second;
  uint32_t id = make(type);
  ids_[type.getOffset()] = id;
  return id;
}

uint32_t TypeConverter::make(Die type) {
  switch (type.getTag()) {
  case dwarf::DW_TAG_base_type:
    return make_base(type);
  case dwarf::DW_TAG_pointer_type:
  case dwarf::DW_TAG_reference_type:
  case dwarf::DW_TAG_rvalue_reference_type:
    return pointer_to(target(type));
  case dwarf::DW_TAG_unspecified_type: // nullptr_t
    return pointer_to(0);
  case dwarf::DW_TAG_ptr_to_member_type:
    return make_pointer_to_member(type);
  case dwarf::DW_TAG_const_type:
    return out_.add({BtfKind::const_type, {}, target(type)});
  case dwarf::DW_TAG_volatile_type:
    return out_.add({BtfKind::volatile_type, {}, target(type)});
  case dwarf::DW_TAG_restrict_type:
    return out_.add({BtfKind::restrict_type, {}, target(type)});
  case dwarf::DW_TAG_typedef:
    return make_typedef(type);
  case dwarf::DW_TAG_array_type:
    return make_array(type);
  case dwarf::DW_TAG_subroutine_type:
    return make_prototype(type, false);
  case dwarf::DW_TAG_enumeration_type:
    return make_enum(definition(type));
  case dwarf::DW_TAG_structure_type:
  case dwarf::DW_TAG_class_type:
  case dwarf::DW_TAG_union_type:
    return make_record(definition(type));
  default:
    return target(type); // a qualifier that BTF lacks
  }
}

uint32_t TypeConverter::integer(std::string_view name, uint32_t size, uint32_t encoding) {
  return out_.add({BtfKind::integer, name, size, 0, false, {encoding << 24 | size * 8}});
}

uint32_t TypeConverter::make_base(Die type) {
  uint32_t size = static_cast<uint32_t>(size_of(type));
  std::string_view name = name_of(type);
  switch (dwarf::toUnsigned(type.find(dwarf::DW_AT_encoding), 0)) {
  case dwarf::DW_ATE_boolean:
    return integer("_Bool", size, kBoolean);
  case dwarf::DW_ATE_signed:
  case dwarf::DW_ATE_signed_char:
    return integer(name, size, kSigned);
  case dwarf::DW_ATE_float:
    return out_.add({BtfKind::floating, name, size});
  case dwarf::DW_ATE_UTF: // char16_t and its like are no types of C's own
    return integer(size == 1 ? "unsigned char" : size == 2 ? "unsigned short" : "unsigned int", size, 0);
  default:
    return integer(name, size, 0);
  }
}

// Names that a class or namespace gives stay in it: C has one space for all, and their targets say enough.
uint32_t TypeConverter::make_typedef(Die type) {
  bool is_global = type.getParent().getTag() == dwarf::DW_TAG_compile_unit;
  uint32_t id = target(type);
  return is_global ? out_.add({BtfKind::typedef_type, name_of(type), id}) : id;
}

uint32_t TypeConverter::make_array(Die type) {
  uint32_t id = target(type), index = integer("__ARRAY_SIZE_TYPE__", 4, 0);
  std::vector<uint32_t> counts;
  for (Die child : type.children()) {
    if (child.getTag() != dwarf::DW_TAG_subrange_type)
      continue;
    uint64_t count = dwarf::toUnsigned(child.find(dwarf::DW_AT_count), 0);
    if (auto bound = dwarf::toUnsigned(child.find(dwarf::DW_AT_upper_bound)))
      count = *bound + 1;
    counts.push_back(static_cast<uint32_t>(count));
  }
  for (auto count = counts.rbegin(); count != counts.rend(); ++count)
    id = out_.add({BtfKind::array, {}, 0, 0, false, {id, index, *count}});
  return id;
}

// Itanium's ABI: an offset, or for functions two words.
uint32_t TypeConverter::make_pointer_to_member(Die type) {
  uint32_t word = integer("long", 8, kSigned);
  Die to = refers_to(type);
  if (!to || to.getTag() != dwarf::DW_TAG_subroutine_type)
    return word;
  return out_.add({BtfKind::array, {}, 0, 0, false, {word, integer("__ARRAY_SIZE_TYPE__", 4, 0), 2}});
}

uint32_t TypeConverter::make_enum(Die type) {
  std::string key = type_key(type);
  if (auto known = records_.find(key); known != records_.end())
    return known->second;
  uint32_t size = static_cast<uint32_t>(size_of(type));
  std::string name = c_type_name(type);
  bool is_scoped = has_flag(type, dwarf::DW_AT_enum_class), is_signed = false, is_wide = false;
  std::vector<std::pair<uint32_t, int64_t>> values;
  for (Die child : type.children()) {
    auto form = child.find(dwarf::DW_AT_const_value);
    if (child.getTag() != dwarf::DW_TAG_enumerator || !form)
      continue;
    bool has_sign = form->getForm() == dwarf::DW_FORM_sdata;
    int64_t value = has_sign ? form->getAsSignedConstant().value_or(0)
                             : static_cast<int64_t>(form->getAsUnsignedConstant().value_or(0));
    is_signed |= has_sign && value < 0;
    is_wide |= has_sign && value < 0 ? value < INT32_MIN : static_cast<uint64_t>(value) > UINT32_MAX;
    std::string own = c_identifier_of(name_of(child));
    values.emplace_back(out_.string(is_scoped ? name + "__" + own : own), value);
  }
  // What is declared only is a number for C; so is one that has more values than fit.
  if (values.empty() || values.size() > kMaxCount) {
    Die underlying = refers_to(type);
    return records_[key] = underlying ? convert(underlying) : integer("unsigned int", 4, 0);
  }
  std::vector<uint32_t> parts;
  for (auto [own, value] : values) {
    parts.insert(parts.end(), {own, static_cast<uint32_t>(value)});
    if (is_wide)
      parts.push_back(static_cast<uint32_t>(static_cast<uint64_t>(value) >> 32));
  }
  return records_[key] = out_.add({is_wide ? BtfKind::enumeration64 : BtfKind::enumeration, name, size,
                                   static_cast<uint32_t>(values.size()), is_signed, std::move(parts)});
}

void TypeConverter::add_members(Die record, uint64_t base_bits, std::vector<Member> &members) {
  for (Die child : record.children()) {
    uint64_t bits = base_bits + dwarf::toUnsigned(child.find(dwarf::DW_AT_data_member_location), 0) * 8;
    if (child.getTag() == dwarf::DW_TAG_inheritance) {
      Die base = definition(refers_to(child));
      if (base && !has_flag(child, dwarf::DW_AT_virtuality))
        add_members(base, bits, members);
    }
    // Variables of the class are declared like members.
    if (child.getTag() != dwarf::DW_TAG_member || has_flag(child, dwarf::DW_AT_external) ||
        has_flag(child, dwarf::DW_AT_declaration) || is_empty(refers_to(child)))
      continue;
    Die type = definition(refers_to(child));
    if (type && is_record(type) && has_flag(type, dwarf::DW_AT_declaration))
      continue; // of a size that no unit tells
    if (auto data_bits = dwarf::toUnsigned(child.find(dwarf::DW_AT_data_bit_offset)))
      bits = base_bits + *data_bits;
    std::string name = name_of(child).empty() ? std::string() : c_identifier_of(name_of(child));
    auto is_taken = [&] {
      return !name.empty() &&
             std::ranges::any_of(members, [&](const Member &other) { return other.name == name; });
    };
    if (is_taken())
      name = c_type_name(record) + "__" + name; // a base has one of that name as well
    while (is_taken())
      name += '_';
    members.push_back(
        {name, target(child), bits, dwarf::toUnsigned(child.find(dwarf::DW_AT_bit_size), 0), members.size()});
  }
}

uint32_t TypeConverter::make_record(Die type) {
  std::string key = type_key(type), name = c_type_name(type);
  if (auto known = records_.find(key); known != records_.end())
    return known->second;
  bool is_union = type.getTag() == dwarf::DW_TAG_union_type;
  if (has_flag(type, dwarf::DW_AT_declaration))
    return records_[key] = out_.add({BtfKind::forward, name, 0, 0, is_union});
  uint32_t id = records_[key] = out_.reserve();
  std::vector<Member> members;
  add_members(type, 0, members);
  std::ranges::sort(members, {},
                    [](const Member &member) { return std::pair(member.bit_offset, member.order); });
  members.resize(std::min<size_t>(members.size(), kMaxCount));
  bool has_bit_fields =
      std::ranges::any_of(members, [](const Member &member) { return member.bit_size != 0; });
  std::vector<uint32_t> parts;
  for (const Member &member : members)
    parts.insert(parts.end(),
                 {out_.string(member.name), member.type,
                  static_cast<uint32_t>(member.bit_offset | (has_bit_fields ? member.bit_size << 24 : 0))});
  out_.define(id, {is_union ? BtfKind::union_type : BtfKind::structure, name,
                   static_cast<uint32_t>(size_of(type)), static_cast<uint32_t>(members.size()),
                   has_bit_fields, std::move(parts)});
  return id;
}

} // namespace bpfcc
