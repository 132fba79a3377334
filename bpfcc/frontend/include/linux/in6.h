/* SPDX-License-Identifier: MIT OR Apache-2.0
 * IPv6 addresses and options. */
#ifndef _KBPF_LINUX_IN6_H
#define _KBPF_LINUX_IN6_H

#include <linux/socket.h>
#include <linux/types.h>

struct in6_addr {
  union {
    __u8 u6_addr8[16];
    __be16 u6_addr16[8];
    __be32 u6_addr32[4];
  } in6_u;
};
#define s6_addr in6_u.u6_addr8
#define s6_addr16 in6_u.u6_addr16
#define s6_addr32 in6_u.u6_addr32

struct sockaddr_in6 {
  unsigned short sin6_family;
  __be16 sin6_port;
  __be32 sin6_flowinfo;
  struct in6_addr sin6_addr;
  __u32 sin6_scope_id;
};

#define IPPROTO_HOPOPTS 0
#define IPPROTO_ROUTING 43
#define IPPROTO_FRAGMENT 44
#define IPPROTO_ICMPV6 58
#define IPPROTO_NONE 59
#define IPPROTO_DSTOPTS 60
#define IPPROTO_MH 135
#define IPV6_UNICAST_HOPS 16
#define IPV6_MULTICAST_HOPS 18
#define IPV6_MTU 24
#define IPV6_V6ONLY 26
#define IPV6_TCLASS 67
#define IPV6_AUTOFLOWLABEL 70

#endif
