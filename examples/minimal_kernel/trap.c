/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Traps, and the firmware's services (SBI). */
#include "kernel.h"

extern const char copy_begins[], copy_stopped[];

enum { kSetTimer = 0x54494d45, kReset = 0x53525354, kPutchar = 1 };

static void sbi(uint64_t extension, uint64_t first, uint64_t second) {
  register uint64_t a0 __asm__("a0") = first, a1 __asm__("a1") = second, a6 __asm__("a6") = 0,
                       a7 __asm__("a7") = extension;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a6), "r"(a7) : "memory");
}

void kbpf_port_console_write(const char *text, size_t size) {
  for (size_t i = 0; i < size; i++)
    sbi(kPutchar, (unsigned char)text[i], 0);
}

void print(const char *text) {
  size_t size = 0;
  while (text[size])
    size++;
  kbpf_port_console_write(text, size);
}

void print_number(uint64_t number) {
  char digits[20];
  size_t at = sizeof digits;
  do
    digits[--at] = (char)('0' + number % 10);
  while (number /= 10);
  kbpf_port_console_write(digits + at, sizeof digits - at);
}

void set_alarm(uint64_t ticks) { sbi(kSetTimer, ticks, 0); }

void power_off(int failed) {
  sbi(kReset, 0, failed);
  for (;;)
    ;
}

void kbpf_port_panic(const char *text) {
  print("panic: ");
  print(text);
  print("\n");
  power_off(1);
}

void handle_trap(struct kbpf_regs *regs) {
  const uint64_t kTimerInterrupt = 1ull << 63 | 5, kBreakpoint = 3;
  if (regs->cause == kTimerInterrupt) {
    set_alarm(UINT64_MAX);
    kbpf_on_timer(regs);
    return;
  }
  if (regs->cause == kBreakpoint ? kbpf_on_breakpoint(regs) : kbpf_on_fault(regs))
    return;
  if (regs->epc >= (uintptr_t)copy_begins && regs->epc < (uintptr_t)copy_stopped) {
    regs->epc = (uintptr_t)copy_stopped;
    return;
  }
  print("trap ");
  print_number(regs->cause);
  print(" at ");
  print_number(regs->epc);
  print(", address ");
  print_number(regs->badaddr);
  print("\n");
  kbpf_port_panic("the kernel's own fault");
}
