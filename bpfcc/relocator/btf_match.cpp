// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/relocator/btf_match.h"
#include "bpfcc/relocator/text.h"
#include <array>

namespace bpfcc {
namespace {

// Both bound the work that types which nest without end could ask for; what lies deeper is taken for equal.
constexpr unsigned kMaxDepth = 8;
constexpr uint32_t kMaxParameters = 16;

bool is_composite(BtfKind kind) { return kind == BtfKind::structure || kind == BtfKind::union_type; }
bool is_integral(BtfKind kind) {
  return kind == BtfKind::integer || kind == BtfKind::enumeration || kind == BtfKind::enumeration64;
}

class Match {
public:
  Match(const Btf &a, const Btf &b) : a_(a), b_(b) {}

  // contents: structures must have the same members, too; else their names do.
  bool types(uint32_t a_id, uint32_t b_id, bool contents, unsigned depth = 0) const;

private:
  bool members(const BtfType &a, const BtfType &b, unsigned depth) const;
  bool prototypes(const BtfType &a, const BtfType &b, unsigned depth) const;

  const Btf &a_, &b_;
};

bool Match::types(uint32_t a_id, uint32_t b_id, bool contents, unsigned depth) const {
  const BtfType &a = a_.type(a_.strip(a_id)), &b = b_.type(b_.strip(b_id));
  if (depth == kMaxDepth)
    return true;
  if (a.kind == BtfKind::forward || b.kind == BtfKind::forward) {
    auto is_union = [](const BtfType &type) {
      return type.kind == BtfKind::forward ? type.kind_flag : type.kind == BtfKind::union_type;
    };
    bool composites = (a.kind == BtfKind::forward || is_composite(a.kind)) &&
                      (b.kind == BtfKind::forward || is_composite(b.kind));
    return composites && !contents && a.name == b.name && is_union(a) == is_union(b);
  }
  if (a.kind != b.kind)
    return is_integral(a.kind) && is_integral(b.kind) && a.size_or_type == b.size_or_type;
  switch (a.kind) {
  case BtfKind::integer:
  case BtfKind::floating:
    return a.size_or_type == b.size_or_type;
  case BtfKind::enumeration:
  case BtfKind::enumeration64:
    return a.name == b.name && a.size_or_type == b.size_or_type;
  case BtfKind::pointer:
    return types(a.size_or_type, b.size_or_type, false, depth + 1);
  case BtfKind::array: {
    BtfArray left = a_.array(a), right = b_.array(b);
    bool open = left.count == 0 || right.count == 0;
    return (open || left.count == right.count) &&
           types(left.element_type, right.element_type, contents, depth + 1);
  }
  case BtfKind::structure:
  case BtfKind::union_type:
    return a.name == b.name && (!contents || members(a, b, depth));
  case BtfKind::function:
  case BtfKind::variable:
    return a.name == b.name && types(a.size_or_type, b.size_or_type, contents, depth + 1);
  case BtfKind::function_proto:
    return prototypes(a, b, depth);
  default:
    return true;
  }
}

bool Match::members(const BtfType &a, const BtfType &b, unsigned depth) const {
  if (a.size_or_type != b.size_or_type || a.count != b.count)
    return false;
  for (uint32_t i = 0; i < a.count; i++) {
    BtfMember left = a_.member(a, i), right = b_.member(b, i);
    if (left.name != right.name || left.bit_offset != right.bit_offset || left.bit_size != right.bit_size ||
        !types(left.type, right.type, depth < 2, depth + 1))
      return false;
  }
  return true;
}

bool Match::prototypes(const BtfType &a, const BtfType &b, unsigned depth) const {
  if (a.count != b.count || !types(a.size_or_type, b.size_or_type, false, depth + 1))
    return false;
  for (uint32_t i = 0; i < a.count && i < kMaxParameters; i++)
    if (!types(a_.parameter(a, i).type, b_.parameter(b, i).type, false, depth + 1))
      return false;
  return true;
}

// What an attribute's type hides: an array's length, or what it points to.
struct Attribute {
  enum { number, type, values } kind = number;
  uint64_t value = 0;
  uint32_t target = 0;
};

Attribute read_attribute(const Btf &btf, const BtfMember &member) {
  const BtfType &type = btf.type(btf.strip(member.type));
  if ((type.kind == BtfKind::enumeration || type.kind == BtfKind::enumeration64) && type.count == 1)
    return {Attribute::number, btf.enumerator(type, 0), 0};
  if (type.kind == BtfKind::array) {
    const BtfType &pointer = btf.type(btf.strip(btf.array(type).element_type));
    return {Attribute::values, 0, pointer.kind == BtfKind::pointer ? btf.strip(pointer.size_or_type) : 0};
  }
  if (type.kind != BtfKind::pointer)
    return {};
  const BtfType &target = btf.type(btf.strip(type.size_or_type));
  if (member.name != "key" && member.name != "value" && target.kind == BtfKind::array)
    return {Attribute::number, btf.array(target).count, 0};
  return {Attribute::type, 0, type.size_or_type};
}

const BtfMember *find(const std::vector<BtfMember> &members, std::string_view name) {
  for (const BtfMember &member : members)
    if (member.name == name)
      return &member;
  return nullptr;
}

std::vector<BtfMember> members_of(const Btf &btf, uint32_t id) {
  constexpr uint32_t kMaxMembers = 32; // as define_map accepts
  const BtfType &type = btf.type(btf.strip(id));
  std::vector<BtfMember> out;
  if (type.kind == BtfKind::structure)
    for (uint32_t i = 0; i < type.count && i < kMaxMembers; i++)
      out.push_back(btf.member(type, i));
  return out;
}

std::string difference(const Btf &a, uint32_t a_id, const Btf &b, uint32_t b_id, bool nested) {
  std::vector<BtfMember> left = members_of(a, a_id), right = members_of(b, b_id);
  for (const BtfMember &member : right)
    if (!find(left, member.name))
      return std::string(member.name);
  for (const BtfMember &member : left) {
    const BtfMember *other = find(right, member.name);
    if (!other)
      return std::string(member.name);
    Attribute one = read_attribute(a, member), two = read_attribute(b, *other);
    bool agree = one.kind == two.kind && one.value == two.value;
    if (agree && one.kind == Attribute::type)
      agree = Match(a, b).types(one.target, two.target, true);
    if (agree && one.kind == Attribute::values && !nested) {
      std::string inner = difference(a, one.target, b, two.target, true);
      if (!inner.empty())
        return concat("values, ", inner);
    }
    if (!agree)
      return std::string(member.name);
  }
  return {};
}

std::string text_of(const Btf &btf, uint32_t id, unsigned depth) {
  const BtfType &type = btf.type(id);
  if (depth == kMaxDepth)
    return "...";
  auto named = [&](std::string_view word) {
    return type.name.empty() ? concat(word, " {...}") : concat(word, " ", type.name);
  };
  switch (type.kind) {
  case BtfKind::none:
    return "void";
  case BtfKind::structure:
    return named("struct");
  case BtfKind::union_type:
    return named("union");
  case BtfKind::forward:
    return named(type.kind_flag ? "union" : "struct");
  case BtfKind::enumeration:
  case BtfKind::enumeration64:
    return named("enum");
  case BtfKind::pointer: {
    std::string target = text_of(btf, type.size_or_type, depth + 1);
    return target.ends_with('*') ? target + "*" : target + " *";
  }
  case BtfKind::array: {
    BtfArray shape = btf.array(type);
    return concat(text_of(btf, shape.element_type, depth + 1), "[", shape.count, "]");
  }
  case BtfKind::volatile_type:
    return "volatile " + text_of(btf, type.size_or_type, depth + 1);
  case BtfKind::const_type:
    return "const " + text_of(btf, type.size_or_type, depth + 1);
  case BtfKind::restrict_type:
  case BtfKind::type_tag:
  case BtfKind::variable:
  case BtfKind::function:
    return text_of(btf, type.size_or_type, depth + 1);
  case BtfKind::function_proto: {
    std::string out = text_of(btf, type.size_or_type, depth + 1) + " (";
    for (uint32_t i = 0; i < type.count && i < kMaxParameters; i++) {
      uint32_t parameter = btf.parameter(type, i).type;
      out += concat(i ? ", " : "", parameter ? text_of(btf, parameter, depth + 1) : "...");
    }
    return out + (type.count ? ")" : "void)");
  }
  default:
    return std::string(type.name);
  }
}

} // namespace

bool types_agree(const Btf &a, uint32_t a_id, const Btf &b, uint32_t b_id) {
  return Match(a, b).types(a_id, b_id, true);
}

std::string map_difference(const Btf &a, uint32_t a_id, const Btf &b, uint32_t b_id) {
  return difference(a, a_id, b, b_id, false);
}

std::string type_text(const Btf &btf, uint32_t id) { return text_of(btf, id, 0); }

} // namespace bpfcc
