// SPDX-License-Identifier: MIT OR Apache-2.0
#include "world.h"
#include "abi/attr.h"
#include "core/verifier/held.h"
#include "core/verifier/inline_call.h"
#include <algorithm>
#include <cstring>

namespace kbpf::soundness {
namespace {

constexpr uint32_t kValueBytes[kMaps] = {48, 40, 24, 32, 0, 0, 16, 32, 24, 8, 32};
constexpr uint32_t kInnerValueBytes = 16;
constexpr uint64_t kError = static_cast<uint64_t>(-22);

uint64_t address_of(const void *at) { return reinterpret_cast<uint64_t>(at); }
template <typename T> T read(uint64_t address) {
  T value;
  memcpy(&value, reinterpret_cast<const void *>(address), sizeof value);
  return value;
}

} // namespace

bool is_special(const MapRef &map, int64_t first, int64_t end) {
  const auto overlaps = [&](int32_t field, int64_t size) {
    return field >= 0 && first < field + size && end > field;
  };
  return overlaps(map.fields.spin_lock, SpecialFields::kSpinLockSize) ||
         overlaps(map.fields.timer, SpecialFields::kTimerSize);
}

World &World::the() {
  static World world;
  return world;
}

World::World() {
  constexpr uint32_t kTypes[kMaps] = {1, 2, 2, 2, 27, 12, 22, 6, 1, 9, 1};
  for (uint32_t i = 0; i < kMaps; i++) {
    MapRef &map = maps_[i];
    map.type = kTypes[i];
    map.key_size = i == kRing || i == kQueue ? 0 : i == kLru ? 8 : 4;
    map.value_size = i == kArrayOfArrays ? 4 : kValueBytes[i];
    map.max_entries = i == kData || i == kConstants ? 1 : i == kRing ? 4096 : kElements;
    map.handle = kMapHandles + 16 * i;
  }
  maps_[kArray].elements = address_of(memory_.values[kArray]);
  maps_[kArray].element_size = sizeof memory_.values[0][0];
  maps_[kPerCpu].elements = address_of(memory_.values[kPerCpu]); // which all CPUs share
  maps_[kPerCpu].element_size = sizeof memory_.values[0][0];
  maps_[kHash].lookup_call = special_helper(1, 7);
  maps_[kHash].update_call = special_helper(2, 7);
  for (uint32_t i : {kData, kConstants}) {
    maps_[i].value_address = address_of(memory_.values[i]);
    maps_[i].elements = maps_[i].value_address;
    maps_[i].element_size = sizeof memory_.values[0][0];
  }
  maps_[kConstants].map_flags = KBPF_MAP_F_RDONLY_PROG;
  maps_[kConstants].constants =
      std::span<const std::byte>(memory_.values[kConstants][0], kValueBytes[kConstants]);
  for (uint32_t i = 0; i < kValueBytes[kConstants]; i++)
    memory_.values[kConstants][0][i] = static_cast<std::byte>(i < 24 ? i * 5 : i < 31 ? 'a' : 0);
  inner_ = {2, 4, kInnerValueBytes, kElements, 0, kInnerHandle, 0, 0, 0, {}};
  maps_[kArrayOfArrays].inner = &inner_;
  maps_[kLocked].fields.spin_lock = 0;
  maps_[kTimed].fields.timer = 8;
  make_regions();
}

uint16_t World::make_region(const Region &region) {
  if (region_count_ == kMostRegions) {
    is_exhausted_ = true;
    return 0;
  }
  regions_[region_count_] = region;
  regions_[region_count_].is_alive = true;
  return region_count_++;
}

// Those that are there from the start.
void World::make_regions() {
  using Kind = Region::Kind;
  region_count_ = 1;
  make_region({.kind = Kind::context});
  make_region({.kind = Kind::packet, .is_writable = true});
  make_region({.kind = Kind::packet_meta, .is_writable = true});
  make_region({.kind = Kind::packet_end});
  for (uint8_t frame = 0; frame < KBPF_MAX_CALL_FRAMES; frame++)
    make_region({.kind = Kind::stack, .is_writable = true, .frame = frame});
  first_map_region_ = region_count_;
  for (uint8_t map = 0; map < kMaps; map++)
    make_region({.base = maps_[map].handle, .kind = Kind::map, .map = map});
  inner_map_region_ =
      make_region({.base = kInnerHandle, .kind = Kind::map, .map = kArrayOfArrays, .is_inner = true});
  for (uint8_t map = 0; map < kMaps; map++) {
    first_value_region_[map] = region_count_;
    for (uint32_t i = 0; i < kElements; i++)
      make_region({.base = address_of(value(map, i)),
                   .size = kValueBytes[map],
                   .kind = Kind::value,
                   .map = map,
                   .is_writable = map != kConstants});
  }
  first_inner_region_ = region_count_;
  for (uint32_t i = 0; i < kElements; i++)
    make_region({.base = address_of(memory_.inner[i]),
                 .size = kInnerValueBytes,
                 .kind = Kind::value,
                 .map = kArrayOfArrays,
                 .is_inner = true,
                 .is_writable = true});
  first_key_region_ = region_count_;
  for (uint8_t map = 0; map < kMaps; map++)
    for (uint32_t i = 0; i < kElements; i++)
      make_region(
          {.base = address_of(memory_.keys[i]), .size = maps_[map].key_size, .kind = Kind::key, .map = map});
  first_function_region_ = region_count_;
  for (uint32_t i = 0; i < kMostFunctions; i++)
    make_region({.base = function_handle(i), .kind = Kind::function});
  object_region_ = make_region({.base = kObjectHandle, .kind = Kind::object});
  first_free_region_ = region_count_;
}

void World::fill(const ProgTypeInfo &type, uint64_t seed) {
  seed_ = seed;
  Random random(seed);
  processor_ = random.below(8);
  context_size_ = std::min(type.context->size, kMostContext);
  for (uint32_t i = 0; i < context_size_; i += 8) {
    const uint64_t word = random.word();
    memcpy(memory_.context + i, &word, 8);
  }
  for (std::byte &byte : memory_.packet)
    byte = static_cast<std::byte>(random());
  packet_size_ = random.one_in(3) ? random.below(20) : random.below(kPacketBytes + 1);
  meta_size_ = 4 * random.below(kMetaBytes / 4 + 1);
  for (uint32_t map = 0; map < kMaps; map++)
    for (uint32_t i = 0; i < kElements && map != kConstants; i++)
      for (uint32_t at = 0; at < kMostValueBytes; at += 8) {
        const uint64_t word = random.word();
        memcpy(value(map, i) + at, &word, 8);
      }
  for (uint32_t i = 0; i < kElements; i++) {
    memset(memory_.keys[i], 0, sizeof memory_.keys[i]);
    memory_.keys[i][0] = static_cast<std::byte>(i);
    for (uint32_t at = 0; at < kInnerValueBytes; at += 8) {
      const uint64_t word = random.word();
      memcpy(memory_.inner[i] + at, &word, 8);
    }
  }
  std::byte *packet = memory_.packet + kMetaBytes;
  const PacketAddresses addresses = {address_of(packet), address_of(packet) + packet_size_,
                                     address_of(packet) - meta_size_};
  memcpy(memory_.context + context_size_, &addresses, sizeof addresses);
  memcpy(before_, &memory_, sizeof before_);
  reset();
  regions_[kContextRegion].base = context();
  regions_[kContextRegion].size = context_size_;
  regions_[kContextRegion].is_writable = true; // of some fields, which the verifier decides
  regions_[kPacketRegion].base = addresses.data;
  regions_[kPacketRegion].size = packet_size_;
  regions_[kMetaRegion].base = addresses.data_meta;
  regions_[kMetaRegion].size = meta_size_;
  regions_[kEndRegion].base = addresses.data_end;
}

void World::reset() {
  region_count_ = first_free_region_;
  object_count_ = 1;
  record_count_ = held_ = calls_ = timer_count_ = 0;
  locked_ = 0;
  is_exhausted_ = false;
  result_region_ = 0;
  random_ = Random(seed_ ^ 0x5eed);
}

void World::restore() {
  memcpy(&memory_, before_, sizeof before_);
  reset();
}

void World::keep() {
  memcpy(kept_, &memory_, sizeof kept_);
  kept_calls_ = calls_;
}

std::string World::difference() const {
  if (kept_calls_ != calls_)
    return std::to_string(kept_calls_) + " and " + std::to_string(calls_) + " calls of helpers";
  if (memcmp(kept_, &memory_, sizeof kept_) == 0)
    return "";
  const std::byte *now = reinterpret_cast<const std::byte *>(&memory_);
  const size_t at = static_cast<size_t>(std::mismatch(now, now + sizeof kept_, kept_).first - now) / 8 * 8;
  const uint64_t address = address_of(now + at);
  std::string text = "word " + std::to_string(read<uint64_t>(address_of(kept_ + at))) + " and " +
                     std::to_string(read<uint64_t>(address));
  for (uint16_t i = 1; i < region_count_; i++)
    if (address >= regions_[i].base && address < regions_[i].base + regions_[i].size)
      text += ", offset " + std::to_string(address - regions_[i].base) + " of region " + std::to_string(i) +
              ", of map " + std::to_string(regions_[i].map);
  return text;
}

void World::set_frame(uint32_t frame, uint64_t top, uint32_t bytes) {
  Region &region = regions_[kFirstFrameRegion + frame];
  region.base = top - bytes;
  region.size = bytes;
}

uint16_t World::value_region_at(uint64_t address) const {
  for (uint16_t i = first_value_region_[0]; i < first_key_region_; i++)
    if (regions_[i].base == address)
      return i;
  return 0;
}

uint16_t World::key_region(uint16_t value_region) const {
  const Region &value = regions_[value_region];
  const uint32_t element = (value_region - first_value_region_[0]) % kElements;
  return static_cast<uint16_t>(first_key_region_ + kElements * value.map + element);
}

uint32_t World::object_at(uint64_t place) const {
  for (uint32_t i = object_count_; i-- > 1;)
    if (objects_[i].is_alive && objects_[i].place == place)
      return i;
  return 0;
}

uint32_t World::object_in(uint64_t first, uint64_t end) const {
  for (uint32_t i = object_count_; i-- > 1;)
    if (objects_[i].is_alive && objects_[i].place < end && first < objects_[i].place + objects_[i].bytes())
      return i;
  return 0;
}

uint32_t World::make_object(const Object &object) {
  if (object_count_ == kObjects) {
    is_exhausted_ = true;
    return 0;
  }
  while (const uint32_t there = object_in(object.place, object.place + object.bytes())) // which is gone
    end_object(there);
  objects_[object_count_] = object;
  objects_[object_count_].is_alive = true;
  return object_count_++;
}

void World::end_object(uint32_t index) {
  objects_[index].is_alive = false;
  for (uint32_t i = first_free_region_; i < region_count_; i++)
    if (regions_[i].owner == index)
      regions_[i].is_alive = false;
}

// What helpers do. Arguments were checked where the program is; the interpreter gets what passed that.
struct Helpers {
  using Kind = World::Object::Kind;
  static World &w() { return World::the(); }
  static uint64_t error() { return w().random_.one_in(4) ? kError : 0; }

