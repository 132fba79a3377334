// SPDX-License-Identifier: MIT OR Apache-2.0
// BPF_MAP_CREATE. What the types of keys and values must be, where they are given, is said here: the kinds of
// map ask for little, and agree on sizes.
#include "core/btf/check.h"
#include "kernel/maps/map_of_maps.h"
#include "kernel/syscall/command.h"

namespace kbpf::commands {
namespace {

using Attr = kbpf_attr_map_create;

constexpr uint32_t kNoNumaNode = ~0u;

enum MapType : uint32_t {
#define KBPF_MAP_TYPE(number, name, NAME, uses, since, text) NAME = number,
#include "abi/map_types.def"
#undef KBPF_MAP_TYPE
};
// Types whose values are descriptors or the kernel's own; they take no BTF (Linux: map_check_no_btf).
constexpr uint32_t kUntyped[] = {3, 4,  7,
                                 8, 12, 13}; // prog, perf event, stack trace, cgroup arrays; maps of maps

Result<void> require(bool holds) { return holds ? Result<void>() : Error::invalid; }

// An array's key: a 32-bit integer.
bool is_index(const Btf &btf, uint32_t id) {
  BtfType type = btf.type(btf.strip_modifiers(id));
  return type.is(BtfKind::integer) && type.size_or_type == sizeof(uint32_t) && BtfInt(type).bits() == 32 &&
         !BtfInt(type).offset();
}

// Errors: invalid, not_supported.
Result<void> check_types(const Btf &btf, const Attr &attr) {
  Result<uint32_t> value_size = size_of(btf, attr.btf_value_type_id);
  if (attr.btf_key_type_id) {
    Result<uint32_t> key_size = size_of(btf, attr.btf_key_type_id);
    KBPF_TRY(require(key_size.ok() && *key_size == attr.key_size));
  }
  KBPF_TRY(require(value_size.ok() && *value_size == attr.value_size));
  for (uint32_t type : kUntyped)
    if (attr.map_type == type)
      return Error::not_supported;
  switch (attr.map_type) {
  case ARRAY: // the data sections of a program are arrays of one element without a type of key
    if (!attr.btf_key_type_id)
      return require(attr.max_entries == 1 &&
                     btf.type(btf.strip_modifiers(attr.btf_value_type_id)).is(BtfKind::data_section));
    return require(is_index(btf, attr.btf_key_type_id));
  case PERCPU_ARRAY:
    return require(attr.btf_key_type_id && is_index(btf, attr.btf_key_type_id));
  case LPM_TRIE:
    return require(btf.type(btf.strip_modifiers(attr.btf_key_type_id)).is(BtfKind::structure));
  case BLOOM_FILTER:
    return require(!attr.btf_key_type_id);
  default:
    return require(attr.btf_key_type_id);
  }
}

struct FieldType {
  std::string_view name;
  uint32_t size, alignment; // bytes
  int32_t SpecialFields::*place;
};
constexpr FieldType kFieldTypes[] = {
    {"bpf_spin_lock", SpecialFields::kSpinLockSize, 4, &SpecialFields::spin_lock},
    {"bpf_timer", SpecialFields::kTimerSize, 8, &SpecialFields::timer},
};

// Notes what of the kernel's lies at offset. Errors: too_big (a second one), invalid.
Result<void> note_field(SpecialFields &fields, const Btf &btf, uint32_t id, uint64_t offset,
                        uint32_t value_size) {
  const BtfType type = btf.type(btf.strip_modifiers(id));
  for (const FieldType &known : kFieldTypes) {
    if (!type.is(BtfKind::structure) || type.size_or_type != known.size || btf.name(type) != known.name)
      continue;
    if (offset % known.alignment || offset + known.size > value_size)
      return Error::invalid;
    if (fields.*known.place >= 0)
      return Error::too_big;
    fields.*known.place = static_cast<int32_t>(offset);
  }
  return {};
}

// The fields of a structure itself, or the variables of a data section; those of structures inside are
// nobody's, as on Linux.
Result<SpecialFields> find_fields(const Btf &btf, const Attr &attr) {
  SpecialFields fields;
  const BtfType value = btf.type(btf.strip_modifiers(attr.btf_value_type_id));
  for (uint32_t i = 0; i < value.count; i++)
    if (value.is(BtfKind::structure)) {
      const auto member = value.part<kbpf_btf_member>(i);
      const uint32_t bits = value.bit_offset(member);
      if (!value.bitfield_size(member) && bits % 8 == 0)
        KBPF_TRY(note_field(fields, btf, member.type, bits / 8, attr.value_size));
    } else if (value.is(BtfKind::data_section)) {
      const auto place = value.part<kbpf_btf_var_secinfo>(i);
      KBPF_TRY(note_field(fields, btf, btf.type(place.type).size_or_type, place.offset, attr.value_size));
    }
  return fields;
}

// Errors: already_exists (they overlap), access_denied, unsupported_operation.
Result<void> check_fields(const SpecialFields &fields, const Attr &attr) {
  const bool has_lock = fields.spin_lock >= 0, has_timer = fields.timer >= 0;
  if (!has_lock && !has_timer)
    return {};
  if (has_lock && has_timer && fields.spin_lock + int32_t{SpecialFields::kSpinLockSize} > fields.timer &&
      fields.spin_lock < fields.timer + int32_t{SpecialFields::kTimerSize})
    return Error::already_exists;
  if (attr.map_flags & (KBPF_MAP_F_RDONLY_PROG | KBPF_MAP_F_WRONLY_PROG))
    return Error::access_denied;
  const bool may_lock = attr.map_type == HASH || attr.map_type == ARRAY;
  if ((has_lock && !may_lock && attr.map_type != TASK_STORAGE) ||
      (has_timer && !may_lock && attr.map_type != LRU_HASH))
    return Error::unsupported_operation;
  return {};
}

Result<MapTypes> read_types(const Attr &attr) {
  MapTypes types;
  if (!attr.btf_key_type_id && !attr.btf_value_type_id)
    return Result<MapTypes>(std::move(types));
  types.btf = KBPF_TRY(btf_from_fd(attr.btf_fd));
  if (types.btf->is_kernel())
    return Error::access_denied;
  const Btf &btf = *KBPF_TRY(types.btf->types());
  KBPF_TRY(check_types(btf, attr));
  types.fields = KBPF_TRY(find_fields(btf, attr));
  KBPF_TRY(check_fields(types.fields, attr));
  types.key = attr.btf_key_type_id;
  types.value = attr.btf_value_type_id;
  return Result<MapTypes>(std::move(types));
}

} // namespace

Result<int64_t> map_create(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, map_token_fd)));
  if (attr.btf_vmlinux_value_type_id || (attr.btf_key_type_id && !attr.btf_value_type_id) ||
      attr.map_ifindex || attr.value_type_btf_obj_fd || attr.map_token_fd)
    return Error::invalid;
  // Every hart is of node 0.
  if (attr.map_flags & KBPF_MAP_F_NUMA_NODE && attr.numa_node != 0 && attr.numa_node != kNoNumaNode)
    return Error::invalid;
  if (attr.map_extra && attr.map_type != BLOOM_FILTER)
    return Error::invalid;
  MapSpec spec{attr.map_type, attr.key_size, attr.value_size, attr.max_entries, attr.map_flags, {},
               attr.map_extra};
  memcpy(spec.name, attr.map_name, sizeof(spec.name));
  if (!is_valid_object_name(spec.name))
    return Error::invalid;
  KBPF_TRY(require_capability(KBPF_CAP_BPF));
  Ref<Map> inner;
  if (attr.map_type == maps::kArrayOfMaps || attr.map_type == maps::kHashOfMaps)
    inner = KBPF_TRY(map_from_fd(attr.inner_map_fd));
  spec.inner = inner.get();
  MapTypes types = KBPF_TRY(read_types(attr));
  const int access = KBPF_TRY(fd_access(attr.map_flags));
  return install_fd(KBPF_TRY(create_map(spec, std::move(types))), access);
}

} // namespace kbpf::commands
