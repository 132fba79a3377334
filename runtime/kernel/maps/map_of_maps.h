// SPDX-License-Identifier: MIT OR Apache-2.0
// What array_of_maps and hash_of_maps share: a template, given at creation, that every inner map must match,
// so that programs are verified against it before any map is in. Processes store maps by descriptor and read
// their ids; a lookup by a program gives the inner map itself.
#pragma once
#include "kernel/maps/map.h"

namespace kbpf::maps {

class InnerTemplate {
public:
  // From spec.inner. Errors: bad_fd (none given), invalid (it holds maps itself), not_supported (a type that
  // can't be inside).
  static Result<InnerTemplate> from(const MapSpec &spec);
  bool matches(const Map &map) const;
  const MapRef &ref() const { return ref_; }

private:
  MapRef ref_{}; // without a handle
};

// The spec that a map of maps keeps: the template's map may end before it.
inline MapSpec without_inner(MapSpec spec) {
  spec.inner = nullptr;
  return spec;
}

constexpr uint32_t kArrayOfMaps = 12, kHashOfMaps = 13;

} // namespace kbpf::maps
