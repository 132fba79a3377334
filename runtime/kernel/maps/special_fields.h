// SPDX-License-Identifier: MIT OR Apache-2.0
// Fields of a value that are the kernel's: the bpf_spin_lock and the bpf_timer. Copying a value passes over
// them, as on Linux: a store leaves them as they are, a load gives zeros in their place.
//
// The lock is a u32, 1 while it is held. A program holds one at a time, calls nothing meanwhile and gives it
// back before it ends (the verifier), with interrupts off, as every program runs; so a holder never waits,
// and a probe that fires meanwhile runs no program (spinlock.h). A copy under the lock takes it inside its
// ReadSection, after a bucket's lock where there is one.
#pragma once
#include "core/verifier/program.h"
#include "kernel/epoch.h"
#include "kernel/maps/words.h"

namespace kbpf::maps {

inline void lock_value(uint32_t *lock) {
  while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE))
    while (__atomic_load_n(lock, __ATOMIC_RELAXED))
      ;
}
inline void unlock_value(uint32_t *lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }

constexpr bool has_special_fields(const SpecialFields &fields) {
  return fields.spin_lock >= 0 || fields.timer >= 0;
}

// A value's lock for a scope; none where it is not wanted.
class ValueGuard {
public:
  ValueGuard(Word *value, const SpecialFields &fields, bool wanted = true)
      : lock_(wanted && fields.spin_lock >= 0
                  ? reinterpret_cast<uint32_t *>(reinterpret_cast<std::byte *>(value) + fields.spin_lock)
                  : nullptr) {
    if (lock_)
      lock_value(lock_);
  }
  ~ValueGuard() {
    if (lock_)
      unlock_value(lock_);
  }
  ValueGuard(const ValueGuard &) = delete;
  ValueGuard &operator=(const ValueGuard &) = delete;

private:
  const ReadSection section_; // before the lock: interrupts are off while it is held
  uint32_t *const lock_;
};

// Both copies are of a whole value of size bytes.
void store_value(Word *to, const void *from, size_t size, const SpecialFields &fields);
void load_value(void *to, const Word *from, size_t size, const SpecialFields &fields);

} // namespace kbpf::maps
