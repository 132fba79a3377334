/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The header of IP (RFC 791): Linux's names for it, and those of BSD. */
#ifndef _KBPF_NETINET_IP_H
#define _KBPF_NETINET_IP_H

#include <linux/ip.h>
#include <netinet/in.h>
#include <stdint.h>

struct ip {
  unsigned int ip_hl : 4;
  unsigned int ip_v : 4;
  uint8_t ip_tos;
  unsigned short ip_len; /* these are big-endian */
  unsigned short ip_id;
  unsigned short ip_off;
  uint8_t ip_ttl;
  uint8_t ip_p;
  unsigned short ip_sum;
  struct in_addr ip_src, ip_dst;
};
#define IP_RF 0x8000 /* of ip_off */
#define IP_DF 0x4000
#define IP_MF 0x2000
#define IP_OFFMASK 0x1fff
#define IP_MAXPACKET 65535

#endif
