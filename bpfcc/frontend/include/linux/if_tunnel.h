/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Flags of tunnel headers (RFC 2784, RFC 2890). */
#ifndef _KBPF_LINUX_IF_TUNNEL_H
#define _KBPF_LINUX_IF_TUNNEL_H

#include <linux/types.h>

#define GRE_CSUM 0x0080
#define GRE_ROUTING 0x0040
#define GRE_KEY 0x0020
#define GRE_SEQ 0x0010
#define GRE_STRICT 0x0008
#define GRE_REC 0x0700
#define GRE_ACK 0x8000
#define GRE_FLAGS 0x0078
#define GRE_VERSION 0x0007
#define GRE_IS_CSUM(f) ((f) & GRE_CSUM)
#define GRE_IS_ROUTING(f) ((f) & GRE_ROUTING)
#define GRE_IS_KEY(f) ((f) & GRE_KEY)
#define GRE_IS_SEQ(f) ((f) & GRE_SEQ)

#endif
