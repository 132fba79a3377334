// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/maps/map_of_maps.h"

namespace kbpf::maps {
namespace {

// Types whose programs' view depends on more than their spec (Linux's types without map_meta_equal).
bool can_be_inside(uint32_t type) {
  constexpr uint32_t kProgArray = 3, kCgroupStorage = 19, kPerCpuCgroupStorage = 21, kStructOps = 26;
  return type != kProgArray && type != kCgroupStorage && type != kPerCpuCgroupStorage && type != kStructOps;
}

} // namespace

Result<InnerTemplate> InnerTemplate::from(const MapSpec &spec) {
  if (!spec.inner)
    return Error::bad_fd;
  const uint32_t type = spec.inner->spec().type;
  if (type == kArrayOfMaps || type == kHashOfMaps)
    return Error::invalid;
  if (!can_be_inside(type))
    return Error::not_supported;
  InnerTemplate made;
  made.ref_ = spec.inner->ref();
  made.ref_.handle = made.ref_.value_address = 0;
  made.ref_.fd = 0;
  made.ref_.constants = {};
  return made;
}

bool InnerTemplate::matches(const Map &map) const {
  constexpr uint32_t kArray = 2;
  const MapSpec &spec = map.spec();
  if (spec.type != ref_.type || spec.key_size != ref_.key_size || spec.value_size != ref_.value_size ||
      spec.flags != ref_.map_flags || map.fields() != ref_.fields)
    return false;
  // The verifier counts on an array's bounds, unless it was told that they differ.
  return spec.type != kArray || spec.flags & KBPF_MAP_F_INNER_MAP || spec.max_entries == ref_.max_entries;
}

} // namespace kbpf::maps
