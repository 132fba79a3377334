// SPDX-License-Identifier: MIT OR Apache-2.0
// A hash table whose values are addresses of maps. Only system calls change it, one at a time, so that the
// map that a change drives out is known.
#include "kernel/maps/hash_table.h"
#include "kernel/maps/map_of_maps.h"
#include "kernel/maps/map_type.h"

namespace kbpf::maps {
namespace {

class HashOfMaps final : public HashTable {
public:
  explicit HashOfMaps(const MapSpec &spec)
      : HashTable(without_inner(spec), {.per_cpu = false,
                                      .evicts = false,
                                      .value_size = sizeof(Map *),
                                      .holds_pointers = true}),
        inner_(*InnerTemplate::from(spec)) {}

  void *lookup(const void *key) override {
    void *value = HashTable::lookup(key);
    return value ? map_in(value) : nullptr;
  }

  Result<void> read_for_user(const void *key, void *to) override {
    ReadSection section;
    const Map *map = static_cast<Map *>(lookup(key));
    if (!map)
      return Error::not_found;
    const uint32_t id = map->id();
    memcpy(to, &id, sizeof(id));
    return {};
  }

  Result<void> write_for_user(const void *key, const void *value, uint64_t flags) override {
    uint32_t fd;
    memcpy(&fd, value, sizeof(fd));
    Ref<Object> object = KBPF_TRY(object_from_fd(fd));
    if (object->kind != Kind::map || !inner_.matches(static_cast<Map &>(*object)))
      return Error::invalid;
    Ref<Map> fresh = Ref<Map>::adopt(static_cast<Map *>(object.release()));
    Ref<Map> old;
    {
      ChangeGuard guard(changing_);
      Map *address = fresh.get();
      old = Ref<Map>::adopt(current(key));
      if (Result<void> done = HashTable::update(key, &address, flags); !done.ok()) {
        old.release(); // it stays
        return done;
      }
      fresh.release(); // the table's
    }
    return {};
  }

  Result<void> remove(const void *key) override {
    Ref<Map> old;
    {
      ChangeGuard guard(changing_);
      old = Ref<Map>::adopt(current(key));
      KBPF_TRY(HashTable::remove(key));
    }
    return {};
  }
  Result<void> take_for_user(const void *, void *) override { return Error::not_supported; }
  size_t user_value_size() const override { return sizeof(uint32_t); }
  uint32_t batch_commands() const override { return 0; }

private:
  // Of system calls, which may wait for each other.
  class ChangeGuard {
  public:
    explicit ChangeGuard(std::atomic<bool> &lock) : lock_(lock) {
      while (lock_.exchange(true, std::memory_order_acquire))
        kbpf_port_relax();
    }
    ~ChangeGuard() { lock_.store(false, std::memory_order_release); }
    ChangeGuard(const ChangeGuard &) = delete;
    ChangeGuard &operator=(const ChangeGuard &) = delete;

  private:
    std::atomic<bool> &lock_;
  };

  void free_memory() override {
    for (uint32_t i = 0; i < bucket_count(); i++)
      for_each_in_bucket(i, [](void *value) { Ref<Map>::adopt(map_in(value)).reset(); });
    free_object(this);
  }
  const MapRef *inner_ref() const override { return &inner_.ref(); }
  static Map *map_in(const void *value) {
#ifdef __riscv // as for links
    return reinterpret_cast<Map *>(load_word(static_cast<const Word *>(value)));
#else
    return reinterpret_cast<Map *>(__atomic_load_n(static_cast<const Word *>(value), __ATOMIC_ACQUIRE));
#endif
  }
  Map *current(const void *key) {
    ReadSection section;
    return static_cast<Map *>(lookup(key));
  }

  const InnerTemplate inner_;
  std::atomic<bool> changing_{false};
};

} // namespace

Result<Map *> create_hash_of_maps_map(const MapSpec &spec) {
  KBPF_TRY(InnerTemplate::from(spec));
  return HashTable::create<HashOfMaps>(spec);
}

} // namespace kbpf::maps
