// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/object.h"
#include "kernel/kbpf.h"

void kbpf_object_acquire(kbpf_object *object) { object->references.fetch_add(1, std::memory_order_relaxed); }
void kbpf_object_release(kbpf_object *object) { kbpf::Ref<kbpf_object>::adopt(object).reset(); }

int kbpf_object_map(kbpf_object *object, uint64_t offset, uint64_t size, int writable) {
  kbpf::Result<void> allowed = object->begin_mapping(offset, size, writable != 0);
  return allowed.ok() ? 0 : -kbpf::to_errno(allowed.error());
}
void kbpf_object_unmap(kbpf_object *object, uint64_t offset, uint64_t size, int writable) {
  object->end_mapping(offset, size, writable != 0);
}
void *kbpf_object_page(kbpf_object *object, uint64_t index) { return object->mapped_page(index); }

uint32_t kbpf_object_poll(kbpf_object *object, uint32_t *generation) {
  if (generation)
    *generation = object->poll_generation();
  return object->poll_events();
}
