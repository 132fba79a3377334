// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/maps/stack_trace.h"
#include "kernel/maps/hashing.h"
#include "kernel/maps/map_type.h"
#include "kernel/stack_walk.h"

namespace kbpf::maps {
namespace {

constexpr uint32_t kMaxEntries = 1u << 30;

uint32_t number_of(const void *key) {
  uint32_t number;
  memcpy(&number, key, sizeof(number));
  return number;
}

} // namespace

StackTraceMap::StackTraceMap(const MapSpec &spec, uint32_t bucket_count, Buffer buckets)
    : Map(spec), bucket_count_(bucket_count), buckets_(std::move(buckets)) {
  for (uint32_t i = 0; i < bucket_count_; i++)
    new (&bucket(i)) Bucket{};
}

Result<Map *> StackTraceMap::create(const MapSpec &spec) {
  if (spec.max_entries == 0 || spec.value_size % sizeof(uint64_t) ||
      spec.value_size / sizeof(uint64_t) > kMaxStackDepth)
    return Error::invalid;
  uint32_t bucket_count = 1;
  while (bucket_count < spec.max_entries && bucket_count < kMaxEntries)
    bucket_count *= 2;
  if (spec.max_entries > kMaxEntries || stride_of(spec) > kMaxMapBytes / bucket_count)
    return Error::too_big;
  Buffer buckets = KBPF_TRY(Buffer::create(stride_of(spec) * bucket_count));
  Map *map = allocate_object<StackTraceMap>(spec, bucket_count, std::move(buckets));
  if (!map)
    return Error::no_memory;
  return map;
}

Result<uint32_t> StackTraceMap::store(std::span<const uint64_t> addresses, bool compare_hash_only,
                                      bool replace) {
  const uint32_t hash = hash_bytes(addresses.data(), addresses.size_bytes(), 0);
  const uint32_t number = hash & (bucket_count_ - 1);
  Bucket &home = bucket(number);
  SpinGuard guard(home.lock);
  const uint32_t count = home.count.load(std::memory_order_relaxed);
  if (count && home.hash == hash &&
      (compare_hash_only || (count == addresses.size() &&
                             memcmp(home.addresses(), addresses.data(), addresses.size_bytes()) == 0)))
    return number;
  if (count && !replace)
    return Error::already_exists;
  home.hash = hash;
  memcpy(home.addresses(), addresses.data(), addresses.size_bytes());
  home.count.store(static_cast<uint32_t>(addresses.size()), std::memory_order_relaxed);
  return number;
}

// The stack, and zeros behind it.
Result<void> StackTraceMap::read_for_user(const void *key, void *value) {
  const uint32_t number = number_of(key);
  if (number >= bucket_count_)
    return Error::not_found;
  Bucket &home = bucket(number);
  SpinGuard guard(home.lock);
  const size_t bytes = home.count.load(std::memory_order_relaxed) * sizeof(uint64_t);
  if (bytes == 0)
    return Error::not_found;
  memcpy(value, home.addresses(), bytes);
  memset(static_cast<char *>(value) + bytes, 0, spec().value_size - bytes);
  return {};
}

Result<void> StackTraceMap::remove(const void *key) {
  const uint32_t number = number_of(key);
  if (number >= bucket_count_)
    return Error::too_big;
  Bucket &home = bucket(number);
  SpinGuard guard(home.lock);
  return home.count.exchange(0, std::memory_order_relaxed) ? Result<void>() : Error::not_found;
}

Result<void> StackTraceMap::next_key(const void *key, void *next) {
  auto is_used = [&](uint32_t number) { return bucket(number).count.load(std::memory_order_relaxed) != 0; };
  uint32_t number = 0;
  if (key && number_of(key) < bucket_count_ && is_used(number_of(key)))
    number = number_of(key) + 1;
  for (; number < bucket_count_; number++)
    if (is_used(number)) {
      memcpy(next, &number, sizeof(number));
      return {};
    }
  return Error::not_found;
}

Result<Map *> create_stack_trace_map(const MapSpec &spec) { return StackTraceMap::create(spec); }

} // namespace kbpf::maps
