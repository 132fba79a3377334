/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Options of VLAN interfaces. The tag's own layout is no part of Linux's interface: programs define it. */
#ifndef _KBPF_LINUX_IF_VLAN_H
#define _KBPF_LINUX_IF_VLAN_H

enum vlan_flags {
  VLAN_FLAG_REORDER_HDR = 0x1,
  VLAN_FLAG_GVRP = 0x2,
  VLAN_FLAG_LOOSE_BINDING = 0x4,
  VLAN_FLAG_MVRP = 0x8,
  VLAN_FLAG_BRIDGE_BINDING = 0x10,
};

#endif
