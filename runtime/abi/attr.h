/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The attr argument of bpf(2). Standard commands have Linux's layout (include/uapi/linux/bpf.h, union
 * bpf_attr); all offsets and sizes are asserted by test/unit against the system's header. */
#ifndef KBPF_ABI_ATTR_H
#define KBPF_ABI_ATTR_H
#include "types.h"

#define KBPF_MAP_UPDATE_ANY 0
#define KBPF_MAP_UPDATE_NOEXIST 1
#define KBPF_MAP_UPDATE_EXIST 2
#define KBPF_MAP_ELEM_LOCK 4 /* of lookups too: under the lock in the value */

#define KBPF_MAP_F_NO_PREALLOC (1u << 0)
#define KBPF_MAP_F_NO_COMMON_LRU (1u << 1)
#define KBPF_MAP_F_NUMA_NODE (1u << 2)
#define KBPF_MAP_F_RDONLY (1u << 3)
#define KBPF_MAP_F_WRONLY (1u << 4)
#define KBPF_MAP_F_ZERO_SEED (1u << 6)
#define KBPF_MAP_F_RDONLY_PROG (1u << 7)
#define KBPF_MAP_F_WRONLY_PROG (1u << 8)
#define KBPF_MAP_F_MMAPABLE (1u << 10)
#define KBPF_MAP_F_PRESERVE_ELEMS (1u << 11)
#define KBPF_MAP_F_INNER_MAP (1u << 12)

struct kbpf_attr_map_create {
  kbpf_u32 map_type, key_size, value_size, max_entries, map_flags, inner_map_fd, numa_node;
  char map_name[16];
  kbpf_u32 map_ifindex, btf_fd, btf_key_type_id, btf_value_type_id, btf_vmlinux_value_type_id;
  kbpf_u64 map_extra;
  kbpf_s32 value_type_btf_obj_fd, map_token_fd;
};

struct kbpf_attr_map_elem { /* lookup, update, delete, get_next_key */
  kbpf_u32 map_fd, pad;
  kbpf_u64 key;
  kbpf_u64 value; /* next_key for get_next_key */
  kbpf_u64 flags;
};

struct kbpf_attr_map_batch {
  kbpf_u64 in_batch;  /* where to begin: what out_batch was set to; 0: at the start */
  kbpf_u64 out_batch; /* hash types: a u32; others: a key */
  kbpf_u64 keys, values;
  kbpf_u32 count; /* in: elements; out: elements done */
  kbpf_u32 map_fd;
  kbpf_u64 elem_flags, flags;
};

struct kbpf_attr_prog_load {
  kbpf_u32 prog_type, insn_cnt;
  kbpf_u64 insns, license;
  kbpf_u32 log_level, log_size;
  kbpf_u64 log_buf;
  kbpf_u32 kern_version, prog_flags;
  char prog_name[16];
  kbpf_u32 prog_ifindex, expected_attach_type, prog_btf_fd, func_info_rec_size;
  kbpf_u64 func_info;
  kbpf_u32 func_info_cnt, line_info_rec_size;
  kbpf_u64 line_info;
  kbpf_u32 line_info_cnt, attach_btf_id, attach_prog_fd, core_relo_cnt;
  kbpf_u64 fd_array, core_relos;
  kbpf_u32 core_relo_rec_size, log_true_size;
  kbpf_s32 prog_token_fd;
  kbpf_u32 fd_array_cnt;
};

struct kbpf_attr_btf_load {
  kbpf_u64 btf, btf_log_buf;
  kbpf_u32 btf_size, btf_log_size, btf_log_level, btf_log_true_size, btf_flags;
  kbpf_s32 btf_token_fd;
};

