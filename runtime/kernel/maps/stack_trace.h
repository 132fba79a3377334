// SPDX-License-Identifier: MIT OR Apache-2.0
// Stacks by their hash: programs store one and get the number of its bucket (get_stackid), processes look
// numbers up. A bucket holds one stack, under its lock.
#pragma once
#include "kernel/maps/map.h"
#include "kernel/memory.h"
#include "kernel/spinlock.h"
#include <span>

namespace kbpf::maps {

class StackTraceMap final : public Map {
public:
  static Result<Map *> create(const MapSpec &spec);

  // [any] The number of the bucket that holds these addresses (1 to depth()). compare_hash_only: another
  // stack of the same hash counts as this one. replace: a different stack in the bucket goes. Error:
  // already_exists.
  Result<uint32_t> store(std::span<const uint64_t> addresses, bool compare_hash_only, bool replace);
  size_t depth() const { return spec().value_size / sizeof(uint64_t); }

  Result<void> read_for_user(const void *key, void *value) override;
  Result<void> remove(const void *key) override;
  Result<void> next_key(const void *key, void *next) override;

private:
  template <typename T, typename... Args> friend T *kbpf::allocate_object(Args &&...args);
  template <typename T> friend void kbpf::free_object(T *object);
  struct alignas(8) Bucket {
    SpinLock lock;
    uint32_t hash = 0;
    std::atomic<uint32_t> count{0}; // addresses; 0: empty
    uint64_t *addresses() { return reinterpret_cast<uint64_t *>(this + 1); }
  };

  StackTraceMap(const MapSpec &spec, uint32_t bucket_count, Buffer buckets);
  ~StackTraceMap() = default;
  void free_memory() override { free_object(this); }
  static size_t stride_of(const MapSpec &spec) { return sizeof(Bucket) + spec.value_size; }
  Bucket &bucket(uint32_t number) const {
    return *reinterpret_cast<Bucket *>(buckets_.data() + number * stride_of(spec()));
  }

  const uint32_t bucket_count_; // a power of two
  Buffer buckets_;
};

} // namespace kbpf::maps
