// SPDX-License-Identifier: MIT OR Apache-2.0
// Headers of packet programs need no -I, and lay their structures out as the protocols do.
// RUN: %bpfcc --abi=linux -Wall -Werror -fsyntax-only %s
#include <arpa/inet.h>
#include <asm/byteorder.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
#include <linux/btf.h>
#include <linux/capability.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tunnel.h>
#include <linux/if_vlan.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/limits.h>
#include <linux/mpls.h>
#include <linux/perf_event.h>
#include <linux/pkt_cls.h>
#include <linux/sched.h>
#include <linux/seg6_local.h>
#include <linux/socket.h>
#include <linux/stddef.h>
#include <linux/swab.h>
#include <linux/tcp.h>
#include <linux/time.h>
#include <linux/udp.h>
#include <linux/version.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>
_Static_assert(sizeof(struct ethhdr) == 14, "");
_Static_assert(sizeof(struct iphdr) == 20, "");
_Static_assert(sizeof(struct ipv6hdr) == 40, "");
_Static_assert(sizeof(struct tcphdr) == 20, "");
_Static_assert(sizeof(struct udphdr) == 8, "");
_Static_assert(sizeof(struct icmphdr) == 8, "");
_Static_assert(sizeof(struct icmp6hdr) == 8, "");
_Static_assert(sizeof(struct arphdr) == 8, "");
_Static_assert(sizeof(struct sockaddr_in) == 16, "");
_Static_assert(sizeof(struct sockaddr_in6) == 28, "");
_Static_assert(sizeof(struct bpf_sock_addr) == 72, "");
_Static_assert(sizeof(struct bpf_fib_lookup) == 64, "");
_Static_assert(sizeof(struct bpf_tunnel_key) == 44, "");
