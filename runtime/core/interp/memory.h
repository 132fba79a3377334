// SPDX-License-Identifier: MIT OR Apache-2.0
// Memory accesses of interpreted programs. An aligned access is one access of the machine, as in compiled
// code, so that a concurrent reader never sees half of a value; an unaligned one works, byte by byte where
// the machine needs that.
#pragma once
#include <cstdint>

namespace kbpf {

template <typename T> struct Aliasing {
  using Type [[gnu::may_alias]] = T;
};
template <typename T> typename Aliasing<T>::Type *pointer(uint64_t address) {
  return reinterpret_cast<typename Aliasing<T>::Type *>(address);
}

template <typename T> T load(uint64_t address) {
  if (address % sizeof(T) == 0) [[likely]]
    return __atomic_load_n(pointer<T>(address), __ATOMIC_RELAXED);
  T value;
  __builtin_memcpy(&value, reinterpret_cast<const void *>(address), sizeof(T));
  return value;
}

template <typename T> void store(uint64_t address, T value) {
  if (address % sizeof(T) == 0) [[likely]]
    __atomic_store_n(pointer<T>(address), value, __ATOMIC_RELAXED);
  else
    __builtin_memcpy(reinterpret_cast<void *>(address), &value, sizeof(T));
}

template <typename T> T load_acquire(uint64_t address) {
  return __atomic_load_n(pointer<T>(address), __ATOMIC_ACQUIRE);
}
template <typename T> void store_release(uint64_t address, T value) {
  __atomic_store_n(pointer<T>(address), value, __ATOMIC_RELEASE);
}

} // namespace kbpf
