// SPDX-License-Identifier: MIT OR Apache-2.0
// What the compiler and libc++'s headers call beside the four functions that every freestanding environment
// has (memcpy, memmove, memset, memcmp). Weak: a kernel that defines them keeps its own.
#include "kernel/port.h"

extern "C" {

[[gnu::weak]] void __cxa_pure_virtual() { kbpf_port_panic("kbpf: call of a pure virtual function"); }

[[gnu::weak]] size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length])
    length++;
  return length;
}

[[gnu::weak]] void *memchr(const void *bytes, int wanted, size_t size) {
  const unsigned char *at = static_cast<const unsigned char *>(bytes);
  for (; size; size--, at++)
    if (*at == static_cast<unsigned char>(wanted))
      return const_cast<unsigned char *>(at);
  return nullptr;
}

} // extern "C"
