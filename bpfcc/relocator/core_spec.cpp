// SPDX-License-Identifier: MIT OR Apache-2.0
// A record names a local type and a path into it ("0:1:2": element 0 of what a pointer points to, of that
// member 1, of that member 2). The path is spelled in names, and then followed by name in each type of the
// kernel that could be meant. Unnamed structures and unions are looked through.
#include "bpfcc/relocator/core_spec.h"
#include "bpfcc/relocator/core_match.h"
#include "bpfcc/relocator/text.h"
#include <charconv>

namespace bpfcc {
namespace {

constexpr size_t kMaxPath = 64; // steps, as in libbpf
constexpr unsigned kMaxDepth = 32;

bool is_composite(BtfKind kind) { return kind == BtfKind::structure || kind == BtfKind::union_type; }
bool is_enum(BtfKind kind) { return kind == BtfKind::enumeration || kind == BtfKind::enumeration64; }
bool is_field_kind(CoreKind kind) { return kind <= CoreKind::field_rshift_u64; }
bool is_enumval_kind(CoreKind kind) {
  return kind == CoreKind::enumval_exists || kind == CoreKind::enumval_value;
}

// A place in a type. The last step says what is there.
struct Spec {
  struct Step {
    std::string_view name; // a member's or enumerator's; empty: an array's element
    uint32_t index = 0;    // of the element
  };
  uint32_t root = 0;
  std::vector<Step> steps;
  uint64_t bit_offset = 0;
  uint32_t type = 0;     // of the place
  uint32_t bit_size = 0; // of a bit field; 0: none
  uint64_t value = 0;    // of an enumerator
};

// The last member may be an array of unstated length.
bool is_flexible(const Btf &btf, uint32_t container, uint32_t member_index, const BtfType &array) {
  const BtfType &type = btf.type(container);
  return btf.array(array).count <= 1 && is_composite(type.kind) && member_index + 1 == type.count;
}

bool parse_path(std::string_view text, std::vector<uint32_t> &path) {
  const char *at = text.data(), *end = at + text.size();
  while (at < end && path.size() < kMaxPath) {
    uint32_t index = 0;
    auto [rest, error] = std::from_chars(at, end, index);
    if (error != std::errc() || (rest != end && *rest != ':'))
      return false;
    path.push_back(index);
    at = rest == end ? end : rest + 1;
  }
  return at == end && !path.empty();
}

// Steps from a type to an element of it, as a pointer's index or an array's.
bool step_to_element(const Btf &btf, Spec &spec, uint32_t element, uint32_t index) {
  std::optional<uint64_t> size = btf.size_of(element);
  uint64_t bits;
  if (index && (!size || __builtin_mul_overflow(uint64_t(index) * 8, *size, &bits)))
    return false;
  spec.bit_offset += index ? bits : 0;
  spec.type = btf.strip(element);
  spec.bit_size = 0;
  return true;
}

std::optional<Spec> parse_field(const Btf &btf, uint32_t root, const std::vector<uint32_t> &path) {
  Spec spec;
  spec.root = root;
  spec.steps.push_back({{}, path[0]});
  if (!step_to_element(btf, spec, root, path[0]))
    return std::nullopt;
  uint32_t container = 0, member_index = 0;
  for (size_t i = 1; i < path.size(); i++) {
    const BtfType &type = btf.type(spec.type);
    if (is_composite(type.kind)) {
      if (path[i] >= type.count)
        return std::nullopt;
      BtfMember member = btf.member(type, path[i]);
      container = spec.type;
      member_index = path[i];
      spec.bit_offset += member.bit_offset;
      spec.bit_size = member.bit_size;
      if (!member.name.empty())
        spec.steps.push_back({member.name, 0});
      spec.type = btf.strip(member.type);
    } else if (type.kind == BtfKind::array) {
      if (path[i] >= btf.array(type).count && !is_flexible(btf, container, member_index, type))
        return std::nullopt;
      spec.steps.push_back({{}, path[i]});
      if (!step_to_element(btf, spec, btf.array(type).element_type, path[i]))
        return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  return spec;
}

std::optional<Spec> parse(const Btf &btf, const CoreRelo &relo) {
  CoreKind kind = static_cast<CoreKind>(relo.kind);
  std::vector<uint32_t> path;
  if (relo.kind >= kCoreKinds || !parse_path(btf.string(relo.access), path))
    return std::nullopt;
  if (is_field_kind(kind))
    return parse_field(btf, relo.type, path);
  Spec spec;
  spec.root = relo.type;
  spec.type = btf.strip(relo.type);
  if (path.size() != 1)
    return std::nullopt;
  if (is_enumval_kind(kind)) {
    const BtfType &type = btf.type(spec.type);
    if (!is_enum(type.kind) || path[0] >= type.count)
      return std::nullopt;
    spec.steps.push_back({btf.enumerator_name(type, path[0]), 0});
    spec.value = btf.enumerator(type, path[0]);
    if (type.kind == BtfKind::enumeration && type.kind_flag)
      spec.value = static_cast<uint64_t>(int64_t(static_cast<int32_t>(spec.value)));
  } else if (path[0] != 0) {
    return std::nullopt;
  }
  return spec;
}

// Follows a path in the kernel's types.
class Follower {
public:
  Follower(const Btf &local, const Btf &kernel) : local_(local), kernel_(kernel) {}

  std::optional<Spec> field(const Spec &wanted, const std::vector<uint32_t> &local_types, uint32_t root);
  std::optional<Spec> enumerator(const Spec &wanted, uint32_t root) const;

private:
  bool find_member(std::string_view name, uint32_t local_type, uint32_t type, uint64_t offset, unsigned depth,
                   Spec &spec);

  const Btf &local_, &kernel_;
  uint32_t container_ = 0, member_index_ = 0;
};

bool Follower::find_member(std::string_view name, uint32_t local_type, uint32_t type, uint64_t offset,
                           unsigned depth, Spec &spec) {
  type = kernel_.strip(type);
  const BtfType &composite = kernel_.type(type);
  if (!is_composite(composite.kind) || depth > kMaxDepth)
    return false;
  for (uint32_t i = 0; i < composite.count; i++) {
    BtfMember member = kernel_.member(composite, i);
    if (member.name.empty()) {
      if (find_member(name, local_type, member.type, offset + member.bit_offset, depth + 1, spec))
        return true;
    } else if (member.name == name) {
      if (!fields_compatible(local_, local_type, kernel_, member.type))
        return false;
      container_ = type;
      member_index_ = i;
      spec.steps.push_back({member.name, 0});
      spec.bit_offset = offset + member.bit_offset;
      spec.bit_size = member.bit_size;
      spec.type = kernel_.strip(member.type);
      return true;
    }
  }
  return false;
}

// local_types[i]: the local type behind step i.
std::optional<Spec> Follower::field(const Spec &wanted, const std::vector<uint32_t> &local_types,
                                    uint32_t root) {
  Spec spec;
  spec.root = root;
  spec.steps.push_back(wanted.steps[0]);
  if (!step_to_element(kernel_, spec, root, wanted.steps[0].index))
    return std::nullopt;
  for (size_t i = 1; i < wanted.steps.size(); i++) {
    const Spec::Step &step = wanted.steps[i];
    if (!step.name.empty()) {
      if (!find_member(step.name, local_types[i], spec.type, spec.bit_offset, 0, spec))
        return std::nullopt;
      continue;
    }
    const BtfType &array = kernel_.type(spec.type);
    if (array.kind != BtfKind::array)
      return std::nullopt;
    if (step.index >= kernel_.array(array).count && !is_flexible(kernel_, container_, member_index_, array))
      return std::nullopt;
    spec.steps.push_back(step);
    if (!step_to_element(kernel_, spec, kernel_.array(array).element_type, step.index))
      return std::nullopt;
  }
  return spec;
}

std::optional<Spec> Follower::enumerator(const Spec &wanted, uint32_t root) const {
  const BtfType &type = kernel_.type(kernel_.strip(root));
  for (uint32_t i = 0; is_enum(type.kind) && i < type.count; i++) {
    if (essential_name(kernel_.enumerator_name(type, i)) != essential_name(wanted.steps[0].name))
      continue;
    Spec spec;
    spec.root = root;
    spec.type = kernel_.strip(root);
    spec.value = kernel_.enumerator(type, i);
    if (type.kind == BtfKind::enumeration && type.kind_flag)
      spec.value = static_cast<uint64_t>(int64_t(static_cast<int32_t>(spec.value)));
    return spec;
  }
  return std::nullopt;
}

// The types behind each step of a local path.
std::vector<uint32_t> types_of_steps(const Btf &btf, uint32_t root, const std::vector<uint32_t> &path) {
  std::vector<uint32_t> types = {btf.strip(root)};
  uint32_t type = types[0];
  for (size_t i = 1; i < path.size(); i++) {
    const BtfType &container = btf.type(type);
    if (container.kind == BtfKind::array) {
      type = btf.strip(btf.array(container).element_type);
      types.push_back(type);
    } else {
      BtfMember member = btf.member(container, path[i]);
      type = btf.strip(member.type);
      if (!member.name.empty())
        types.push_back(type);
    }
  }
  return types;
}

struct FieldPlace {
  uint64_t byte_offset = 0, bit_offset = 0, bit_size = 0;
  uint32_t byte_size = 0;
  bool is_bit_field = false;
};

// What to load for a field: of a bit field, the aligned unit that holds it.
std::optional<FieldPlace> place_of(const Btf &btf, const Spec &spec) {
  std::optional<uint64_t> size = btf.size_of(spec.type);
  if (!size || *size == 0 || *size > UINT32_MAX)
    return std::nullopt;
  FieldPlace place;
  place.bit_offset = spec.bit_offset;
  place.is_bit_field = spec.bit_size != 0;
  uint64_t bytes = *size;
  if (!place.is_bit_field) {
    place.byte_offset = spec.bit_offset / 8;
    place.bit_size = bytes * 8;
  } else {
    place.bit_size = spec.bit_size;
    place.byte_offset = spec.bit_offset / 8 / bytes * bytes;
    while (spec.bit_offset + spec.bit_size - place.byte_offset * 8 > bytes * 8) {
      if (bytes >= 8)
        return std::nullopt;
      bytes *= 2;
      place.byte_offset = spec.bit_offset / 8 / bytes * bytes;
    }
  }
  place.byte_size = static_cast<uint32_t>(bytes);
  return place;
}

std::optional<uint64_t> field_value(const Btf &btf, const Spec &spec, CoreKind kind) {
  std::optional<FieldPlace> place = place_of(btf, spec);
  if (kind == CoreKind::field_byte_offset && !place) // a flexible array has no size, but a place
    return spec.bit_size ? std::nullopt : std::optional(spec.bit_offset / 8);
  if (!place)
    return std::nullopt;
  const BtfType &type = btf.type(spec.type);
  switch (kind) {
  case CoreKind::field_byte_offset:
    return place->byte_offset;
  case CoreKind::field_byte_size:
    return place->byte_size;
  case CoreKind::field_signed:
    return (is_enum(type.kind) && type.kind_flag) || (type.kind == BtfKind::integer && btf.is_signed(type));
  case CoreKind::field_lshift_u64:
    return 64 - (place->bit_offset + place->bit_size - place->byte_offset * 8);
  case CoreKind::field_rshift_u64:
    return 64 - place->bit_size;
  default:
    return std::nullopt;
  }
}

std::optional<uint64_t> value_of(const Btf &btf, const Spec &spec, CoreKind kind) {
  switch (kind) {
  case CoreKind::field_exists:
  case CoreKind::type_exists:
  case CoreKind::type_matches:
  case CoreKind::enumval_exists:
    return 1;
  case CoreKind::type_id_local:
  case CoreKind::type_id_target:
    return spec.root;
  case CoreKind::type_size:
    return btf.size_of(spec.root);
  case CoreKind::enumval_value:
    return spec.value;
  default:
    return field_value(btf, spec, kind);
  }
}

// Kinds whose answer for a kernel that lacks the thing is 0.
bool may_be_absent(CoreKind kind) {
  return kind == CoreKind::field_exists || kind == CoreKind::type_exists || kind == CoreKind::type_size ||
         kind == CoreKind::type_matches || kind == CoreKind::type_id_target ||
         kind == CoreKind::enumval_exists;
}

// Kinds that libbpf answers for a member only, not for an array's element.
bool needs_member(CoreKind kind) {
  return kind == CoreKind::field_signed || kind == CoreKind::field_lshift_u64 ||
         kind == CoreKind::field_rshift_u64;
}

// A load whose size changes stays right only where zero-extension is.
bool sizes_may_differ(const Btf &local, uint32_t a, const Btf &kernel, uint32_t b) {
  const BtfType &mine = local.type(local.strip(a)), &theirs = kernel.type(kernel.strip(b));
  if (mine.kind == BtfKind::pointer && theirs.kind == BtfKind::pointer)
    return true;
  return mine.kind == BtfKind::integer && theirs.kind == BtfKind::integer && !local.is_signed(mine) &&
         !kernel.is_signed(theirs);
}

} // namespace

std::string_view essential_name(std::string_view name) {
  // The last "___" that has a character on both sides begins the flavour.
  for (size_t at = name.size(); at-- > 1;)
    if (name.substr(at).starts_with("___") && name[at - 1] != '_' && at + 3 < name.size() &&
        name[at + 3] != '_')
      return name.substr(0, at);
  return name;
}

CoreResolver::CoreResolver(const Btf &local, const Btf &kernel) : local_(local), kernel_(kernel) {
  for (uint32_t id = 1; id < kernel.count(); id++)
    if (!kernel.type(id).name.empty())
      by_name_[essential_name(kernel.type(id).name)].push_back(id);
}

std::vector<uint32_t> CoreResolver::candidate_ids(uint32_t local_id) const {
  std::vector<uint32_t> ids;
  auto found = by_name_.find(essential_name(local_.type(local_id).name));
  if (found != by_name_.end())
    for (uint32_t id : found->second)
      if (kinds_compatible(local_.type(local_id).kind, kernel_.type(id).kind))
        ids.push_back(id);
  return ids;
}

std::optional<CoreAnswer> CoreResolver::answer(const CoreRelo &relo, std::string &error) const {
  CoreKind kind = static_cast<CoreKind>(relo.kind);
  std::optional<Spec> wanted = parse(local_, relo);
  std::optional<uint64_t> local_value = wanted ? value_of(local_, *wanted, kind) : std::nullopt;
  // Only a type with a name can be looked for in the kernel.
  if (!local_value || (local_.type(relo.type).name.empty() && kind != CoreKind::type_id_local)) {
    error = concat("malformed CO-RE relocation: kind ", relo.kind, ", type ", relo.type, ", path ",
                   quoted(local_.string(relo.access)));
    return std::nullopt;
  }
  CoreAnswer answer;
  answer.local = *local_value;
  bool bit_field = is_field_kind(kind) && wanted->bit_size;
  answer.exact = kind != CoreKind::type_id_local &&
                 !(bit_field && (kind == CoreKind::field_byte_offset || kind == CoreKind::field_byte_size ||
                                 kind == CoreKind::field_lshift_u64));
  if (kind == CoreKind::type_id_local) {
    answer.target = *local_value;
    return answer;
  }
  std::vector<uint32_t> path, local_types;
  parse_path(local_.string(relo.access), path);
  if (is_field_kind(kind))
    local_types = types_of_steps(local_, relo.type, path);

  std::optional<Spec> chosen;
  for (uint32_t id : candidate_ids(relo.type)) {
    Follower follower(local_, kernel_);
    std::optional<Spec> spec;
    if (is_field_kind(kind)) {
      spec = follower.field(*wanted, local_types, id);
    } else if (is_enumval_kind(kind)) {
      spec = follower.enumerator(*wanted, id);
    } else if (kind == CoreKind::type_matches ? types_match(local_, relo.type, kernel_, id)
                                              : types_compatible(local_, relo.type, kernel_, id)) {
      spec.emplace();
      spec->root = spec->type = id;
    }
    std::optional<uint64_t> value = spec ? value_of(kernel_, *spec, kind) : std::nullopt;
    if (!value)
      continue;
    if (chosen && (answer.target != *value || chosen->bit_offset != spec->bit_offset)) {
      error = concat(subject(relo), " is ambiguous: the kernel's types ", chosen->root, " and ", id,
                     " differ in it");
      return std::nullopt;
    }
    if (chosen)
      continue;
    answer.target = *value;
    chosen = std::move(spec);
  }
  if (!chosen) {
    answer.missing = !may_be_absent(kind);
    return answer;
  }
  if (needs_member(kind) && wanted->steps.back().name.empty()) {
    error = concat(subject(relo), " is an array's element: its sign and its shifts cannot be asked for");
    return std::nullopt;
  }
  if (kind == CoreKind::field_byte_offset && !bit_field && !chosen->bit_size) {
    answer.local_size = static_cast<uint32_t>(local_.size_of(wanted->type).value_or(0));
    answer.target_size = static_cast<uint32_t>(kernel_.size_of(chosen->type).value_or(0));
    answer.size_clash = answer.local_size && answer.target_size && answer.local_size != answer.target_size &&
                        !sizes_may_differ(local_, wanted->type, kernel_, chosen->type);
  }
  return answer;
}

std::string CoreResolver::subject(const CoreRelo &relo) const {
  std::optional<Spec> spec = parse(local_, relo);
  CoreKind kind = static_cast<CoreKind>(relo.kind);
  std::string path(local_.type(relo.type).name);
  if (!spec || (!is_field_kind(kind) && !is_enumval_kind(kind)))
    return concat("type ", quoted(path));
  for (size_t i = is_field_kind(kind) ? 1 : 0; i < spec->steps.size(); i++)
    path += spec->steps[i].name.empty() ? concat("[", spec->steps[i].index, "]")
                                        : concat(".", spec->steps[i].name);
  return concat(is_field_kind(kind) ? "field " : "enumerator ", quoted(path));
}

std::string CoreResolver::candidates(const CoreRelo &relo) const {
  std::string out;
  for (uint32_t id : candidate_ids(relo.type))
    out += concat(out.empty() ? "" : ", ", quoted(kernel_.type(id).name), " (type ", id, ")");
  return out;
}

} // namespace bpfcc
