// SPDX-License-Identifier: MIT OR Apache-2.0
// The helpers map_lookup_elem and map_update_elem for one kind of hash table each, which fix-up calls where
// it knows the map: no question that the map's maker has answered is asked again. Programs run in a
// ReadSection, so these open none.
#include "core/verifier/inline_call.h"
#include "kernel/helpers/helpers.h"
#include "kernel/maps/hash_table.h"
#include <array>

namespace kbpf::maps {

struct HashCalls {
  // Variants: the key's form, and what else is different.
  static constexpr uint32_t kForms = 4, kEvicts = 4, kPerCpu = 8, kLookups = 16; // of lookups
  static constexpr uint32_t kHoldsWords = 4, kUpdates = 8;                       // of updates

  static uint32_t form_of(const HashTable &table) {
    switch (table.spec().key_size) {
    case 4:
      return 0;
    case 8:
      return 1;
    case 16:
      return 2;
    default:
      return 3;
    }
  }
  static uint32_t lookup_of(const HashTable &table) {
    return form_of(table) + (table.form_.evicts ? kEvicts : 0) + (table.form_.per_cpu ? kPerCpu : 0);
  }
  static uint32_t update_of(const HashTable &table) {
    const bool is_word = table.holds_words() && table.value_size_ == sizeof(Word) && !table.form_.evicts;
    return form_of(table) + (is_word ? kHoldsWords : 0);
  }

  // use(key) with the type of the form.
  template <uint32_t form, typename Use>
  [[gnu::always_inline]] static auto with_key(const HashTable &table, const void *key, Use use) {
    if constexpr (form == 0)
      return use(Key4(key));
    else if constexpr (form == 1)
      return use(Key8(key));
    else if constexpr (form == 2)
      return use(Key16(key));
    else
      return use(KeyOfAnySize(key, table.spec().key_size));
  }
  template <typename Key>
  [[gnu::always_inline]] static Word *first_value(const HashTable &table, HashTable::Element *element) {
    if constexpr (Key::kHasWords)
      return element->key() + Key::kWords;
    else
      return table.value(element, 0);
  }

  // Whether plain_word() and plain_u32() take a key of that form as it is: then nothing here is a call.
  template <uint32_t form> static bool is_aligned(uint64_t key) {
    return key % (form == 0 ? sizeof(uint32_t) : form == 3 ? 1 : sizeof(Word)) == 0;
  }
  [[gnu::noinline]] static uint64_t lookup_unaligned(uint64_t map, uint64_t key, uint64_t, uint64_t,
                                                     uint64_t) {
    return reinterpret_cast<uintptr_t>(pointer<Map>(map)->lookup(pointer<const void>(key)));
  }

  template <uint32_t variant>
  static uint64_t lookup(uint64_t map, uint64_t key, uint64_t, uint64_t, uint64_t) {
    if (!is_aligned<variant % kForms>(key)) [[unlikely]]
      return lookup_unaligned(map, key, 0, 0, 0);
    const HashTable &table = *static_cast<HashTable *>(pointer<Map>(map));
    return with_key<variant % kForms>(table, pointer<const void>(key), [&](const auto &typed) -> uint64_t {
      HashTable::Element *found = table.find_key(typed);
      if (!found)
        return 0;
      if constexpr (variant & kEvicts)
        if (!table.used(found).load(std::memory_order_relaxed))
          table.used(found).store(1, std::memory_order_relaxed);
      if constexpr (variant & kPerCpu)
        return reinterpret_cast<uintptr_t>(table.value(found, table.this_cpu()));
      else
        return reinterpret_cast<uintptr_t>(first_value<std::remove_cvref_t<decltype(typed)>>(table, found));
    });
  }

  // Whatever is not the plain change of a key that is there.
  [[gnu::noinline]] static uint64_t store(HashTable &table, uint64_t key, uint64_t value, uint64_t flags) {
    Result<void> done = table.store(pointer<const void>(key), {pointer<const void>(value), false}, flags);
    return done.ok() ? 0 : helper_error(done.error());
  }

  template <uint32_t variant>
  static uint64_t update(uint64_t map, uint64_t key, uint64_t value, uint64_t flags, uint64_t) {
    HashTable &table = *static_cast<HashTable *>(pointer<Map>(map));
    if constexpr (variant & kHoldsWords) {
      if (!is_aligned<variant % kForms>(key) || value % sizeof(Word) || flags != KBPF_MAP_UPDATE_ANY)
          [[unlikely]]
        return store(table, key, value, flags);
      const bool done = with_key<variant % kForms>(table, pointer<const void>(key), [&](const auto &typed) {
        const Word word = *pointer<const AliasingWord>(value);
        const uint64_t hash = typed.hash(table.seeds_);
        HashTable::Bucket &home = table.bucket(hash >> table.shift_);
        home.lock.lock();
        std::atomic<uintptr_t> *link = HashTable::find_key_link(home, typed, hash);
        if (link) [[likely]] {
          auto *found = reinterpret_cast<HashTable::Element *>(link->load(std::memory_order_relaxed));
          store_word(first_value<std::remove_cvref_t<decltype(typed)>>(table, found), word);
        }
        home.lock.unlock();
        return link != nullptr;
      });
      if (done) [[likely]]
        return 0;
    }
    return store(table, key, value, flags);
  }

  template <size_t... variant> static constexpr auto lookups(std::index_sequence<variant...>) {
    return std::array<HelperFunction, kLookups>{lookup<variant>...};
  }
  template <size_t... variant> static constexpr auto updates(std::index_sequence<variant...>) {
    return std::array<HelperFunction, kUpdates>{update<variant>...};
  }
};

uint32_t HashTable::call_in_place_of(uint32_t helper) const {
  if (form_.value_size) // what the table stores is not what programs get
    return 0;
  if (helper == kMapLookup)
    return special_helper(helper, HashCalls::lookup_of(*this) + 1);
  if (helper == kMapUpdate)
    return special_helper(helper, HashCalls::update_of(*this) + 1);
  return 0;
}

} // namespace kbpf::maps

namespace kbpf {

HelperFunction hash_table_helper(uint32_t number) {
  using maps::HashCalls;
  static constexpr auto kLookups = HashCalls::lookups(std::make_index_sequence<HashCalls::kLookups>{});
  static constexpr auto kUpdates = HashCalls::updates(std::make_index_sequence<HashCalls::kUpdates>{});
  const uint32_t general = general_helper(number), variant = number >> kVariantShift;
  if (general == kMapLookup && variant - 1 < kLookups.size())
    return kLookups[variant - 1];
  if (general == kMapUpdate && variant - 1 < kUpdates.size())
    return kUpdates[variant - 1];
  return nullptr;
}

} // namespace kbpf
