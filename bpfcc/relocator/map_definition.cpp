// SPDX-License-Identifier: MIT OR Apache-2.0
// The attributes of a BTF-defined map, as libbpf's headers encode them: __uint(name, N) is int (*name)[N],
// __ulong(name, N) an enumeration with the one value N, __type(name, T) is T *name, __array(values, T) is T
// *values[].
#include "bpfcc/relocator/map_definition.h"
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/text.h"
#include "core/profile/map_shape.h"
#include <bit>
#include <optional>

namespace bpfcc {
namespace {

// Map types by number (include/uapi/linux/bpf.h) about which the definition itself can be judged.
constexpr uint32_t kHash = 1, kArray = 2, kProgArray = 3, kPercpuHash = 5, kPercpuArray = 6, kStackTrace = 7,
                   kLruHash = 9, kLruPercpuHash = 10, kArrayOfMaps = 12, kHashOfMaps = 13, kRingbuf = 27;
constexpr uint32_t kMaxMembers = 32;
constexpr uint32_t kMaxKeySize = 512;       // of hash tables: Linux's MAX_BPF_STACK
constexpr uint32_t kNumaNodeFlag = 1u << 2; // BPF_F_NUMA_NODE
const std::vector<std::string_view> kAttributes = {"type",       "max_entries", "map_flags", "key_size",
                                                   "value_size", "key",         "value",     "pinning",
                                                   "numa_node",  "map_extra",   "values"};

class Definition {
public:
  Definition(Image &image, Map &map) : image_(image), map_(map) {}

  void read(uint32_t type_id);
  void check();

private:
  void error(std::string_view message, const Correction &correction = {}) {
    error_at_symbol(image_, map_.name, concat("map ", quoted(map_.name), ": ", message), correction);
    failed_ = true;
  }
  void warning(std::string_view message) {
    report_at_symbol(image_, Severity::warning, map_.name, concat("map ", quoted(map_.name), ": ", message));
  }
  void read_member(const BtfMember &member);
  std::optional<uint64_t> number(const BtfMember &member);
  void set_number(const BtfMember &member, uint32_t &field);
  void set_type(const BtfMember &member, uint32_t &type, uint32_t &size, bool &size_given);
  void set_size(const BtfMember &member, uint32_t &size, uint32_t type, bool &given);
  void read_values(const BtfMember &member);
  void check_shape(const kbpf::MapShape &shape, std::string_view type);
  void check_sizes();

