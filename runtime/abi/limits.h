/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Version and limits of the ABI. Tables are append-only: an object that needs version N runs on any kernel with N or more. */
#ifndef KBPF_ABI_LIMITS_H
#define KBPF_ABI_LIMITS_H
#define KBPF_ABI_VERSION 1
#define KBPF_MAX_OBJECT_SIZE (16u << 20) /* bytes of an ELF object */
#define KBPF_MAX_INSNS 1000000u          /* instructions of one program */
#define KBPF_MAX_PROCESSED_INSNS 1000000u /* instructions that the verifier walks before it gives up */
#define KBPF_MAX_MAPS_PER_PROG 64u
/* Numbers of helpers that a kernel adds on its own: no table of this runtime will ever use them. */
#define KBPF_FIRST_KERNEL_HELPER 0x100000u
#define KBPF_LAST_KERNEL_HELPER 0x1fffffu
#define KBPF_MAX_KERNEL_HELPERS 64u      /* that one kernel may add */
#define KBPF_MAX_NAME 512u               /* bytes of a symbol or target name, terminator included */
#define KBPF_OBJ_NAME_LEN 16u            /* bytes of a map or program name in bpf(2), terminator included */
#define KBPF_FD_BASE 0x70000000u         /* first fd of a kernel that has no fd table of its own */
/* Sizes of keys and values in bytes; map_shapes.def says of which map types. */
#define KBPF_MAX_HASH_ELEMENT (4u << 20) /* key and value together */
#define KBPF_MAX_ARRAY_VALUE 0x7fffffffu
#define KBPF_MAX_PERCPU_VALUE (32u << 10) /* Linux's smallest unit of per-CPU memory */
#define KBPF_MAX_QUEUE_VALUE (4u << 20)
#define KBPF_MAX_LPM_BYTES 256u          /* of a prefix */
#define KBPF_MAX_LPM_VALUE (4u << 20)
#define KBPF_MAX_TASK_VALUE 65504u       /* about what Linux takes */
#define KBPF_MAX_STACK_DEPTH 127u        /* addresses: Linux's kernel.perf_event_max_stack */
#define KBPF_SYSCALL_NUMBER 280          /* bpf(2) on riscv64 */
#endif
