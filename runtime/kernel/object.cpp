// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/object.h"
#include "kernel/kbpf.h"
#include "kernel/port.h"
#include "kernel/timer.h"

kbpf::Result<kbpf::Ref<kbpf::Object>> kbpf::object_from_fd(uint32_t fd) {
  Object *object = nullptr;
  if (int status = kbpf_port_fd_get(static_cast<int>(fd), &object); status < 0)
    return status == -to_errno(Error::invalid) ? Error::invalid : Error::bad_fd;
  return adopt_from_port(object);
}

void kbpf_object_acquire(kbpf_object *object) {
  object->references.fetch_add(1, std::memory_order_relaxed);
  object->users.fetch_add(1, std::memory_order_relaxed);
}
void kbpf_object_release(kbpf_object *object) {
  object->drop_user();
  kbpf::Ref<kbpf_object>::adopt(object).reset();
  kbpf::end_released_programs(); // those of a map's timers
}

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
