// SPDX-License-Identifier: MIT OR Apache-2.0
// The Bloom filter: a set that stores no values, but for each sets as many bits as there are hash functions.
// A value whose bits are all set may be in it; one of which a bit is clear is not. The bit array is sized so
// that of max_entries values few are mistaken: 7/5 bits for each hash function and value.
#include "kernel/maps/hashing.h"
#include "kernel/maps/map_type.h"
#include "kernel/memory.h"

namespace kbpf::maps {
namespace {

constexpr uint32_t kDefaultHashes = 5;
constexpr uint64_t kMaxHashes = 15; // the lower four bits of the spec's extra
constexpr uint64_t kMaxBits = uint64_t{1} << 32;
constexpr uint32_t kBitsPerWord = 64;

class BloomFilterMap final : public Map {
public:
  BloomFilterMap(const MapSpec &spec, uint32_t hashes, uint32_t bit_mask, Buffer bits)
      : Map(spec), hashes_(hashes), bit_mask_(bit_mask), seed_(draw_seed(spec)), bits_(std::move(bits)) {}

  Result<void> push(const void *value, uint64_t flags) override {
    if (flags != KBPF_MAP_UPDATE_ANY)
      return Error::invalid;
    for (uint32_t i = 0; i < hashes_; i++) {
      uint32_t bit = bit_of(value, i);
      __atomic_fetch_or(word_of(bit), mask_of(bit), __ATOMIC_RELAXED);
    }
    return {};
  }
  // Whether value may be in the set.
  Result<void> peek(void *value) override {
    for (uint32_t i = 0; i < hashes_; i++) {
      uint32_t bit = bit_of(value, i);
      if (!(load_word(word_of(bit)) & mask_of(bit)))
        return Error::not_found;
    }
    return {};
  }
  Result<void> pop(void *) override { return Error::unsupported_operation; }
  Result<void> remove(const void *) override { return Error::unsupported_operation; }
  Result<void> next_key(const void *, void *) override { return Error::unsupported_operation; }
  bool lookup_takes_value() const override { return true; }
  Result<void> read_for_user(const void *, void *value) override { return peek(value); }
  Result<void> write_for_user(const void *, const void *value, uint64_t flags) override {
    return push(value, flags);
  }

private:
  void free_memory() override { free_object(this); }
  uint32_t bit_of(const void *value, uint32_t number) const {
    return hash_bytes(value, spec().value_size, seed_ + number) & bit_mask_;
  }
  Word *word_of(uint32_t bit) const { return reinterpret_cast<Word *>(bits_.data()) + bit / kBitsPerWord; }
  static Word mask_of(uint32_t bit) { return Word{1} << bit % kBitsPerWord; }

  const uint32_t hashes_;
  const uint32_t bit_mask_;
  const uint64_t seed_;
  Buffer bits_;
};

} // namespace

Result<Map *> create_bloom_filter_map(const MapSpec &spec) {
  if (spec.max_entries == 0 || spec.extra > kMaxHashes)
    return Error::invalid;
  uint32_t hashes = spec.extra ? static_cast<uint32_t>(spec.extra) : kDefaultHashes;
  uint64_t wanted = uint64_t{spec.max_entries} * hashes / 5 * 7;
  uint64_t bit_count = kBitsPerWord;
  while (bit_count < wanted && bit_count < kMaxBits)
    bit_count *= 2;
  Buffer bits = KBPF_TRY(Buffer::create(bit_count / 8));
  memset(bits.data(), 0, bits.size());
  Map *map =
      allocate_object<BloomFilterMap>(spec, hashes, static_cast<uint32_t>(bit_count - 1), std::move(bits));
  if (!map)
    return Error::no_memory;
  return map;
}

} // namespace kbpf::maps
