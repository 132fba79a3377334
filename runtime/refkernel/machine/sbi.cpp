// SPDX-License-Identifier: MIT OR Apache-2.0
// A call is an ecall with the extension in a7, the function in a6 and arguments from a0 on; a0 comes back as
// the error.
#include "refkernel/machine/sbi.h"

namespace refkernel {
namespace {

enum : uintptr_t { // extension ids: ASCII, or a legacy number
  kLegacyPutchar = 0x1,
  kTime = 0x54494d45,
  kIpi = 0x735049,
  kRfence = 0x52464e43,
  kHsm = 0x48534d,
  kSystemReset = 0x53525354,
};

intptr_t sbi_call(uintptr_t extension, uintptr_t function, uintptr_t arg0 = 0, uintptr_t arg1 = 0,
                  uintptr_t arg2 = 0, uintptr_t arg3 = 0) {
  register uintptr_t a0 asm("a0") = arg0;
  register uintptr_t a1 asm("a1") = arg1;
  register uintptr_t a2 asm("a2") = arg2;
  register uintptr_t a3 asm("a3") = arg3;
  register uintptr_t a6 asm("a6") = function;
  register uintptr_t a7 asm("a7") = extension;
  asm volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a6), "r"(a7) : "memory");
  return static_cast<intptr_t>(a0); // 0, or a negative error
}

} // namespace

void sbi_console_putchar(char c) { sbi_call(kLegacyPutchar, 0, static_cast<unsigned char>(c)); }
void sbi_set_timer(uint64_t time) { sbi_call(kTime, 0, time); }
void sbi_send_ipi(uint64_t hart_mask) { sbi_call(kIpi, 0, hart_mask, 0); }
void sbi_remote_fence_i(uint64_t hart_mask) { sbi_call(kRfence, 0, hart_mask, 0); }

void sbi_remote_sfence_vma(uint64_t hart_mask, uintptr_t address, uintptr_t size) {
  sbi_call(kRfence, 1, hart_mask, 0, address, size);
}

bool sbi_hart_start(uint64_t hart, uintptr_t physical_entry, uintptr_t argument) {
  return sbi_call(kHsm, 0, hart, physical_entry, argument) == 0;
}

void sbi_shutdown(bool failed) { sbi_call(kSystemReset, 0, 0, failed); }

} // namespace refkernel
