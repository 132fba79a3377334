// SPDX-License-Identifier: MIT OR Apache-2.0
// The walk over BTF's types. A type is 12 bytes (name, info, size or type) and a tail whose length follows
// from its kind; so they can only be found one after the other.
#include "bpfcc/relocator/btf.h"
#include "bpfcc/relocator/btf_words.h"
#include "bpfcc/relocator/text.h"
#include <cstring>

namespace bpfcc {
namespace {

constexpr uint16_t kMagic = 0xeb9f;
constexpr uint32_t kCommonSize = 12;
constexpr size_t kMaxString = 4096;    // bytes shown of a string; many types may share a long one
constexpr unsigned kMaxTypeDepth = 64; // typedefs, qualifiers and arrays in a row; more are taken for a cycle

struct Header {
  uint16_t magic;
  uint8_t version, flags;
  uint32_t header_size, types_offset, types_size, strings_offset, strings_size;
};

// Bytes behind the common part.
std::optional<uint64_t> tail_size(BtfKind kind, uint32_t count) {
  switch (kind) {
  case BtfKind::integer:
  case BtfKind::variable:
  case BtfKind::decl_tag:
    return 4;
  case BtfKind::array:
    return 12;
  case BtfKind::structure:
  case BtfKind::union_type:
  case BtfKind::datasec:
  case BtfKind::enumeration64:
    return 12ull * count;
  case BtfKind::enumeration:
  case BtfKind::function_proto:
    return 8ull * count;
  case BtfKind::pointer:
  case BtfKind::forward:
  case BtfKind::typedef_type:
  case BtfKind::volatile_type:
  case BtfKind::const_type:
  case BtfKind::restrict_type:
  case BtfKind::function:
  case BtfKind::floating:
  case BtfKind::type_tag:
    return 0;
  case BtfKind::none:
    break;
  }
  return std::nullopt;
}

} // namespace

bool Btf::parse(std::string_view bytes, std::string &error) {
  *this = Btf();
  Header header;
  if (bytes.size() < sizeof header) {
    error = concat(".BTF: ", bytes.size(), " bytes are too few for its header");
    return false;
  }
  memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != kMagic || header.version != 1) {
    error = concat(".BTF: magic ", hex(header.magic), " version ", unsigned(header.version),
                   ": not little-endian BTF of version 1");
    return false;
  }
  auto outside = [&](uint32_t offset, uint32_t size) {
    return header.header_size > bytes.size() || offset > bytes.size() - header.header_size ||
           size > bytes.size() - header.header_size - offset;
  };
  if (header.header_size < sizeof header || outside(header.types_offset, header.types_size) ||
      outside(header.strings_offset, header.strings_size)) {
    error = ".BTF: its types or strings lie outside the section";
    return false;
  }
  uint32_t strings_offset = header.header_size + header.strings_offset;
  if (header.strings_size == 0 || bytes[strings_offset + header.strings_size - 1] != 0) {
    error = ".BTF: the string table does not end with a NUL byte";
    return false;
  }

  Btf parsed;
  parsed.bytes_ = bytes;
  parsed.types_offset_ = header.header_size + header.types_offset;
  parsed.types_size_ = header.types_size;
  parsed.strings_offset_ = strings_offset;
  parsed.strings_size_ = header.strings_size;
  parsed.types_.push_back({});
  uint32_t position = parsed.types_offset_;
  uint32_t end = position + parsed.types_size_;
  while (position < end) {
    uint32_t id = parsed.count();
    if (end - position < kCommonSize) {
      error = concat(".BTF+", hex(position), ": type ", id, " is cut off");
      return false;
    }
    uint32_t info = parsed.word(position + 4);
    BtfType type;
    type.name = parsed.string(parsed.word(position));
    type.kind = static_cast<BtfKind>(info >> 24 & 0x1f);
    type.kind_flag = info >> 31;
    type.count = info & 0xffff;
    type.size_or_type = parsed.word(position + 8);
    type.extra = position + kCommonSize;
    std::optional<uint64_t> tail = tail_size(type.kind, type.count);
    if (!tail) {
      error = concat(".BTF+", hex(position), ": type ", id, " is of unknown kind ", info >> 24 & 0x1f);
      return false;
    }
    if (*tail > end - type.extra) {
      error = concat(".BTF+", hex(position), ": type ", id, " is cut off");
      return false;
    }
    position = type.extra + static_cast<uint32_t>(*tail);
    parsed.types_.push_back(type);
  }
  if (!parsed.check_references(error))
    return false;
  *this = std::move(parsed);
  return true;
}

