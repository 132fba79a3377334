// SPDX-License-Identifier: MIT OR Apache-2.0
// Creation of maps from the table of types.
#include "kernel/maps/map.h"
#include "core/profile/map_shape.h"
#include "core/verifier/inline_call.h"
#include "kernel/epoch.h"
#include "kernel/maps/map_type.h"
#include "kernel/maps/special_fields.h"
#include "kernel/maps/task_storage.h"
#include "kernel/memory.h"

namespace kbpf {
namespace {

Result<Map *> create_of_type(const MapSpec &spec) {
  switch (spec.type) {
#define KBPF_MAP_TYPE(number, name, NAME, uses, since, text)                                                 \
  case number:                                                                                               \
    return maps::create_##name##_map(spec);
#include "abi/map_types.def"
#undef KBPF_MAP_TYPE
  }
  return Error::invalid;
}

// About what a map takes when it is full: what a user pays for. At most a few bytes a key below what it is.
uint64_t full_size(const Map &map) {
  enum : uint32_t { kArray = 2, kProgArray = 3, kPerfArray = 4, kPerCpuHash = 5, kPerCpuArray = 6 };
  enum : uint32_t { kStackTrace = 7, kLruPerCpuHash = 10, kMapArray = 12, kTaskStorage = 29, kBloom = 30 };
  constexpr uint64_t kHeader = 512, kElement = 48; // a map's own, and beside each key of a hash
  const MapSpec &spec = map.spec();
  uint64_t value = round_up_8(spec.value_size), each = value;
  switch (spec.type) {
  case kArray:
  case kStackTrace:
    break;
  case kProgArray:
  case kPerfArray:
  case kMapArray:
    each = sizeof(void *);
    break;
  case kPerCpuArray:
    each = value * kbpf_port_cpu_count();
    break;
  case kPerCpuHash:
  case kLruPerCpuHash:
    each = round_up_8(spec.key_size) + kElement + value * kbpf_port_cpu_count();
    break;
  case kTaskStorage:
    return kHeader + (sizeof(uint64_t) + kElement + value) * maps::task_storage_room(spec.value_size);
  case kBloom:
    each = (spec.extra & 15 ? spec.extra & 15 : 5) / 4 + 1; // 1.44 bits a hash function
    break;
  default:
    each =
        spec.value_size || spec.key_size ? round_up_8(spec.key_size) + kElement + value : 1; // a ring's byte
  }
  return kHeader + each * spec.max_entries;
}

// But for what is too large, which the types answer themselves.
bool has_shape(const MapSpec &spec) {
  const MapShape *shape = map_shape(spec.type);
  const auto fits = [](uint32_t size, uint32_t least, uint32_t most) {
    return least == most ? size == least : size >= least;
  };
  return shape && !(spec.flags & ~shape->flags) && !(shape->needed_flags & ~spec.flags) &&
         fits(spec.key_size, shape->least_key, shape->most_key) &&
         fits(spec.value_size, shape->least_value, shape->most_value);
}

// All elements of such a table are there from the start; Linux has an answer of its own to who wants it
// otherwise.
bool is_late_lru(const MapSpec &spec) {
  constexpr uint32_t kLruHash = 9, kLruPerCpuHash = 10;
  return (spec.type == kLruHash || spec.type == kLruPerCpuHash) && spec.flags & KBPF_MAP_F_NO_PREALLOC;
}

bool contradicts(uint32_t flags, uint32_t either, uint32_t other) { return flags & either && flags & other; }

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

} // namespace

constinit Registry<Map> map_registry;

Result<Ref<Map>> create_map(const MapSpec &spec, MapTypes types) {
  if (contradicts(spec.flags, KBPF_MAP_F_RDONLY, KBPF_MAP_F_WRONLY) ||
      contradicts(spec.flags, KBPF_MAP_F_RDONLY_PROG, KBPF_MAP_F_WRONLY_PROG) ||
      !is_valid_object_name(spec.name))
    return Error::invalid;
  if (is_late_lru(spec))
    return Error::not_supported;
  if (!has_shape(spec))
    return Error::invalid;
  Map *map = KBPF_TRY(create_of_type(spec));
  const bool has_timers = types.fields.timer >= 0;
  Result<MemoryCharge> charge =
      MemoryCharge::take(full_size(*map) + (has_timers ? uint64_t{map->timer_slots()} * sizeof(Timer) : 0));
  if (!charge.ok()) {
    map->free_memory();
    return charge.error();
  }
  map->charge_ = *std::move(charge);
  map->types_ = std::move(types);
  if (maps::has_special_fields(map->fields()))
    map->fields_are_known();
  map->user_access_ = {map->user_value_size(), map->lookup_takes_value()};
  if (has_timers) {
    Result<TimerTable> timers = TimerTable::create(*map, map->timer_slots());
    if (!timers.ok()) {
      map->free_memory();
      return timers.error();
    }
    map->timers_ = std::move(*timers);
  }
  if (Result<void> added = map_registry.add(map, map->id_); !added.ok()) {
    map->free_memory();
    return added.error();
  }
  return Ref<Map>::adopt(map);
}

void Map::destroy() {
  map_registry.remove(id_);
  timers_.release_all();
  wait_for_readers();
  free_memory();
}

Result<void> Map::init_timer(std::byte *field, uint64_t clock) {
  return timers_.at(timer_slot(field - fields().timer)).init(field, clock);
}

Result<void> Map::freeze() {
  uint32_t none = 0;
  if (!writers_.compare_exchange_strong(none, kFrozen, std::memory_order_acq_rel))
    return Error::busy;
  return {};
}

bool Map::begin_user_write() {
  uint32_t writers = writers_.load(std::memory_order_relaxed);
  do {
    if (writers == kFrozen)
      return false;
  } while (!writers_.compare_exchange_weak(writers, writers + 1, std::memory_order_acquire));
  return true;
}

Result<void> Map::begin_mapping(uint64_t offset, uint64_t size, bool writable) {
  if (maps::has_special_fields(fields()))
    return Error::not_supported;
  KBPF_TRY(check_mapping(offset, size, writable));
  if (!writable)
    return {};
  // The verifier may have taken the contents of a read-only map for constants.
  if (spec_.flags & KBPF_MAP_F_RDONLY_PROG)
    return frozen() ? Error::not_permitted : Error::access_denied;
  return begin_user_write() ? Result<void>() : Error::not_permitted;
}

void Map::end_mapping(uint64_t, uint64_t, bool writable) {
  if (writable)
    end_user_write();
}

Result<void> Map::read_value(const void *key, void *value) {
  ReadSection section;
  const void *found = lookup(key);
  if (!found)
    return Error::not_found;
  maps::load_value(value, static_cast<const maps::Word *>(found), spec_.value_size, fields());
  return {};
}

Result<void> Map::read_locked(const void *key, void *value) {
  if (!has_lock())
    return Error::invalid;
  ReadSection section;
  auto *found = static_cast<maps::Word *>(lookup(key));
  if (!found)
    return Error::not_found;
  maps::ValueGuard guard(found, fields());
  maps::load_value(value, found, spec_.value_size, fields());
  return {};
}

MapRef Map::ref() const {
  MapRef ref{};
  ref.type = spec_.type;
  ref.key_size = spec_.key_size;
  ref.value_size = spec_.value_size;
  ref.max_entries = spec_.max_entries;
  ref.map_flags = spec_.flags;
  ref.handle = reinterpret_cast<uintptr_t>(this);
  ref.value_address = reinterpret_cast<uintptr_t>(first_value());
  ref.fd = zcore_fd(*this);
  ref.inner = inner_ref();
  ref.fields = fields();
  const Elements elements = this->elements();
  ref.elements = reinterpret_cast<uintptr_t>(elements.first);
  ref.element_size = elements.size;
  ref.cpu_stride = elements.cpu_stride;
  ref.lookup_call = call_in_place_of(kMapLookup);
  if (uint32_t reserve = call_in_place_of(kRingReserve))
    ref.lookup_call = reserve; // which has no lookup
  ref.update_call = call_in_place_of(kMapUpdate);
  if (frozen() && spec_.flags & KBPF_MAP_F_RDONLY_PROG && first_value())
    ref.constants = {static_cast<const std::byte *>(first_value()), spec_.value_size};
  return ref;
}

bool is_valid_object_name(const char (&name)[KBPF_OBJ_NAME_LEN]) {
  for (char c : name) {
    if (!c)
      return true;
    if (!is_name_character(c))
      return false;
  }
  return false;
}

void copy_object_name(char (&to)[KBPF_OBJ_NAME_LEN], std::string_view name) {
  size_t length = 0;
  for (; length < name.size() && length < sizeof(to) - 1; length++)
    to[length] = is_name_character(name[length]) ? name[length] : '_';
  while (length < sizeof(to))
    to[length++] = 0;
}

} // namespace kbpf
