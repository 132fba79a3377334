/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Where the firmware jumps to, and where traps go. The frame on the stack is a struct kbpf_regs. */
#define FRAME_SIZE (36 * 8)

.section .text.start, "ax"
.globl _start
_start:
  la sp, stack_top
  la t0, bss_start
  la t1, bss_end
1:
  sd zero, (t0)
  addi t0, t0, 8
  bltu t0, t1, 1b
  la t0, trap_entry
  csrw stvec, t0
  mv s0, zero
  call kernel_main
2:
  wfi
  j 2b

.balign 4
trap_entry:
  addi sp, sp, -FRAME_SIZE
  sd x1, 8(sp)
  .irp n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
  sd x\n, 8 * \n(sp)
  .endr
  addi t0, sp, FRAME_SIZE
  sd t0, 8 * 2(sp)
  csrr t0, sepc
  csrr t1, sstatus
  csrr t2, stval
  csrr t3, scause
  sd t0, 0(sp)
  sd t1, 8 * 32(sp)
  sd t2, 8 * 33(sp)
  sd t3, 8 * 34(sp)
  mv a0, sp
  call handle_trap
  ld t0, 0(sp)
  ld t1, 8 * 32(sp)
  csrw sepc, t0
  csrw sstatus, t1
  ld x1, 8(sp)
  .irp n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
  ld x\n, 8 * \n(sp)
  .endr
  ld x2, 8 * 2(sp)
  sret

/* size_t copy_or_stop(void *to, const void *from, size_t size): copies bytes until one can't be accessed; how many are
 * left. handle_trap goes on at copy_stopped where one of the instructions between the two labels faults. */
.globl copy_or_stop, copy_begins, copy_stopped
copy_or_stop:
  beqz a2, copy_stopped
copy_begins:
  lbu t0, (a1)
  sb t0, (a0)
  addi a0, a0, 1
  addi a1, a1, 1
  addi a2, a2, -1
  bnez a2, copy_begins
copy_stopped:
  mv a0, a2
  ret

.section .rodata.programs, "a"
.balign 8
.globl programs, programs_end
programs:
  .incbin PROGRAMS
programs_end:

.section .bss.stack, "aw", @nobits
.balign 16
  .zero 64 * 1024
stack_top:
