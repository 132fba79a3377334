// SPDX-License-Identifier: MIT OR Apache-2.0
// The kernel heap. Allocation can fail and says so; nothing allocates behind its caller's back. Every
// function here works from any thread and with interrupts off.
#pragma once
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace refkernel {

void *heap_allocate(size_t size, size_t align); // uninitialised; null where there is no memory
void heap_free(void *memory, size_t size, size_t align);

template <typename T, typename... Args> [[nodiscard]] T *try_make(Args &&...args) {
  void *memory = heap_allocate(sizeof(T), alignof(T));
  return memory ? new (memory) T(std::forward<Args>(args)...) : nullptr;
}

// Destructor, then memory back to the heap. T is the object's own type, not a base of it.
template <typename T> void free_object(T *object) {
  object->~T();
  heap_free(object, sizeof(T), alignof(T));
}

// Ends an object that try_make() made; null is allowed. The heap wants sizes back, so a polymorphic base
// declares `virtual void dispose() = 0`, and each concrete class defines it as `free_object(this)`.
template <typename T> void destroy(T *object) {
  if (!object)
    return;
  if constexpr (requires { object->dispose(); }) {
    object->dispose();
  } else {
    static_assert(!std::is_polymorphic_v<T> || std::is_final_v<T>, "a polymorphic type needs dispose()");
    free_object(object);
  }
}

} // namespace refkernel
