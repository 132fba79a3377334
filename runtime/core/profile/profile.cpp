// SPDX-License-Identifier: MIT OR Apache-2.0
// Look-ups in a profile's tables. The tables are short and the callers few (load time, compile time), so a
// scan of each is all that is needed; helpers, asked for at each call instruction, are found by bisection.
#include "core/profile/profile.h"
#include <algorithm>

namespace kbpf {

const HelperProto *Profile::helper(uint32_t helper_number) const {
  // Where few numbers are left out, a helper lies at its own, counted from 0 or 1; none lies behind that.
  const size_t end = std::min(size_t{helper_number} + 1, helpers.size());
  for (size_t i = end; i > 0 && i + 2 > end; i--)
    if (helpers[i - 1].number == helper_number)
      return &helpers[i - 1];
  const auto last = helpers.begin() + static_cast<ptrdiff_t>(end);
  auto found = std::lower_bound(helpers.begin(), last, helper_number,
                                [](const HelperProto &proto, uint32_t n) { return proto.number < n; });
  return found != last && found->number == helper_number ? &*found : nullptr;
}

const HelperProto *Profile::helper(std::string_view helper_name) const {
  for (const HelperProto &proto : helpers)
    if (proto.name == helper_name || proto.c_name == helper_name)
      return &proto;
  return nullptr;
}

const MapTypeInfo *Profile::map_type(uint32_t type_number) const {
  for (const MapTypeInfo &type : map_types)
    if (type.number == type_number)
      return &type;
  return nullptr;
}

const ContextField *ContextInfo::field_at(uint64_t offset) const {
  const auto holds = [&](const ContextField &field) {
    return field.offset <= offset && offset - field.offset < field.size;
  };
  if (fields.empty())
    return nullptr;
  // Most fields are as large as the first one.
  if (const uint64_t likely = offset / fields[0].size; likely < fields.size() && holds(fields[likely]))
    return &fields[likely];
  const auto behind =
      std::upper_bound(fields.begin(), fields.end(), offset,
                       [](uint64_t at, const ContextField &field) { return at < field.offset; });
  return behind != fields.begin() && holds(*(behind - 1)) ? &*(behind - 1) : nullptr;
}

const ProgTypeInfo *Profile::prog_type(uint32_t type_number) const {
  for (const ProgTypeInfo &type : prog_types)
    if (type.number == type_number)
      return &type;
  return nullptr;
}

const AttachKindInfo *Profile::attach_kind(uint32_t kind_number) const {
  for (const AttachKindInfo &kind : attach_kinds)
    if (kind.number == kind_number)
      return &kind;
  return nullptr;
}

const SectionInfo *Profile::section(std::string_view section_name, std::string_view *extra) const {
  const SectionInfo *best = nullptr;
  for (const SectionInfo &entry : sections) {
    size_t length = entry.prefix.size();
    if (section_name.substr(0, length) != entry.prefix || (best && best->prefix.size() >= length))
      continue;
    bool whole = section_name.size() == length;
    if (whole || (section_name[length] == '/' && entry.extra != SectionInfo::Extra::none))
      best = &entry;
  }
  if (best && extra)
    *extra = section_name.size() == best->prefix.size() ? std::string_view()
                                                        : section_name.substr(best->prefix.size() + 1);
  return best;
}

namespace {
constexpr const Profile *kBuiltIn[] = {&kKbpfProfile, &kZcoreProfile, &kLinuxProfile};
}

const Profile *find_profile(std::string_view name) {
  for (const Profile *profile : kBuiltIn)
    if (profile->name == name)
      return profile;
  return nullptr;
}

const Profile *find_profile(uint32_t number) {
  for (const Profile *profile : kBuiltIn)
    if (profile->number == number)
      return profile;
  return nullptr;
}

} // namespace kbpf
