// SPDX-License-Identifier: MIT OR Apache-2.0
// What headers of other projects take for granted: numbers of errors under asm-generic, byte order from a protocol's
// header, the arguments of bpf(2) and records of type information.
// RUN: %bpfcc --abi=linux -Wall -Werror -fsyntax-only %s
#include <asm-generic/errno.h>
#include <asm-generic/errno-base.h>
#include <asm-generic/types.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/icmp.h>
#include <linux/in.h>
#include <linux/pkt_sched.h>
#include <linux/tcp.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <bpf/bpf_helpers.h>

_Static_assert(EPERM == 1 && ETIMEDOUT == 110, "error numbers");
_Static_assert(__constant_htons(0x0102) == 0x0201, "byte order");
_Static_assert(sizeof(union bpf_attr) >= 144 && __builtin_offsetof(union bpf_attr, prog_name) == 48, "bpf_attr");
_Static_assert(sizeof(struct bpf_prog_info) == 232 && sizeof(struct bpf_map_info) >= 88, "infos");
_Static_assert(sizeof(struct bpf_func_info) == 8 && sizeof(struct bpf_line_info) == 16, "records of functions and lines");
_Static_assert(BPF_LINE_INFO_LINE_NUM(5 << 10 | 3) == 5 && BPF_LINE_INFO_LINE_COL(5 << 10 | 3) == 3, "a line's place");
_Static_assert(BPF_LINK_CREATE == 28 && BPF_LINK_TYPE_XDP == 6 && BPF_NETFILTER == 45 && BPF_TCX_EGRESS == 47, "numbers");
_Static_assert(sizeof(struct btf_header) == 24 && sizeof(struct btf_type) == 12 && BTF_KIND_ENUM64 == 19, "BTF");
_Static_assert(TC_H_MAKE(1 << 16, 2) == 0x10002 && VIRTIO_NET_HASH_REPORT_UDPv6 == 6, "traffic control, virtio");
_Static_assert(sizeof(struct ether_header) == 14 && __builtin_offsetof(struct ether_header, ether_type) == 12, "frames");
_Static_assert(ETHERTYPE_IPV6 == ETH_P_IPV6 && ETHER_MAX_LEN == 1518, "numbers of frames");
_Static_assert(sizeof(struct ip) == sizeof(struct iphdr) && __builtin_offsetof(struct ip, ip_dst) == 16, "packets");
_Static_assert(ICMP_SR_FAILED == 5 && ICMP_PREC_CUTOFF == 15 && ICMP_EXC_TTL == 0, "reasons in ICMP");
_Static_assert(IPOPT_RR == 7 && IPOPT_LSRR == 0x83 && (int)INADDR_DUMMY == (int)0xc0000008, "options and addresses of IP");
_Static_assert(TCPI_OPT_ECN == 8 && IP_MTU_DISCOVER == 10, "options of sockets");
