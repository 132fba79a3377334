/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The UDP header (RFC 768). */
#ifndef _KBPF_LINUX_UDP_H
#define _KBPF_LINUX_UDP_H

#include <linux/types.h>

struct udphdr {
  __be16 source;
  __be16 dest;
  __be16 len;
  __sum16 check;
};

#endif
