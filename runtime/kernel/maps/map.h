// SPDX-License-Identifier: MIT OR Apache-2.0
// What every map type offers: to programs (lookup, update, remove, push, pop, peek; any context, they
// allocate nothing and wait for nobody but the holder of one bucket's lock) and to system calls (the
// functions ending in _for_user, next_key, and buckets for batches). What a type does not override is what
// Linux answers where the type lacks the operation.
//
// A value that lookup returned may be changed, and in a hash given to another key, while the caller looks at
// it, as on Linux; its memory stays for as long as the caller's ReadSection.
#pragma once
#include "abi/attr.h"
#include "abi/limits.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include "core/verifier/program.h"
#include "kernel/btf_object.h"
#include "kernel/memory_charge.h"
#include "kernel/object.h"
#include "kernel/registry.h"
#include "kernel/timer.h"
#include <cstddef>
#include <string_view>

namespace kbpf {

class Map;

struct MapSpec {
  uint32_t type = 0;
  uint32_t key_size = 0;
  uint32_t value_size = 0;
  uint32_t max_entries = 0;
  uint32_t flags = 0; // KBPF_MAP_F_*; of a map that is: but for RDONLY and WRONLY, which are descriptors' affair
  char name[KBPF_OBJ_NAME_LEN] = {};
  uint64_t extra = 0;         // bloom filter: number of hash functions, 0: 5
  const Map *inner = nullptr; // map of maps: a map like those that it will hold; needed at creation only
};

// The types of a map's keys and values, where its maker gave them.
struct MapTypes {
  Ref<BtfObject> btf;
  uint32_t key = 0, value = 0; // ids; key 0: of no type
  SpecialFields fields = {};   // of the value
};

constexpr uint32_t kBatchLookup = 1, kBatchUpdate = 2, kBatchDelete = 4, kBatchTake = 8;

class Program;

class Map : public Object {
public:
  const MapSpec &spec() const { return spec_; }
  uint32_t id() const { return id_; } // unique among the maps that live; not 0
  const MapTypes &types() const { return types_; }
  const SpecialFields &fields() const { return types_.fields; }
  bool has_lock() const { return fields().spin_lock >= 0; }
  uint64_t memory() const { return charge_.bytes(); } // that it takes when it is full, about
  // From now on no system call and no mapping changes contents. Error: busy, where one may be at it, or the
  // map is frozen already.
  Result<void> freeze();
  bool frozen() const { return writers_.load(std::memory_order_acquire) == kFrozen; }
  // Around every change by a process; false where the map is frozen.
  bool begin_user_write();
  void end_user_write() { writers_.fetch_sub(1, std::memory_order_release); }

  // [any] Inside a ReadSection. The value's address, 8-byte aligned, or null. Per-CPU types: this CPU's.
  virtual void *lookup(const void *) { return nullptr; }
  // [any] Inside a ReadSection. The value of that CPU, for per-CPU types; null where there is none.
  virtual void *lookup_percpu(const void *, uint32_t) { return nullptr; }
  // [any] flags: KBPF_MAP_UPDATE_*, with KBPF_MAP_ELEM_LOCK to change the value in place, under its lock
  // (invalid, where it has none). Per-CPU types: this CPU's value. Errors: already_exists, not_found,
  // too_big (full, or an index beyond the end), no_space (full, a trie), no_memory, invalid.
  virtual Result<void> update(const void *, const void *, uint64_t) { return Error::invalid; }
  // [any] Errors: not_found, invalid.
  virtual Result<void> remove(const void *) { return Error::invalid; }
  // [any] Types without keys. Errors: too_big (full), not_found (empty, or not in the set), invalid.
  virtual Result<void> push(const void *, uint64_t) { return Error::not_supported; }
  virtual Result<void> pop(void *) { return Error::not_supported; }
  virtual Result<void> peek(void *) { return Error::not_supported; }
  // [any] The key after key in the map's own order, the first one for null and for a key that is not there.
  // Errors: not_found at the end, invalid, unsupported_operation.
  virtual Result<void> next_key(const void *, void *) { return Error::invalid; }
  // [any] Inside a ReadSection. Calls visit for each element until it returns false; it may change the map.
  // Error: invalid.
  using Visit = bool (*)(void *user, const void *key, void *value);
  virtual Result<void> for_each(Visit, void *) { return Error::invalid; }
  // A program that refers to the map was loaded. Error: invalid, where the two do not go together.
  virtual Result<void> bind(const Program &) { return {}; }
  // Copies the value of key, this CPU's. Error: not_found.
  Result<void> read_value(const void *key, void *value);

  // A value as system calls copy it: user_value_size() bytes. Per-CPU types: one of each CPU, each padded to
  // 8 bytes.
  virtual size_t user_value_size() const { return spec_.value_size; }
  virtual Result<void> read_for_user(const void *key, void *value) { return read_value(key, value); }
  // The same under the value's lock. Errors: not_found; invalid, where it has none.
  virtual Result<void> read_locked(const void *key, void *value);
  virtual Result<void> write_for_user(const void *key, const void *value, uint64_t flags) {
    return update(key, value, flags);
  }
  // Reads and removes at once, under the value's lock where it has one. Error: not_supported, where the type
  // can't.
  virtual Result<void> take_for_user(const void *, void *) { return Error::not_supported; }
  // Whether a lookup by system call takes a value in, as a question.
  virtual bool lookup_takes_value() const { return false; }

