// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/maps/object_array.h"

namespace kbpf::maps {

ObjectArrayMap::ObjectArrayMap(const MapSpec &spec, Buffer slots)
    : IndexedMap(spec), slots_(std::move(slots)) {}

ObjectArrayMap::~ObjectArrayMap() { clear(); }

void ObjectArrayMap::clear() {
  for (uint32_t i = 0; i < spec().max_entries; i++)
    Ref<Object>::adopt(slots()[i].exchange(nullptr, std::memory_order_acq_rel)).reset();
}

Result<Buffer> ObjectArrayMap::allocate_slots(const MapSpec &spec) {
  if (spec.max_entries == 0)
    return Error::invalid;
  if (spec.max_entries > kMaxMapBytes / sizeof(Object *))
    return Error::too_big;
  Buffer slots = KBPF_TRY(Buffer::create(spec.max_entries * sizeof(Object *)));
  memset(slots.data(), 0, slots.size());
  return Result<Buffer>(std::move(slots));
}

Result<void> ObjectArrayMap::write_for_user(const void *key, const void *value, uint64_t flags) {
  if (flags != KBPF_MAP_UPDATE_ANY)
    return Error::invalid;
  const uint32_t index = index_of(key);
  if (index >= spec().max_entries)
    return Error::too_big;
  uint32_t fd;
  memcpy(&fd, value, sizeof(fd));
  Ref<Object> object = KBPF_TRY(object_from_fd(fd));
  KBPF_TRY(admit(*object));
  Ref<Object>::adopt(slots()[index].exchange(object.release(), std::memory_order_acq_rel)).reset();
  return {};
}

Result<void> ObjectArrayMap::remove(const void *key) {
  const uint32_t index = index_of(key);
  if (index >= spec().max_entries)
    return Error::too_big;
  Ref<Object> old = Ref<Object>::adopt(slots()[index].exchange(nullptr, std::memory_order_acq_rel));
  return old ? Result<void>() : Error::not_found;
}

Result<void> ObjectArrayMap::read_for_user(const void *key, void *value) {
  ReadSection section;
  const Object *object = object_at(index_of(key));
  if (!object)
    return Error::not_found;
  const uint32_t id = KBPF_TRY(id_of(*object));
  memcpy(value, &id, sizeof(id));
  return {};
}

} // namespace kbpf::maps
