/* SPDX-License-Identifier: MIT OR Apache-2.0
 * A file of programs to be judged by several verifiers: linux_load.c hands them to a running Linux,
 * judge_batch.cpp to this project's verifier. Little-endian; records follow each other without padding. */
#ifndef ORACLE_BATCH_H
#define ORACLE_BATCH_H
#include <stdint.h>

#define BATCH_MAGIC 0x48435442u /* "BTCH" */

#define BATCH_WITHOUT_PERFMON 0x80000000u /* in prog_flags: loaded without that capability */

struct batch_header {
  uint32_t magic;
  uint32_t count;
};

/* Followed by map_count maps, each with its contents, then by the instructions, btf_size bytes of BTF, and
 * function_count records of struct bpf_func_info. */
struct batch_program {
  char name[64];
  uint32_t prog_type;
  uint32_t prog_flags; /* BPF_F_* of BPF_PROG_LOAD */
  uint32_t is_gpl;
  uint32_t map_count;
  uint32_t insn_count;
  uint32_t attach_type; /* expected_attach_type of BPF_PROG_LOAD */
  uint32_t btf_size;    /* 0: none */
  uint32_t function_count;
  char attach_to[64]; /* the FUNC, or the TYPEDEF btf_trace_*, of the kernel's BTF; empty: nothing */
};

/* Followed by init_size bytes, the value of element 0, which is then frozen if is_frozen, and by btf_size
 * bytes of BTF, which has the types of keys and values; where there is none, and value_type is not 0, the
 * program's BTF has them. */
struct batch_map {
  uint32_t type, key_size, value_size, max_entries, map_flags;
  uint32_t is_frozen;
  uint32_t init_size;
  uint32_t btf_size, key_type, value_type;
  int32_t spin_lock, timer; /* what the BTF says: the offset of the field in the value; -1: there is none */
};
#endif
