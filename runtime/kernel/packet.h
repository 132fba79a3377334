// SPDX-License-Identifier: MIT OR Apache-2.0
// Packets as programs of this runtime get them: Linux's context structures, and behind each of them the
// addresses that its 32-bit fields have no room for.
#pragma once
#include "core/verifier/program.h"
#include <cstddef>
#include <cstdint>

namespace kbpf {

// struct __sk_buff.
struct SkBuffFields {
  uint32_t len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci, vlan_proto, priority;
  uint32_t ingress_ifindex, ifindex, tc_index, cb[5], hash, tc_classid, data, data_end, napi_id;
  uint32_t family, remote_ip4, local_ip4, remote_ip6[4], local_ip6[4], remote_port, local_port, data_meta;
  uint64_t flow_keys, tstamp;
  uint32_t wire_len, gso_segs;
  uint64_t sk;
  uint32_t gso_size, tstamp_type;
  uint64_t hwtstamp;
};
static_assert(sizeof(SkBuffFields) == 192 && offsetof(SkBuffFields, tstamp) == 152);

struct SkBuff {
  SkBuffFields fields;
  PacketAddresses packet; // data: at the frame for classifiers, behind the Ethernet header for socket filters
  uint64_t frame;         // where the Ethernet header begins
  uint64_t network;       // where what is behind it begins
};

// struct xdp_md.
struct XdpFields {
  uint32_t data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex;
};
struct XdpBuff {
  XdpFields fields;
  PacketAddresses packet;
};
static_assert(offsetof(XdpBuff, packet) == sizeof(XdpFields));

} // namespace kbpf
