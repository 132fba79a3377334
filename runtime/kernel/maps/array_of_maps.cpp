// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/maps/map_of_maps.h"
#include "kernel/maps/object_array.h"

namespace kbpf::maps {
namespace {

class ArrayOfMaps final : public ObjectArrayMap {
public:
  ArrayOfMaps(const MapSpec &spec, Buffer slots, const InnerTemplate &inner)
      : ObjectArrayMap(spec, std::move(slots)), inner_(inner) {}
  void *lookup(const void *key) override { return object_at(index_of(key)); }
  uint32_t batch_commands() const override { return kBatchLookup | kBatchUpdate; }

private:
  void free_memory() override { free_object(this); }
  const MapRef *inner_ref() const override { return &inner_.ref(); }
  Result<void> admit(const Object &object) const override {
    bool fits = object.kind == Kind::map && inner_.matches(static_cast<const Map &>(object));
    return fits ? Result<void>() : Error::invalid;
  }
  Result<uint32_t> id_of(const Object &object) const override {
    return static_cast<const Map &>(object).id();
  }

  const InnerTemplate inner_;
};

} // namespace

Result<Map *> create_array_of_maps_map(const MapSpec &spec) {
  InnerTemplate inner = KBPF_TRY(InnerTemplate::from(spec));
  Buffer slots = KBPF_TRY(ObjectArrayMap::allocate_slots(spec));
  Map *map = allocate_object<ArrayOfMaps>(without_inner(spec), std::move(slots), inner);
  if (!map)
    return Error::no_memory;
  return map;
}

} // namespace kbpf::maps
