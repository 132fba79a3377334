// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs on a packet that the caller gives. It lies in one page, with room before and behind it as Linux leaves
// there, and seems to come from the first interface (lo).
#include "kernel/packet.h"
#include "kernel/syscall/test_run.h"

namespace kbpf::test_run {
namespace {

constexpr uint32_t kEthernetHeader = 14, kEthernetAddress = 6;
constexpr uint32_t kSkbHeadroom = 66, kXdpHeadroom = 256, kTailroom = 320;
constexpr uint32_t kInterface = 1;

// A page with the packet behind headroom bytes. Errors: invalid (too short or too long), bad_address,
// no_memory.
Result<Buffer> copy_packet_in(const Attr &attr, uint32_t headroom) {
  const uint32_t size = attr.data_size_in;
  if (size < kEthernetHeader || size > kPageSize - headroom - kTailroom)
    return Error::invalid;
  Buffer page = KBPF_TRY(Buffer::create(kPageSize));
  memset(page.data(), 0, page.size());
  KBPF_TRY(UserPtr(attr.data_in).copy_in(page.data() + headroom, size));
  return Result<Buffer>(std::move(page));
}

// Linux's eth_type_trans: the protocol as it stands in the frame, or what takes its place in a frame without
// one.
uint16_t protocol_of(const std::byte *frame) {
  constexpr uint16_t kFirstProtocol = 1536, k802_3 = 1, k802_2 = 4;
  uint16_t in_frame, first_word;
  memcpy(&in_frame, frame + 2 * kEthernetAddress, sizeof(in_frame));
  if (__builtin_bswap16(in_frame) >= kFirstProtocol)
    return in_frame;
  memcpy(&first_word, frame + kEthernetHeader, sizeof(first_word)); // the page is longer than any packet
  return __builtin_bswap16(first_word == 0xffff ? k802_3 : k802_2);
}

// For whom it is: the interface's address is all zeros.
uint32_t packet_type_of(const std::byte *frame) {
  constexpr uint32_t kHost = 0, kBroadcast = 1, kMulticast = 2, kOtherHost = 3;
  bool all_zero = true, all_ones = true;
  for (uint32_t i = 0; i < kEthernetAddress; i++) {
    all_zero &= frame[i] == std::byte{0};
    all_ones &= frame[i] == std::byte{0xff};
  }
  if (all_zero)
    return kHost;
  if (all_ones)
    return kBroadcast;
  return (frame[0] & std::byte{1}) != std::byte{0} ? kMulticast : kOtherHost;
}

// Which fields of a given __sk_buff may be set, as ranges of offsets; data_end is allowed and not looked at.
struct FieldRange {
  size_t first, end;
};
#define FIELD(name) {offsetof(SkBuffFields, name), offsetof(SkBuffFields, name) + sizeof(SkBuffFields::name)}
constexpr FieldRange kSettable[] = {FIELD(mark),     FIELD(priority), FIELD(ingress_ifindex), FIELD(ifindex),
                                    FIELD(cb),       FIELD(data_end), FIELD(tstamp),          FIELD(wire_len),
                                    FIELD(gso_segs), FIELD(gso_size), FIELD(hwtstamp)};
#undef FIELD

bool sets_only_settable(const SkBuffFields &fields) {
  const auto *bytes = reinterpret_cast<const std::byte *>(&fields);
  size_t at = 0;
  for (const FieldRange &range : kSettable) {
    for (; at < range.first; at++)
      if (bytes[at] != std::byte{0})
        return false;
    at = range.end;
  }
  for (; at < sizeof(fields); at++)
    if (bytes[at] != std::byte{0})
      return false;
  return true;
}

// The given fields into those that the program sees. Errors: invalid, no_device.
Result<void> apply(const SkBuffFields &given, SkBuffFields &seen) {
  constexpr uint32_t kMaxSegments = 0xffff, kMaxWireLength = 0x10000;
  if (given.ifindex > kInterface)
    return Error::no_device;
  if (!sets_only_settable(given) || given.gso_segs > kMaxSegments)
    return Error::invalid;
  if (given.wire_len && (given.wire_len < seen.len || given.wire_len > kMaxWireLength))
    return Error::invalid;
  seen.mark = given.mark;
  seen.priority = given.priority;
  seen.ingress_ifindex = given.ingress_ifindex;
  memcpy(seen.cb, given.cb, sizeof(seen.cb));
  seen.tstamp = given.tstamp;
  seen.wire_len = given.wire_len ? given.wire_len : seen.len;
  seen.gso_segs = given.gso_segs;
  seen.gso_size = given.gso_size;
  seen.hwtstamp = given.hwtstamp;
  return {};
}

void give_back(const SkBuffFields &seen, SkBuffFields &given) {
  given.mark = seen.mark;
  given.priority = seen.priority;
  given.ingress_ifindex = seen.ingress_ifindex;
  given.ifindex = seen.ifindex;
  memcpy(given.cb, seen.cb, sizeof(given.cb));
  given.tstamp = seen.tstamp;
  given.wire_len = seen.wire_len;
  given.gso_segs = seen.gso_segs;
  given.hwtstamp = seen.hwtstamp;
}

} // namespace

Result<int64_t> run_on_skb(const Call &call, const Attr &attr, const Program &program, bool is_classifier) {
  if (attr.flags || attr.cpu || attr.batch_size)
    return Error::invalid;
  Buffer page = KBPF_TRY(copy_packet_in(attr, kSkbHeadroom));
  SkBuffFields given;
  KBPF_TRY(copy_context_in(attr, &given, sizeof(given)));
  std::byte *frame = page.data() + kSkbHeadroom;
  const uint32_t size = attr.data_size_in;

  SkBuff skb{};
  skb.frame = reinterpret_cast<uintptr_t>(frame);
  skb.network = skb.frame + kEthernetHeader;
  skb.packet.data = skb.packet.data_meta = is_classifier ? skb.frame : skb.network;
  skb.packet.data_end = skb.frame + size;
  skb.fields.len = static_cast<uint32_t>(skb.packet.data_end - skb.packet.data);
  skb.fields.pkt_type = packet_type_of(frame);
  skb.fields.protocol = protocol_of(frame);
  skb.fields.ifindex = kInterface;
  if (has_context(attr))
    KBPF_TRY(apply(given, skb.fields));

  Outcome outcome = run(program, &skb, attr.repeat);
  if (!is_classifier) // the header that it did not see is given back as zeros
    memset(frame, 0, kEthernetHeader);
  give_back(skb.fields, given);
  return finish(call, attr, outcome, {frame, size}, has_context(attr) ? &given : nullptr, sizeof(given));
}

// data of the given xdp_md is how much in front of the packet is metadata.
Result<int64_t> run_on_xdp(const Call &call, const Attr &attr, const Program &program) {
  constexpr uint32_t kMaxMetadata = 32;
  if (attr.flags & ~KBPF_F_TEST_XDP_LIVE_FRAMES || attr.cpu)
    return Error::invalid;
  if (attr.flags)
    return Error::not_supported;
  if (attr.batch_size)
    return Error::invalid;
  XdpFields given;
  KBPF_TRY(copy_context_in(attr, &given, sizeof(given)));
  const uint32_t size = attr.data_size_in, metadata = given.data;
  if (has_context(attr) && (given.data_meta || given.data_end != size || metadata > given.data_end ||
                            metadata % 4 || metadata > kMaxMetadata))
    return Error::invalid;
  const uint32_t headroom = kXdpHeadroom - metadata;
  Buffer page = KBPF_TRY(copy_packet_in(attr, headroom));
  if (given.egress_ifindex || (!given.ingress_ifindex && given.rx_queue_index))
    return Error::invalid;
  if (given.ingress_ifindex > kInterface)
    return Error::no_device;
  if (given.rx_queue_index)
    return Error::invalid;

  XdpBuff xdp{};
  xdp.packet.data_meta = reinterpret_cast<uintptr_t>(page.data() + headroom);
  xdp.packet.data = xdp.packet.data_meta + metadata;
  xdp.packet.data_end = xdp.packet.data_meta + size;
  xdp.fields.ingress_ifindex = kInterface;
  Outcome outcome = run(program, &xdp, attr.repeat);
  return finish(call, attr, outcome, {page.data() + headroom, size}, has_context(attr) ? &given : nullptr,
                sizeof(given));
}

} // namespace kbpf::test_run
