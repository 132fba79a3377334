/* SPDX-License-Identifier: MIT OR Apache-2.0
 * From one thread to another, and the floating-point registers, which the kernel itself never touches. */
#include "refkernel/machine/asm_offsets.h"

/* SchedState *switch_threads(SchedState *from, SchedState *to): returns in `to`, with `from`. */
.section .text.noprobe, "ax"
.globl switch_threads
.type switch_threads, @function
switch_threads:
  sd ra, (STATE_SAVED + 0)(a0)
  sd sp, (STATE_SAVED + 8)(a0)
  sd s0, (STATE_SAVED + 16)(a0)
  sd s1, (STATE_SAVED + 24)(a0)
  sd s2, (STATE_SAVED + 32)(a0)
  sd s3, (STATE_SAVED + 40)(a0)
  sd s4, (STATE_SAVED + 48)(a0)
  sd s5, (STATE_SAVED + 56)(a0)
  sd s6, (STATE_SAVED + 64)(a0)
  sd s7, (STATE_SAVED + 72)(a0)
  sd s8, (STATE_SAVED + 80)(a0)
  sd s9, (STATE_SAVED + 88)(a0)
  sd s10, (STATE_SAVED + 96)(a0)
  sd s11, (STATE_SAVED + 104)(a0)
  mv tp, a1
  ld ra, (STATE_SAVED + 0)(a1)
  ld sp, (STATE_SAVED + 8)(a1)
  ld s0, (STATE_SAVED + 16)(a1)
  ld s1, (STATE_SAVED + 24)(a1)
  ld s2, (STATE_SAVED + 32)(a1)
  ld s3, (STATE_SAVED + 40)(a1)
  ld s4, (STATE_SAVED + 48)(a1)
  ld s5, (STATE_SAVED + 56)(a1)
  ld s6, (STATE_SAVED + 64)(a1)
  ld s7, (STATE_SAVED + 72)(a1)
  ld s8, (STATE_SAVED + 80)(a1)
  ld s9, (STATE_SAVED + 88)(a1)
  ld s10, (STATE_SAVED + 96)(a1)
  ld s11, (STATE_SAVED + 104)(a1)
  ret
.size switch_threads, . - switch_threads

.option push
.option arch, +d

/* void save_fp(uint64_t registers[32], uint64_t *control); sstatus.FS must not be off. */
.globl save_fp
.type save_fp, @function
save_fp:
  .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
  fsd f\n, (\n * 8)(a0)
  .endr
  frcsr t0
  sd t0, (a1)
  ret
.size save_fp, . - save_fp

/* void load_fp(const uint64_t registers[32], uint64_t control) */
.globl load_fp
.type load_fp, @function
load_fp:
  .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
  fld f\n, (\n * 8)(a0)
  .endr
  fscsr a1
  ret
.size load_fp, . - load_fp
.option pop
