// SPDX-License-Identifier: MIT OR Apache-2.0
// The hash table behind the types hash, lru_hash and their per-CPU forms. All elements are allocated when the
// map is made (KBPF_MAP_F_NO_PREALLOC too: an update from a probe may not allocate), so an update takes a
// free element, fills it and links it at the head of its bucket's list.
//
// Readers walk the lists without a lock. An element that was removed goes back to a free list at once and may
// turn up in another bucket while a reader still stands on it; the reader then runs off into that bucket's
// list. So that it notices, each list ends in its bucket's number instead of null, and a walk that ends at a
// foreign number starts again. A value that lookup returned can thus become another key's while the program
// looks at it: Linux's preallocated tables do the same. A value of one word is replaced where it is; for a
// longer one a new element is linked before the old one is unlinked: no reader ever misses the key or sees
// half of a change.
#pragma once
#include "kernel/maps/hash_key.h"
#include "kernel/maps/map.h"
#include "kernel/maps/special_fields.h"
#include "kernel/memory.h"
#include "kernel/spinlock.h"

namespace kbpf::maps {

class HashTable : public Map {
public:
  struct Form {
    bool per_cpu;            // a value for each CPU under each key
    bool evicts;             // when full, a new key takes the place of one that was not used lately
    uint32_t value_size = 0; // bytes of a value as stored, where it is not the spec's
    bool holds_pointers = false; // a value is an address of what readers go on to, whole when it gets here
  };
  // Makes a table of Derived, a class with HashTable's constructor, once its type has checked its flags.
  // Errors: invalid, too_big, no_memory.
  template <typename Derived> static Result<Map *> create(const MapSpec &spec);

  void *lookup(const void *key) override;
  void *lookup_percpu(const void *key, uint32_t cpu) override;
  Result<void> update(const void *key, const void *value, uint64_t flags) override;
  Result<void> remove(const void *key) override;
  Result<void> next_key(const void *key, void *next) override;
  Result<void> for_each(Visit visit, void *user) override;
  size_t user_value_size() const override;
  Result<void> read_for_user(const void *key, void *value) override;
  Result<void> read_locked(const void *key, void *value) override;
  Result<void> write_for_user(const void *key, const void *value, uint64_t flags) override;
  Result<void> take_for_user(const void *key, void *value) override;
  uint32_t batch_commands() const override { return kBatchLookup | kBatchUpdate | kBatchDelete | kBatchTake; }
  uint32_t bucket_count() const override { return uint32_t{1} << (64 - shift_); }
  Result<uint32_t> read_bucket(uint32_t number, std::byte *keys, std::byte *values, uint32_t room,
                               bool remove) override;
  const void *timer_key(const uint32_t &slot) const override { return element(slot + 1).key(); }

protected:
  HashTable(const MapSpec &spec, Form form);
  uint32_t call_in_place_of(uint32_t helper) const override;
  uint32_t timer_slots() const override { return spec().max_entries + cpu_count_; }
  uint32_t timer_slot(const void *value) const override {
    return index_of(reinterpret_cast<const Element *>(static_cast<const std::byte *>(value) - value_offset_) -
                    1) -
           1;
  }
  // Calls visit(value) for each element of a bucket. When nobody else can change the table.
  template <typename Visit> void for_each_in_bucket(uint32_t number, Visit visit) {
    for (uintptr_t link = bucket(number).first.load(std::memory_order_relaxed); !(link & 1);) {
      Element *element = reinterpret_cast<Element *>(link);
      link = element->next.load(std::memory_order_relaxed);
      visit(static_cast<void *>(value(element, 0)));
    }
  }

private:
  friend struct HashCalls; // hash_calls.cpp
  // A link is an element's address, or the number of the bucket whose list ends here.
  struct Element {
    std::atomic<uintptr_t> next;
    std::atomic<uint32_t> hash; // upper half of the key's, so that most comparisons of long keys stop here
    uint32_t next_free;         // index + 1 of the next element of a free list; 0: none
    Word *key() { return reinterpret_cast<Word *>(this + 1); }
  };
  struct Bucket {
    std::atomic<uintptr_t> first;
    SpinLock lock;
  };
  // Elements that no key uses; one list a CPU, so that CPUs seldom meet at a lock.
  struct alignas(64) FreeList {
    SpinLock lock;
    uint32_t first = 0; // index + 1
    uint32_t spare = 0; // index + 1 of this CPU's element for replacements; touched by it alone, in a section
  };
  // What an update stores: one value for this CPU, or, from system calls, one of each CPU.
  struct NewValue {
    const void *bytes;
    bool of_all_cpus;
    bool in_place = false; // where the key is there: changes its value under the value's lock
  };

  static Result<void> check(const MapSpec &spec);
  Result<void> allocate();

