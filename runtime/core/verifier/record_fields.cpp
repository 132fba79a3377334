// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/record_fields.h"
#include "core/btf/check.h"
#include <algorithm>

namespace kbpf {
namespace {

using Kind = RecordField::Kind;

// Structures that Linux can give back when a map's value goes, and what protects those that are kept (its
// rcu_protected_types; other ones of 6.12 are for tests).
constexpr std::string_view kWithDestructor[] = {"task_struct", "cgroup", "bpf_cpumask", "bpf_crypto_ctx"};

struct KernelField {
  std::string_view name;
  Kind kind;
  uint32_t size, alignment; // bytes
};
constexpr KernelField kKernelFields[] = {
    {"bpf_spin_lock", Kind::spin_lock, SpecialFields::kSpinLockSize, 4},
    {"bpf_timer", Kind::timer, SpecialFields::kTimerSize, 8},
    {"bpf_wq", Kind::work, 16, 8},
    {"bpf_refcount", Kind::refcount, 4, 4},
    {"bpf_list_head", Kind::list_head, 16, 8},
    {"bpf_list_node", Kind::list_node, 24, 8},
    {"bpf_rb_root", Kind::tree_root, 16, 8},
    {"bpf_rb_node", Kind::tree_node, 32, 8},
};
const KernelField *kernel_field(Kind kind) {
  const auto *found = std::ranges::find(kKernelFields, kind, &KernelField::kind);
  return found == std::end(kKernelFields) ? nullptr : found;
}

// What the type is by its name; null: nothing of the kernel's.
const KernelField *kernel_field(const Btf &types, uint32_t id) {
  const BtfType type = types.type(id);
  const auto *found = std::ranges::find(kKernelFields, types.name(type), &KernelField::name);
  return found == std::end(kKernelFields) || !type.is(BtfKind::structure) ? nullptr : found;
}

// Whether it keeps objects, by the tag behind the pointer.
bool is_kptr(const Btf &types, const BtfType &type) {
  const BtfType tag = types.type(type.size_or_type);
  return type.is(BtfKind::pointer) && tag.is(BtfKind::type_tag) &&
         (types.name(tag) == "kptr" || types.name(tag) == "kptr_untrusted" ||
          types.name(tag) == "percpu_kptr");
}

constexpr std::string_view kContains = "contains:";

// The text of a structure's or a variable's one tag for lists. Error: invalid (none, or several).
Result<std::string_view> contents_of(const Btf &types, uint32_t tagged, int32_t member) {
  std::string_view text;
  for (uint32_t id = 1; id < types.type_count(); id++) {
    const BtfType type = types.type(id);
    if (!type.is(BtfKind::declaration_tag) || type.size_or_type != tagged ||
        static_cast<int32_t>(type.part<uint32_t>()) != member || !types.name(type).starts_with(kContains))
      continue;
    if (!text.empty())
      return Error::invalid;
    text = types.name(type);
  }
  if (text.empty())
    return Error::invalid;
  return text.substr(kContains.size());
}

class Finder {
public:
  Finder(const Btf &types, RecordOf of, const KernelTypes &kernel, std::span<RecordField> fields)
      : types_(types), of_(of), kernel_(kernel), fields_(fields) {}

  Result<size_t> find(const RecordPart &part) {
    KBPF_TRY(put_off({part.type, part.offset, part.variable, -1, false}));
    while (waiting_count_ > 0) {
      const Place place = waiting_[--waiting_count_];
      if (++steps_ > kMostSteps)
        return Error::too_big;
      KBPF_TRY(look_at(place));
    }
    std::sort(fields_.begin(), fields_.begin() + static_cast<ptrdiff_t>(count_),
              [](const RecordField &a, const RecordField &b) { return a.offset < b.offset; });
    return count_;
  }

private:
  struct Place {
    uint32_t type;
    uint64_t offset;
    uint32_t tagged; // the structure or variable that has it, for tags
    int32_t member;  // its number; -1: it is the variable's
    bool is_one_of_many;
  };
  static constexpr size_t kMostWaiting = 512, kMostSteps = 4096;

  Result<void> put_off(const Place &place) {
    if (waiting_count_ == kMostWaiting || place.offset > UINT32_MAX)
      return Error::too_big;
    waiting_[waiting_count_++] = place;
    return {};
  }

