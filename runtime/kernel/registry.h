// SPDX-License-Identifier: MIT OR Apache-2.0
// Ids of living objects. Numbers go up and come back to the start only at the end, so that an id seldom means
// something else soon after its object is gone. Ids are handed out under a lock; readers only load. An object
// leaves before its readers are waited for, so what find() returns outlives the caller's ReadSection.
#pragma once
#include "core/base/result.h"
#include "kernel/object.h"
#include "kernel/spinlock.h"

namespace kbpf {

template <typename T, uint32_t kSlots = 4096> class Registry {
public:
  // From now on object is found under id, which is not 0 and was stored before. Error: no_memory, where as
  // many live as may.
  Result<void> add(T *object, uint32_t &id) {
    SpinGuard guard(lock_);
    for (uint32_t tried = 1; tried < kSlots; tried++) {
      last_ = last_ + 1 < kSlots ? last_ + 1 : 1;
      if (!slots_[last_].load(std::memory_order_relaxed)) {
        id = last_;
        slots_[last_].store(object, std::memory_order_release);
        return {};
      }
    }
    return Error::no_memory;
  }
  void remove(uint32_t id) { slots_[id].store(nullptr, std::memory_order_relaxed); }

  // [any] Inside a ReadSection. Null where there is none.
  T *find(uint32_t id) const { return id < kSlots ? slots_[id].load(std::memory_order_acquire) : nullptr; }
  // With a reference. Error: not_found.
  Result<Ref<T>> open(uint32_t id) const {
    ReadSection section;
    Ref<T> object = Ref<T>::share_living(find(id));
    if (!object)
      return Error::not_found;
    return Result<Ref<T>>(std::move(object));
  }
  // The smallest id above after; 0: none.
  uint32_t next(uint32_t after) const {
    for (uint64_t id = uint64_t{after} + 1; id < kSlots; id++)
      if (slots_[id].load(std::memory_order_relaxed))
        return static_cast<uint32_t>(id);
    return 0;
  }

private:
  std::atomic<T *> slots_[kSlots] = {};
  SpinLock lock_;
  uint32_t last_ = 0;
};

} // namespace kbpf
