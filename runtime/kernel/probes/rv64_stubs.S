/* SPDX-License-Identifier: MIT OR Apache-2.0
 * From a function's entry, and from its return, to the programs there, with the registers as a trap would save them
 * (struct kbpf_regs). What functions may pass arguments in, and what they keep for their callers, is as it was afterwards;
 * t0 and t1 are nobody's at both places. */
#define FRAME 288 /* sizeof(struct kbpf_regs) */
#define X(n) (8 * (n))
#define EPC 0

.macro save_registers
  addi sp, sp, -FRAME
  .irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
  sd x\n, X(\n)(sp)
  .endr
  addi t1, sp, FRAME
  sd t1, X(2)(sp)
  .irp n, 32,33,34,35 /* status, badaddr, cause, orig_a0 */
  sd zero, X(\n)(sp)
  .endr
.endm

.section .text.kbpf_stubs, "ax"

/* t0: the entry of the function, behind the room that led here. */
.globl kbpf_entry_stub
.type kbpf_entry_stub, @function
.balign 4
kbpf_entry_stub:
  save_registers
  sd t0, EPC(sp)
  mv a0, sp
  call kbpf_on_entry
  mv t0, a0
  .irp n, 1,7,10,11,12,13,14,15,16,17,28,29,30,31
  ld x\n, X(\n)(sp)
  .endr
  addi sp, sp, FRAME
  jr t0
.size kbpf_entry_stub, . - kbpf_entry_stub

/* A probed function has returned; its results are in a0 and a1. */
.globl kbpf_return_stub
.type kbpf_return_stub, @function
.balign 4
kbpf_return_stub:
  save_registers
  lla t0, kbpf_return_stub
  sd t0, EPC(sp)
  mv a0, sp
  call kbpf_on_return
  mv ra, a0
  ld a0, X(10)(sp)
  ld a1, X(11)(sp)
  addi sp, sp, FRAME
  ret
.size kbpf_return_stub, . - kbpf_return_stub