  Result<void> look_at(const Place &place) {
    if (const KernelField *field = named_field(place.type))
      return note_field(*field, place);
    const uint32_t id = types_.strip_modifiers(place.type);
    const BtfType type = types_.type(id);
    switch (type.kind) {
    case BtfKind::structure:
      for (uint32_t i = 0; i < type.count; i++) {
        const auto member = type.part<kbpf_btf_member>(i);
        if (!type.bitfield_size(member) && may_keep(member.type))
          KBPF_TRY(put_off({member.type, place.offset + type.bit_offset(member) / 8, id,
                            static_cast<int32_t>(i), place.is_one_of_many}));
      }
      return {};
    case BtfKind::data_section:
      for (uint32_t i = 0; i < type.count; i++) {
        const auto variable = type.part<kbpf_btf_var_secinfo>(i);
        KBPF_TRY(put_off({types_.type(variable.type).size_or_type, place.offset + variable.offset,
                          variable.type, -1, false}));
      }
      return {};
    case BtfKind::array: {
      const auto array = type.part<kbpf_btf_array>();
      const Result<uint32_t> size = size_of(types_, array.type);
      if (!size.ok() || !may_keep(array.type))
        return {};
      for (uint64_t i = 0; i < array.nelems; i++)
        KBPF_TRY(put_off({array.type, place.offset + i * *size, place.tagged, place.member,
                          place.is_one_of_many || array.nelems > 1}));
      return {};
    }
    case BtfKind::pointer:
      return note_pointer(type, place.offset);
    default:
      return {};
    }
  }

  bool may_keep(uint32_t id) const {
    const BtfType type = types_.type(types_.strip_modifiers(id));
    return type.is(BtfKind::structure) || type.is(BtfKind::array) || is_kptr(types_, type);
  }

  // Null: it is no such structure, or is one of a size that the kernel's has not.
  const KernelField *named_field(uint32_t id) const {
    const KernelField *found = kernel_field(types_, id);
    if (!found || types_.type(id).size_or_type != found->size)
      return nullptr;
    const bool is_of_maps = found->kind == Kind::timer || found->kind == Kind::work,
               is_of_objects = found->kind == Kind::list_node || found->kind == Kind::tree_node;
    return (of_ == RecordOf::map ? is_of_objects : is_of_maps) ? nullptr : found;
  }

  Result<void> add(const RecordField &field) {
    if (count_ == fields_.size())
      return Error::too_big;
    fields_[count_++] = field;
    return {};
  }

  Result<void> note_field(const KernelField &found, const Place &place) {
    if (place.offset % found.alignment != 0)
      return {};
    RecordField field{.offset = static_cast<uint32_t>(place.offset), .kind = found.kind};
    if (!field.is_root()) {
      if (place.is_one_of_many)
        return Error::invalid;
      return add(field);
    }
    const std::string_view contents = KBPF_TRY(contents_of(types_, place.tagged, place.member));
    const size_t colon = contents.find(':');
    if (colon == contents.npos)
      return Error::invalid;
    field.is_local = true;
    field.type_id = types_.find(contents.substr(0, colon), BtfKind::structure);
    const std::string_view node =
        kernel_field(found.kind == Kind::list_head ? Kind::list_node : Kind::tree_node)->name;
    field.node_offset = KBPF_TRY(node_offset(field.type_id, contents.substr(colon + 1), node));
    return add(field);
  }

  Result<uint32_t> node_offset(uint32_t structure, std::string_view member_name,
                               std::string_view node) const {
    const BtfType type = types_.type(structure);
    const auto is_wanted = [&](const kbpf_btf_member &member) {
      return types_.string(member.name_off) == member_name;
    };
    for (uint32_t i = 0; type.is(BtfKind::structure) && i < type.count; i++) {
      const auto member = type.part<kbpf_btf_member>(i);
      if (!is_wanted(member))
        continue;
      for (uint32_t other = i + 1; other < type.count; other++)
        if (is_wanted(type.part<kbpf_btf_member>(other)))
          return Error::invalid;
      const BtfType found = types_.type(member.type);
      constexpr uint32_t kAlignment = 64; // in bits
      if (!found.is(BtfKind::structure) || types_.name(found) != node ||
          type.bit_offset(member) % kAlignment != 0 || type.bitfield_size(member))
        return Error::invalid;
      return type.bit_offset(member) / 8;
    }
    return Error::invalid;
  }

  Result<void> note_pointer(const BtfType &pointer, uint64_t offset) {
    if (!is_kptr(types_, pointer))
      return {};
    const BtfType tag = types_.type(pointer.size_or_type);
    const uint32_t own_id = types_.strip_modifiers(tag.size_or_type);
    const BtfType target = types_.type(own_id);
    const std::string_view name = types_.name(target), kind = types_.name(tag);
    RecordField field{.offset = static_cast<uint32_t>(offset), .kind = Kind::unusable};
    if (!target.is(BtfKind::structure))
      return add(field);
    bool has_destructor = std::ranges::find(kWithDestructor, name) != std::end(kWithDestructor);
    field.type_id = kernel_.types ? kernel_.types->find(name, BtfKind::structure) : 0;
    if (field.type_id == 0 && has_destructor)
      return add(field);
    field.is_local = field.type_id == 0 || (kernel_.is_guess && !has_destructor);
    if (field.is_local) {
      field.type_id = own_id;
      has_destructor = true;
    }
    if (kind == "kptr_untrusted")
      field.kind = Kind::untrusted;
    else if (kind == "kptr" && has_destructor)
      field.kind = Kind::held;
    else if (kind == "percpu_kptr" && field.is_local)
      field.kind = Kind::per_cpu;
    return add(field);
  }

