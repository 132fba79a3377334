// SPDX-License-Identifier: MIT OR Apache-2.0
// What surrounds a program while it runs: its context, a packet, maps, the stack, and helpers that do what
// their prototypes promise, with results that a seed decides. All memory is in one place, each object with
// room around it, and known by its region, so that every access can be told from one that goes astray.
#pragma once
#include "core/interp/interp.h"
#include "core/verifier/state.h"
#include "random.h"
#include <string>

namespace kbpf::soundness {

enum Map : uint8_t { // index in World::maps()
  kHash,
  kArray,
  kData,      // one element, whose address programs may name
  kConstants, // the same, which never changes again
  kRing,
  kArrayOfArrays,
  kQueue,
  kPerCpu,
  kLocked, // a bpf_spin_lock at 0
  kLru,    // keys of 8 bytes
  kTimed,  // a bpf_timer at 8
  kMaps,
};

struct Region {
  enum class Kind : uint8_t {
    none,
    context,
    packet,
    packet_meta,
    packet_end,
    stack,
    value,
    key,
    map,
    function,
    record,
    slice,
    element,
    object
  };
  uint64_t base = 0;
  uint32_t size = 0;
  Kind kind = Kind::none;
  uint8_t map = 0;       // value, key, map
  bool is_inner = false; // of those: in a map of maps
  bool is_writable = false;
  bool is_alive = false;
  uint8_t frame = 0;  // stack
  uint16_t owner = 0; // slice, element: index in World's objects, with which it dies
};

class World {
public:
  static constexpr uint32_t kMostRegions = 384, kPacketBytes = 96, kMetaBytes = 16;
  static constexpr uint32_t kElements = 4;
  static World &the(); // helpers have no other way to it

  std::span<const MapRef> maps() const { return {maps_, kMaps}; }
  // Contents by the seed: context, packet, values.
  void fill(const ProgTypeInfo &type, uint64_t seed);
  // Everything as fill() left it, for another engine.
  void restore();
  // What runs may have changed, all but the stack: kept, and compared with. Empty: nothing differs.
  void keep();
  std::string difference() const;

  uint64_t context() const { return reinterpret_cast<uint64_t>(memory_.context); }
  std::span<std::byte> stack() { return memory_.stack; }
  // What the last helper has returned the address of; 0: a number.
  uint16_t result_region() const { return result_region_; }
  void forget_result() { result_region_ = 0; }
  const Region &region(uint16_t index) const { return regions_[index]; }
  uint16_t make_region(const Region &region);
  // One for each frame; make_frame_region sets where it lies.
  static constexpr uint16_t kContextRegion = 1, kPacketRegion = 2, kMetaRegion = 3, kEndRegion = 4,
                            kFirstFrameRegion = 5;
  void set_frame(uint32_t frame, uint64_t top, uint32_t bytes);
  uint64_t function_handle(uint32_t function) const { return kFunctionHandles + 16 * function; }
  static constexpr uint32_t kMostFunctions = 12;
  uint16_t function_region(uint32_t function) const {
    return static_cast<uint16_t>(first_function_region_ + function);
  }
  uint16_t map_region(uint32_t map) const { return static_cast<uint16_t>(first_map_region_ + map); }
  uint16_t value_region(uint32_t map, uint32_t element) const {
    return static_cast<uint16_t>(first_value_region_[map] + element);
  }
  // Of a value, by its address; of the key that goes with it.
  uint16_t value_region_at(uint64_t address) const;
  uint16_t key_region(uint16_t value_region) const;

  uint32_t held() const { return held_; } // references that were not given back
  bool is_locked() const { return locked_ != 0; }
  // A run has made more things than there is room for; what helpers say from then on means nothing.
  bool is_exhausted() const { return is_exhausted_; }
  // Of the object that a program made at that place of its stack, or that has a byte in [first, end). Index
  // in objects_; 0: none.
  uint32_t object_at(uint64_t place) const;
  uint32_t object_in(uint64_t first, uint64_t end) const;
  void end_object(uint32_t index);
  struct Object {
    enum class Kind : uint8_t { none, local_dynptr, ring_dynptr, iterator };
    Kind kind;
    bool is_alive;
    uint64_t place;    // on the stack
    uint64_t data;     // dynptr: address; 0: null. iterator: of the element
    int64_t next, end; // iterator; dynptr: its size is end
    uint32_t bytes() const { return kind == Kind::iterator ? 8 : 16; }
  };
  const Object &object(uint32_t index) const { return objects_[index]; }

  static HelperFunction helper(uint32_t number);
  // What bpf_get_smp_processor_id gives in this world: where engines find it without a call.
  const uint32_t &processor() const { return processor_; }
  // How the engine that runs calls a function of the program.
  uint64_t (*call_back)(uint64_t handle, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                        uint64_t a5) = nullptr;
  struct Timer {
    uint64_t function, value;
    uint8_t map;
  };
  std::span<const Timer> timers() const { return {timers_, timer_count_}; }
  uint32_t calls() const { return calls_; }

private:
  friend struct Helpers;
  World();
  static constexpr uint64_t kMapHandles = 0x7a00000, kInnerHandle = 0x7b00000, kFunctionHandles = 0x7c00000,
                            kObjectHandle = 0x7d00000, kKeyGap = 16;
  void make_regions();
  void reset();
  uint64_t returned(uint16_t region) {
    result_region_ = region;
    return regions_[region].base;
  }
  uint32_t make_object(const Object &object); // its index goes to its place; 0: there are too many
  std::byte *value(uint32_t map, uint32_t element) { return memory_.values[map][element]; }
  uint64_t random() { return random_(); }

  static constexpr uint32_t kMostValueBytes = 48, kRecords = 24, kRecordBytes = 64, kObjects = 64,
                            kMostContext = 320;
  struct Memory {
    alignas(16) std::byte context[kMostContext + 64];
    alignas(16) std::byte packet[kMetaBytes + kPacketBytes + 64];
    alignas(16) std::byte values[kMaps][kElements][64]; // no value has as many
    alignas(16) std::byte inner[kElements][64];
    alignas(16) std::byte keys[kElements][32];
    alignas(16) std::byte records[kRecords][kRecordBytes + 32];
    alignas(16) std::byte elements[kObjects][16]; // of iterators
    alignas(16) std::byte stack[8 * 512 + 64];
  };
  Memory memory_ = {};
  std::byte before_[offsetof(Memory, stack)] = {}, kept_[offsetof(Memory, stack)] = {};
  uint32_t kept_calls_ = 0;
  uint32_t context_size_ = 0, packet_size_ = 0, meta_size_ = 0;
  MapRef maps_[kMaps] = {};
  MapRef inner_ = {};
  Region regions_[kMostRegions] = {};
  uint16_t region_count_ = 0, first_free_region_ = 0, result_region_ = 0;
  uint16_t first_value_region_[kMaps] = {}, first_inner_region_ = 0, first_key_region_ = 0,
           first_map_region_ = 0, inner_map_region_ = 0, first_function_region_ = 0, object_region_ = 0,
           first_record_region_ = 0;
  Object objects_[kObjects] = {};
  uint32_t object_count_ = 1, record_count_ = 0, held_ = 0, calls_ = 0;
  uint64_t locked_ = 0;
  uint32_t processor_ = 0;
  bool is_exhausted_ = false;
  Timer timers_[8] = {};
  uint32_t timer_count_ = 0;
  uint64_t seed_ = 0;
  Random random_;
};

// bytes of a value that programs may not touch
bool is_special(const MapRef &map, int64_t first, int64_t end);

} // namespace kbpf::soundness
