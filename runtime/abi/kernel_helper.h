/* SPDX-License-Identifier: MIT OR Apache-2.0
 * What a kernel says of a helper that it adds: the verifier's prototype and the function. The kernel hands it to
 * kbpf_register_helper; kbpf-export-profile finds it in the kernel's ELF file, in the section named below, and reads it
 * there, so all but the function stands in place. */
#ifndef KBPF_ABI_KERNEL_HELPER_H
#define KBPF_ABI_KERNEL_HELPER_H
#include "limits.h"
#include "proto.h"
#include "types.h"

#define KBPF_KERNEL_HELPER_SECTION "kbpf_helpers"
#define KBPF_KERNEL_HELPER_MAGIC 0x316c6568u /* "hel1" */

struct kbpf_kernel_helper { /* 512 bytes */
  kbpf_u32 magic;
  kbpf_u32 number;     /* KBPF_FIRST_KERNEL_HELPER .. KBPF_LAST_KERNEL_HELPER (limits.h) */
  kbpf_u32 ret;        /* kbpf_ret_type: INTEGER, SIZED_INTEGER or VOID */
  kbpf_u32 args[5];    /* kbpf_arg_type: NONE, ANY_SCALAR, CTX, MEM_*, SIZE*, U32_IN_OUT, U64_OUT, CONST_STR */
  kbpf_u64 prog_types; /* bit n: programs of type number n may call it */
  kbpf_u32 flags;      /* KBPF_HELPER_GPL_ONLY, _SLEEPS, _TAKES_PACKET */
  kbpf_u32 since;      /* the ABI version that an object which calls it needs: KBPF_ABI_VERSION at the time, or 1 */
  char name[64];       /* as programs call it: an identifier of C */
  char prototype[192]; /* its declaration in C: "long mykernel_foo(const void *data, __u32 size)" */
  char text[200];      /* what it does, in a line */
  union {
    kbpf_u64 (*function)(kbpf_u64, kbpf_u64, kbpf_u64, kbpf_u64, kbpf_u64);
    kbpf_u64 address;
  };
};

/* Defines the descriptor kbpf_kernel_helper_NAME of a function of that name, which takes and returns registers:
 *   KBPF_KERNEL_HELPER(0x100000, mykernel_foo, INTEGER, MEM_READ, SIZE, NONE, NONE, NONE, ~0ull, 0,
 *                      "long mykernel_foo(const void *data, __u32 size)", "hashes data")
 * It must be registered too: a descriptor alone is known to the exported profile only. */
#ifdef __cplusplus
#define KBPF_C_LINKAGE(declaration) extern "C" { declaration }
#else
#define KBPF_C_LINKAGE(declaration) declaration
#endif
#define KBPF_KERNEL_HELPER(number, name, ret, a1, a2, a3, a4, a5, prog_types, flags, prototype, text) \
  KBPF_C_LINKAGE(extern const struct kbpf_kernel_helper kbpf_kernel_helper_##name;) \
  __attribute__((section(KBPF_KERNEL_HELPER_SECTION), used, aligned(8))) \
  const struct kbpf_kernel_helper kbpf_kernel_helper_##name = { \
      KBPF_KERNEL_HELPER_MAGIC, number, KBPF_RET_##ret, \
      {KBPF_ARG_##a1, KBPF_ARG_##a2, KBPF_ARG_##a3, KBPF_ARG_##a4, KBPF_ARG_##a5}, \
      prog_types, flags, 1, #name, prototype, text, {name}}
#endif
