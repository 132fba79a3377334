// SPDX-License-Identifier: MIT OR Apache-2.0
// Classic BPF's instructions, beside the extended ones.
// RUN: %bpfcc -fsyntax-only -Wall -Werror %s
#include <linux/bpf.h>
#include <linux/filter.h>
const struct sock_filter accept_ip[] = {
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0800, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, 0xffff),
    BPF_STMT(BPF_RET | BPF_K, 0),
};
_Static_assert(sizeof(struct sock_filter) == 8 && sizeof(accept_ip) == 32, "");
_Static_assert((BPF_ALU64 | BPF_MOV | BPF_K) == 0xb7 && (BPF_JMP | BPF_CALL) == 0x85, "");