  // The two answers above, without a question.
  struct UserAccess {
    size_t value_size = 0;
    bool lookup_takes_value = false;
  };
  const UserAccess &user_access() const { return user_access_; }

  // Commands on many elements that the type has: kBatch*.
  virtual uint32_t batch_commands() const { return 0; }
  // Types whose batches go by buckets have some; the others go by keys.
  virtual uint32_t bucket_count() const { return 0; }
  // Copies all of a bucket, each value under its lock where it has one, and removes it where asked; the
  // number of elements. Error: no_space, where there are more than room.
  virtual Result<uint32_t> read_bucket(uint32_t, std::byte *, std::byte *, uint32_t, bool) {
    return Error::not_supported;
  }

  // Values with a bpf_timer. Inside a ReadSection; field: in a value of this map. Errors: Timer::init's.
  Result<void> init_timer(std::byte *field, uint64_t clock);
  virtual const void *timer_key(const uint32_t &slot) const { return &slot; } // as its callback gets it
  void last_user_gone() override { timers_.release_all(); }

  // As the verifier and the code generator want to know it.
  MapRef ref() const;

  void destroy() final; // waits for readers, then frees
  Result<void> begin_mapping(uint64_t offset, uint64_t size, bool writable) final;
  void end_mapping(uint64_t offset, uint64_t size, bool writable) final;

protected:
  explicit Map(const MapSpec &spec) : Object(Kind::map), spec_(lasting(spec)) {}
  ~Map() = default;
  virtual void *first_value() const { return nullptr; } // where a program may name the value itself
  // Where an array's elements are, for lookups in the program's own code; null for other types.
  struct Elements {
    void *first = nullptr;
    uint32_t size = 0;       // bytes from one to the next
    uint64_t cpu_stride = 0; // and from one CPU's to the next one's
  };
  virtual Elements elements() const { return {}; }
  // The helper that programs call for this very map in place of that one (helpers.h); 0: that one itself.
  virtual uint32_t call_in_place_of(uint32_t) const { return 0; }
  // What the maps in a map of maps are like; null for other types.
  virtual const MapRef *inner_ref() const { return nullptr; }
  // Whether processes may map that part. Errors: invalid, not_permitted, not_supported.
  virtual Result<void> check_mapping(uint64_t, uint64_t, bool) const { return Error::not_supported; }
  virtual void free_memory() = 0;    // ends the object
  virtual void fields_are_known() {} // once, where the value has some
  void take_fields(const SpecialFields &fields) { types_.fields = fields; }
  // Types whose values may have a bpf_timer number the values that they can store; the others have none.
  virtual uint32_t timer_slots() const { return 0; }
  virtual uint32_t timer_slot(const void *) const { return 0; } // of a value
  void release_timer(uint32_t slot) const {                     // [any] the value in it is given up
    if (!timers_.empty())
      timers_.at(slot).release();
  }

private:
  friend Result<Ref<Map>> create_map(const MapSpec &spec, MapTypes types);
  static constexpr uint32_t kFrozen = ~0u;
  static MapSpec lasting(MapSpec spec) {
    spec.flags &= ~(KBPF_MAP_F_RDONLY | KBPF_MAP_F_WRONLY);
    return spec;
  }
  const MapSpec spec_;
  MapTypes types_;
  MemoryCharge charge_;
  UserAccess user_access_;
  uint32_t id_ = 0;
  TimerTable timers_;                // empty where values have no timer
  std::atomic<uint32_t> writers_{0}; // system calls and writable mappings; or kFrozen
};

// Errors as Linux's: invalid (unknown type, a size or a flag that the type does not take), too_big,
// no_memory.
Result<Ref<Map>> create_map(const MapSpec &spec, MapTypes types = {});

// A name of a map or program as bpf(2) takes it: terminated within KBPF_OBJ_NAME_LEN, letters, digits, '_'
// and '.'.
bool is_valid_object_name(const char (&name)[KBPF_OBJ_NAME_LEN]);
// A longer name from an object file, cut; characters that bpf(2) refuses become '_'.
void copy_object_name(char (&to)[KBPF_OBJ_NAME_LEN], std::string_view name);

extern Registry<Map> map_registry; // all maps that live

// zcore's programs name maps by a number from a slot that the loader fills: KBPF_FD_BASE + id, so that the
// helper finds the map in any process.
constexpr uint32_t zcore_fd(const Map &map) { return KBPF_FD_BASE + map.id(); }
inline Map *find_zcore_map(uint32_t fd) {
  return fd > KBPF_FD_BASE ? map_registry.find(fd - KBPF_FD_BASE) : nullptr;
}

} // namespace kbpf
