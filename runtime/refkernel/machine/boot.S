/* SPDX-License-Identifier: MIT OR Apache-2.0
 * First instructions of every hart. The firmware jumps to physical addresses with paging off; both entries turn on a
 * page table that has the kernel at its linked address only, so that the very next fetch traps, and stvec continues
 * there. All code before that is position-independent. */
#include "refkernel/machine/asm_offsets.h"

#define PTE_RWX_GLOBAL 0xef /* valid, readable, writable, executable, global, accessed, dirty */

.section .data
.balign 4
boot_begun:
  .word 0

/* Boot hart. a0: hart id, a1: physical address of the device tree. Only the first hart to come boots: the firmware may
 * let a hart go that hart_start starts before it has stored the new entry and argument (OpenSBI 1.1 does), and that hart
 * then comes here. For the same reason a secondary hart takes nothing from a1. */
.section .text.boot, "ax"
.globl _start
_start:
  lla t0, boot_begun
  li t1, 1
  amoswap.w.aqrl t1, t1, (t0)
  bnez t1, secondary_start
  csrw sie, zero
  lla t0, bss_start
  lla t1, bss_end
1:
  sd zero, (t0)
  addi t0, t0, 8
  bltu t0, t1, 1b

  /* boot_table, all of it gigabyte pages: 64 of direct map from slot 256, and the image's gigabyte at slot 510. */
  lla t0, boot_table
  li t1, 256 * 8
  add t1, t1, t0
  li t2, PTE_RWX_GLOBAL
  li t3, 1 << 28
  li t4, 64
2:
  sd t2, (t1)
  addi t1, t1, 8
  add t2, t2, t3
  addi t4, t4, -1
  bnez t4, 2b
  li t1, 510 * 8
  add t1, t1, t0
  li t2, (2 << 28) | PTE_RWX_GLOBAL
  sd t2, (t1)

  srli t0, t0, 12
  li t1, 8 << 60
  or t0, t0, t1
  lla t1, high_entries
  ld t2, 0(t1)
  csrw stvec, t2
  sfence.vma
  csrw satp, t0
  .balign 4
1:
  j 1b

/* Another hart. starting_hart_state holds its idle thread's SchedState, kernel_satp the kernel's page table. */
.globl secondary_start
.balign 4
secondary_start:
  csrw sie, zero
  lla a1, starting_hart_state
  ld a1, (a1)
  lla t1, high_entries
  ld t2, 8(t1)
  csrw stvec, t2
  lla t0, kernel_satp
  ld t0, (t0)
  sfence.vma
  csrw satp, t0
  .balign 4
1:
  j 1b

.balign 8
high_entries:
  .dword boot_high
  .dword secondary_high

.balign 4
boot_high:
  la t0, trap_entry
  csrw stvec, t0
  csrw sscratch, zero
  la tp, boot_thread_state
  la sp, boot_stack_top
  mv s0, zero
  call boot_main
  unimp

.balign 4
secondary_high:
  la t0, trap_entry
  csrw stvec, t0
  csrw sscratch, zero
  mv tp, a1
  ld sp, STATE_STACK_TOP(tp)
  mv s0, zero
  call secondary_main
  unimp

.section .bss.boot_stack, "aw", @nobits
.balign 2 << STACK_BIT
.globl boot_stack_guard /* stays unmapped */
boot_stack_guard:
  .zero 1 << STACK_BIT
  .zero 1 << STACK_BIT
.globl boot_stack_top
boot_stack_top:

.section .bss.boot_table, "aw", @nobits
.balign 4096
.globl boot_table
boot_table:
  .zero 4096
