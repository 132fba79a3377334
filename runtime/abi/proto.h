/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The vocabulary of helpers.def: what a helper takes and returns, as the verifier needs to know it. */
#ifndef KBPF_ABI_PROTO_H
#define KBPF_ABI_PROTO_H

enum kbpf_arg_type {
  KBPF_ARG_NONE,       /* the helper has no such argument; the register is clobbered, not read */
  KBPF_ARG_ANY_SCALAR, /* any initialised number; a pointer too, where leaking one is allowed (privileged) */
  KBPF_ARG_OPTIONAL,   /* a number or a pointer, or uninitialised: then the fix-up pass passes 0 */
  KBPF_ARG_CTX,        /* the program's context, offset 0 */
  KBPF_ARG_CTX_OR_NULL,
  KBPF_ARG_MAP,       /* a map, from ld_imm64 or looked up in a map of maps */
  KBPF_ARG_MAP_FD,    /* zcore: a map's fd, loaded from its fd slot */
  KBPF_ARG_MAP_KEY,   /* readable memory of the map's key size */
  KBPF_ARG_MAP_VALUE, /* readable memory of the map's value size */
  KBPF_ARG_MAP_VALUE_OR_NULL,
  KBPF_ARG_MAP_VALUE_OUT, /* writable memory of the map's value size, initialised by the helper */
  KBPF_ARG_MEM_READ,      /* readable initialised memory; its size is the next argument */
  KBPF_ARG_MEM_READ_OR_NULL,
  KBPF_ARG_MEM_WRITE, /* writable memory, initialised by the helper; its size is the next argument */
  KBPF_ARG_MEM_WRITE_OR_NULL,
  KBPF_ARG_MEM_READ_WRITE, /* initialised memory that the helper also changes; its size is the next argument
                            */
  KBPF_ARG_SIZE,           /* byte count of the memory before it, 1 or more */
  KBPF_ARG_SIZE_OR_ZERO,   /* byte count of the memory before it, 0 allowed */
  KBPF_ARG_ALLOC_SIZE,     /* a constant: byte count of the memory that the helper returns */
  KBPF_ARG_U32_IN_OUT,     /* an initialised, aligned u32, which the helper also changes */
  KBPF_ARG_U64_OUT,        /* an aligned u64, initialised by the helper */
  KBPF_ARG_BYTES_20,       /* 20 readable bytes: a header of IPv4 or TCP */
  KBPF_ARG_BYTES_40,       /* 40 readable bytes: a header of IPv6 */
  KBPF_ARG_CONST_STR,      /* a terminated string in a map that never changes again */
  KBPF_ARG_FUNC,           /* a function of the program, from ld_imm64: called back by the helper */
  KBPF_ARG_STACK_OR_NULL,  /* what the called function gets as its context: a pointer into the stack, or null
                            */
  KBPF_ARG_SPIN_LOCK,      /* the bpf_spin_lock in a map's value */
  KBPF_ARG_TIMER,          /* the bpf_timer in a map's value */
  KBPF_ARG_RECORD,         /* a ring-buffer record, which the helper takes back */
  KBPF_ARG_DYNPTR,         /* an initialised dynptr on the stack */
  KBPF_ARG_DYNPTR_LOCAL_OUT, /* 16 bytes of stack, where the helper makes a dynptr to the memory of arguments
                                1, 2 */
  KBPF_ARG_DYNPTR_RINGBUF_OUT, /* 16 bytes of stack, where the helper makes a dynptr to a ring-buffer record
                                */
  KBPF_ARG_DYNPTR_RINGBUF_RELEASE, /* a dynptr to a ring-buffer record, which the helper takes back */
  KBPF_ARG_DYNPTR_OR_NULL,
  KBPF_ARG_DYNPTR_SKB_OUT, /* 16 bytes of stack, where the function makes a dynptr to the packet of the
                              context */
  KBPF_ARG_DYNPTR_XDP_OUT,
  KBPF_ARG_DYNPTR_CLONE_OUT, /* 16 bytes of stack, where the function makes another dynptr like the DYNPTR
                                argument */
  KBPF_ARG_BUFFER_OR_NULL,   /* memory that is read and written, or null; its size is the next argument */
  KBPF_ARG_CONSTANT_SIZE,    /* a constant: byte count of the BUFFER before it, and of the memory that the
                                function returns */
  KBPF_ARG_CONSTANT,         /* a constant of 32 bits */
  KBPF_ARG_BYTES_4_IN_OUT,   /* 4 initialised bytes, which the function also changes */
  KBPF_ARG_ITERATOR_OUT,     /* stack, where the helper makes an iterator: of numbers in 8 bytes, or as
                                HelperProto says */
  KBPF_ARG_ITERATOR,         /* such an iterator */
  KBPF_ARG_ITERATOR_RELEASE, /* such an iterator, which the helper ends */
  KBPF_ARG_OBJECT,           /* an object of the kernel, typed by its BTF: a socket, a task, an inode */
  KBPF_ARG_OBJECT_OR_NULL,
  KBPF_ARG_KPTR,       /* a field of a map's value that keeps a held object */
  KBPF_ARG_KPTR_VALUE, /* a held object for the KPTR argument, which the helper takes, or null */
  KBPF_ARG_LOCAL_TYPE, /* a constant: the id of a structure of the program's own types */
  KBPF_ARG_ALLOCATED,  /* an object that the program has allocated, which the function takes back */
  KBPF_ARG_COUNTED,    /* one with a bpf_refcount, or somebody's */
  KBPF_ARG_LIST_HEAD,  /* a bpf_list_head whose lock is held */
  KBPF_ARG_LIST_NODE,  /* a bpf_list_node for the LIST_HEAD argument, in an object that the function takes */
  KBPF_ARG_TREE_ROOT,  /* a bpf_rb_root whose lock is held */
  KBPF_ARG_TREE_NODE,  /* a bpf_rb_node for the TREE_ROOT argument, in an object that the function takes, or
                          gives */
  KBPF_ARG_WORK,       /* the bpf_wq in a map's value */
};

