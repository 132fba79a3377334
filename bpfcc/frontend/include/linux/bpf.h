/* SPDX-License-Identifier: MIT OR Apache-2.0
 * What BPF programs use of Linux's BPF interface: numbers, flags and context layouts. Map types, program
 * types and helper numbers are generated from the ABI tables (kbpf/numbers.h). */
#ifndef _LINUX_BPF_H
#define _LINUX_BPF_H

#include <kbpf/linux_constants.h>
#include <kbpf/numbers.h>
#include <linux/bpf_common.h>
#include <linux/types.h>

/* ---- Instructions
 * ------------------------------------------------------------------------------------------- */

struct bpf_insn {
  __u8 code;
  __u8 dst_reg : 4;
  __u8 src_reg : 4;
  __s16 off;
  __s32 imm;
};

enum {
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  BPF_REG_3,
  BPF_REG_4,
  BPF_REG_5,
  BPF_REG_6,
  BPF_REG_7,
  BPF_REG_8,
  BPF_REG_9,
  BPF_REG_10,
  __MAX_BPF_REG
};

/* Beyond the classic instructions of bpf_common.h. */
#define BPF_JMP32 0x06
#define BPF_ALU64 0x07
#define BPF_DW 0x18
#define BPF_MEMSX 0x80
#define BPF_ATOMIC 0xc0
#define BPF_MOV 0xb0
#define BPF_ARSH 0xc0
#define BPF_END 0xd0
#define BPF_TO_LE 0x00
#define BPF_TO_BE 0x08
#define BPF_JNE 0x50
#define BPF_JLT 0xa0
#define BPF_JLE 0xb0
#define BPF_JSGT 0x60
#define BPF_JSGE 0x70
#define BPF_JSLT 0xc0
#define BPF_JSLE 0xd0
#define BPF_JCOND 0xe0
#define BPF_CALL 0x80
#define BPF_EXIT 0x90
#define BPF_FETCH 0x01
#define BPF_XCHG (0xe0 | BPF_FETCH)
#define BPF_CMPXCHG (0xf0 | BPF_FETCH)

/* ---- Maps
 * --------------------------------------------------------------------------------------------------- */

enum { BPF_ANY = 0, BPF_NOEXIST = 1, BPF_EXIST = 2, BPF_F_LOCK = 4 }; /* flags of an update */

enum { /* map_flags */
       BPF_F_NO_PREALLOC = 1u << 0,
       BPF_F_NO_COMMON_LRU = 1u << 1,
       BPF_F_NUMA_NODE = 1u << 2,
       BPF_F_RDONLY = 1u << 3,
       BPF_F_WRONLY = 1u << 4,
       BPF_F_STACK_BUILD_ID = 1u << 5,
       BPF_F_ZERO_SEED = 1u << 6,
       BPF_F_RDONLY_PROG = 1u << 7,
       BPF_F_WRONLY_PROG = 1u << 8,
       BPF_F_CLONE = 1u << 9,
       BPF_F_MMAPABLE = 1u << 10,
       BPF_F_PRESERVE_ELEMS = 1u << 11,
       BPF_F_INNER_MAP = 1u << 12,
       BPF_F_LINK = 1u << 13,
};

struct bpf_spin_lock {
  __u32 val;
};
struct bpf_timer {
  __u64 __opaque[2];
} __attribute__((aligned(8)));
struct bpf_task_work {
  __u64 __opaque;
} __attribute__((aligned(8)));
struct bpf_dynptr {
  __u64 __opaque[2];
} __attribute__((aligned(8)));

/* ---- Helper flags
 * ------------------------------------------------------------------------------------------- */