  const Btf &types_;
  const RecordOf of_;
  const KernelTypes kernel_;
  const std::span<RecordField> fields_;
  size_t count_ = 0, waiting_count_ = 0, steps_ = 0;
  Place waiting_[kMostWaiting];
};

// Follows what owns what. The structures are those on the way from the first owner to here.
class Ownership {
public:
  explicit Ownership(const Btf &types) : types_(types) {}

  Result<void> follow(std::span<const RecordField> fields) {
    for (const RecordField &field : fields) {
      if (!field.is_root())
        continue;
      if (std::find(way_, way_ + depth_, field.type_id) != way_ + depth_)
        return Error::invalid;
      if (depth_ == kDeepest || ++steps_ > kMostSteps)
        return Error::too_big;
      RecordField found[kMostFields];
      const size_t count =
          KBPF_TRY(find_fields(types_, {.type = field.type_id}, RecordOf::object, {}, found));
      way_[depth_++] = field.type_id;
      KBPF_TRY(follow({found, count}));
      depth_--;
    }
    return {};
  }
  void begin(uint32_t owner) { way_[depth_++] = owner; }

private:
  static constexpr uint32_t kDeepest = 6, kMostSteps = 256;
  const Btf &types_;
  uint32_t way_[kDeepest], depth_ = 0, steps_ = 0;
};

bool has(std::span<const RecordField> fields, Kind kind) {
  return std::ranges::find(fields, kind, &RecordField::kind) != fields.end();
}

} // namespace

uint32_t RecordField::size() const {
  const KernelField *field = kernel_field(kind);
  return field ? field->size : sizeof(uint64_t);
}

// Not inlined: what it takes of the stack is not to be there while Ownership goes deeper.
[[gnu::noinline]] Result<size_t> find_fields(const Btf &types, const RecordPart &part, RecordOf of,
                                             const KernelTypes &kernel, std::span<RecordField> fields) {
  return Finder(types, of, kernel, fields).find(part);
}

Result<void> check_record(const Btf &types, std::span<const RecordField> fields, uint32_t owner) {
  for (const Kind once : {Kind::spin_lock, Kind::timer, Kind::work})
    if (std::ranges::count(fields, once, &RecordField::kind) > 1)
      return Error::invalid;
  const bool has_root = std::ranges::any_of(fields, &RecordField::is_root);
  if (has_root && !has(fields, Kind::spin_lock))
    return Error::invalid;
  if (has(fields, Kind::list_node) && has(fields, Kind::tree_node) && !has(fields, Kind::refcount))
    return Error::invalid;
  Ownership ownership(types);
  if (owner)
    ownership.begin(owner);
  return ownership.follow(fields);
}

const RecordField *ObjectRecord::find(RecordField::Kind kind) const {
  const auto found = std::ranges::find(all(), kind, &RecordField::kind);
  return found == all().end() ? nullptr : &*found;
}

bool ObjectRecord::has_node() const { return std::ranges::any_of(all(), &RecordField::is_node); }

ObjectRecord describe_object(const Btf &types, uint32_t type, const KernelTypes &kernel) {
  ObjectRecord record;
  record.type_id = type;
  // Linux looks closer where a member itself is one.
  const BtfType structure = types.type(type);
  bool has_any = false, has_kernel_field = false;
  for (uint32_t i = 0; structure.is(BtfKind::structure) && i < structure.count; i++) {
    const uint32_t member = structure.part<kbpf_btf_member>(i).type;
    const KernelField *field = kernel_field(types, member);
    has_kernel_field |= field && field->kind != Kind::timer && field->kind != Kind::work;
    has_any |= has_kernel_field || is_kptr(types, types.type(types.strip_modifiers(member)));
  }
  if (!has_any)
    return record;
  const Result<size_t> count = find_fields(types, {.type = type}, RecordOf::object, kernel, record.fields);
  record.count = count.ok() ? static_cast<uint32_t>(*count) : 0;
  record.is_refused =
      !count.ok() || (has_kernel_field && record.count == 0) || !check_record(types, record.all(), type).ok();
  return record;
}

const RecordField *field_in(std::span<const RecordField> fields, int64_t first, int64_t end) {
  for (const RecordField &field : fields)
    if (first < int64_t{field.offset} + field.size() && end > int64_t{field.offset})
      return &field;
  return nullptr;
}

} // namespace kbpf
