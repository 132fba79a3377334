/* SPDX-License-Identifier: MIT OR Apache-2.0
 * What OBJ_GET_INFO_BY_FD tells of an object. Linux's layouts (include/uapi/linux/bpf.h, bpf_prog_info,
 * bpf_map_info, bpf_btf_info, bpf_link_info). Where a field is an address, the length or count beside it is
 * the caller's room on the way in and the whole on the way out. */
#ifndef KBPF_ABI_INFO_H
#define KBPF_ABI_INFO_H
#include "types.h"

struct kbpf_prog_info {
  kbpf_u32 type, id;
  kbpf_u8 tag[8]; /* of the instructions, map descriptors counted as 0 */
  kbpf_u32 jited_prog_len, xlated_prog_len;
  kbpf_u64 jited_prog_insns, xlated_prog_insns;
  kbpf_u64 load_time; /* ns since boot */
  kbpf_u32 created_by_uid, nr_map_ids;
  kbpf_u64 map_ids;
  char name[16];
  kbpf_u32 ifindex, gpl_compatible;
  kbpf_u64 netns_dev, netns_ino;
  kbpf_u32 nr_jited_ksyms, nr_jited_func_lens;
  kbpf_u64 jited_ksyms, jited_func_lens;
  kbpf_u32 btf_id, func_info_rec_size;
  kbpf_u64 func_info;
  kbpf_u32 nr_func_info, nr_line_info;
  kbpf_u64 line_info, jited_line_info;
  kbpf_u32 nr_jited_line_info, line_info_rec_size, jited_line_info_rec_size, nr_prog_tags;
  kbpf_u64 prog_tags;
  kbpf_u64 run_time_ns, run_cnt, recursion_misses;
  kbpf_u32 verified_insns, attach_btf_obj_id, attach_btf_id, pad;
};

struct kbpf_btf_info {
  kbpf_u64 btf;
  kbpf_u32 btf_size, id;
  kbpf_u64 name; /* "vmlinux": the kernel's own; empty: a process loaded it */
  kbpf_u32 name_len, kernel_btf;
};

struct kbpf_link_info {
  kbpf_u32 type, id, prog_id, pad;
  union { /* by type */
    struct {
      kbpf_u64 tp_name;
      kbpf_u32 tp_name_len, pad;
      kbpf_u64 cookie;
    } raw_tracepoint;
    struct {
      kbpf_u32 attach_type, target_obj_id, target_btf_id, pad;
      kbpf_u64 cookie;
    } tracing;
    struct {
      kbpf_u64 addrs;
      kbpf_u32 count, flags;
      kbpf_u64 missed, cookies;
    } kprobe_multi;
    struct {
      kbpf_u32 type, pad; /* enum bpf_perf_event_type */
      union {
        struct {
          kbpf_u64 func_name;
          kbpf_u32 name_len, offset;
          kbpf_u64 addr, missed, cookie;
        } kprobe;
        struct {
          kbpf_u64 tp_name;
          kbpf_u32 name_len, pad;
          kbpf_u64 cookie;
        } tracepoint;
        struct {
          kbpf_u64 config;
          kbpf_u32 type, pad;
          kbpf_u64 cookie;
        } event;
      };
    } perf_event;
  };
};

struct kbpf_map_info {
  kbpf_u32 type, id, key_size, value_size, max_entries, map_flags;
  char name[16];
  kbpf_u32 ifindex, btf_vmlinux_value_type_id;
  kbpf_u64 netns_dev, netns_ino;
  kbpf_u32 btf_id, btf_key_type_id, btf_value_type_id, btf_vmlinux_id;
  kbpf_u64 map_extra;
};
#endif
