/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The BPF instruction encoding (RFC 9669 sections 3 to 5) and the pseudo values that Linux's UAPI adds to it.
 * Legal C, C++ and BPF C; needs no other header. Names differ from <linux/bpf.h> so that both can be included. */
#ifndef KBPF_ABI_INSN_H
#define KBPF_ABI_INSN_H
#include "types.h"

/* One 8-byte instruction slot, little-endian. */
struct kbpf_insn {
  kbpf_u8 opcode;
  kbpf_u8 regs; /* dst in bits 0..3, src in bits 4..7 */
  kbpf_s16 off;
  kbpf_s32 imm;
};

/* Classes: opcode bits 0..2. */
#define KBPF_CLASS_LD 0x00
#define KBPF_CLASS_LDX 0x01
#define KBPF_CLASS_ST 0x02
#define KBPF_CLASS_STX 0x03
#define KBPF_CLASS_ALU 0x04
#define KBPF_CLASS_JMP 0x05
#define KBPF_CLASS_JMP32 0x06
#define KBPF_CLASS_ALU64 0x07

/* Source operand, ALU and JMP classes: opcode bit 3. */
#define KBPF_SRC_K 0x00
#define KBPF_SRC_X 0x08

/* ALU codes: opcode bits 4..7. */
#define KBPF_ALU_ADD 0x00
#define KBPF_ALU_SUB 0x10
#define KBPF_ALU_MUL 0x20
#define KBPF_ALU_DIV 0x30 /* off = 1: signed */
#define KBPF_ALU_OR 0x40
#define KBPF_ALU_AND 0x50
#define KBPF_ALU_LSH 0x60
#define KBPF_ALU_RSH 0x70
#define KBPF_ALU_NEG 0x80
#define KBPF_ALU_MOD 0x90 /* off = 1: signed */
#define KBPF_ALU_XOR 0xa0
#define KBPF_ALU_MOV 0xb0 /* off = 8, 16, 32: sign-extending */
#define KBPF_ALU_ARSH 0xc0
#define KBPF_ALU_END 0xd0 /* ALU: to le (K) or be (X); ALU64: unconditional swap */

/* Jump codes: opcode bits 4..7. */
#define KBPF_JMP_JA 0x00 /* JMP: by off; JMP32: by imm (gotol) */
#define KBPF_JMP_JEQ 0x10
#define KBPF_JMP_JGT 0x20
#define KBPF_JMP_JGE 0x30
#define KBPF_JMP_JSET 0x40
#define KBPF_JMP_JNE 0x50
#define KBPF_JMP_JSGT 0x60
#define KBPF_JMP_JSGE 0x70
#define KBPF_JMP_CALL 0x80 /* X: callx */
#define KBPF_JMP_EXIT 0x90
#define KBPF_JMP_JLT 0xa0
#define KBPF_JMP_JLE 0xb0
#define KBPF_JMP_JSLT 0xc0
#define KBPF_JMP_JSLE 0xd0
#define KBPF_JMP_JCOND 0xe0 /* src = 0: may_goto */

/* Size and mode, LD, LDX, ST and STX classes: opcode bits 3..4 and 5..7. */
#define KBPF_SIZE_W 0x00
#define KBPF_SIZE_H 0x08
#define KBPF_SIZE_B 0x10
#define KBPF_SIZE_DW 0x18
#define KBPF_MODE_IMM 0x00
#define KBPF_MODE_ABS 0x20
#define KBPF_MODE_IND 0x40
#define KBPF_MODE_MEM 0x60
#define KBPF_MODE_MEMSX 0x80
#define KBPF_MODE_ATOMIC 0xc0

/* Atomic operations: imm of STX | ATOMIC. */
#define KBPF_ATOMIC_ADD 0x00
#define KBPF_ATOMIC_OR 0x40
#define KBPF_ATOMIC_AND 0x50
#define KBPF_ATOMIC_XOR 0xa0
#define KBPF_ATOMIC_FETCH 0x01
#define KBPF_ATOMIC_XCHG 0xe1
#define KBPF_ATOMIC_CMPXCHG 0xf1
#define KBPF_ATOMIC_LOAD_ACQ 0x100
#define KBPF_ATOMIC_STORE_REL 0x110

#define KBPF_OP_LD_IMM64 0x18 /* two slots */
#define KBPF_OP_CALL 0x85
#define KBPF_OP_CALLX 0x8d /* the helper whose number is in dst */
#define KBPF_OP_EXIT 0x95
#define KBPF_OP_JCOND 0xe5
/* Inside the runtime only, made by fix-up: dst = what the helper of number imm returns, which takes no arguments. */
#define KBPF_OP_TOLD 0xf8
#define KBPF_HELPER_TAIL_CALL 12 /* the call that engines make themselves: it does not come back */
#define KBPF_MAX_TAIL_CALLS 33   /* of one run; the call after them falls through */

/* src register of ld_imm64. */
#define KBPF_PSEUDO_MAP_FD 1
#define KBPF_PSEUDO_MAP_VALUE 2
#define KBPF_PSEUDO_BTF_ID 3
#define KBPF_PSEUDO_FUNC 4
#define KBPF_PSEUDO_MAP_IDX 5
#define KBPF_PSEUDO_MAP_IDX_VALUE 6
/* Inside the runtime only, made by the compatibility loader: the address of a u32 that holds a map's fd. */
#define KBPF_PSEUDO_ZCORE_FD_SLOT 15
/* src register of call. */
#define KBPF_PSEUDO_CALL 1
#define KBPF_PSEUDO_KFUNC_CALL 2

#define KBPF_REG_COUNT 11 /* r0 .. r10 */
#define KBPF_REG_FP 10
#define KBPF_STACK_SIZE 512 /* bytes a frame, and of all frames on one call path together */
#define KBPF_MAX_CALL_FRAMES 8
#endif
