// SPDX-License-Identifier: MIT OR Apache-2.0
// Access to the types of a blob, and the names that BTF takes.
#include "core/btf/btf.h"

namespace kbpf {
namespace {

constexpr size_t kMaxIdentifier = 512; // KSYM_NAME_LEN

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

} // namespace

std::string_view to_text(BtfKind kind) {
  switch (kind) {
#define KBPF_BTF_KIND(number, name, NAME)                                                                    \
  case BtfKind::name:                                                                                        \
    return #NAME;
#include "abi/btf_kinds.def"
#undef KBPF_BTF_KIND
  case BtfKind::void_type:
    break;
  }
  return "VOID";
}

bool BtfType::is_modifier() const {
  switch (kind) {
  case BtfKind::type_definition:
  case BtfKind::volatile_type:
  case BtfKind::const_type:
  case BtfKind::restrict_type:
  case BtfKind::type_tag:
    return true;
  default:
    return false;
  }
}

BtfType Btf::type(uint32_t id) const {
  BtfType type;
  if (id == 0 || !has_type(id))
    return type;
  kbpf_btf_type record;
  const std::byte *at = types_.data() + offsets_[id];
  memcpy(&record, at, sizeof(record));
  type.name = record.name_off;
  type.kind = static_cast<BtfKind>(record.info >> 24 & 0x1f);
  type.kind_flag = record.info >> 31;
  type.count = static_cast<uint16_t>(record.info);
  type.size_or_type = record.size_or_type;
  type.parts = at + sizeof(record);
  return type;
}

std::string_view Btf::string(uint32_t offset) const {
  if (!has_string(offset))
    return {};
  std::string_view rest = strings_.substr(offset);
  return rest.substr(0, rest.find('\0')); // the last string is terminated: parse() looked
}

uint32_t Btf::strip_modifiers(uint32_t id) const {
  for (uint32_t step = 0; step < type_count(); step++) {
    BtfType at = type(id);
    if (!at.is_modifier())
      break;
    id = at.size_or_type;
  }
  return id;
}

uint32_t Btf::find(std::string_view name, BtfKind kind) const {
  for (uint32_t id = 1; id < type_count(); id++)
    if (BtfType at = type(id); at.kind == kind && this->name(at) == name)
      return id;
  return 0;
}

bool is_btf_identifier(std::string_view name) {
  if (name.empty() || name.size() >= kMaxIdentifier || !is_letter(name[0]))
    return false;
  for (char c : name)
    if (!is_letter(c) && !is_digit(c))
      return false;
  return true;
}

bool is_btf_section_name(std::string_view name) {
  if (name.empty() || name.size() >= kMaxIdentifier)
    return false;
  for (char c : name)
    if (c < ' ' || c > '~')
      return false;
  return true;
}

} // namespace kbpf