enum kbpf_ret_type {
  KBPF_RET_INTEGER,
  KBPF_RET_SIZED_INTEGER, /* -4095 to the size that was passed */
  KBPF_RET_VOID,
  KBPF_RET_MAP_VALUE, /* address of a value of the map given in the MAP argument */
  KBPF_RET_MAP_VALUE_OR_NULL,
  KBPF_RET_RECORD_OR_NULL,      /* a ring-buffer record of ALLOC_SIZE bytes, to be given back */
  KBPF_RET_DYNPTR_DATA_OR_NULL, /* ALLOC_SIZE bytes of what the DYNPTR argument points to */
  KBPF_RET_SLICE_OR_NULL, /* CONSTANT_SIZE bytes of what the DYNPTR argument points to, which may only be read
                           */
  KBPF_RET_WRITABLE_SLICE_OR_NULL,   /* the same, where programs write to packets */
  KBPF_RET_U64,                      /* the address of a u64 that may be written */
  KBPF_RET_ITERATOR_ELEMENT_OR_NULL, /* a u32 that may only be read, or an object; null at the end */
  KBPF_RET_OBJECT,                   /* an object of the kernel, typed by its BTF */
  KBPF_RET_OBJECT_OR_NULL,
  KBPF_RET_KPTR_OR_NULL,      /* what the KPTR argument kept, to be given back */
  KBPF_RET_ALLOCATED_OR_NULL, /* an object of the LOCAL_TYPE argument, to be given back */
  KBPF_RET_COUNTED_OR_NULL,   /* the COUNTED argument once more, to be given back; null only where that is
                                 somebody's */
  KBPF_RET_NODE_OR_NULL,      /* a node of the LIST_HEAD or TREE_ROOT argument */
};

/* What helpers do with a map (map_uses.def), and what a type of map allows (map_types.def, linux.def). */
#define KBPF_MAP_USE_LOOKUP 0x1u
#define KBPF_MAP_USE_MODIFY 0x2u /* update and delete */
#define KBPF_MAP_USE_PUSH 0x4u
#define KBPF_MAP_USE_POP 0x8u
#define KBPF_MAP_USE_PEEK 0x10u
#define KBPF_MAP_USE_LOOKUP_PERCPU 0x20u
#define KBPF_MAP_USE_FOR_EACH 0x40u
#define KBPF_MAP_USE_TAIL_CALL 0x80u
#define KBPF_MAP_USE_PERF_EVENTS 0x100u
#define KBPF_MAP_USE_RINGBUF 0x200u
#define KBPF_MAP_USE_USER_RINGBUF 0x400u
#define KBPF_MAP_USE_STACK_IDS 0x800u
#define KBPF_MAP_USE_CGROUPS 0x1000u
#define KBPF_MAP_USE_LOCAL_STORAGE 0x2000u /* of the cgroup that the program is attached to */
#define KBPF_MAP_USE_REDIRECT 0x4000u
#define KBPF_MAP_USE_SOCKETS 0x8000u
#define KBPF_MAP_USE_SK_STORAGE 0x10000u
#define KBPF_MAP_USE_INODE_STORAGE 0x20000u
#define KBPF_MAP_USE_TASK_STORAGE 0x40000u
#define KBPF_MAP_USE_CGRP_STORAGE 0x80000u
#define KBPF_MAP_USE_TIMER 0x100000u /* its values may hold a bpf_timer */

#define KBPF_HELPER_GPL_ONLY 1u /* callable by programs under a GPL-compatible licence only */
#define KBPF_HELPER_ENGINE KBPF_HELPER_CHANGES_PACKET /* engines make the call themselves; what they call may change the packet */
#define KBPF_HELPER_STUB 2u     /* zcore: does nothing, returns 0 */
#define KBPF_HELPER_PANICS 4u   /* zcore: stops an existing kernel; not for new objects */
#define KBPF_HELPER_TAKES_PACKET 8u    /* memory arguments may lie in the packet */
#define KBPF_HELPER_CHANGES_PACKET 16u /* what was known of the packet's bytes and length no longer holds */
#define KBPF_HELPER_SLEEPS 32u         /* callable by sleepable programs only */
#define KBPF_HELPER_ACQUIRES 64u       /* what it returns has to be given back */
#define KBPF_HELPER_RELEASES 128u      /* takes back its OBJECT argument */
#define KBPF_HELPER_TRUSTED_ARGS 256u  /* OBJECT arguments are trusted, or held */
#define KBPF_HELPER_RCU_ARGS 512u      /* OBJECT arguments are trusted, held, or under RCU */
#define KBPF_HELPER_PERFMON 1024u      /* may tell addresses of the kernel: for loaders with CAP_PERFMON only */
#define KBPF_HELPER_UNFOLLOWED 4096u   /* the verifier does not know what it does, and refuses calls */
#define KBPF_HELPER_RCU_PROTECTED 2048u /* makes an iterator whose elements RCU protects: in a read section only */
#endif