  static const MapRef &map_of(uint64_t handle) {
    World &world = w();
    return handle == World::kInnerHandle ? world.inner_ : world.maps_[(handle - World::kMapHandles) / 16];
  }
  static uint64_t lookup(uint64_t handle, uint64_t key, uint64_t, uint64_t, uint64_t) {
    World &world = w();
    world.calls_++;
    const uint32_t index = read<uint32_t>(key);
    if (handle == World::kInnerHandle)
      return index < kElements() ? world.returned(static_cast<uint16_t>(world.first_inner_region_ + index))
                                 : 0;
    const uint32_t map = static_cast<uint32_t>((handle - World::kMapHandles) / 16);
    if (map == kArrayOfArrays)
      return world.random_.one_in(3) ? 0 : world.returned(world.inner_map_region_);
    if (map == kArray || map == kData || map == kConstants ||
        map == kPerCpu) { // may be inlined: no other effect than this
      world.calls_--;
      return index < world.maps_[map].max_entries ? world.returned(world.value_region(map, index)) : 0;
    }
    if (world.random_.one_in(4))
      return 0;
    return world.returned(world.value_region(map, world.random_.below(World::kElements)));
  }
  static constexpr uint32_t kElements() { return World::kElements; }
  static uint64_t update(uint64_t handle, uint64_t key, uint64_t from, uint64_t, uint64_t) {
    World &world = w();
    world.calls_++;
    const MapRef &map = map_of(handle);
    const uint32_t element = read<uint8_t>(key) % World::kElements;
    std::byte *to = handle == World::kInnerHandle
                        ? world.memory_.inner[element]
                        : world.value(static_cast<uint32_t>((handle - World::kMapHandles) / 16), element);
    if (&map != &world.maps_[kConstants])
      memmove(to, reinterpret_cast<const void *>(from), map.value_size);
    return error();
  }
  static uint64_t remove(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) {
    w().calls_++;
    return error();
  }
  static uint64_t push(uint64_t, uint64_t from, uint64_t, uint64_t, uint64_t) {
    World &world = w();
    world.calls_++;
    memcpy(world.value(kQueue, world.random_.below(World::kElements)), reinterpret_cast<const void *>(from),
           kValueBytes[kQueue]);
    return error();
  }
  static uint64_t pop(uint64_t, uint64_t to, uint64_t, uint64_t, uint64_t) {
    World &world = w();
    world.calls_++;
    memcpy(reinterpret_cast<void *>(to), world.value(kQueue, world.random_.below(World::kElements)),
           kValueBytes[kQueue]);
    return error();
  }
  static uint64_t number(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) {
    w().calls_++;
    return w().random_.word();
  }
  static uint64_t processor(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return w().processor_; }
  static uint64_t fill(uint64_t to, uint64_t size, uint64_t, uint64_t, uint64_t) {
    World &world = w();
    world.calls_++;
    for (uint64_t i = 0; i < size; i += 8) {
      const uint64_t word = world.random_.word();
      memcpy(reinterpret_cast<void *>(to + i), &word, std::min<uint64_t>(8, size - i));
    }
    return error();
  }
  static uint64_t get_stack(uint64_t, uint64_t to, uint64_t size, uint64_t, uint64_t) {
    fill(to, size, 0, 0, 0);
    World &world = w();
    return world.random_.one_in(3) ? kError : world.random_.below(static_cast<uint32_t>(size) + 1);
  }
  static uint64_t parse(uint64_t, uint64_t, uint64_t, uint64_t to, uint64_t) {
    World &world = w();
    world.calls_++;
    const uint64_t word = world.random_.word();
    memcpy(reinterpret_cast<void *>(to), &word, 8);
    return error();
  }
  static uint64_t reserve(uint64_t, uint64_t size, uint64_t, uint64_t, uint64_t) {
    World &world = w();
    world.calls_++;
    if (world.record_count_ == World::kRecords || size > World::kRecordBytes || world.random_.one_in(4))
      return 0;
    std::byte *record = world.memory_.records[world.record_count_++];
    const uint16_t region = world.make_region({.base = address_of(record),
                                               .size = static_cast<uint32_t>(size),
                                               .kind = Region::Kind::record,
                                               .is_writable = true});
    if (!region)
      return 0;
    world.held_++;
    return world.returned(region);
  }
  static uint64_t give_back(uint64_t record, uint64_t, uint64_t, uint64_t, uint64_t) {
    World &world = w();
    world.calls_++;
    for (uint16_t i = world.first_free_region_; i < world.region_count_; i++)
      if (world.regions_[i].kind == Region::Kind::record && world.regions_[i].is_alive &&
          world.regions_[i].base == record) {
        world.regions_[i].is_alive = false;
        world.held_--;
      }
    return 0;
  }
  static uint64_t lock(uint64_t at, uint64_t, uint64_t, uint64_t, uint64_t) {
    w().calls_++;
    w().locked_ = at;
    return 0;
  }
  static uint64_t unlock(uint64_t at, uint64_t, uint64_t, uint64_t, uint64_t) {
    w().calls_++;
    if (w().locked_ == at)
      w().locked_ = 0;
    return 0;
  }
  static void put_object(uint64_t place, uint32_t index, uint32_t bytes) {
    memset(reinterpret_cast<void *>(place), 0, bytes);
    memcpy(reinterpret_cast<void *>(place), &index, sizeof index);
  }
  static uint64_t dynptr_from_mem(uint64_t data, uint64_t size, uint64_t, uint64_t place, uint64_t) {
    World &world = w();
    world.calls_++;
    put_object(place,
               world.make_object({Kind::local_dynptr, true, place, data, 0, static_cast<int64_t>(size)}), 16);
    return 0;
  }
  static uint64_t reserve_dynptr(uint64_t, uint64_t size, uint64_t, uint64_t place, uint64_t) {
    World &world = w();
    world.calls_++;
    uint64_t data = 0;
    if (world.record_count_ < World::kRecords && size <= World::kRecordBytes && !world.random_.one_in(4))
      data = address_of(world.memory_.records[world.record_count_++]);
    const uint32_t object =
        world.make_object({Kind::ring_dynptr, true, place, data, 0, data ? static_cast<int64_t>(size) : 0});
    put_object(place, object, 16);
    world.held_ += object != 0;
    return data ? 0 : kError;
  }
  static uint64_t give_back_object(uint64_t place, uint64_t, uint64_t, uint64_t, uint64_t) {
    World &world = w();
    world.calls_++;
    if (const uint32_t object = world.object_at(place)) {
      world.end_object(object);
      world.held_--;
    }
    return 0;
  }
  static bool fits(const World::Object &dynptr, uint64_t offset, uint64_t size) {
    return dynptr.data && offset <= static_cast<uint64_t>(dynptr.end) &&
           size <= static_cast<uint64_t>(dynptr.end) - offset;
  }
  static uint64_t dynptr_read(uint64_t to, uint64_t size, uint64_t place, uint64_t offset, uint64_t) {
    World &world = w();
    world.calls_++;
    const World::Object &dynptr = world.objects_[world.object_at(place)];
    if (!fits(dynptr, static_cast<uint32_t>(offset), size)) {
      memset(reinterpret_cast<void *>(to), 0, size);
      return kError;
    }
    memmove(reinterpret_cast<void *>(to),
            reinterpret_cast<const void *>(dynptr.data + static_cast<uint32_t>(offset)), size);
    return 0;
  }
  static uint64_t dynptr_write(uint64_t place, uint64_t offset, uint64_t from, uint64_t size, uint64_t) {
    World &world = w();
    world.calls_++;
    const World::Object &dynptr = world.objects_[world.object_at(place)];
    if (!fits(dynptr, static_cast<uint32_t>(offset), size))
      return kError;
    memmove(reinterpret_cast<void *>(dynptr.data + static_cast<uint32_t>(offset)),
            reinterpret_cast<const void *>(from), size);
    return 0;
  }
  static uint64_t dynptr_data(uint64_t place, uint64_t offset, uint64_t size, uint64_t, uint64_t) {
    World &world = w();
    world.calls_++;
    const uint32_t object = world.object_at(place);
    if (!object || !fits(world.objects_[object], static_cast<uint32_t>(offset), size))
      return 0;
    const uint16_t region =
        world.make_region({.base = world.objects_[object].data + static_cast<uint32_t>(offset),
                           .size = static_cast<uint32_t>(size),
                           .kind = Region::Kind::slice,
                           .is_writable = true,
                           .owner = static_cast<uint16_t>(object)});
    return region ? world.returned(region) : 0;
  }
  static uint64_t iterator_new(uint64_t place, uint64_t start, uint64_t end, uint64_t, uint64_t) {
    World &world = w();
    world.calls_++;
    const int64_t first = static_cast<int32_t>(start), last = static_cast<int32_t>(end);
    const uint32_t object =
        world.make_object({Kind::iterator, true, place, 0, first, std::min(last, first + 12)});
    put_object(place, object, 8);
    world.held_ += object != 0;
    world.objects_[object].data = address_of(world.memory_.elements[object]);
    return first > last ? kError : 0;
  }
  static uint64_t iterator_next(uint64_t place, uint64_t, uint64_t, uint64_t, uint64_t) {
    World &world = w();
    world.calls_++;
    const uint32_t index = world.object_at(place);
    World::Object &iterator = world.objects_[index];
    if (!index || iterator.next >= iterator.end)
      return 0;
    const int32_t number = static_cast<int32_t>(iterator.next++);
    memcpy(reinterpret_cast<void *>(iterator.data), &number, sizeof number);
    const uint16_t region = world.make_region({.base = iterator.data,
                                               .size = 4,
                                               .kind = Region::Kind::element,
                                               .owner = static_cast<uint16_t>(index)});
    return region ? world.returned(region) : 0;
  }
  static uint64_t loop(uint64_t count, uint64_t function, uint64_t context, uint64_t flags, uint64_t) {
    World &world = w();
    world.calls_++;
    if (flags || count > 1u << 23)
      return kError;
    uint64_t i = 0;
    while (i < count && i < 12)
      if (world.call_back(function, i++, context, 0, 0, 0) != 0)
        break;
    world.result_region_ = 0;
    return i;
  }
  static uint64_t for_each(uint64_t handle, uint64_t function, uint64_t context, uint64_t flags, uint64_t) {
    World &world = w();
    world.calls_++;
    if (flags)
      return kError;
    const bool is_inner = handle == World::kInnerHandle;
    const uint32_t map =
        is_inner ? kArrayOfArrays : static_cast<uint32_t>((handle - World::kMapHandles) / 16);
    uint64_t i = 0;
    const uint32_t count =
        is_inner ? World::kElements : std::min(World::kElements, world.maps_[map].max_entries);
    while (i < count) {
      const uint16_t value = is_inner ? static_cast<uint16_t>(world.first_inner_region_ + i)
                                      : world.value_region(map, static_cast<uint32_t>(i));
      i++;
      if (world.call_back(function, handle, world.regions_[world.key_region(value)].base,
                          world.regions_[value].base, context, 0) != 0)
        break;
    }
    world.result_region_ = 0;
    return i;
  }
  static uint64_t timer_set(uint64_t timer, uint64_t function, uint64_t, uint64_t, uint64_t) {
    World &world = w();
    world.calls_++;
    if (world.timer_count_ < std::size(world.timers_))
      world.timers_[world.timer_count_++] = {function, timer - 8, kTimed};
    return error();
  }
  static uint64_t current_task(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) {
    w().calls_++;
    return w().returned(w().object_region_);
  }
  static uint64_t nothing(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) {
    w().calls_++;
    return 0;
  }
};

HelperFunction World::helper(uint32_t number) {
  switch (general_helper(number)) {
  case 1:
    return Helpers::lookup;
  case 2:
    return Helpers::update;
  case 3:
    return Helpers::remove;
  case 4:
  case 16:
  case 45:
  case 112:
  case 113:
  case 114:
  case 115:
  case 165:
  case 176:
    return Helpers::fill;
  case 8:
    return Helpers::processor;
  case 67:
    return Helpers::get_stack;
  case 87:
    return Helpers::push;
  case 88:
  case 89:
    return Helpers::pop;
  case kSpinLock:
    return Helpers::lock;
  case kSpinUnlock:
    return Helpers::unlock;
  case 105:
  case 106:
  case 179:
    return Helpers::parse;
  case 131:
    return Helpers::reserve;
  case 132:
  case 133:
    return Helpers::give_back;
  case 158:
    return Helpers::current_task;
  case 164:
    return Helpers::for_each;
  case kTimerSetCallback:
    return Helpers::timer_set;
  case 181:
    return Helpers::loop;
  case 195:
    return Helpers::lookup;
  case 197:
    return Helpers::dynptr_from_mem;
  case 198:
    return Helpers::reserve_dynptr;
  case 199:
  case 200:
  case 0x20002:
    return Helpers::give_back_object;
  case 201:
    return Helpers::dynptr_read;
  case 202:
    return Helpers::dynptr_write;
  case 203:
    return Helpers::dynptr_data;
  case 0x20000:
    return Helpers::iterator_new;
  case 0x20001:
    return Helpers::iterator_next;
  case kRcuReadLock:
  case kRcuReadUnlock:
    return Helpers::nothing;
  case KBPF_HELPER_TAIL_CALL:
    return nullptr;
  default:
    return Helpers::number;
  }
}

} // namespace kbpf::soundness
