/* SPDX-License-Identifier: MIT OR Apache-2.0
 * For programs of zCore's and rCore's kernels, compiled with --abi=zcore. A program is one function; a map is
 * an "extern int" that holds its descriptor; formats of bpf_trace_printk use {} for each of three numbers. */
#ifndef KBPF_ZCORE_H
#define KBPF_ZCORE_H

#ifndef __KBPF_ABI_ZCORE__
#error "kbpf/zcore.h describes another kind of kernel: compile with --abi=zcore"
#endif

#include <bpf/bpf_helpers.h>
#include <linux/types.h>

enum { ZCORE_KPROBE = 0, ZCORE_KRETPROBE_ENTRY = 1, ZCORE_KRETPROBE_EXIT = 2 };

/* The context: what fired, where, and the registers at that moment (contexts.def, zcore_probe). */
struct zcore_probe {
  __u64 ptype;    /* ZCORE_KPROBE ... */
  __u64 paddr;    /* address of the probed function */
  __u64 regs[32]; /* x0 to x31 */
  __u64 sstatus;
  __u64 sepc;
};

#endif
