// SPDX-License-Identifier: MIT OR Apache-2.0
// A kernel profile: everything that the relocator and the verifier must know about the kernel that will run
// an object, in one value made from runtime/abi. Passes ask it; they never test which profile it is.
#pragma once
#include "abi/limits.h"
#include "abi/object.h"
#include "abi/proto.h"
#include <cstdint>
#include <span>
#include <string_view>

namespace kbpf {

struct HelperProto {
  uint32_t number;
  std::string_view name;   // without bpf_
  std::string_view c_name; // what programs call: bpf_ and the name; the kernel's own have no prefix
  kbpf_ret_type ret;
  kbpf_arg_type args[5];
  uint64_t prog_types; // bit n: program type number n may call it
  uint32_t flags;      // KBPF_HELPER_*
  uint32_t map_use;    // KBPF_MAP_USE_*; 0: takes no map
  uint32_t since;
  std::string_view prototype;
  std::string_view text;
  // Of Linux's kernel functions: the structure that an OBJECT argument is, or an iterator; last, the result's.
  std::string_view structures[6] = {};
  static constexpr unsigned kResult = 5;
};

struct MapTypeInfo {
  uint32_t number;
  std::string_view name; // as in BPF_MAP_TYPE_x, lower case
  uint32_t uses;         // KBPF_MAP_USE_* that helpers may make of it
  uint32_t since;
  std::string_view text;
};

// What a program may do with a field of its context.
struct FieldAccess {
  enum class Kind : uint8_t {
    number,
    packet,
    packet_end,
    packet_meta
  } kind = Kind::number;           // what a load gives
  bool readable_in_pieces = false; // naturally aligned ones
  bool writable = false;
  bool writable_in_pieces = false;
  bool pieces_begin_it = false; // those that are read: only such as begin where the field does

  bool operator==(const FieldAccess &) const = default;
};

struct ContextField {
  std::string_view name;
  uint16_t offset;
  uint16_t size;
  FieldAccess access;
};

struct ContextInfo {
  std::string_view name;
  uint32_t size;
  std::span<const ContextField> fields; // by ascending offset, none on another

  const ContextField *field_at(uint64_t offset) const; // the one that holds this byte; null: none
};

// Sockets of Linux: 8 bytes of a context that are the address of one, and which fields a program sees of it.
enum class SocketKind : uint8_t { full, common, tcp };
struct SocketField {
  uint32_t prog_type, offset;
  SocketKind kind;
  bool may_be_null;
};
const SocketField *linux_socket_field(uint32_t prog_type, uint64_t offset); // null: there is none
const ContextInfo &socket_layout(SocketKind kind);

struct ProgTypeInfo {
  uint32_t number;
  std::string_view name;
  const ContextInfo *context; // null in the linux profile
  uint32_t since;
  std::string_view text;
};

struct AttachKindInfo {
  uint32_t number;
  std::string_view text; // as in kind$symbol
  uint32_t prog_type;
  uint32_t since;
};

struct SectionInfo {
  std::string_view prefix;
  uint32_t prog_type;
  uint32_t attach_kind;
  enum class Extra : uint8_t { none, optional, required } extra;
  uint32_t since;
};

// What "extern ... __kconfig" gives.
struct ConfigValue {
  std::string_view name;
  uint64_t value;
};

// How code refers to maps, and where programs stand.
enum class MapEncoding : uint8_t {
  pseudo_map_idx,   // kbpf: ld_imm64 with src 5 or 6, imm = index into the map table
  undefined_symbol, // zcore: relocation against an undefined symbol that names an fd slot
  libbpf,           // linux: relocations against .maps and data sections, left to libbpf
};
enum class ProgramPlacement : uint8_t {
  own_section, // each program in a section of its own, subprograms behind it
  text_only,   // zcore: one program, .text, entry at its start, no calls between functions
  as_written,  // linux
};

struct Profile {
  uint32_t number; // KBPF_PROFILE_*
  std::string_view name;
  MapEncoding map_encoding;
  ProgramPlacement placement;
  bool global_data;
  bool subprograms;
  bool atomics;
  bool tail_calls;   // helper 12 is bpf_tail_call
  bool packet_loads; // classic BPF's, RFC 9669 section 5.5
  bool may_goto;
  bool ordered_accesses; // load-acquire and store-release
  bool full_prototypes;  // false: names and numbers only, so that the verifier can judge no program
  std::span<const HelperProto> helpers; // by ascending number
  std::span<const MapTypeInfo> map_types;
  std::span<const ProgTypeInfo> prog_types;
  std::span<const AttachKindInfo> attach_kinds;
  std::span<const SectionInfo> sections;
  std::span<const ConfigValue> config;
  const ContextInfo *map_header; // what programs read through the address of any map; null: nothing
  uint32_t max_insns;
  uint32_t max_processed_insns;
  uint32_t stack_size;
  uint64_t tables_digest;

  const HelperProto *helper(uint32_t number) const;
  const HelperProto *helper(std::string_view name) const; // with or without bpf_
  const MapTypeInfo *map_type(uint32_t number) const;
  const ProgTypeInfo *prog_type(uint32_t number) const;
  const AttachKindInfo *attach_kind(uint32_t number) const;
  // Splits "kprobe/func" into its table entry and "func"; the longest prefix wins. Null where none matches,
  // or where the name has an extra part and the entry takes none. extra (may be null) is empty where the name
  // ends at the prefix, also for an entry that requires one: the caller reports that.
  const SectionInfo *section(std::string_view section_name, std::string_view *extra) const;
};

extern const Profile kKbpfProfile;
extern const Profile kZcoreProfile;
extern const Profile kLinuxProfile;
const Profile *find_profile(std::string_view name);
const Profile *find_profile(uint32_t number);

} // namespace kbpf