enum { /* perf_event_output, perf_event_read */
       BPF_F_INDEX_MASK = 0xffffffffull,
       BPF_F_CURRENT_CPU = BPF_F_INDEX_MASK,
       BPF_F_CTXLEN_MASK = 0xfffffull << 32,
};
enum { /* get_stackid, get_stack */
       BPF_F_SKIP_FIELD_MASK = 0xffull,
       BPF_F_USER_STACK = 1ull << 8,
       BPF_F_FAST_STACK_CMP = 1ull << 9,
       BPF_F_REUSE_STACKID = 1ull << 10,
       BPF_F_USER_BUILD_ID = 1ull << 11,
};
enum { /* skb_store_bytes, l3_csum_replace, l4_csum_replace */
       BPF_F_RECOMPUTE_CSUM = 1ull << 0,
       BPF_F_INVALIDATE_HASH = 1ull << 1,
       BPF_F_HDR_FIELD_MASK = 0xfull,
       BPF_F_PSEUDO_HDR = 1ull << 4,
       BPF_F_MARK_MANGLED_0 = 1ull << 5,
};
enum {
  BPF_F_INGRESS = 1ull << 0,
  BPF_F_BROADCAST = 1ull << 3,
  BPF_F_EXCLUDE_INGRESS = 1ull << 4
}; /* redirect */
enum { BPF_RB_NO_WAKEUP = 1ull << 0, BPF_RB_FORCE_WAKEUP = 1ull << 1 }; /* ringbuf_submit, _output */
enum {
  BPF_RB_AVAIL_DATA = 0,
  BPF_RB_RING_SIZE = 1,
  BPF_RB_CONS_POS = 2,
  BPF_RB_PROD_POS = 3
}; /* ringbuf_query */
enum { BPF_RINGBUF_BUSY_BIT = 1u << 31, BPF_RINGBUF_DISCARD_BIT = 1u << 30, BPF_RINGBUF_HDR_SZ = 8 };
enum {
  BPF_LOCAL_STORAGE_GET_F_CREATE = 1ull << 0,
  BPF_SK_STORAGE_GET_F_CREATE = BPF_LOCAL_STORAGE_GET_F_CREATE
};

/* ---- Results and contexts
 * ----------------------------------------------------------------------------------- */

enum bpf_ret_code { BPF_OK = 0, BPF_DROP = 2, BPF_REDIRECT = 7, BPF_LWT_REROUTE = 128 };
enum sk_action { SK_DROP = 0, SK_PASS };
enum tcx_action_base { TCX_NEXT = -1, TCX_PASS = 0, TCX_DROP = 2, TCX_REDIRECT = 7 };
enum xdp_action { XDP_ABORTED = 0, XDP_DROP, XDP_PASS, XDP_TX, XDP_REDIRECT };

struct xdp_md {
  __u32 data, data_end, data_meta;
  __u32 ingress_ifindex, rx_queue_index, egress_ifindex;
};

/* A pointer in 64 bits, whatever the width of the kernel's pointers. */
#define __bpf_md_ptr(type, name)                                                                             \
  union {                                                                                                    \
    type name;                                                                                               \
    __u64 : 64;                                                                                              \
  } __attribute__((aligned(8)))

struct bpf_flow_keys;
struct bpf_sock;

struct __sk_buff {
  __u32 len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci, vlan_proto, priority;
  __u32 ingress_ifindex, ifindex, tc_index, cb[5], hash, tc_classid, data, data_end, napi_id;
  __u32 family, remote_ip4, local_ip4, remote_ip6[4], local_ip6[4], remote_port, local_port;
  __u32 data_meta;
  __bpf_md_ptr(struct bpf_flow_keys *, flow_keys);
  __u64 tstamp;
  __u32 wire_len, gso_segs;
  __bpf_md_ptr(struct bpf_sock *, sk);
  __u32 gso_size;
  __u8 tstamp_type;
  __u32 : 24;
  __u64 hwtstamp;
};

struct bpf_pidns_info {
  __u32 pid, tgid;
};

#include <kbpf/linux_contexts.h>
#ifdef __KBPF_ABI_LINUX__
#include <kbpf/linux_syscall.h>
#endif

#endif