  Bucket &bucket(uint64_t number) const { return first_bucket_[number]; }
  Bucket &bucket_of(const Element &element) const {
    return bucket(element.hash.load(std::memory_order_relaxed) >> (shift_ - 32));
  }
  FreeList &free_list(uint32_t cpu) const { return reinterpret_cast<FreeList *>(free_lists_.data())[cpu]; }
  Element &element(uint32_t index) const {
    return *reinterpret_cast<Element *>(elements_.data() + stride_ * (index - 1));
  }
  uint32_t index_of(const Element *element) const;
  Word *value(Element *element, uint32_t copy) const {
    return element->key() + (value_offset_ + copy * value_stride_) / sizeof(Word);
  }
  // Whether a program looked the key up since it was last passed over for eviction; in tables that evict.
  std::atomic<uint64_t> &used(Element *element) const {
    return *reinterpret_cast<std::atomic<uint64_t> *>(value(element, copies_));
  }
  uint32_t this_cpu() const { return kbpf_port_cpu() % cpu_count_; }
  uint32_t this_copy() const { return form_.per_cpu ? this_cpu() : 0; }
  // use(key) with the type for keys of the table's size.
  template <typename Use> auto with_key(const void *key, Use use) const {
    switch (spec().key_size) {
    case 4:
      return use(Key4(key));
    case 8:
      return use(Key8(key));
    case 16:
      return use(Key16(key));
    default:
      return use(KeyOfAnySize(key, spec().key_size));
    }
  }
  [[gnu::noinline]] Result<void> read_any_for_user(const void *key, void *to);
  uint64_t hash_of(const void *key) const;
  static constexpr uint32_t upper_half(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }
  bool holds_words() const {
    return !form_.per_cpu && value_size_ <= sizeof(Word) && !has_special_fields(fields());
  }
  static uintptr_t follow(const std::atomic<uintptr_t> &link);
  template <typename Key> static bool is_of(Element *candidate, const Key &key, uint64_t hash);
  template <typename Key> Element *find_key(const Key &key) const; // lock-free
  Element *find(const void *key) const;                            // the same
  template <typename Key>
  static std::atomic<uintptr_t> *find_key_link(Bucket &home, const Key &key, uint64_t hash); // locked
  std::atomic<uintptr_t> *find_link(Bucket &home, const void *key, uint64_t hash) const;     // locked
  static std::atomic<uintptr_t> *find_link_to(Bucket &home, const Element *element);     // locked
  static Element *unlink(std::atomic<uintptr_t> &link);                                  // locked
  Result<void> store(const void *key, NewValue value, uint64_t flags); // inside a ReadSection
  Result<bool> store_locked(Bucket &home, const void *key, uint64_t hash, NewValue value, uint64_t flags,
                            uint32_t &reserved);
  void fill(Element *element, NewValue value);
  void store_one(Word *to, const void *from);
  void copy_values(Element *element, void *to, bool locked) const;
  void give_up(const Element *element) const {
    release_timer(index_of(element) - 1);
  } // it has no key any more
  void push_free(uint32_t cpu, uint32_t index);
  uint32_t pop_free();
  uint32_t evict();

  const Form form_;
  const HashSeeds seeds_;
  Bucket *first_bucket_ = nullptr;
  const uint32_t shift_; // of a hash, which leaves the number of its bucket: 34 to 63
  const uint32_t cpu_count_;
  const uint32_t copies_;     // values under a key
  const uint32_t value_size_; // bytes of one
  const bool maps_words_;     // one word to another, with nothing special in it
  const size_t value_offset_; // bytes from the key to the first value
  const size_t value_stride_; // bytes from one of its values to the next
  const size_t stride_;       // bytes from one element to the next
  std::atomic<uint32_t> hand_{0};
  Buffer buckets_, free_lists_, elements_;
};

template <typename Derived> Result<Map *> HashTable::create(const MapSpec &spec) {
  KBPF_TRY(check(spec));
  Derived *map = allocate_object<Derived>(spec);
  if (!map)
    return Error::no_memory;
  if (Result<void> allocated = static_cast<HashTable *>(map)->allocate(); !allocated.ok()) {
    free_object(map);
    return allocated.error();
  }
  return static_cast<Map *>(map);
}

// What a link leads to is reached through its value, and such loads are in order on RISC-V (RVWMO's address
// dependencies) as behind an acquiring load.
inline uintptr_t HashTable::follow(const std::atomic<uintptr_t> &link) {
#ifdef __riscv
  return link.load(std::memory_order_relaxed);
#else
  return link.load(std::memory_order_acquire);
#endif
}

// Short keys are compared as fast as a hash.
template <typename Key> inline bool HashTable::is_of(Element *candidate, const Key &key, uint64_t hash) {
  if constexpr (!Key::kHasWords)
    if (candidate->hash.load(std::memory_order_relaxed) != upper_half(hash))
      return false;
  return key.matches(candidate->key());
}

template <typename Key> inline HashTable::Element *HashTable::find_key(const Key &key) const {
  const uint64_t hash = key.hash(seeds_), number = hash >> shift_;
  const Bucket &home = bucket(number);
  for (;;) {
    uintptr_t link = follow(home.first);
    while (!(link & 1)) {
      Element *candidate = reinterpret_cast<Element *>(link);
      if (is_of(candidate, key, hash)) [[likely]]
        return candidate;
      link = follow(candidate->next);
    }
    // Kept from being worked out before it is needed: most look-ups find their key.
    uint64_t expected = number;
    asm volatile("" : "+r"(expected));
    if (link == (expected << 1 | 1)) [[likely]]
      return nullptr;
  }
}

template <typename Key>
inline std::atomic<uintptr_t> *HashTable::find_key_link(Bucket &home, const Key &key, uint64_t hash) {
  std::atomic<uintptr_t> *link = &home.first;
  for (;;) {
    uintptr_t target = link->load(std::memory_order_relaxed);
    if (target & 1)
      return nullptr;
    Element *candidate = reinterpret_cast<Element *>(target);
    if (is_of(candidate, key, hash)) [[likely]]
      return link;
    link = &candidate->next;
  }
}

} // namespace kbpf::maps
