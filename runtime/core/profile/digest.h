// SPDX-License-Identifier: MIT OR Apache-2.0
// The digest of a profile's tables: FNV-1a (64 bits) over what an object depends on. Objects carry it, so
// that a message about a mismatch can say that the tables differ. Explaining texts and prototypes are left
// out.
#pragma once
#include "core/profile/profile.h"

namespace kbpf {

class Fnv1a {
public:
  constexpr void add(uint64_t value) {
    for (unsigned byte = 0; byte < 8; byte++)
      step(static_cast<uint8_t>(value >> 8 * byte));
  }
  constexpr void add(std::string_view text) {
    for (char c : text)
      step(static_cast<uint8_t>(c));
    step(0);
  }
  constexpr uint64_t value() const { return hash_; }

private:
  constexpr void step(uint8_t byte) { hash_ = (hash_ ^ byte) * 0x100000001b3; }
  uint64_t hash_ = 0xcbf29ce484222325;
};

constexpr uint64_t digest(const Profile &profile) {
  Fnv1a hash;
  hash.add(profile.number);
  for (const HelperProto &helper : profile.helpers) {
    hash.add(helper.number);
    hash.add(helper.name);
    hash.add(helper.ret);
    for (kbpf_arg_type arg : helper.args)
      hash.add(arg);
    hash.add(helper.prog_types);
    hash.add(helper.flags);
    hash.add(helper.map_use);
    hash.add(helper.since);
  }
  for (const MapTypeInfo &type : profile.map_types) {
    hash.add(type.number);
    hash.add(type.uses);
    hash.add(type.since);
  }
  for (const ProgTypeInfo &type : profile.prog_types) {
    hash.add(type.number);
    hash.add(type.since);
    if (!type.context)
      continue;
    hash.add(type.context->size);
    for (const ContextField &field : type.context->fields) {
      hash.add(field.name);
      hash.add(field.offset);
      hash.add(field.size);
      hash.add(static_cast<uint64_t>(field.access.kind));
      hash.add(field.access.readable_in_pieces);
      hash.add(field.access.writable);
      hash.add(uint64_t{field.access.writable_in_pieces} | uint64_t{field.access.pieces_begin_it} << 1);
    }
  }
  for (const AttachKindInfo &kind : profile.attach_kinds) {
    hash.add(kind.number);
    hash.add(kind.text);
    hash.add(kind.prog_type);
    hash.add(kind.since);
  }
  for (const SectionInfo &section : profile.sections) {
    hash.add(section.prefix);
    hash.add(section.prog_type);
    hash.add(section.attach_kind);
    hash.add(static_cast<uint64_t>(section.extra));
    hash.add(section.since);
  }
  return hash.value();
}

} // namespace kbpf
