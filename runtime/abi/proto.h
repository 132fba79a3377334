/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The vocabulary of helpers.def: what a helper takes and returns, as the verifier needs to know it. */
#ifndef KBPF_ABI_PROTO_H
#define KBPF_ABI_PROTO_H

enum kbpf_arg_type {
  KBPF_ARG_NONE,          /* the helper has no such argument; the register is clobbered, not read */
  KBPF_ARG_ANY_SCALAR,    /* any initialised number; a pointer too, where leaking one is allowed (privileged) */
  KBPF_ARG_OPTIONAL,      /* a number or a pointer, or uninitialised: then the fix-up pass passes 0 */
  KBPF_ARG_CTX,           /* the program's context, offset 0 */
  KBPF_ARG_MAP,           /* a map, from ld_imm64 */
  KBPF_ARG_MAP_FD,        /* zcore: a map's fd, loaded from its fd slot */
  KBPF_ARG_MAP_KEY,       /* readable memory of the map's key size */
  KBPF_ARG_MAP_VALUE,     /* readable memory of the map's value size */
  KBPF_ARG_MAP_VALUE_OUT, /* writable memory of the map's value size, initialised by the helper */
  KBPF_ARG_MEM_READ,      /* readable initialised memory; its size is the next argument */
  KBPF_ARG_MEM_READ_OR_NULL,
  KBPF_ARG_MEM_WRITE,     /* writable memory, initialised by the helper; its size is the next argument */
  KBPF_ARG_SIZE,          /* byte count of the memory before it, 1 or more */
  KBPF_ARG_SIZE_OR_ZERO,  /* byte count of the memory before it, 0 allowed */
};

enum kbpf_ret_type {
  KBPF_RET_INTEGER,
  KBPF_RET_VOID,
  KBPF_RET_MAP_VALUE_OR_NULL, /* address of a value of the map given in the MAP argument, or null */
};

/* What helpers do with a map (map_uses.def), and what a type of map allows (map_types.def). */
#define KBPF_MAP_USE_LOOKUP 0x1u
#define KBPF_MAP_USE_MODIFY 0x2u /* update and delete */
#define KBPF_MAP_USE_PUSH 0x4u
#define KBPF_MAP_USE_POP 0x8u
#define KBPF_MAP_USE_PEEK 0x10u
#define KBPF_MAP_USE_LOOKUP_PERCPU 0x20u
#define KBPF_MAP_USE_RINGBUF 0x200u

#define KBPF_HELPER_GPL_ONLY 1u /* callable by programs under a GPL-compatible licence only */
#define KBPF_HELPER_STUB 2u     /* zcore: does nothing, returns 0 */
#define KBPF_HELPER_PANICS 4u   /* zcore: stops an existing kernel; not for new objects */
#endif
