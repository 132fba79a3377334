// SPDX-License-Identifier: MIT OR Apache-2.0
// The hash table. All elements are allocated when the map is made (KBPF_MAP_F_NO_PREALLOC too: an update from
// a probe may not allocate), so an update takes a free element, fills it and links it at the head of its
// bucket's list.
//
// Readers walk the lists without a lock. An element that was removed goes back to a free list at once and may
// turn up in another bucket while a reader still stands on it; the reader then runs off into that bucket's
// list. So that it notices, each list ends in its bucket's number instead of null, and a walk that ends at a
// foreign number starts again. A value that lookup returned can thus become another key's while the program
// looks at it: Linux's preallocated tables do the same. Replacing a value links a new element before the old
// one is unlinked: no reader ever misses the key.
#include "kernel/epoch.h"
#include "kernel/maps/map_type.h"
#include "kernel/maps/words.h"
#include "kernel/memory.h"
#include "kernel/spinlock.h"

namespace kbpf::maps {
namespace {

constexpr uint32_t kFlags =
    kAccessFlags | KBPF_MAP_F_NO_PREALLOC | KBPF_MAP_F_NUMA_NODE | KBPF_MAP_F_ZERO_SEED;
constexpr uint64_t kMaxElement = 4u << 20; // bytes of a key and its value together
constexpr uint32_t kMaxEntries = 1u << 30;

// A link is an element's address, or the number of the bucket whose list ends here.
constexpr uintptr_t end_of(uint32_t bucket) { return uintptr_t{bucket} << 1 | 1; }
constexpr bool is_end(uintptr_t link) { return link & 1; }

struct Element {
  std::atomic<uintptr_t> next;
  std::atomic<uint32_t> hash; // of the key, so that most comparisons stop here
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

uint64_t mix(uint64_t a, uint64_t b) {
  unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

class HashMap final : public Map {
public:
  HashMap(const MapSpec &spec, uint64_t seed, uint32_t bucket_count, uint32_t cpu_count)
      : Map(spec), seed_(seed), bucket_mask_(bucket_count - 1), cpu_count_(cpu_count),
        value_offset_(round_up_8(spec.key_size)),
        stride_(sizeof(Element) + value_offset_ + round_up_8(spec.value_size)) {}

  Result<void> allocate() {
    buckets_ = KBPF_TRY(Buffer::create(sizeof(Bucket) * (size_t{bucket_mask_} + 1)));
    free_lists_ = KBPF_TRY(Buffer::create(sizeof(FreeList) * cpu_count_));
    // One element a CPU more than there may be keys: a replacement in a full map needs one for a moment.
    elements_ = KBPF_TRY(Buffer::create(stride_ * (size_t{spec().max_entries} + cpu_count_)));
    for (uint32_t i = 0; i <= bucket_mask_; i++)
      new (&bucket(i)) Bucket{end_of(i), {}};
    for (uint32_t cpu = 0; cpu < cpu_count_; cpu++)
      new (&free_list(cpu)) FreeList{};
    uint32_t index = 1;
    for (; index <= cpu_count_; index++) {
      new (&element(index)) Element{};
      free_list(index - 1).spare = index;
    }
    for (uint32_t i = 0; i < spec().max_entries; i++, index++) {
      new (&element(index)) Element{};
      push_free(i % cpu_count_, index);
    }
    return {};
  }

  void *lookup(const void *key) override {
    Element *found = find(key, hash_of(key));
    return found ? value(found) : nullptr;
  }

  Result<void> update(const void *key, const void *new_value, uint64_t flags) override {
    if (flags > KBPF_MAP_UPDATE_EXIST)
      return Error::invalid;
    uint32_t hash = hash_of(key);
    Bucket &home = bucket(hash & bucket_mask_);
    SpinGuard guard(home.lock);
    std::atomic<uintptr_t> *link = find_link(home, key, hash);
    if (link && flags == KBPF_MAP_UPDATE_NOEXIST)
      return Error::already_exists;
    if (!link && flags == KBPF_MAP_UPDATE_EXIST)
      return Error::not_found;

    FreeList &own = free_list(this_cpu());
    uint32_t index = link ? own.spare : pop_free();
    if (!index)
      return Error::too_big;
    Element &fresh = element(index);
    fresh.hash.store(hash, std::memory_order_relaxed);
    store_words(fresh.key(), key, spec().key_size);
    store_words(value(&fresh), new_value, spec().value_size);
    // Release: a reader that still stands on this element from its former life goes on through the link.
    fresh.next.store(home.first.load(std::memory_order_relaxed), std::memory_order_release);
    home.first.store(reinterpret_cast<uintptr_t>(&fresh), std::memory_order_release);
    if (link) {
      // The new element is in front; where the old one was the first, its link is the new one's now.
      if (link == &home.first)
        link = &fresh.next;
      own.spare = index_of(unlink(*link));
    }
    return {};
  }

  Result<void> remove(const void *key) override {
    uint32_t hash = hash_of(key);
    Bucket &home = bucket(hash & bucket_mask_);
    SpinGuard guard(home.lock);
    std::atomic<uintptr_t> *link = find_link(home, key, hash);
    if (!link)
      return Error::not_found;
    push_free(this_cpu(), index_of(unlink(*link)));
    return {};
  }

  Result<void> next_key(const void *key, void *next) override {
    ReadSection section;
    uint32_t number = 0;
    if (key) {
      uint32_t hash = hash_of(key);
      if (Element *found = find(key, hash)) {
        number = hash & bucket_mask_;
        uintptr_t link = found->next.load(std::memory_order_acquire);
        if (!is_end(link)) {
          load_words(next, reinterpret_cast<Element *>(link)->key(), spec().key_size);
          return {};
        }
        number++;
      }
    }
    for (; number <= bucket_mask_; number++) {
      uintptr_t link = bucket(number).first.load(std::memory_order_acquire);
      if (is_end(link))
        continue;
      load_words(next, reinterpret_cast<Element *>(link)->key(), spec().key_size);
      return {};
    }
    return Error::not_found;
  }

private:
  void free_memory() override { free_object(this); }

  Bucket &bucket(uint32_t number) const { return reinterpret_cast<Bucket *>(buckets_.data())[number]; }
  FreeList &free_list(uint32_t cpu) const { return reinterpret_cast<FreeList *>(free_lists_.data())[cpu]; }
  Element &element(uint32_t index) const {
    return *reinterpret_cast<Element *>(elements_.data() + stride_ * (index - 1));
  }
  uint32_t index_of(const Element *element) const {
    size_t offset = static_cast<size_t>(reinterpret_cast<const std::byte *>(element) - elements_.data());
    return static_cast<uint32_t>(offset / stride_) + 1;
  }
  Word *value(Element *element) const { return element->key() + value_offset_ / sizeof(Word); }
  uint32_t this_cpu() const { return kbpf_port_cpu() % cpu_count_; }

  uint32_t hash_of(const void *key) const {
    uint64_t hash = seed_ ^ spec().key_size;
    each_word(key, spec().key_size, [&](size_t, Word word) {
      hash = mix(hash ^ word, 0x9e3779b97f4a7c15);
      return true;
    });
    hash = mix(hash, 0xd6e8feb86659fd93);
    return static_cast<uint32_t>(hash ^ hash >> 32);
  }

  bool matches(Element *candidate, const void *key, uint32_t hash) const {
    return candidate->hash.load(std::memory_order_relaxed) == hash &&
           words_equal(candidate->key(), key, spec().key_size);
  }

  // Lock-free.
  Element *find(const void *key, uint32_t hash) const {
    uint32_t number = hash & bucket_mask_;
    for (;;) {
      uintptr_t link = bucket(number).first.load(std::memory_order_acquire);
      while (!is_end(link)) {
        Element *candidate = reinterpret_cast<Element *>(link);
        if (matches(candidate, key, hash))
          return candidate;
        link = candidate->next.load(std::memory_order_acquire);
      }
      if (link == end_of(number))
        return nullptr;
    }
  }

  // With the bucket's lock: what points to the key's element, or null.
  std::atomic<uintptr_t> *find_link(Bucket &home, const void *key, uint32_t hash) const {
    std::atomic<uintptr_t> *link = &home.first;
    for (;;) {
      uintptr_t target = link->load(std::memory_order_relaxed);
      if (is_end(target))
        return nullptr;
      Element *candidate = reinterpret_cast<Element *>(target);
      if (matches(candidate, key, hash))
        return link;
      link = &candidate->next;
    }
  }

  // With the bucket's lock. The element keeps its own link: readers that stand on it find back to a list
  // through it.
  static Element *unlink(std::atomic<uintptr_t> &link) {
    Element *old = reinterpret_cast<Element *>(link.load(std::memory_order_relaxed));
    link.store(old->next.load(std::memory_order_relaxed), std::memory_order_release);
    return old;
  }

  void push_free(uint32_t cpu, uint32_t index) {
    FreeList &list = free_list(cpu);
    SpinGuard guard(list.lock);
    element(index).next_free = list.first;
    list.first = index;
  }

  // From this CPU's list, else from the first that has one; 0 where none has.
  uint32_t pop_free() {
    uint32_t cpu = this_cpu();
    for (uint32_t tried = 0; tried < cpu_count_; tried++, cpu = cpu + 1 == cpu_count_ ? 0 : cpu + 1) {
      FreeList &list = free_list(cpu);
      SpinGuard guard(list.lock);
      if (uint32_t index = list.first) {
        list.first = element(index).next_free;
        return index;
      }
    }
    return 0;
  }

  const uint64_t seed_;
  const uint32_t bucket_mask_;
  const uint32_t cpu_count_;
  const size_t value_offset_; // bytes from the key to the value
  const size_t stride_;       // bytes from one element to the next
  Buffer buckets_, free_lists_, elements_;
};

} // namespace

Result<Map *> create_hash_map(const MapSpec &spec) {
  if (spec.max_entries == 0 || spec.key_size == 0 || spec.value_size == 0 || spec.flags & ~kFlags)
    return Error::invalid;
  uint64_t element = uint64_t{spec.key_size} + spec.value_size;
  if (element > kMaxElement || spec.max_entries > kMaxEntries ||
      (element + sizeof(Element) + 16) * spec.max_entries > kMaxMapBytes)
    return Error::too_big;
  uint32_t buckets = 1;
  while (buckets < spec.max_entries)
    buckets *= 2;
  uint64_t seed = 0;
  if (!(spec.flags & KBPF_MAP_F_ZERO_SEED))
    seed = uint64_t{kbpf_port_random_u32()} << 32 | kbpf_port_random_u32();
  HashMap *map = allocate_object<HashMap>(spec, seed, buckets, kbpf_port_cpu_count());
  if (!map)
    return Error::no_memory;
  if (Result<void> allocated = map->allocate(); !allocated.ok()) {
    free_object(map);
    return allocated.error();
  }
  return static_cast<Map *>(map);
}

} // namespace kbpf::maps
