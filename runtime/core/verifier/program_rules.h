// SPDX-License-Identifier: MIT OR Apache-2.0
// What holds for all programs of a type, by the type and by where they are to be attached: what they may
// return, which maps they may use. The rules and numbers are Linux 6.12's.
#pragma once
#include <cstdint>
#include <optional>

namespace kbpf {

struct ReturnRange {
  int64_t least, most;
  bool is_half = false; // it is the lower 32 bits that count
};
// None: any number, and any address.
std::optional<ReturnRange> return_range(uint32_t prog_type, uint32_t attach_type);

// Whether programs of the type see the field of their context that begins at an offset, where they are
// attached so.
bool sees_field(uint32_t prog_type, uint32_t attach_type, uint32_t offset);

// Whether programs of the type see addresses of the kernel by their nature, so that their loader needs
// CAP_PERFMON.
bool sees_addresses(uint32_t prog_type);

// Whether they write it, where its context's table lets anybody.
bool writes_field(uint32_t prog_type, uint32_t attach_type, uint32_t offset);

// Whether they write bytes of a packet, where they see it.
bool writes_packets(uint32_t prog_type);
// Whether they may write to slices of dynptrs.
bool writes_slices(uint32_t prog_type);

// Whether programs of the type, attached so, may sleep (BPF_F_SLEEPABLE).
bool may_sleep(uint32_t prog_type, uint32_t attach_type);

constexpr uint32_t kSockmap = 15, kXskmap = 17, kSockhash = 18;
constexpr bool is_socket_map(uint32_t map_type) { return map_type == kSockmap || map_type == kSockhash; }

// Whether programs of the type put sockets into maps of sockets, or delete them there.
bool changes_socket_maps(uint32_t prog_type, uint32_t attach_type, bool deletes);

// Whether programs that may sleep use maps of this type.
bool map_suits_sleepable(uint32_t map_type);

} // namespace kbpf
