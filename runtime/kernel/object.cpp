// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/object.h"
#include "kernel/kbpf.h"

void kbpf_object_acquire(kbpf_object *object) { object->references.fetch_add(1, std::memory_order_relaxed); }
void kbpf_object_release(kbpf_object *object) { kbpf::Ref<kbpf_object>::adopt(object).reset(); }
