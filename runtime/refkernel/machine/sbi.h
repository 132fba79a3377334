// SPDX-License-Identifier: MIT OR Apache-2.0
// Calls into the firmware below the kernel (RISC-V SBI specification 1.0). Hart masks are of firmware hart
// ids, bit i for hart i; the virt machine's ids are below 64.
#pragma once
#include <cstdint>

namespace refkernel {

void sbi_console_putchar(char c); // legacy; only until the UART is known
void sbi_set_timer(uint64_t time);
void sbi_send_ipi(uint64_t hart_mask);
void sbi_remote_fence_i(uint64_t hart_mask);
void sbi_remote_sfence_vma(uint64_t hart_mask, uintptr_t address,
                           uintptr_t size); // size UINTPTR_MAX: everything
bool sbi_hart_start(uint64_t hart, uintptr_t physical_entry, uintptr_t argument); // argument arrives in a1
void sbi_shutdown(bool failed); // returns where the firmware can't

} // namespace refkernel
