/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Layouts that the assembly shares with C++; asm_offsets.cpp checks them. */
#ifndef REFKERNEL_MACHINE_ASM_OFFSETS_H
#define REFKERNEL_MACHINE_ASM_OFFSETS_H

/* TrapFrame */
#define FRAME_SIZE 288
#define FRAME_EPC 0
#define FRAME_X(n) ((n) * 8)
#define FRAME_STATUS 256
#define FRAME_BADADDR 264
#define FRAME_CAUSE 272

/* Thread::SchedState, which tp points to */
#define STATE_STACK_TOP 0
#define STATE_OVERFLOW_STACK 8
#define STATE_SPILL 16
#define STATE_SAVED 24

#define USER_END_BIT 38         /* log2 of kUserEnd */
#define USER_COPY_WORDS_MAX 256 /* bytes that are copied word by word */

#define STATUS_SUM 0x40000
#define STATUS_SPP 0x100
#define STATUS_FS 0x6000

/* log2 of kStackSize (mm/layout.h): this bit of an address is set in a kernel stack and clear in the guard
 * below it. */
#define STACK_BIT 15

#endif
