// SPDX-License-Identifier: MIT OR Apache-2.0
// What the C++ language wants linked in: nothing of it is ever reached in a sound kernel.
#include "refkernel/machine/log.h"
#include <cstddef>
#include <cstdlib>

extern "C" {
void __cxa_pure_virtual() { refkernel::panic("pure virtual function called"); }
void abort() { refkernel::panic("abort called"); }
}

// Deleting destructors name it; objects end through destroy() of lib/alloc.h.
void operator delete(void *) noexcept { refkernel::panic("operator delete called"); }
void operator delete(void *, size_t) noexcept { refkernel::panic("operator delete called"); }
