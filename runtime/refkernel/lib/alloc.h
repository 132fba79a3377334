// SPDX-License-Identifier: MIT OR Apache-2.0
// The kernel heap. Allocation can fail and says so; nothing allocates behind its caller's back.
#pragma once
#include <cstddef>
#include <new>
#include <utility>

namespace refkernel {

void *heap_allocate(size_t size, size_t align); // uninitialised; null where there is no memory
void heap_free(void *memory, size_t size, size_t align);

template <typename T, typename... Args> [[nodiscard]] T *try_make(Args &&...args) {
  void *memory = heap_allocate(sizeof(T), alignof(T));
  return memory ? new (memory) T(std::forward<Args>(args)...) : nullptr;
}
template <typename T> void destroy(T *object) {
  if (!object)
    return;
  object->~T(); // a polymorphic T has a virtual destructor and overrides object_size()
  if constexpr (requires { object->object_size(); })
    static_assert(sizeof(T) == 0, "call dispose() of a polymorphic type instead");
  else
    heap_free(object, sizeof(T), alignof(T));
}

} // namespace refkernel
