// SPDX-License-Identifier: MIT OR Apache-2.0
// A BTF blob: types by id, their parts, names. parse() accepts only what Linux's reader accepts of header,
// strings and single records; check_references() (check.h) proves the rest, that types refer to each other
// sensibly. A Btf points into its owner's bytes and into an arena, and may be copied as long as both live.
#pragma once
#include "abi/btf.h"
#include "core/base/arena.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include <cstring>
#include <span>
#include <string_view>

namespace kbpf {

enum class BtfKind : uint8_t {
  void_type,
#define KBPF_BTF_KIND(number, name, NAME) name = number,
#include "abi/btf_kinds.def"
#undef KBPF_BTF_KIND
};
std::string_view to_text(BtfKind kind); // Linux's name: "STRUCT"

struct BtfType {
  uint32_t name = 0; // offset of a string
  BtfKind kind = BtfKind::void_type;
  bool kind_flag = false;
  uint16_t count = 0;        // of members, enumerators, parameters, variables; a function's linkage
  uint32_t size_or_type = 0; // bytes, or a type's id
  const std::byte *parts = nullptr;

  // Part index of the array behind the record; T is the kind's struct of abi/btf.h.
  template <typename T> T part(uint32_t index = 0) const {
    T value;
    memcpy(&value, parts + size_t{index} * sizeof(T), sizeof(T));
    return value;
  }
  bool is(BtfKind wanted) const { return kind == wanted; }
  bool is_struct() const { return kind == BtfKind::structure || kind == BtfKind::union_type; }
  bool is_enum() const { return kind == BtfKind::enumeration || kind == BtfKind::enumeration64; }
  bool is_modifier() const; // typedef, const, volatile, restrict, type tag
  // A member's place in a struct or union, and its width where it is a bit field (else 0).
  uint32_t bit_offset(const kbpf_btf_member &member) const {
    return kind_flag ? member.offset & 0xffffff : member.offset;
  }
  uint32_t bitfield_size(const kbpf_btf_member &member) const { return kind_flag ? member.offset >> 24 : 0; }
};

// The word behind an INT record.
struct BtfInt {
  explicit BtfInt(const BtfType &type) : word(type.part<uint32_t>()) {}
  uint32_t bits() const { return word & 0xff; }
  uint32_t offset() const { return word >> 16 & 0xff; } // in bits
  uint32_t encoding() const { return word >> 24 & 0x0f; }
  uint32_t word;
};

class Btf {
public:
  // Errors: invalid, too_big (more types than ids, an unknown header), not_supported (version, flags, an
  // int's encoding), no_memory. log, which may be null, gets the types as they are read and the reason of a
  // refusal.
  static Result<Btf> parse(std::span<const std::byte> bytes, Arena &arena, TextSink *log);

  std::span<const std::byte> bytes() const { return bytes_; }
  uint32_t type_count() const { return static_cast<uint32_t>(offsets_.size()); } // void, id 0, included
  bool has_type(uint32_t id) const { return id < type_count(); }
  BtfType type(uint32_t id) const; // void where there is no such id

  bool has_string(uint32_t offset) const { return offset < strings_.size(); }
  std::string_view string(uint32_t offset) const; // empty where there is none
  std::string_view name(const BtfType &type) const { return string(type.name); }

  // The id behind typedefs, const, volatile, restrict and type tags. At most type_count() steps.
  uint32_t strip_modifiers(uint32_t id) const;
  // The first type of that kind and name; 0: none.
  uint32_t find(std::string_view name, BtfKind kind) const;

private:
  friend class BtfReader;
  std::span<const std::byte> bytes_, types_;
  std::string_view strings_;
  std::span<uint32_t> offsets_; // of each record in types_; [0] is void's and means nothing
};

// Names as Linux takes them: an identifier of C, '.' allowed; a section's name is any printable text.
bool is_btf_identifier(std::string_view name);
bool is_btf_section_name(std::string_view name);

} // namespace kbpf
