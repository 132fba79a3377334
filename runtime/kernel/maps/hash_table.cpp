// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/maps/hash_table.h"
#include "kernel/maps/map_type.h"

namespace kbpf::maps {
namespace {

constexpr uint32_t kMaxEntries = 1u << 30;

constexpr uintptr_t end_of(uint32_t bucket) { return uintptr_t{bucket} << 1 | 1; }
constexpr bool is_end(uintptr_t link) { return link & 1; }

// As many buckets as a power of two gives that is not below max_entries, and two at least.
uint32_t shift_for(uint32_t max_entries) {
  uint32_t shift = 63;
  while (uint64_t{1} << (64 - shift) < max_entries)
    shift--;
  return shift;
}

} // namespace

HashTable::HashTable(const MapSpec &spec, Form form)
    : Map(spec), form_(form), seeds_(HashSeeds::draw(spec)), shift_(shift_for(spec.max_entries)),
      cpu_count_(kbpf_port_cpu_count()), copies_(form.per_cpu ? cpu_count_ : 1),
      value_size_(form.value_size ? form.value_size : spec.value_size),
      maps_words_(spec.key_size == sizeof(Word) && value_size_ == sizeof(Word) && holds_words()),
      value_offset_(round_up_8(spec.key_size)), value_stride_(round_up_8(value_size_)),
      stride_(sizeof(Element) + value_offset_ + value_stride_ * copies_ +
              (form.evicts ? sizeof(std::atomic<uint64_t>) : 0)) {}

Result<void> HashTable::check(const MapSpec &spec) {
  if (spec.max_entries == 0)
    return Error::invalid;
  if (uint64_t{spec.key_size} + spec.value_size > KBPF_MAX_HASH_ELEMENT || spec.max_entries > kMaxEntries)
    return Error::too_big;
  return {};
}

Result<void> HashTable::allocate() {
  // One element a CPU more than there may be keys: a replacement in a full map needs one for a moment.
  uint64_t count = uint64_t{spec().max_entries} + cpu_count_;
  if (stride_ > kMaxMapBytes / count)
    return Error::too_big;
  buckets_ = KBPF_TRY(Buffer::create(sizeof(Bucket) * bucket_count()));
  first_bucket_ = reinterpret_cast<Bucket *>(buckets_.data());
  free_lists_ = KBPF_TRY(Buffer::create(sizeof(FreeList) * cpu_count_));
  elements_ = KBPF_TRY(Buffer::create(stride_ * count));
  memset(elements_.data(), 0, elements_.size()); // the locks in values are free; nothing else sets them
  for (uint32_t i = 0; i < bucket_count(); i++)
    new (&bucket(i)) Bucket{end_of(i), {}};
  for (uint32_t cpu = 0; cpu < cpu_count_; cpu++)
    new (&free_list(cpu)) FreeList{};
  for (uint32_t index = 1; index <= count; index++) {
    new (&element(index)) Element{};
    if (form_.evicts)
      new (&used(&element(index))) std::atomic<uint64_t>{0};
    if (index <= cpu_count_)
      free_list(index - 1).spare = index;
    else
      push_free(index % cpu_count_, index);
  }
  return {};
}

void *HashTable::lookup(const void *key) {
  Element *found = find(key);
  if (!found)
    return nullptr;
  if (form_.evicts && !used(found).load(std::memory_order_relaxed))
    used(found).store(1, std::memory_order_relaxed);
  return value(found, this_copy());
}

void *HashTable::lookup_percpu(const void *key, uint32_t cpu) {
  if (!form_.per_cpu || cpu >= cpu_count_)
    return nullptr;
  Element *found = find(key);
  return found ? value(found, cpu) : nullptr;
}

Result<void> HashTable::update(const void *key, const void *new_value, uint64_t flags) {
  ReadSection section;
  return store(key, {new_value, false}, flags);
}

Result<void> HashTable::write_for_user(const void *key, const void *values, uint64_t flags) {
  ReadSection section;
  return store(key, {values, form_.per_cpu}, flags);
}

Result<void> HashTable::store(const void *key, NewValue new_value, uint64_t flags) {
  const bool locked = flags & KBPF_MAP_ELEM_LOCK;
  flags &= ~uint64_t{KBPF_MAP_ELEM_LOCK};
  if (flags > KBPF_MAP_UPDATE_EXIST || (locked && !has_lock()))
    return Error::invalid;
  new_value.in_place = locked;
  uint64_t hash = hash_of(key);
  for (;;) {
    uint32_t reserved = 0;
    // An eviction takes the victim's lock, so it comes before ours.
    if (form_.evicts && flags != KBPF_MAP_UPDATE_EXIST && !find(key)) {
      reserved = pop_free();
      if (!reserved)
        reserved = evict();
      if (!reserved)
        return Error::no_memory;
    }
    Result<bool> stored = store_locked(bucket(hash >> shift_), key, hash, new_value, flags, reserved);
    if (reserved)
      push_free(this_cpu(), reserved);
    if (!stored.ok())
      return stored.error();
    if (*stored)
      return {};
  }
}

// False: the key is gone since the caller found it, and there is no element for it; to be tried again. Takes
// reserved, and sets it to 0, where it needs a new element.
Result<bool> HashTable::store_locked(Bucket &home, const void *key, uint64_t hash, NewValue new_value,
                                     uint64_t flags, uint32_t &reserved) {
  LockGuard guard(home.lock);
  std::atomic<uintptr_t> *link = find_link(home, key, hash);
  if (link && flags == KBPF_MAP_UPDATE_NOEXIST)
    return Error::already_exists;
  if (!link && flags == KBPF_MAP_UPDATE_EXIST)
    return Error::not_found;
  if (link && form_.per_cpu) { // each CPU has its own: nobody misses anything when it changes where it is
    Element *found = reinterpret_cast<Element *>(link->load(std::memory_order_relaxed));
    if (new_value.of_all_cpus)
      fill(found, new_value);
    else
      store_words(value(found, this_cpu()), new_value.bytes, value_size_);
    return true;
  }

  if (link && (new_value.in_place || holds_words())) {
    Element *found = reinterpret_cast<Element *>(link->load(std::memory_order_relaxed));
    Word *to = value(found, 0);
    if (form_.evicts)
      used(found).store(1, std::memory_order_relaxed);
    ValueGuard value_guard(to, fields(), new_value.in_place);
    store_one(to, new_value.bytes);
    return true;
  }

  FreeList &own = free_list(this_cpu());
  uint32_t index = own.spare;
  if (!link) {
    index = form_.evicts ? std::exchange(reserved, 0) : pop_free();
    if (!index && form_.evicts)
      return false;
  }
  if (!index)
    return Error::too_big;
  Element &fresh = element(index);
  fresh.hash.store(upper_half(hash), std::memory_order_relaxed);
  store_words(fresh.key(), key, spec().key_size);
  fill(&fresh, new_value);
  if (form_.evicts)
    used(&fresh).store(link != nullptr, std::memory_order_relaxed);
  // Release: a reader that still stands on this element from its former life goes on through the link.
  fresh.next.store(home.first.load(std::memory_order_relaxed), std::memory_order_release);
  home.first.store(reinterpret_cast<uintptr_t>(&fresh), std::memory_order_release);
  if (link) {
    // The new element is in front; where the old one was the first, its link is the new one's now.
    if (link == &home.first)
      link = &fresh.next;
    Element *old = unlink(*link);
    give_up(old);
    own.spare = index_of(old);
  }
  return true;
}

// All values of a new element: those of the other CPUs begin as zeros where only one was given.
void HashTable::fill(Element *element, NewValue new_value) {
  const char *from = static_cast<const char *>(new_value.bytes);
  if (!form_.per_cpu)
    return store_one(value(element, 0), from);
  for (uint32_t cpu = 0; cpu < copies_; cpu++) {
    if (new_value.of_all_cpus) {
      store_words(value(element, cpu), from + cpu * value_stride_, value_size_);
    } else if (cpu == this_cpu()) {
      store_words(value(element, cpu), from, value_size_);
    } else {
      for (size_t i = 0; i < value_stride_ / sizeof(Word); i++)
        store_word(value(element, cpu) + i, 0);
    }
  }
}

// The value of a table that has one under each key.
void HashTable::store_one(Word *to, const void *from) {
  if (form_.holds_pointers)
    __atomic_store_n(to, plain_word(from), __ATOMIC_RELEASE);
  else
    store_value(to, from, value_size_, fields());
}

Result<void> HashTable::remove(const void *key) {
  uint64_t hash = hash_of(key);
  Bucket &home = bucket(hash >> shift_);
  SpinGuard guard(home.lock);
  std::atomic<uintptr_t> *link = find_link(home, key, hash);
  if (!link)
    return Error::not_found;
  Element *old = unlink(*link);
  give_up(old);
  push_free(this_cpu(), index_of(old));
  return {};
}

Result<void> HashTable::next_key(const void *key, void *next) {
  ReadSection section;
  uint32_t number = 0;
  if (key) {
    if (Element *found = find(key)) {
      number = static_cast<uint32_t>(hash_of(key) >> shift_);
      uintptr_t link = found->next.load(std::memory_order_acquire);
      if (!is_end(link)) {
        load_words(next, reinterpret_cast<Element *>(link)->key(), spec().key_size);
        return {};
      }
      number++;
    }
  }
  for (; number < bucket_count(); number++) {
    uintptr_t link = bucket(number).first.load(std::memory_order_acquire);
    if (is_end(link))
      continue;
    load_words(next, reinterpret_cast<Element *>(link)->key(), spec().key_size);
    return {};
  }
  return Error::not_found;
}

// What visit adds comes at the front of a list, where this does not see it. An element that visit removes may
// turn up in another list, and this then walks that one's rest, as on Linux; but no further than there are
// elements.
Result<void> HashTable::for_each(Visit visit, void *user) {
  for (uint32_t number = 0; number < bucket_count(); number++) {
    uintptr_t link = bucket(number).first.load(std::memory_order_acquire);
    for (uint32_t i = 0; i < spec().max_entries && !is_end(link); i++) {
      Element *element = reinterpret_cast<Element *>(link);
      link = element->next.load(std::memory_order_acquire);
      if (!visit(user, element->key(), value(element, this_copy())))
        return {};
    }
  }
  return {};
}

size_t HashTable::user_value_size() const { return form_.per_cpu ? value_stride_ * copies_ : value_size_; }

void HashTable::copy_values(Element *element, void *to, bool locked) const {
  if (!form_.per_cpu) {
    ValueGuard guard(value(element, 0), fields(), locked);
    return load_value(to, value(element, 0), value_size_, fields());
  }
  for (uint32_t copy = 0; copy < copies_; copy++) {
    load_words(static_cast<char *>(to) + copy * value_stride_, value(element, copy), value_stride_);
  }
}

// Not in a section: an element's memory lives as long as the map, which the caller holds, and that it may
// become another key's meanwhile is as elsewhere.
Result<void> HashTable::read_for_user(const void *key, void *to) {
  const bool are_aligned =
      (reinterpret_cast<uintptr_t>(key) | reinterpret_cast<uintptr_t>(to)) % sizeof(Word) == 0;
  if (!maps_words_ || !are_aligned) [[unlikely]]
    return read_any_for_user(key, to);
  Element *found = find_key(Key8(*static_cast<const AliasingWord *>(key)));
  if (!found)
    return Error::not_found;
  *static_cast<AliasingWord *>(to) = load_word(found->key() + Key8::kWords);
  return {};
}

Result<void> HashTable::read_any_for_user(const void *key, void *to) {
  Element *found = find(key);
  if (!found)
    return Error::not_found;
  copy_values(found, to, false);
  return {};
}

// In its bucket, the element stays this key's meanwhile.
Result<void> HashTable::read_locked(const void *key, void *to) {
  if (!has_lock())
    return Error::invalid;
  uint64_t hash = hash_of(key);
  Bucket &home = bucket(hash >> shift_);
  SpinGuard guard(home.lock);
  std::atomic<uintptr_t> *link = find_link(home, key, hash);
  if (!link)
    return Error::not_found;
  copy_values(reinterpret_cast<Element *>(link->load(std::memory_order_relaxed)), to, true);
  return {};
}

Result<void> HashTable::take_for_user(const void *key, void *to) {
  uint64_t hash = hash_of(key);
  Bucket &home = bucket(hash >> shift_);
  SpinGuard guard(home.lock);
  std::atomic<uintptr_t> *link = find_link(home, key, hash);
  if (!link)
    return Error::not_found;
  Element *found = unlink(*link);
  copy_values(found, to, true);
  give_up(found);
  push_free(this_cpu(), index_of(found));
  return {};
}

Result<uint32_t> HashTable::read_bucket(uint32_t number, std::byte *keys, std::byte *values, uint32_t room,
                                        bool remove) {
  Bucket &home = bucket(number);
  SpinGuard guard(home.lock);
  uint32_t count = 0;
  for (uintptr_t link = home.first.load(std::memory_order_relaxed); !is_end(link); count++)
    link = reinterpret_cast<Element *>(link)->next.load(std::memory_order_relaxed);
  if (count > room)
    return Error::no_space;
  size_t value_size = user_value_size();
  uintptr_t link = home.first.load(std::memory_order_relaxed);
  for (uint32_t i = 0; i < count; i++) {
    Element *element = reinterpret_cast<Element *>(link);
    load_words(keys + size_t{i} * spec().key_size, element->key(), spec().key_size);
    copy_values(element, values + i * value_size, true);
    link = element->next.load(std::memory_order_relaxed);
    if (remove) {
      unlink(home.first);
      give_up(element);
      push_free(this_cpu(), index_of(element));
    }
  }
  return count;
}

uint32_t HashTable::index_of(const Element *element) const {
  size_t offset = static_cast<size_t>(reinterpret_cast<const std::byte *>(element) - elements_.data());
  return static_cast<uint32_t>(offset / stride_) + 1;
}

uint64_t HashTable::hash_of(const void *key) const {
  return with_key(key, [&](const auto &typed) { return typed.hash(seeds_); });
}

HashTable::Element *HashTable::find(const void *key) const {
  return with_key(key, [&](const auto &typed) { return find_key(typed); });
}

// What points to the key's element, or null.
std::atomic<uintptr_t> *HashTable::find_link(Bucket &home, const void *key, uint64_t hash) const {
  return with_key(key, [&](const auto &typed) { return find_key_link(home, typed, hash); });
}

std::atomic<uintptr_t> *HashTable::find_link_to(Bucket &home, const Element *element) {
  std::atomic<uintptr_t> *link = &home.first;
  for (;;) {
    uintptr_t target = link->load(std::memory_order_relaxed);
    if (is_end(target))
      return nullptr;
    if (target == reinterpret_cast<uintptr_t>(element))
      return link;
    link = &reinterpret_cast<Element *>(target)->next;
  }
}

// The element keeps its own link: readers that stand on it find back to a list through it.
HashTable::Element *HashTable::unlink(std::atomic<uintptr_t> &link) {
  Element *old = reinterpret_cast<Element *>(link.load(std::memory_order_relaxed));
  link.store(old->next.load(std::memory_order_relaxed), std::memory_order_release);
  return old;
}

void HashTable::push_free(uint32_t cpu, uint32_t index) {
  FreeList &list = free_list(cpu);
  LockGuard guard(list.lock);
  element(index).next_free = list.first;
  list.first = index;
}

// From this CPU's list, else from the first that has one; 0 where none has.
uint32_t HashTable::pop_free() {
  uint32_t cpu = this_cpu();
  for (uint32_t tried = 0; tried < cpu_count_; tried++, cpu = cpu + 1 == cpu_count_ ? 0 : cpu + 1) {
    FreeList &list = free_list(cpu);
    LockGuard guard(list.lock);
    if (uint32_t index = list.first) {
      list.first = element(index).next_free;
      return index;
    }
  }
  return 0;
}

// An element taken from its key, by the clock algorithm: a hand goes round the elements and passes over those
// that were used since its last visit. It goes downwards, because free elements are handed out so: while
// nothing is looked up, the oldest key goes first. After kSecondChances it takes what it finds. 0: none
// found.
uint32_t HashTable::evict() {
  constexpr uint32_t kSecondChances = 128;
  uint32_t count = spec().max_entries + cpu_count_;
  for (uint32_t tried = 0; tried < count + kSecondChances; tried++) {
    uint32_t index = count - hand_.fetch_add(1, std::memory_order_relaxed) % count;
    Element &candidate = element(index);
    Bucket &home = bucket_of(candidate);
    if (tried < kSecondChances && used(&candidate).exchange(0, std::memory_order_relaxed))
      continue;
    LockGuard guard(home.lock);
    if (std::atomic<uintptr_t> *link = find_link_to(home, &candidate)) {
      give_up(unlink(*link));
      return index;
    }
  }
  return 0;
}

} // namespace kbpf::maps
