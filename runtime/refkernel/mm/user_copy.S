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

/* kbpf_port_copy_from_user, kbpf_port_copy_to_user (kernel/port.h): whole aligned words here, all else in port.cpp. */
.macro copy_user_word user, offset
.ifc \user, a1
  guarded .Lefault, ld t1, \offset(a1)
  sd t1, \offset(a0)
.else
  ld t1, \offset(a1)
  guarded .Lefault, sd t1, \offset(a0)
.endif
.endm

.macro copy_user_words name, user, slow
.globl \name
.type \name, @function
\name:
  or t0, a0, a1
  andi t0, t0, 7
  bnez t0, 5f
  li t1, 8
  bne a2, t1, 2f
  srli t0, \user, USER_END_BIT
  bnez t0, 5f
  li t6, STATUS_SUM
  csrs sstatus, t6
1:
  copy_user_word \user, 0
  csrc sstatus, t6
  li a0, 0
  ret
2: /* 16 to 256 bytes, two words at a time and perhaps one at the end */
  andi t0, a2, 7
  addi t3, a2, -16
  li t2, USER_COPY_WORDS_MAX - 16
  bltu t2, t3, 5f
  bnez t0, 5f
  add t0, \user, a2
  addi t0, t0, -1
  or t0, t0, \user
  srli t0, t0, USER_END_BIT
  bnez t0, 5f
  li t6, STATUS_SUM
  csrs sstatus, t6
3:
  copy_user_word \user, 0
  copy_user_word \user, 8
  addi a0, a0, 16
  addi a1, a1, 16
  addi t3, t3, -16
  bgez t3, 3b
  li t0, -8
  beq t3, t0, 1b
  csrc sstatus, t6
  li a0, 0
  ret
5:
  tail \slow
.size \name, . - \name
.endm

copy_user_words kbpf_port_copy_from_user, a1, copy_from_user_or_efault
copy_user_words kbpf_port_copy_to_user, a0, copy_to_user_or_efault
.Lefault:
  csrc sstatus, t6
  li a0, -14
  ret

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
