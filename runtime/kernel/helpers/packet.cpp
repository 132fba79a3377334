// SPDX-License-Identifier: MIT OR Apache-2.0
// The packet loads of classic BPF (RFC 9669 section 5.5).
#include "kernel/packet.h"
#include "kernel/helpers/helpers.h"

namespace kbpf {

// Offsets below 0 begin at a header, as Linux's SKF_NET_OFF and SKF_LL_OFF.
int64_t load_packet(uint64_t context, uint32_t offset, uint32_t bytes) {
  constexpr int64_t kNetwork = -0x100000, kLinkLayer = -0x200000;
  const SkBuff &skb = *pointer<const SkBuff>(context);
  const int64_t at = static_cast<int32_t>(offset);
  uint64_t first;
  if (at >= 0)
    first = skb.packet.data + static_cast<uint64_t>(at);
  else if (at >= kNetwork)
    first = skb.network + static_cast<uint64_t>(at - kNetwork);
  else if (at >= kLinkLayer)
    first = skb.frame + static_cast<uint64_t>(at - kLinkLayer);
  else
    return -1;
  if (first > skb.packet.data_end || bytes > skb.packet.data_end - first)
    return -1;
  int64_t value = 0;
  for (uint32_t i = 0; i < bytes; i++)
    value = value << 8 | pointer<const uint8_t>(first)[i];
  return value;
}

} // namespace kbpf
