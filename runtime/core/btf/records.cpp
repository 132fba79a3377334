// SPDX-License-Identifier: MIT OR Apache-2.0
// Reading a blob: header, sections, and each record by itself. What a record refers to is looked at later
// (check.cpp).
#include "core/base/bytes.h"
#include "core/btf/report.h"
#include <algorithm>

namespace kbpf {

// One blob on its way in.
class BtfReader {
public:
  BtfReader(std::span<const std::byte> bytes, TextSink *log, Btf &btf)
      : view_(bytes), btf_(btf), report_(log, btf) {
    btf_.bytes_ = bytes;
  }
  Result<void> read(Arena &arena) {
    KBPF_TRY(read_header());
    KBPF_TRY(check_layout());
    KBPF_TRY(read_strings());
    return read_types(arena);
  }

private:
  Error refuse(std::string_view why, Error error = Error::invalid) const {
    report_.line("{}\n", why);
    return error;
  }
  Result<void> read_header();
  Result<void> check_layout() const;
  Result<void> read_strings();
  Result<void> read_types(Arena &arena);
  Result<size_t> record_size(uint32_t id, size_t offset) const;
  Result<void> check_record(uint32_t id, const BtfType &type) const;
  Result<void> check_integer(uint32_t id, const BtfType &type) const;
  Result<void> check_reference(uint32_t id, const BtfType &type) const;
  Result<void> check_members(uint32_t id, const BtfType &type) const;
  template <typename T> Result<void> check_enumerators(uint32_t id, const BtfType &type) const;
  Result<void> check_section(uint32_t id, const BtfType &type) const;

  std::string_view name_of(const BtfType &type) const { return btf_.name(type); }
  bool is_identifier(uint32_t string) const { return is_btf_identifier(btf_.string(string)); }

