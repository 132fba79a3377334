// SPDX-License-Identifier: MIT OR Apache-2.0
// Prints the registers with which the kernel's openat is entered: the probe's kind, the probed address, and x0 to x31.
// Attached by hand, since the target is given at run time:
//   bpfcc openat_regs.c -o openat_regs.o
//   loadprogex openat_regs.o 'kprobe$linux_syscall::file::fd::<impl linux_syscall::Syscall>::sys_openat'
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char license[] SEC("license") = "GPL";

// The context begins with epc, x1, x2, ...: the word at index n is xn; x0 is always 0 and not stored.
#define SHOW(name, n) bpf_printk(name " = %llu", (n) ? ((const unsigned long *)ctx)[n] : 0ul)

SEC("kprobe")
int show_registers(struct pt_regs *ctx) {
  bpf_printk("triggered!");
  bpf_printk("kprobe  addr = %llu", PT_REGS_IP(ctx));
  SHOW("r0 ", 0);
  SHOW("r1 ", 1);
  SHOW("r2 ", 2);
  SHOW("r3 ", 3);
  SHOW("r4 ", 4);
  SHOW("r5 ", 5);
  SHOW("r6 ", 6);
  SHOW("r7 ", 7);
  SHOW("r8 ", 8);
  SHOW("r9 ", 9);
  SHOW("r10", 10);
  SHOW("r11", 11);
  SHOW("r12", 12);
  SHOW("r13", 13);
  SHOW("r14", 14);
  SHOW("r15", 15);
  SHOW("r16", 16);
  SHOW("r17", 17);
  SHOW("r18", 18);
  SHOW("r19", 19);
  SHOW("r20", 20);
  SHOW("r21", 21);
  SHOW("r22", 22);
  SHOW("r23", 23);
  SHOW("r24", 24);
  SHOW("r25", 25);
  SHOW("r26", 26);
  SHOW("r27", 27);
  SHOW("r28", 28);
  SHOW("r29", 29);
  SHOW("r30", 30);
  SHOW("r31", 31);
  return 0;
}
