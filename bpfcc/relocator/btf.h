// SPDX-License-Identifier: MIT OR Apache-2.0
// Reading of .BTF, the type information of a BPF object (Linux Documentation/bpf/btf.rst): a header, types
// numbered from 1, and strings. Everything is checked when it is parsed, each name and each reference to a
// type too; afterwards any id or offset may be asked for.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bpfcc {

enum class BtfKind : uint8_t {
  none, // id 0 (void) and ids that don't exist
  integer,
  pointer,
  array,
  structure,
  union_type,
  enumeration,
  forward,
  typedef_type,
  volatile_type,
  const_type,
  restrict_type,
  function,
  function_proto,
  variable,
  datasec,
  floating,
  decl_tag,
  type_tag,
  enumeration64,
};

struct BtfType {
  std::string_view name;
  BtfKind kind = BtfKind::none;
  bool kind_flag = false;
  uint32_t count = 0;        // members, parameters, enumerators, variables
  uint32_t size_or_type = 0; // bytes, or the id of another type, by kind
  uint32_t extra = 0;        // offset in Btf::bytes of what follows the common part
};

struct BtfMember {
  std::string_view name;
  uint32_t type;
  uint32_t bit_offset = 0;
  uint32_t bit_size = 0; // 0: not a bit field
};

struct BtfParameter {
  std::string_view name;
  uint32_t type; // 0 in the last one: "..."
};

struct BtfArray {
  uint32_t element_type;
  uint32_t count;
};

struct BtfSecVar {
  uint32_t type; // a variable
  uint32_t offset, size;
};

class Btf {
public:
  // False where bytes are corrupt; error says where and why. The object refers to bytes.
  bool parse(std::string_view bytes, std::string &error);

  bool empty() const { return types_.empty(); }
  uint32_t count() const { return static_cast<uint32_t>(types_.size()); } // ids are below it
  const BtfType &type(uint32_t id) const { return id < types_.size() ? types_[id] : void_; }
  bool has_type(uint32_t id) const { return id < types_.size(); }
  bool has_string(uint32_t offset) const { return offset < strings_size_; }
  std::string_view string(uint32_t offset) const; // empty where there is none

  // Behind typedefs and qualifiers.
  uint32_t strip(uint32_t id) const;
  // Behind arrays as well: what they are made of.
  uint32_t element(uint32_t id) const;
  std::optional<uint64_t> size_of(uint32_t id) const; // bytes; none for void, functions, incomplete types

  // Only for types of the matching kind, index < count.
  bool is_signed(const BtfType &integer) const { return word(integer.extra) >> 24 & 1; }
  // Bits of an integer, which old compilers made bit fields of.
  uint32_t integer_bits(const BtfType &integer) const { return word(integer.extra) & 0xff; }
  BtfMember member(const BtfType &structure, uint32_t index) const;
  BtfArray array(const BtfType &array) const;
  BtfSecVar secvar(const BtfType &datasec, uint32_t index) const;
  bool is_static(const BtfType &variable) const { return word(variable.extra) == 0; }
  bool is_extern(const BtfType &type) const; // a variable or function that is declared only
  BtfParameter parameter(const BtfType &function_proto, uint32_t index) const;
  std::string_view enumerator_name(const BtfType &enumeration, uint32_t index) const;
  uint64_t enumerator(const BtfType &enumeration, uint32_t index) const;

  std::string_view bytes() const { return bytes_; }
  uint32_t types_offset() const { return types_offset_; } // in bytes()
  uint32_t types_size() const { return types_size_; }
  uint32_t strings_offset() const { return strings_offset_; } // in bytes()
  uint32_t strings_size() const { return strings_size_; }

private:
  uint32_t word(uint32_t offset) const;
  bool check_references(std::string &error) const;
  uint32_t strip(uint32_t id, unsigned &steps) const; // takes what it needs from steps; at 0 there is no answer

  std::string_view bytes_;
  uint32_t types_offset_ = 0, types_size_ = 0;
  uint32_t strings_offset_ = 0, strings_size_ = 0;
  std::vector<BtfType> types_;
  BtfType void_;
};
} // namespace bpfcc
