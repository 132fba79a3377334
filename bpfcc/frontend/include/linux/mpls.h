/* SPDX-License-Identifier: MIT OR Apache-2.0
 * MPLS labels (RFC 3032). */
#ifndef _KBPF_LINUX_MPLS_H
#define _KBPF_LINUX_MPLS_H

#include <linux/types.h>

struct mpls_label {
  __be32 entry;
};
#define MPLS_LS_LABEL_MASK 0xfffff000
#define MPLS_LS_LABEL_SHIFT 12
#define MPLS_LS_TC_MASK 0x00000e00
#define MPLS_LS_TC_SHIFT 9
#define MPLS_LS_S_MASK 0x00000100
#define MPLS_LS_S_SHIFT 8
#define MPLS_LS_TTL_MASK 0x000000ff
#define MPLS_LS_TTL_SHIFT 0

#endif
