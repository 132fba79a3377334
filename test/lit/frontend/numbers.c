// SPDX-License-Identifier: MIT OR Apache-2.0
// Numbers are Linux's.
// RUN: %bpfcc -fsyntax-only %s
#include <linux/bpf.h>
_Static_assert(BPF_MAP_TYPE_HASH == 1 && BPF_MAP_TYPE_ARRAY == 2 && BPF_MAP_TYPE_PROG_ARRAY == 3, "");
_Static_assert(BPF_MAP_TYPE_PERF_EVENT_ARRAY == 4 && BPF_MAP_TYPE_PERCPU_ARRAY == 6 && BPF_MAP_TYPE_RINGBUF == 27, "");
_Static_assert(BPF_PROG_TYPE_KPROBE == 2 && BPF_PROG_TYPE_XDP == 6 && BPF_PROG_TYPE_TRACING == 26, "");
_Static_assert(BPF_FUNC_map_lookup_elem == 1 && BPF_FUNC_get_current_comm == 16 && BPF_FUNC_ringbuf_output == 130, "");
_Static_assert(BPF_ANY == 0 && BPF_NOEXIST == 1 && BPF_EXIST == 2 && BPF_F_NO_PREALLOC == 1, "");
_Static_assert(XDP_DROP == 1 && XDP_PASS == 2 && XDP_REDIRECT == 4 && sizeof(struct xdp_md) == 24, "");
_Static_assert(sizeof(struct __sk_buff) == 192 && __builtin_offsetof(struct __sk_buff, tstamp) == 152, "");
_Static_assert(sizeof(struct bpf_insn) == 8, "");
