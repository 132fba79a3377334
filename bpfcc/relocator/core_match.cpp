// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/relocator/core_match.h"
#include "bpfcc/relocator/core_spec.h"

namespace bpfcc {
namespace {

constexpr unsigned kMaxDepth = 32;      // as in libbpf
constexpr unsigned kMaxSteps = 100'000; // of one match; corrupt BTF may branch without end

bool is_composite(BtfKind kind) { return kind == BtfKind::structure || kind == BtfKind::union_type; }
bool is_enum(BtfKind kind) { return kind == BtfKind::enumeration || kind == BtfKind::enumeration64; }

class Matcher {
public:
  Matcher(const Btf &local, const Btf &kernel) : local_(local), kernel_(kernel) {}
  bool fields(uint32_t a, uint32_t b, unsigned depth) const;
  bool types(uint32_t a, uint32_t b, unsigned depth);
  bool match(uint32_t a, uint32_t b, bool behind_pointer, unsigned depth);

private:
  bool match_members(const BtfType &a, const BtfType &b, bool behind_pointer, unsigned depth);
  bool match_values(const BtfType &a, const BtfType &b) const;
  bool exhausted(unsigned depth) { return depth > kMaxDepth || ++steps_ > kMaxSteps; }

  const Btf &local_, &kernel_;
  unsigned steps_ = 0;
};

bool Matcher::fields(uint32_t a, uint32_t b, unsigned depth) const {
  const BtfType &local = local_.type(local_.strip(a)), &kernel = kernel_.type(kernel_.strip(b));
  if (depth > kMaxDepth)
    return false;
  if (is_composite(local.kind) && is_composite(kernel.kind))
    return true;
  if (!kinds_compatible(local.kind, kernel.kind))
    return false;
  switch (local.kind) {
  case BtfKind::pointer:
  case BtfKind::floating:
  case BtfKind::integer:
    return true;
  case BtfKind::forward:
  case BtfKind::enumeration:
  case BtfKind::enumeration64:
    return local.name.empty() || kernel.name.empty() ||
           essential_name(local.name) == essential_name(kernel.name);
  case BtfKind::array:
    return fields(local_.array(local).element_type, kernel_.array(kernel).element_type, depth + 1);
  default:
    return false;
  }
}

bool Matcher::types(uint32_t a, uint32_t b, unsigned depth) {
  const BtfType &local = local_.type(local_.strip(a)), &kernel = kernel_.type(kernel_.strip(b));
  if (exhausted(depth) || !kinds_compatible(local.kind, kernel.kind))
    return false;
  switch (local.kind) {
  case BtfKind::none:
  case BtfKind::structure:
  case BtfKind::union_type:
  case BtfKind::enumeration:
  case BtfKind::enumeration64:
  case BtfKind::forward:
  case BtfKind::integer:
    return true;
  case BtfKind::pointer:
    return types(local.size_or_type, kernel.size_or_type, depth + 1);
  case BtfKind::array:
    return types(local_.array(local).element_type, kernel_.array(kernel).element_type, depth + 1);
  case BtfKind::function_proto:
    if (local.count != kernel.count)
      return false;
    for (uint32_t i = 0; i < local.count; i++)
      if (!types(local_.parameter(local, i).type, kernel_.parameter(kernel, i).type, depth + 1))
        return false;
    return types(local.size_or_type, kernel.size_or_type, depth + 1);
  default:
    return false;
  }
}

bool Matcher::match_values(const BtfType &local, const BtfType &kernel) const {
  if (local.size_or_type != kernel.size_or_type || local.count > kernel.count)
    return false;
  for (uint32_t i = 0; i < local.count; i++) {
    bool found = false;
    for (uint32_t j = 0; j < kernel.count && !found; j++)
      found = essential_name(local_.enumerator_name(local, i)) ==
              essential_name(kernel_.enumerator_name(kernel, j));
    if (!found)
      return false;
  }
  return true;
}

bool Matcher::match_members(const BtfType &local, const BtfType &kernel, bool behind_pointer,
                            unsigned depth) {
  if (local.count > kernel.count)
    return false;
  for (uint32_t i = 0; i < local.count; i++) {
    BtfMember wanted = local_.member(local, i);
    bool found = false;
    for (uint32_t j = 0; j < kernel.count && !found; j++) {
      BtfMember member = kernel_.member(kernel, j);
      found = essential_name(wanted.name) == essential_name(member.name) &&
              match(wanted.type, member.type, behind_pointer, depth + 1);
    }
    if (!found)
      return false;
  }
  return true;
}

bool Matcher::match(uint32_t a, uint32_t b, bool behind_pointer, unsigned depth) {
  const BtfType &local = local_.type(local_.strip(a)), &kernel = kernel_.type(kernel_.strip(b));
  if (exhausted(depth) || essential_name(local.name) != essential_name(kernel.name))
    return false;
  switch (local.kind) {
  case BtfKind::none:
    return kernel.kind == BtfKind::none;
  case BtfKind::forward:
    if (kernel.kind == BtfKind::forward)
      return local.kind_flag == kernel.kind_flag;
    return behind_pointer && kernel.kind == (local.kind_flag ? BtfKind::union_type : BtfKind::structure);
  case BtfKind::enumeration:
  case BtfKind::enumeration64:
    return is_enum(kernel.kind) && match_values(local, kernel);
  case BtfKind::structure:
  case BtfKind::union_type:
    if (behind_pointer) {
      if (kernel.kind == BtfKind::forward)
        return (local.kind == BtfKind::union_type) == kernel.kind_flag;
      return local.kind == kernel.kind;
    }
    return local.kind == kernel.kind && match_members(local, kernel, behind_pointer, depth);
  case BtfKind::integer:
    return kernel.kind == BtfKind::integer && local.size_or_type == kernel.size_or_type &&
           local_.is_signed(local) == kernel_.is_signed(kernel);
  case BtfKind::pointer:
    return kernel.kind == BtfKind::pointer && match(local.size_or_type, kernel.size_or_type, true, depth + 1);
  case BtfKind::array: {
    if (kernel.kind != BtfKind::array)
      return false;
    BtfArray mine = local_.array(local), theirs = kernel_.array(kernel);
    return mine.count == theirs.count &&
           match(mine.element_type, theirs.element_type, behind_pointer, depth + 1);
  }
  case BtfKind::function_proto:
    if (kernel.kind != BtfKind::function_proto || local.count != kernel.count)
      return false;
    for (uint32_t i = 0; i < local.count; i++)
      if (!match(local_.parameter(local, i).type, kernel_.parameter(kernel, i).type, false, depth + 1))
        return false;
    return match(local.size_or_type, kernel.size_or_type, behind_pointer, depth + 1);
  default:
    return false;
  }
}

} // namespace

bool kinds_compatible(BtfKind a, BtfKind b) { return a == b || (is_enum(a) && is_enum(b)); }

bool fields_compatible(const Btf &local, uint32_t local_id, const Btf &kernel, uint32_t kernel_id) {
  return Matcher(local, kernel).fields(local_id, kernel_id, 0);
}
bool types_compatible(const Btf &local, uint32_t local_id, const Btf &kernel, uint32_t kernel_id) {
  return Matcher(local, kernel).types(local_id, kernel_id, 0);
}
bool types_match(const Btf &local, uint32_t local_id, const Btf &kernel, uint32_t kernel_id) {
  return Matcher(local, kernel).match(local_id, kernel_id, false, 0);
}

} // namespace bpfcc