  Image &image_;
  Map &map_;
  bool failed_ = false;
  bool key_size_given_ = false, value_size_given_ = false, has_values_ = false;
};

void Definition::read(uint32_t type_id) {
  const BtfType &structure = image_.btf.type(image_.btf.strip(type_id));
  if (structure.kind != BtfKind::structure)
    return error("a map in .maps is defined by a structure: struct { __uint(type, ...); ... }");
  if (structure.count > kMaxMembers)
    return error(concat("a definition of ", structure.count, " members; the limit is ", kMaxMembers));
  for (uint32_t i = 0; i < structure.count; i++)
    read_member(image_.btf.member(structure, i));
}

void Definition::read_member(const BtfMember &member) {
  if (member.name == "type")
    set_number(member, map_.type);
  else if (member.name == "max_entries")
    set_number(member, map_.max_entries);
  else if (member.name == "map_flags")
    set_number(member, map_.map_flags);
  else if (member.name == "pinning")
    set_number(member, map_.pinning);
  else if (member.name == "numa_node") {
    set_number(member, map_.numa_node);
    map_.map_flags |= kNumaNodeFlag;
  } else if (member.name == "map_extra")
    map_.map_extra = number(member).value_or(0);
  else if (member.name == "key_size")
    set_size(member, map_.key_size, map_.key_type, key_size_given_);
  else if (member.name == "value_size")
    set_size(member, map_.value_size, map_.value_type, value_size_given_);
  else if (member.name == "key")
    set_type(member, map_.key_type, map_.key_size, key_size_given_);
  else if (member.name == "value")
    set_type(member, map_.value_type, map_.value_size, value_size_given_);
  else if (member.name == "values")
    read_values(member);
  else
    error(concat("unknown attribute ", quoted(member.name), suggestion(image_, member.name, kAttributes)),
          {member.name, nearest(image_, member.name, kAttributes)});
}

std::optional<uint64_t> Definition::number(const BtfMember &member) {
  const Btf &btf = image_.btf;
  const BtfType &type = btf.type(btf.strip(member.type));
  if (type.kind == BtfKind::pointer) {
    const BtfType &array = btf.type(btf.strip(type.size_or_type));
    if (array.kind == BtfKind::array)
      return btf.array(array).count;
  }
  if ((type.kind == BtfKind::enumeration || type.kind == BtfKind::enumeration64) && type.count == 1)
    return btf.enumerator(type, 0);
  const std::string message =
      concat("attribute ", quoted(member.name), " is no number; write __uint(", member.name, ", N)");
  if (image_.profile().map_encoding != kbpf::MapEncoding::libbpf) {
    error(message);
  } else {
    // The object is the loader's to judge: not all of them are libbpf, which refuses it.
    warning(concat(message, "; libbpf does not load this map"));
    failed_ = true;
  }
  return std::nullopt;
}

void Definition::set_number(const BtfMember &member, uint32_t &field) {
  std::optional<uint64_t> value = number(member);
  if (!value)
    return;
  if (*value > UINT32_MAX)
    return error(concat("attribute ", quoted(member.name), " is ", *value, "; the limit is ", UINT32_MAX));
  field = static_cast<uint32_t>(*value);
}

// key_size or value_size; where key or value came first, they must agree.
void Definition::set_size(const BtfMember &member, uint32_t &size, uint32_t type, bool &given) {
  uint32_t before = size;
  set_number(member, size);
  given = true;
  if (type && before != size)
    error(concat("attribute ", quoted(member.name), " is ", size, ", but its type has ", before, " bytes"));
}

void Definition::set_type(const BtfMember &member, uint32_t &type, uint32_t &size, bool &size_given) {
  const BtfType &pointer = image_.btf.type(image_.btf.strip(member.type));
  std::optional<uint64_t> bytes;
  if (pointer.kind == BtfKind::pointer)
    bytes = image_.btf.size_of(pointer.size_or_type);
  if (!bytes || *bytes > UINT32_MAX)
    return error(concat("attribute ", quoted(member.name), " is no complete type; write __type(", member.name,
                        ", T)"));
  type = pointer.size_or_type;
  if (size_given && size != *bytes)
    return error(
        concat("attribute '", member.name, "_size' is ", size, ", but its type has ", *bytes, " bytes"));
  size = static_cast<uint32_t>(*bytes);
}

// __array(values, struct { ... }): what the maps in this map are like. __array(values, int (void *)):
// programs.
void Definition::read_values(const BtfMember &member) {
  const Btf &btf = image_.btf;
  if (has_values_)
    return error("attribute 'values' is given twice");
  has_values_ = true;
  map_.slots_offset = member.bit_offset / 8;
  if (map_.origin == MapOrigin::inner)
    return error("a map inside a map cannot hold maps itself");
  const BtfType &array = btf.type(btf.strip(member.type));
  const BtfType &pointer =
      btf.type(array.kind == BtfKind::array ? btf.strip(btf.array(array).element_type) : 0);
  uint32_t element = pointer.kind == BtfKind::pointer ? btf.strip(pointer.size_or_type) : 0;
  if (!value_size_given_)
    map_.value_size = 4;
  if (btf.type(element).kind == BtfKind::structure) {
    Map inner;
    inner.name = map_.name + ".inner";
    inner.origin = MapOrigin::inner;
    uint32_t index = static_cast<uint32_t>(image_.maps.size());
    define_map(image_, std::move(inner), element);
    map_.inner_map = index;
  } else if (btf.type(element).kind == BtfKind::function_proto) {
    map_.holds_programs = true;
  } else {
    error("attribute 'values' holds neither maps nor programs; write __array(values, struct { ... })");
  }
}

void Definition::check() {
  if (failed_)
    return;
  if (map_.name.size() >= KBPF_MAX_NAME)
    return error(concat("a name of ", map_.name.size(), " bytes; the limit is ", KBPF_MAX_NAME - 1));
  if (map_.type == 0)
    return error("no type is given; write __uint(type, BPF_MAP_TYPE_...)");
  const kbpf::MapTypeInfo *type = image_.profile().map_type(map_.type);
  if (!type) {
    const kbpf::MapTypeInfo *known = kbpf::kLinuxProfile.map_type(map_.type);
    return error(concat("map type ", map_.type, known ? concat(" (", known->name, ")") : std::string(),
                        " is not in profile ", quoted(image_.profile().name)));
  }
  if (map_.pinning > 1)
    error(concat("attribute 'pinning' is ", map_.pinning, "; known are 0 (none) and 1 (LIBBPF_PIN_BY_NAME)"));
  bool holds_maps = map_.type == kArrayOfMaps || map_.type == kHashOfMaps;
  // libbpf lets user space set what is missing between opening and loading an object.
  bool complete = image_.profile().map_encoding != kbpf::MapEncoding::libbpf && !image_.options.is_unfinished;
  if (complete && holds_maps && map_.inner_map == kNone)
    error("a map of maps needs a template: __array(values, struct { ... })");
  if (has_values_ && !holds_maps && map_.type != kProgArray)
    error("attribute 'values' is for maps of maps and of programs");
  if (!complete)
    return;
  check_sizes();
  if (const kbpf::MapShape *shape = failed_ ? nullptr : kbpf::map_shape(map_.type))
    check_shape(*shape, type->name);
}

constexpr std::pair<uint32_t, std::string_view> kFlagNames[] = {
    {1u << 0, "BPF_F_NO_PREALLOC"},     {1u << 1, "BPF_F_NO_COMMON_LRU"}, {1u << 2, "BPF_F_NUMA_NODE"},
    {1u << 3, "BPF_F_RDONLY"},          {1u << 4, "BPF_F_WRONLY"},        {1u << 6, "BPF_F_ZERO_SEED"},
    {1u << 7, "BPF_F_RDONLY_PROG"},     {1u << 8, "BPF_F_WRONLY_PROG"},   {1u << 10, "BPF_F_MMAPABLE"},
    {1u << 11, "BPF_F_PRESERVE_ELEMS"}, {1u << 12, "BPF_F_INNER_MAP"}};

std::string flag_names(uint32_t flags) {
  std::string names;
  for (const auto &[flag, name] : kFlagNames)
    if (flags & flag) {
      names.append(names.empty() ? "" : " | ").append(name);
      flags &= ~flag;
    }
  return flags ? concat(names, names.empty() ? "" : " | ", hex(flags)) : names;
}

// What the kernel would answer with EINVAL or E2BIG. A size that is missing may be set by who loads the
// object.
// __type(value, T) of a ring buffer tells readers what its records are; the kernel wants none.
void Definition::check_shape(const kbpf::MapShape &shape, std::string_view type) {
  if (shape.most_key == 0 && !key_size_given_)
    map_.key_size = map_.key_type = 0;
  if (shape.most_value == 0 && !value_size_given_)
    map_.value_size = map_.value_type = 0;
  const auto check_size = [&](std::string_view what, uint32_t size, uint32_t least, uint32_t most) {
    if (most == 0 && size != 0)
      return error(concat("type ", type, " has no ", what, "s; leave ", what, "_size out"));
    if (size == 0 || (size >= least && size <= most))
      return;
    error(least == most
              ? concat("a ", what, " of ", size, " bytes; type ", type, " takes ", least)
              : concat("a ", what, " of ", size, " bytes; type ", type, " takes ", least, " to ", most));
  };
  check_size("key", map_.key_size, shape.least_key, shape.most_key);
  check_size("value", map_.value_size, shape.least_value, shape.most_value);
  if (map_.type == kStackTrace && map_.value_size % sizeof(uint64_t))
    error(concat("a value of ", map_.value_size, " bytes; a stack has 8 for each address"));
  if (const uint32_t unknown = map_.map_flags & ~shape.flags)
    error(concat("map_flags has ", flag_names(unknown), ", which type ", type, " does not take"));
  if (const uint32_t missing = shape.needed_flags & ~map_.map_flags)
    error(concat("type ", type, " needs __uint(map_flags, ", flag_names(missing), ")"));
}

void Definition::check_sizes() {
  constexpr uint32_t kPage = 4096;
  if (map_.type == kRingbuf && map_.max_entries &&
      (map_.max_entries % kPage || !std::has_single_bit(map_.max_entries)))
    return error(concat("max_entries of a ring buffer is its size in bytes, a power of two of at least ",
                        kPage, ", not ", map_.max_entries));
  bool is_hash = map_.type == kHash || map_.type == kPercpuHash || map_.type == kLruHash ||
                 map_.type == kLruPercpuHash || map_.type == kHashOfMaps;
  bool is_array = map_.type == kArray || map_.type == kPercpuArray;
  if (!is_hash && !is_array)
    return;
  if (map_.max_entries == 0)
    warning("max_entries is missing or 0: who loads the object must set it (bpf_map__set_max_entries)");
  if (map_.value_size == 0)
    error("value or value_size is missing or 0");
  if (is_array && map_.key_size != 4)
    error(concat("the key of an array has 4 bytes, not ", map_.key_size));
  if (is_hash && map_.key_size == 0)
    error("key or key_size is missing or 0");
  if (is_hash && map_.key_size > kMaxKeySize)
    error(concat("a key of ", map_.key_size, " bytes; the limit is ", kMaxKeySize));
}

} // namespace

void define_map(Image &image, Map map, uint32_t type_id) {
  Definition definition(image, map);
  definition.read(type_id);
  definition.check();
  image.maps.push_back(std::move(map));
}

} // namespace bpfcc