  ByteView view_;
  Btf &btf_;
  BtfReport report_;
  kbpf_btf_header header_{};
};

Result<void> BtfReader::read_header() {
  Result<uint32_t> length = view_.read<uint32_t>(offsetof(kbpf_btf_header, hdr_len));
  if (!length.ok())
    return refuse("hdr_len not found");
  if (*length > view_.size() || *length < sizeof(header_))
    return refuse("btf_header not found");
  for (size_t at = sizeof(header_); at < *length; at++)
    if (view_.data()[at] != std::byte{0})
      return refuse("Unsupported btf_header", Error::too_big);
  header_ = *view_.read<kbpf_btf_header>(0);
  report_.line("magic: {x}\nversion: {}\nflags: {x}\nhdr_len: {}\n", header_.magic, header_.version,
               header_.flags, header_.hdr_len);
  report_.line("type_off: {}\ntype_len: {}\nstr_off: {}\nstr_len: {}\nbtf_total_size: {}\n", header_.type_off,
               header_.type_len, header_.str_off, header_.str_len, view_.size());
  if (header_.magic != KBPF_BTF_MAGIC)
    return refuse("Invalid magic");
  if (header_.version != KBPF_BTF_VERSION)
    return refuse("Unsupported version", Error::not_supported);
  if (header_.flags)
    return refuse("Unsupported flags", Error::not_supported);
  if (view_.size() == header_.hdr_len)
    return refuse("No data");
  return {};
}

// The two sections lie behind each other and fill the rest.
Result<void> BtfReader::check_layout() const {
  struct Section {
    uint32_t offset, length;
  };
  Section sections[] = {{header_.type_off, header_.type_len}, {header_.str_off, header_.str_len}};
  if (sections[1].offset < sections[0].offset)
    std::swap(sections[0], sections[1]);
  uint64_t whole = view_.size() - header_.hdr_len, used = 0;
  for (const Section &section : sections) {
    if (whole < section.offset)
      return refuse("Invalid section offset");
    if (used < section.offset)
      return refuse("Unsupported section found");
    if (used > section.offset)
      return refuse("Section overlap found");
    if (whole - used < section.length)
      return refuse("Total section length too long");
    used += section.length;
  }
  return used == whole ? Result<void>() : refuse("Unsupported section found");
}

Result<void> BtfReader::read_strings() {
  if (uint64_t{header_.str_off} + header_.str_len != view_.size() - header_.hdr_len)
    return refuse("String section is not at the end");
  const char *first = reinterpret_cast<const char *>(view_.data()) + header_.hdr_len + header_.str_off;
  if (!header_.str_len || header_.str_len - 1 > KBPF_BTF_MAX_NAME_OFFSET || first[0] ||
      first[header_.str_len - 1])
    return refuse("Invalid string section");
  btf_.strings_ = {first, header_.str_len};
  return {};
}

// Bytes of the record at offset, its parts included, none of which is beyond the section.
Result<size_t> BtfReader::record_size(uint32_t id, size_t offset) const {
  size_t left = btf_.types_.size() - offset;
  kbpf_btf_type record;
  if (left < sizeof(record)) {
    report_.line("[{}] meta_left:{} meta_needed:{}\n", id, left, sizeof(record));
    return Error::invalid;
  }
  memcpy(&record, btf_.types_.data() + offset, sizeof(record));
  if (record.info & 0x60ff0000) {
    report_.line("[{}] Invalid btf_info:{x}\n", id, record.info);
    return Error::invalid;
  }
  size_t count = record.info & 0xffff, parts = 0;
  switch (static_cast<BtfKind>(record.info >> 24 & 0x1f)) {
  case BtfKind::integer:
  case BtfKind::variable:
  case BtfKind::declaration_tag:
    parts = sizeof(uint32_t);
    break;
  case BtfKind::array:
    parts = sizeof(kbpf_btf_array);
    break;
  case BtfKind::structure:
  case BtfKind::union_type:
    parts = count * sizeof(kbpf_btf_member);
    break;
  case BtfKind::enumeration:
    parts = count * sizeof(kbpf_btf_enum);
    break;
  case BtfKind::enumeration64:
    parts = count * sizeof(kbpf_btf_enum64);
    break;
  case BtfKind::function_prototype:
    parts = count * sizeof(kbpf_btf_param);
    break;
  case BtfKind::data_section:
    parts = count * sizeof(kbpf_btf_var_secinfo);
    break;
  case BtfKind::pointer:
  case BtfKind::forward:
  case BtfKind::type_definition:
  case BtfKind::volatile_type:
  case BtfKind::const_type:
  case BtfKind::restrict_type:
  case BtfKind::function:
  case BtfKind::floating:
  case BtfKind::type_tag:
    break;
  default:
    report_.line("[{}] Invalid kind:{}\n", id, record.info >> 24 & 0x1f);
    return Error::invalid;
  }
  if (left - sizeof(record) < parts) {
    report_.line("[{}] meta_left:{} meta_needed:{}\n", id, left - sizeof(record), parts);
    return Error::invalid;
  }
  if (!btf_.has_string(record.name_off)) {
    report_.line("[{}] Invalid name_offset:{}\n", id, record.name_off);
    return Error::invalid;
  }
  return sizeof(record) + parts;
}

Result<void> BtfReader::read_types(Arena &arena) {
  if (header_.type_off & (sizeof(uint32_t) - 1))
    return refuse("Unaligned type_off");
  if (!header_.type_len)
    return refuse("No type found");
  btf_.types_ = view_.span().subspan(header_.hdr_len + header_.type_off, header_.type_len);
  size_t count = 1;
  for (size_t offset = 0; offset < btf_.types_.size(); count++) {
    if (count > KBPF_BTF_MAX_TYPE)
      return refuse("Too many types", Error::too_big);
    offset += KBPF_TRY(record_size(static_cast<uint32_t>(count), offset));
  }
  btf_.offsets_ = arena.make_array<uint32_t>(count);
  if (!btf_.offsets_.data())
    return Error::no_memory;
  size_t offset = 0;
  for (uint32_t id = 1; id < count; id++) {
    btf_.offsets_[id] = static_cast<uint32_t>(offset);
    offset += KBPF_TRY(record_size(id, offset));
    BtfType type = btf_.type(id);
    KBPF_TRY(check_record(id, type));
    report_.list(id, type);
    report_.line("\n");
  }
  return {};
}

Result<void> BtfReader::check_integer(uint32_t id, const BtfType &type) const {
  BtfInt integer(type);
  if (type.count)
    return report_.refuse(id, type, "vlen != 0");
  if (type.kind_flag)
    return report_.refuse(id, type, "Invalid btf_info kind_flag");
  if (integer.word & 0xf000ff00)
    return report_.refuse(id, type, "Invalid int_data");
  uint32_t bits = integer.bits() + integer.offset();
  if (bits > 128)
    return report_.refuse(id, type, "nr_bits exceeds 128");
  if ((bits + 7) / 8 > type.size_or_type)
    return report_.refuse(id, type, "nr_bits exceeds type_size");
  // Signed, character, boolean: one of them at most.
  if (integer.encoding() & (integer.encoding() - 1) || integer.encoding() > 4)
    return report_.refuse(id, type, "Unsupported encoding", Error::not_supported);
  return {};
}

// Pointers and modifiers.
Result<void> BtfReader::check_reference(uint32_t id, const BtfType &type) const {
  if (type.count)
    return report_.refuse(id, type, "vlen != 0");
  if (type.kind_flag && !type.is(BtfKind::type_tag))
    return report_.refuse(id, type, "Invalid btf_info kind_flag");
  if (type.size_or_type > KBPF_BTF_MAX_TYPE)
    return report_.refuse(id, type, "Invalid type_id");
  bool name_fits = type.name == 0;
  if (type.is(BtfKind::type_definition))
    name_fits = is_identifier(type.name);
  else if (type.is(BtfKind::type_tag))
    name_fits = !name_of(type).empty();
  return name_fits ? Result<void>() : report_.refuse(id, type, "Invalid name");
}

Result<void> BtfReader::check_members(uint32_t id, const BtfType &type) const {
  if (type.name && !is_identifier(type.name))
    return report_.refuse(id, type, "Invalid name");
  uint32_t last_offset = 0;
  for (uint32_t i = 0; i < type.count; i++) {
    auto member = type.part<kbpf_btf_member>(i);
    if (!btf_.has_string(member.name_off))
      return report_.refuse_part(id, type, i, "Invalid member name_offset");
    if (member.name_off && !is_identifier(member.name_off))
      return report_.refuse_part(id, type, i, "Invalid name");
    if (!member.type || member.type > KBPF_BTF_MAX_TYPE)
      return report_.refuse_part(id, type, i, "Invalid type_id");
    uint32_t offset = type.bit_offset(member);
    if (type.is(BtfKind::union_type) ? offset != 0 : offset < last_offset)
      return report_.refuse_part(id, type, i, "Invalid member bits_offset");
    if ((uint64_t{offset} + 7) / 8 > type.size_or_type)
      return report_.refuse_part(id, type, i, "Member bits_offset exceeds its struct size");
    last_offset = offset;
  }
  return {};
}

template <typename T> Result<void> BtfReader::check_enumerators(uint32_t id, const BtfType &type) const {
  if (type.size_or_type > 8 || !type.size_or_type || type.size_or_type & (type.size_or_type - 1))
    return report_.refuse(id, type, "Unexpected size");
  if (type.name && !is_identifier(type.name))
    return report_.refuse(id, type, "Invalid name");
  for (uint32_t i = 0; i < type.count; i++) {
    auto enumerator = type.part<T>(i);
    if (!btf_.has_string(enumerator.name_off))
      return report_.refuse_part(id, type, i, "Invalid name_offset");
    if (!is_identifier(enumerator.name_off))
      return report_.refuse_part(id, type, i, "Invalid name");
  }
  return {};
}

Result<void> BtfReader::check_section(uint32_t id, const BtfType &type) const {
  if (!type.size_or_type)
    return report_.refuse(id, type, "size == 0");
  if (type.kind_flag)
    return report_.refuse(id, type, "Invalid btf_info kind_flag");
  if (!type.name || !is_btf_section_name(name_of(type)))
    return report_.refuse(id, type, "Invalid name");
  uint64_t end = 0, sum = 0;
  for (uint32_t i = 0; i < type.count; i++) {
    auto variable = type.part<kbpf_btf_var_secinfo>(i);
    if (!variable.type || variable.type > KBPF_BTF_MAX_TYPE)
      return report_.refuse_part(id, type, i, "Invalid type_id");
    if (variable.offset < end || variable.offset >= type.size_or_type)
      return report_.refuse_part(id, type, i, "Invalid offset");
    if (!variable.size || variable.size > type.size_or_type)
      return report_.refuse_part(id, type, i, "Invalid size");
    end = uint64_t{variable.offset} + variable.size;
    if (end > type.size_or_type)
      return report_.refuse_part(id, type, i, "Invalid offset+size");
    sum += variable.size;
  }
  return type.size_or_type < sum ? report_.refuse(id, type, "Invalid btf_info size") : Result<void>();
}

Result<void> BtfReader::check_record(uint32_t id, const BtfType &type) const {
  auto require = [&](bool holds, std::string_view why) -> Result<void> {
    return holds ? Result<void>() : report_.refuse(id, type, why);
  };
  switch (type.kind) {
  case BtfKind::integer:
    return check_integer(id, type);
  case BtfKind::pointer:
  case BtfKind::type_definition:
  case BtfKind::volatile_type:
  case BtfKind::const_type:
  case BtfKind::restrict_type:
  case BtfKind::type_tag:
    return check_reference(id, type);
  case BtfKind::array: {
    auto array = type.part<kbpf_btf_array>();
    KBPF_TRY(require(!type.name, "Invalid name"));
    KBPF_TRY(require(!type.count, "vlen != 0"));
    KBPF_TRY(require(!type.kind_flag, "Invalid btf_info kind_flag"));
    KBPF_TRY(require(!type.size_or_type, "size != 0"));
    KBPF_TRY(require(array.type && array.type <= KBPF_BTF_MAX_TYPE, "Invalid elem"));
    return require(array.index_type && array.index_type <= KBPF_BTF_MAX_TYPE, "Invalid index");
  }
  case BtfKind::structure:
  case BtfKind::union_type:
    return check_members(id, type);
  case BtfKind::enumeration:
    return check_enumerators<kbpf_btf_enum>(id, type);
  case BtfKind::enumeration64:
    return check_enumerators<kbpf_btf_enum64>(id, type);
  case BtfKind::forward:
    KBPF_TRY(require(!type.count, "vlen != 0"));
    KBPF_TRY(require(!type.size_or_type, "type != 0"));
    return require(is_identifier(type.name), "Invalid name");
  case BtfKind::function:
    KBPF_TRY(require(is_identifier(type.name), "Invalid name"));
    KBPF_TRY(require(type.count <= 1, "Invalid func linkage")); // static, global
    return require(!type.kind_flag, "Invalid btf_info kind_flag");
  case BtfKind::function_prototype:
    KBPF_TRY(require(!type.name, "Invalid name"));
    return require(!type.kind_flag, "Invalid btf_info kind_flag");
  case BtfKind::variable:
    KBPF_TRY(require(!type.count, "vlen != 0"));
    KBPF_TRY(require(!type.kind_flag, "Invalid btf_info kind_flag"));
    KBPF_TRY(require(is_identifier(type.name), "Invalid name"));
    KBPF_TRY(require(type.size_or_type && type.size_or_type <= KBPF_BTF_MAX_TYPE, "Invalid type_id"));
    return require(type.part<uint32_t>() <= 1, "Linkage not supported"); // static, global
  case BtfKind::data_section:
    return check_section(id, type);
  case BtfKind::floating: {
    uint32_t size = type.size_or_type;
    KBPF_TRY(require(!type.count, "vlen != 0"));
    KBPF_TRY(require(!type.kind_flag, "Invalid btf_info kind_flag"));
    return require(size == 2 || size == 4 || size == 8 || size == 12 || size == 16, "Invalid type_size");
  }
  case BtfKind::declaration_tag:
    KBPF_TRY(require(!name_of(type).empty(), "Invalid value"));
    KBPF_TRY(require(!type.count, "vlen != 0"));
    return require(type.part<int32_t>() >= -1, "Invalid component_idx");
  case BtfKind::void_type:
    break;
  }
  return report_.refuse(id, type, "Invalid kind"); // not reached: record_size knows the kinds
}

Result<Btf> Btf::parse(std::span<const std::byte> bytes, Arena &arena, TextSink *log) {
  Btf btf;
  KBPF_TRY(BtfReader(bytes, log, btf).read(arena));
  return btf;
}

} // namespace kbpf
