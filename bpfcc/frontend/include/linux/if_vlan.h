/* SPDX-License-Identifier: MIT OR Apache-2.0
 * VLAN tags (IEEE 802.1Q). */
#ifndef _KBPF_LINUX_IF_VLAN_H
#define _KBPF_LINUX_IF_VLAN_H

#include <linux/types.h>
#define VLAN_HLEN 4
#define VLAN_PRIO_MASK 0xe000
#define VLAN_PRIO_SHIFT 13
#define VLAN_CFI_MASK 0x1000
#define VLAN_VID_MASK 0x0fff

/* Behind the Ethernet addresses and the tag's own protocol number. */
struct vlan_hdr {
  __be16 h_vlan_TCI;
  __be16 h_vlan_encapsulated_proto;
};

#endif
