/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Where machine code of programs finds what some helpers tell (KBPF_OP_TOLD), so that it need not call them. A kernel
 * describes itself so to the code generator; what it leaves out stays a call. */
#ifndef KBPF_ABI_MACHINE_H
#define KBPF_ABI_MACHINE_H
#include "types.h"

/* A word of the kernel's, which may change while no program runs on this CPU only. */
struct kbpf_word {
  kbpf_u8 base;     /* register that holds an address: 3 (gp) or 4 (tp); 0: there is no such word */
  kbpf_u8 bytes;    /* 4 or 8 */
  kbpf_s16 through; /* where a pointer lies at base + through (0 to 2047), offset is from what it points to; -1: from base */
  kbpf_s16 offset;  /* -2048 to 2047 */
};

/* Nanoseconds: (time CSR * multiplier >> shift) + offset, modulo 2^64. multiplier 0: not to be had so. */
struct kbpf_time_source {
  kbpf_u64 multiplier;
  kbpf_u32 shift; /* below 64 */
  kbpf_u64 offset;
};

struct kbpf_machine {
  struct kbpf_word cpu;      /* number of the CPU */
  struct kbpf_word pid_tgid; /* pid << 32 | tid of the thread that runs, pid being the process's */
  struct kbpf_time_source time; /* what kbpf_port_time_ns returns */
};
#endif
