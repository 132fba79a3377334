/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Copies that may fault: each access that can is in the exception table with the place where to go on instead
 * (machine/trap.cpp). Probes stay out: a single step elsewhere would hide the access from the table. */
#include "refkernel/machine/asm_offsets.h"

.macro guarded fixup, instruction:vararg
99: \instruction
  .pushsection .exception_table, "a"
  .balign 8
  .dword 99b, \fixup
  .popsection
.endm

.section .text.noprobe, "ax"

/* size_t copy_guarded(void *to, const void *from, size_t size): the number of bytes not copied.
 * copy_guarded_user: the same with user memory in reach. */
.globl copy_guarded_user
.type copy_guarded_user, @function
copy_guarded_user:
  li t6, STATUS_SUM
  csrs sstatus, t6
  j 1f
.size copy_guarded_user, . - copy_guarded_user
.globl copy_guarded
.type copy_guarded, @function
copy_guarded:
  li t6, 0
1:
  xor t0, a0, a1
  andi t0, t0, 7
  bnez t0, .Lbytes /* never aligned together */
.Lhead:
  andi t0, a0, 7
  beqz t0, .Lblocks
  beqz a2, .Ldone
  guarded .Ldone, lbu t1, (a1)
  guarded .Ldone, sb t1, (a0)
  addi a0, a0, 1
  addi a1, a1, 1
  addi a2, a2, -1
  j .Lhead
.Lblocks:
  li t0, 32
2:
  bltu a2, t0, .Lwords
  guarded .Ldone, ld t1, 0(a1)
  guarded .Ldone, ld t2, 8(a1)
  guarded .Ldone, ld t3, 16(a1)
  guarded .Ldone, ld t4, 24(a1)
  guarded .Ldone, sd t1, 0(a0)
  guarded .Ldone, sd t2, 8(a0)
  guarded .Ldone, sd t3, 16(a0)
  guarded .Ldone, sd t4, 24(a0)
  addi a0, a0, 32
  addi a1, a1, 32
  addi a2, a2, -32
  j 2b
.Lwords:
  li t0, 8
3:
  bltu a2, t0, .Lbytes
  guarded .Ldone, ld t1, (a1)
  guarded .Ldone, sd t1, (a0)
  addi a0, a0, 8
  addi a1, a1, 8
  addi a2, a2, -8
  j 3b
.Lbytes:
  beqz a2, .Ldone
  guarded .Ldone, lbu t1, (a1)
  guarded .Ldone, sb t1, (a0)
  addi a0, a0, 1
  addi a1, a1, 1
  addi a2, a2, -1
  j .Lbytes
.Ldone:
  csrc sstatus, t6
  mv a0, a2
  ret
.size copy_guarded, . - copy_guarded

/* int load_guarded_u32(uint32_t *to, const uint32_t *user_from): 0, or -1 */
.globl load_guarded_u32
.type load_guarded_u32, @function
load_guarded_u32:
  li t6, STATUS_SUM
  csrs sstatus, t6
  guarded .Lbad, lw t1, (a1)
  csrc sstatus, t6
  sw t1, (a0)
  li a0, 0
  ret
.Lbad:
  csrc sstatus, t6
  li a0, -1
  ret
.size load_guarded_u32, . - load_guarded_u32

/* int exchange_guarded_u32(uintptr_t address, uint32_t *expected, uint32_t desired): stores desired where the word
 * equals *expected, which becomes what was there; 0, or -1. lr.w sign-extends, so the comparison is of such values. */
.globl exchange_guarded_u32
.type exchange_guarded_u32, @function
exchange_guarded_u32:
  lw t2, (a1)
  li t6, STATUS_SUM
  csrs sstatus, t6
1:
  guarded .Lbad, lr.w.aqrl t1, (a0)
  bne t1, t2, 2f
  guarded .Lbad, sc.w.rl t3, a2, (a0)
  bnez t3, 1b
2:
  csrc sstatus, t6
  sw t1, (a1)
  li a0, 0
  ret
.size exchange_guarded_u32, . - exchange_guarded_u32