// A name or type that does not exist is no name and no type to who asks; the file is corrupt all the same.
bool Btf::check_references(std::string &error) const {
  for (uint32_t id = 1; id < count(); id++) {
    const uint32_t start = types_[id].extra - kCommonSize;
    const uint32_t end = id + 1 < count() ? types_[id + 1].extra - kCommonSize : types_offset_ + types_size_;
    auto fail = [&](std::string_view cause, uint32_t value) {
      if (error.empty())
        error = concat(".BTF+", hex(start), ": type ", id, " ", cause, " ", value, ", which does not exist");
    };
    error.clear();
    visit_btf_words(
        BtfWords(bytes_.data() + start), (end - start) / 4,
        [&](uint32_t offset) {
          if (!has_string(offset))
            fail("has a name at string offset", offset);
        },
        [&](uint32_t target) {
          if (!has_type(target))
            fail("refers to type", target);
        });
    if (!error.empty())
      return false;
  }
  return true;
}

std::string_view Btf::string(uint32_t offset) const {
  if (!has_string(offset))
    return {};
  const char *text = bytes_.data() + strings_offset_ + offset; // the table ends with NUL
  return {text, strnlen(text, kMaxString)};
}

uint32_t Btf::word(uint32_t offset) const {
  uint32_t value;
  memcpy(&value, bytes_.data() + offset, sizeof value);
  return value;
}

uint32_t Btf::strip(uint32_t id) const {
  unsigned steps = kMaxTypeDepth;
  return strip(id, steps);
}

uint32_t Btf::strip(uint32_t id, unsigned &steps) const {
  for (; steps; steps--) {
    switch (type(id).kind) {
    case BtfKind::typedef_type:
    case BtfKind::volatile_type:
    case BtfKind::const_type:
    case BtfKind::restrict_type:
    case BtfKind::type_tag:
      id = type(id).size_or_type;
      break;
    default:
      return id;
    }
  }
  return 0;
}

uint32_t Btf::element(uint32_t id) const {
  for (unsigned steps = kMaxTypeDepth; steps; steps--) {
    id = strip(id, steps);
    if (!steps || type(id).kind != BtfKind::array)
      return id;
    id = array(type(id)).element_type;
  }
  return 0;
}

std::optional<uint64_t> Btf::size_of(uint32_t id) const {
  uint64_t elements = 1;
  for (unsigned steps = kMaxTypeDepth; steps; steps--) {
    const BtfType &stripped = type(strip(id, steps));
    if (!steps)
      break;
    uint64_t size;
    switch (stripped.kind) {
    case BtfKind::pointer:
      size = 8;
      break;
    case BtfKind::integer:
    case BtfKind::structure:
    case BtfKind::union_type:
    case BtfKind::enumeration:
    case BtfKind::enumeration64:
    case BtfKind::floating:
    case BtfKind::datasec:
      size = stripped.size_or_type;
      break;
    case BtfKind::array: {
      BtfArray shape = array(stripped);
      if (__builtin_mul_overflow(elements, uint64_t(shape.count), &elements))
        return std::nullopt;
      id = shape.element_type;
      continue;
    }
    default:
      return std::nullopt;
    }
    if (__builtin_mul_overflow(elements, size, &size))
      return std::nullopt;
    return size;
  }
  return std::nullopt;
}

BtfMember Btf::member(const BtfType &structure, uint32_t index) const {
  uint32_t at = structure.extra + 12 * index;
  uint32_t offset = word(at + 8);
  if (structure.kind_flag)
    return {string(word(at)), word(at + 4), offset & 0xffffff, offset >> 24};
  return {string(word(at)), word(at + 4), offset, 0};
}

BtfParameter Btf::parameter(const BtfType &function_proto, uint32_t index) const {
  uint32_t at = function_proto.extra + 8 * index;
  return {string(word(at)), word(at + 4)};
}

std::string_view Btf::enumerator_name(const BtfType &enumeration, uint32_t index) const {
  return string(word(enumeration.extra + (enumeration.kind == BtfKind::enumeration ? 8 : 12) * index));
}

BtfArray Btf::array(const BtfType &array) const { return {word(array.extra), word(array.extra + 8)}; }

BtfSecVar Btf::secvar(const BtfType &datasec, uint32_t index) const {
  uint32_t at = datasec.extra + 12 * index;
  return {word(at), word(at + 4), word(at + 8)};
}

// Linkage 2 of both kinds: a variable's stands in its tail, a function's in the count.
bool Btf::is_extern(const BtfType &type) const {
  return (type.kind == BtfKind::variable && word(type.extra) == 2) ||
         (type.kind == BtfKind::function && type.count == 2);
}

uint64_t Btf::enumerator(const BtfType &enumeration, uint32_t index) const {
  if (enumeration.kind == BtfKind::enumeration)
    return word(enumeration.extra + 8 * index + 4);
  uint32_t at = enumeration.extra + 12 * index;
  return word(at + 4) | uint64_t(word(at + 8)) << 32;
}

} // namespace bpfcc
