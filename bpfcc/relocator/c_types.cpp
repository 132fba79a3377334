// SPDX-License-Identifier: MIT OR Apache-2.0
// Gaps are written as members, so that only the alignment of a record is left to the compiler; a record with
// a member that is not aligned to its own size is packed.
#include "bpfcc/relocator/c_types.h"
#include "bpfcc/relocator/text.h"
#include <algorithm>
#include <iterator>
#include <tuple>

namespace bpfcc {
namespace {

constexpr unsigned kMaxDepth = 16;
constexpr std::string_view kBoolean = "_Bool";

std::string indent(unsigned depth) { return std::string(depth * 2, ' '); }

std::string bytes_array(std::string_view name, uint64_t size) {
  return concat("unsigned char ", name, "[", size, "];");
}

// Words of C or C++ that no name can be, and macros of the headers that a skeleton includes.
constexpr std::string_view kReserved[] = {
    "alignas",      "alignof",
    "and",          "and_eq",
    "asm",          "auto",
    "bitand",       "bitor",
    "bool",         "break",
    "case",         "catch",
    "char",         "class",
    "compl",        "concept",
    "const",        "continue",
    "consteval",    "constexpr",
    "constinit",    "const_cast",
    "co_await",     "co_return",
    "co_yield",     "decltype",
    "default",      "delete",
    "do",           "double",
    "dynamic_cast", "else",
    "enum",         "errno",
    "explicit",     "export",
    "extern",       "false",
    "float",        "for",
    "friend",       "goto",
    "if",           "inline",
    "int",          "linux",
    "long",         "mutable",
    "namespace",    "new",
    "noexcept",     "not",
    "not_eq",       "nullptr",
    "operator",     "or",
    "or_eq",        "private",
    "protected",    "public",
    "register",     "reinterpret_cast",
    "requires",     "restrict",
    "return",       "short",
    "signed",       "sizeof",
    "static",       "static_assert",
    "static_cast",  "struct",
    "switch",       "template",
    "this",         "thread_local",
    "throw",        "true",
    "try",          "typedef",
    "typeid",       "typename",
    "typeof",       "union",
    "unix",         "unsigned",
    "using",        "virtual",
    "void",         "volatile",
    "wchar_t",      "char8_t",
    "char16_t",     "char32_t",
    "while",        "xor",
    "xor_eq",       "NULL",
};

} // namespace

std::string c_identifier(std::string_view text) {
  std::string name;
  for (char c : text)
    name += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
  if (name.empty() || (name[0] >= '0' && name[0] <= '9'))
    name.insert(0, "_");
  if (std::find(std::begin(kReserved), std::end(kReserved), name) != std::end(kReserved))
    name += '_';
  return name;
}

std::string UniqueNames::make(std::string_view wanted) {
  std::string base = c_identifier(wanted), name = base;
  while (!used_.emplace(name, 1).second)
    name = concat(base, "_", ++used_[base]);
  return name;
}

uint32_t CTypes::element_of(uint32_t id, std::string *dimensions) const {
  id = btf_.strip(id);
  for (unsigned i = 0; btf_.type(id).kind == BtfKind::array && i < kMaxDepth; i++) {
    BtfArray array = btf_.array(btf_.type(id));
    if (dimensions)
      *dimensions += concat("[", array.count, "]");
    id = btf_.strip(array.element_type);
  }
  return id;
}

uint64_t CTypes::alignment(uint32_t id, unsigned depth) {
  id = element_of(id, nullptr);
  const BtfType &type = btf_.type(id);
  if (type.kind != BtfKind::structure && type.kind != BtfKind::union_type)
    return std::clamp<uint64_t>(btf_.size_of(id).value_or(1), 1, 8);
  if (depth >= kMaxDepth)
    return 1; // an array of bytes
  if (auto known = alignments_.find({id, depth}); known != alignments_.end())
    return known->second;
  uint64_t most = 1;
  bool packed = false;
  for (uint32_t i = 0; i < type.count; i++) {
    BtfMember member = btf_.member(type, i);
    uint64_t own = alignment(member.type, depth + 1);
    packed |= member.bit_offset / 8 % own != 0;
    most = std::max(most, own);
  }
  return alignments_[{id, depth}] = packed || type.size_or_type % most ? 1 : most;
}

std::string CTypes::record(const BtfType &type, unsigned depth) {
  bool is_union = type.kind == BtfKind::union_type;
  std::string out = is_union ? "union {\n" : "struct {\n";
  UniqueNames names;
  uint64_t end = 0, most = 1;
  uint32_t gaps = 0;
  bool packed = false;
  for (uint32_t i = 0; i < type.count; i++) {
    BtfMember member = btf_.member(type, i);
    uint64_t size = btf_.size_of(member.type).value_or(0), offset = member.bit_offset / 8;
    const BtfType &target = btf_.type(btf_.strip(member.type));
    bool part_of_byte = member.bit_size || member.bit_offset % 8 ||
                        (target.kind == BtfKind::integer && btf_.integer_bits(target) != size * 8);
    if (!members_left_ || part_of_byte || (is_union ? offset : offset < end) ||
        offset + size > type.size_or_type)
      return {};
    members_left_--;
    if (!size)
      continue; // a flexible array, an empty structure
    if (!is_union && offset > end)
      out +=
          concat(indent(depth + 1), bytes_array(names.make(concat("padding_", gaps++)), offset - end), "\n");
    uint64_t own = alignment(member.type, depth + 1);
    packed |= offset % own != 0;
    most = std::max(most, own);
    std::string name = names.make(member.name.empty() ? concat("anonymous_", i) : std::string(member.name));
    out += concat(indent(depth + 1), declare(member.type, name, size, depth + 1), "\n");
    end = is_union ? std::max(end, size) : offset + size;
  }
  packed |= type.size_or_type % most != 0;
  if (end < type.size_or_type) {
    uint64_t size = is_union ? type.size_or_type : type.size_or_type - end;
    out += concat(indent(depth + 1), bytes_array(names.make("padding_end"), size), "\n");
  }
  return concat(out, indent(depth), packed ? "} __attribute__((packed))" : "}");
}

std::string CTypes::specifier(uint32_t id, unsigned depth) {
  const BtfType &type = btf_.type(id);
  uint64_t size = btf_.size_of(id).value_or(0);
  auto integer = [&](bool is_signed) { return concat(is_signed ? "int" : "uint", size * 8, "_t"); };
  bool fits = size == 1 || size == 2 || size == 4 || size == 8;
  switch (type.kind) {
  case BtfKind::integer:
    if (!fits || btf_.integer_bits(type) != size * 8)
      return {};
    if (size == 1 && (type.name == kBoolean || type.name == "bool"))
      return "bool";
    return size == 1 && type.name == "char" ? "char" : integer(btf_.is_signed(type));
  case BtfKind::pointer:
    return "uint64_t";
  case BtfKind::enumeration:
  case BtfKind::enumeration64:
    return fits ? integer(type.kind_flag) : std::string();
  case BtfKind::floating:
    return size == 4 ? "float" : size == 8 ? "double" : "";
  case BtfKind::structure:
  case BtfKind::union_type:
    return depth < kMaxDepth ? record(type, depth) : std::string();
  default:
    return {};
  }
}

std::string CTypes::declare(uint32_t id, std::string_view name, uint64_t size, unsigned depth) {
  std::string dimensions;
  uint32_t element = element_of(id, &dimensions);
  std::string type = btf_.size_of(id) == size ? specifier(element, depth) : std::string();
  return type.empty() ? bytes_array(name, size) : concat(type, " ", name, dimensions, ";");
}

std::string CTypes::section_members(const BtfType &datasec, uint32_t size) {
  std::vector<BtfSecVar> variables;
  for (uint32_t i = 0; i < datasec.count; i++)
    variables.push_back(btf_.secvar(datasec, i));
  std::sort(variables.begin(), variables.end(), [](const BtfSecVar &a, const BtfSecVar &b) {
    return std::tie(a.offset, a.type) < std::tie(b.offset, b.type);
  });
  std::string out;
  UniqueNames names;
  uint64_t end = 0;
  uint32_t gaps = 0;
  for (const BtfSecVar &variable : variables) {
    const BtfType &named = btf_.type(variable.type);
    uint64_t last = uint64_t(variable.offset) + variable.size;
    if (named.kind != BtfKind::variable || !variable.size || variable.offset < end || last > size)
      continue;
    if (variable.offset > end)
      out += concat("  ", bytes_array(names.make(concat("padding_", gaps++)), variable.offset - end), "\n");
    // A variable that stands nearer than its type asks for is bytes: the section's structure is not packed.
    bool aligned = variable.offset % alignment(named.size_or_type, 1) == 0;
    std::string name = names.make(named.name);
    out += concat(
        "  ", aligned ? declare(named.size_or_type, name, variable.size) : bytes_array(name, variable.size),
        "\n");
    end = last;
  }
  if (end < size)
    out += concat("  ", bytes_array(names.make("padding_end"), size - end), "\n");
  return out;
}

} // namespace bpfcc
