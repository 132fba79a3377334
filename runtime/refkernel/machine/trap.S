/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Entry and exit of traps. In the kernel, sscratch is 0 and tp is the thread's SchedState; in user mode, sscratch holds
 * what tp will be. All registers go into a TrapFrame on the thread's kernel stack. */
#include "refkernel/machine/asm_offsets.h"

.macro save_most /* all but sp and tp, at sp */
  sd x1, FRAME_X(1)(sp)
  sd x3, FRAME_X(3)(sp)
  .irp n, 5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
  sd x\n, FRAME_X(\n)(sp)
  .endr
.endm

.macro load_most
  ld x1, FRAME_X(1)(sp)
  ld x3, FRAME_X(3)(sp)
  .irp n, 5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
  ld x\n, FRAME_X(\n)(sp)
  .endr
.endm

/* Exception state into the frame; user memory out of reach until a copy routine asks for it. */
.macro save_trap_state
  csrr t0, sstatus
  csrr t1, sepc
  csrr t2, stval
  csrr t3, scause
  sd t0, FRAME_STATUS(sp)
  sd t1, FRAME_EPC(sp)
  sd t2, FRAME_BADADDR(sp)
  sd t3, FRAME_CAUSE(sp)
  li t0, STATUS_SUM
  csrc sstatus, t0
.endm

/* The store drops a reservation that the interrupted code may hold, so that its sc fails. */
.macro load_trap_state
  ld t0, FRAME_STATUS(sp)
  ld t1, FRAME_EPC(sp)
  csrw sstatus, t0
  addi t2, sp, FRAME_EPC
  sc.d zero, t1, (t2)
  csrw sepc, t1
.endm

.section .text.noprobe, "ax"
.globl trap_entry
.type trap_entry, @function
.balign 4
trap_entry:
  csrrw tp, sscratch, tp
  bnez tp, .Lfrom_user

  csrrw tp, sscratch, tp
  sd t0, STATE_SPILL(tp)
  addi t0, sp, -FRAME_SIZE
  slli t0, t0, 63 - STACK_BIT
  bgez t0, .Loverflow
  ld t0, STATE_SPILL(tp)
  addi sp, sp, -FRAME_SIZE
  save_most
  addi t0, sp, FRAME_SIZE
  sd t0, FRAME_X(2)(sp)
  sd tp, FRAME_X(4)(sp)
  save_trap_state
  mv a0, sp
  call kernel_trap
  load_trap_state
  load_most
  ld sp, FRAME_X(2)(sp)
  sret

.Lfrom_user:
  sd sp, STATE_SPILL(tp)
  ld sp, STATE_STACK_TOP(tp)
  addi sp, sp, -FRAME_SIZE
  save_most
  ld t0, STATE_SPILL(tp)
  sd t0, FRAME_X(2)(sp)
  csrrw t0, sscratch, zero
  sd t0, FRAME_X(4)(sp)
  save_trap_state
  mv s0, zero /* the user's frame pointer ends a backtrace */
  mv a0, sp
  call user_trap
return_to_user: /* sp: the frame; interrupts are off */
  load_trap_state
  csrw sscratch, tp
  load_most
  ld tp, FRAME_X(4)(sp)
  ld sp, FRAME_X(2)(sp)
  sret

/* No room for a frame: report it from the hart's spare stack. */
.Loverflow:
  ld t0, STATE_OVERFLOW_STACK(tp)
  addi t0, t0, -FRAME_SIZE
  sd sp, FRAME_X(2)(t0)
  mv sp, t0
  ld t0, STATE_SPILL(tp)
  save_most
  sd tp, FRAME_X(4)(sp)
  save_trap_state
  mv a0, sp
  call kernel_stack_overflow
  unimp
.size trap_entry, . - trap_entry

/* First code of a new thread; a0: the SchedState that was switched away from. */
.globl thread_start
.type thread_start, @function
thread_start:
  mv s0, zero
  call thread_begin /* returns for user threads only: a0 is the frame */
  mv sp, a0
  j return_to_user
.size thread_start, . - thread_start
