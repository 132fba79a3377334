/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Sockets of family AF_XDP: what a program that feeds them may use. */
#ifndef _KBPF_LINUX_IF_XDP_H
#define _KBPF_LINUX_IF_XDP_H
#include <linux/types.h>

#define XDP_SHARED_UMEM (1 << 0)
#define XDP_COPY (1 << 1)
#define XDP_ZEROCOPY (1 << 2)
#define XDP_USE_NEED_WAKEUP (1 << 3)
#define XDP_USE_SG (1 << 4)
#define XDP_UMEM_UNALIGNED_CHUNK_FLAG (1 << 0)
#define XDP_RING_NEED_WAKEUP (1 << 0)
#define XDP_PKT_CONTD (1 << 0)

struct sockaddr_xdp {
  __u16 sxdp_family;
  __u16 sxdp_flags;
  __u32 sxdp_ifindex;
  __u32 sxdp_queue_id;
  __u32 sxdp_shared_umem_fd;
};
struct xdp_desc {
  __u64 addr;
  __u32 len;
  __u32 options;
};
#endif