struct kbpf_attr_prog_test_run {
  kbpf_u32 prog_fd;
  kbpf_u32 retval; /* out: r0 */
  kbpf_u32 data_size_in;
  kbpf_u32 data_size_out; /* in: room, out: bytes of the packet */
  kbpf_u64 data_in, data_out;
  kbpf_u32 repeat;
  kbpf_u32 duration;                  /* out: ns of one run, on average */
  kbpf_u32 ctx_size_in, ctx_size_out; /* ctx_size_out: in and out, as data_size_out */
  kbpf_u64 ctx_in, ctx_out;
  kbpf_u32 flags, cpu, batch_size, pad;
};
#define KBPF_F_TEST_RUN_ON_CPU (1u << 0)
#define KBPF_F_TEST_XDP_LIVE_FRAMES (1u << 1)

struct kbpf_attr_get_id { /* *_GET_NEXT_ID, *_GET_FD_BY_ID */
  kbpf_u32 id;            /* start_id, prog_id, map_id, btf_id, link_id */
  kbpf_u32 next_id;       /* out */
  kbpf_u32 open_flags;
};

struct kbpf_attr_info_by_fd {
  kbpf_u32 bpf_fd;
  kbpf_u32 info_len; /* in: room, out: bytes that this kernel knows */
  kbpf_u64 info;
};

struct kbpf_attr_enable_stats {
  kbpf_u32 type; /* 0: run time */
};

struct kbpf_attr_obj { /* obj_pin, obj_get */
  kbpf_u64 pathname;
  kbpf_u32 bpf_fd, file_flags;
  kbpf_s32 path_fd; /* with KBPF_F_PATH_FD: where a relative pathname begins */
  kbpf_u32 pad;
};
#define KBPF_F_PATH_FD (1u << 14)

struct kbpf_attr_raw_tracepoint {
  kbpf_u64 name;
  kbpf_u32 prog_fd, pad;
  kbpf_u64 cookie;
};

struct kbpf_attr_task_fd_query {
  kbpf_u32 pid, fd, flags;
  kbpf_u32 buf_len; /* in: room; out: length of the name */
  kbpf_u64 buf;
  kbpf_u32 prog_id, fd_type; /* out, from here on */
  kbpf_u64 probe_offset, probe_addr;
};

/* Attach types of tracing programs (enum bpf_attach_type). */
#define KBPF_TRACE_RAW_TP 23
#define KBPF_TRACE_FENTRY 24
#define KBPF_TRACE_FEXIT 25
#define KBPF_MODIFY_RETURN 26

struct kbpf_attr_link_create {
  kbpf_u32 prog_fd, target_fd, attach_type, flags;
  union { /* by attach_type */
    struct {
      kbpf_u64 cookie;
    } perf_event;
    struct {
      kbpf_u32 flags, cnt; /* flags: 1 at the return */
      kbpf_u64 syms, addrs, cookies;
    } kprobe_multi;
    struct {
      kbpf_u32 target_btf_id, pad; /* of programs that replace others; 0 */
      kbpf_u64 cookie;
    } tracing;
  };
};

struct kbpf_attr_link_update {
  kbpf_u32 link_fd, new_prog_fd, flags, old_prog_fd;
};

struct kbpf_attr_link_detach {
  kbpf_u32 link_fd;
};

struct kbpf_attr_attach { /* PROG_ATTACH and PROG_DETACH, string form */
  kbpf_u64 target;        /* "kind$symbol", not NUL-terminated */
  kbpf_u32 target_len, prog_fd;
};

/* PROG_LOAD_EX. The first three lines are the seeds' layout; the rest may be left out (smaller attr size, or
 * zeros). */
struct kbpf_attr_prog_load_ex {
  kbpf_u64 elf;
  kbpf_u32 elf_size, map_array_len;
  kbpf_u64 map_array; /* of struct kbpf_map_binding */
  kbpf_u64 prog_name; /* NUL-terminated; 0: the object's first program */
  kbpf_u32 log_level, log_size;
  kbpf_u64 log_buf;
  kbpf_u32 log_true_size, pad;
};

struct kbpf_map_binding {
  kbpf_u64 name; /* address of a NUL-terminated string */
  kbpf_u32 fd, pad;
};
#endif
