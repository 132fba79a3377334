// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/object.h"
#include "kernel/kbpf.h"
#include "kernel/port.h"

void kbpf_object_acquire(kbpf_object *object) { object->references.fetch_add(1, std::memory_order_relaxed); }
void kbpf_object_release(kbpf_object *object) { kbpf::Ref<kbpf_object>::adopt(object).reset(); }

#if !__STDC_HOSTED__
// Classes with pure virtual functions refer to it; a kernel with a C++ runtime of its own overrides it.
extern "C" [[gnu::weak]] void __cxa_pure_virtual() {
  kbpf_port_panic("kbpf: call of a pure virtual function");
}
#endif
