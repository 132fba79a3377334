/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The IPv4 header (RFC 791). */
#ifndef _KBPF_LINUX_IP_H
#define _KBPF_LINUX_IP_H

#include <asm/byteorder.h>
#include <linux/types.h>

#define IPVERSION 4
#define MAXTTL 255
#define IPDEFTTL 64
#define IPTOS_TOS_MASK 0x1e
#define IPTOS_LOWDELAY 0x10
#define IPTOS_THROUGHPUT 0x08
#define IPTOS_RELIABILITY 0x04
#define IPTOS_MINCOST 0x02

struct iphdr {
  __u8 ihl : 4, version : 4; /* ihl: the header's length in words of 32 bits */
  __u8 tos;
  __be16 tot_len;
  __be16 id;
  __be16 frag_off;
  __u8 ttl;
  __u8 protocol;
  __sum16 check;
  __be32 saddr;
  __be32 daddr;
};

#endif
