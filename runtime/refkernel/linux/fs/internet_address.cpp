// SPDX-License-Identifier: MIT OR Apache-2.0
#include "refkernel/linux/fs/internet_address.h"
#include <bit>
#include <cstring>

namespace refkernel {

namespace {

constexpr uint16_t kFirstFree = 32768, kLastFree = 60999; // Linux's ip_local_port_range

uint16_t network_order(uint16_t value) { return __builtin_bswap16(value); }

bool same_host(const InternetPlace &a, const InternetPlace &b) { return !memcmp(a.host, b.host, sizeof(a.host)); }

// A name begins with 0, as abstract ones do.
constexpr size_t kNameSize = 1 + sizeof(InternetPlace);

template <typename Wanted> UnixEndpoint *find_endpoint_where(SocketType type, Wanted is_wanted) {
  for (UnixEndpoint *endpoint = first_abstract; endpoint; endpoint = endpoint->next_abstract)
    if (endpoint->family == SocketFamily::internet && endpoint->type == type && is_wanted(place_of(endpoint->name)))
      return endpoint;
  return nullptr;
}

bool is_taken(const InternetPlace &wanted, SocketType type) {
  return find_endpoint_where(type, [&](const InternetPlace &place) {
    return place.port == wanted.port && (place.is_any() || wanted.is_any() || same_host(place, wanted));
  });
}

} // namespace

UnixAddress to_address(const InternetPlace &place) {
  UnixAddress address;
  address.family = SocketFamily::internet;
  address.size = kNameSize;
  address.bytes[0] = 0;
  memcpy(address.bytes + 1, &place, sizeof(place));
  return address;
}

InternetPlace place_of(const UnixAddress &address) {
  InternetPlace place;
  if (address.size == kNameSize)
    memcpy(&place, address.bytes + 1, sizeof(place));
  return place;
}

UnixAddress with_own_host(const UnixAddress &address) {
  InternetPlace place = place_of(address);
  if (place.is_any()) {
    place.host[0] = 127;
    place.host[3] = 1;
  }
  return to_address(place);
}

SysResult<void> choose_place(UnixAddress &address, SocketType type) {
  static uint16_t next = kFirstFree; // under unix_lock
  InternetPlace place = place_of(address);
  if (!place.is_any() && !place.is_own())
    return Errno::eaddrnotavail;
  if (place.port)
    return is_taken(place, type) ? Errno::eaddrinuse : SysResult<void>();
  for (uint32_t tried = 0; tried <= kLastFree - kFirstFree; ++tried) {
    place.port = network_order(next);
    next = next == kLastFree ? kFirstFree : static_cast<uint16_t>(next + 1);
    if (is_taken(place, type))
      continue;
    address = to_address(place);
    return {};
  }
  return Errno::eaddrinuse;
}

UnixEndpoint *find_place(const UnixAddress &address, SocketType type) {
  const InternetPlace wanted = place_of(address);
  UnixEndpoint *exact = find_endpoint_where(type, [&](const InternetPlace &place) {
    return place.port == wanted.port && same_host(place, wanted);
  });
  return exact ? exact : find_endpoint_where(type, [&](const InternetPlace &place) {
    return place.port == wanted.port && place.is_any();
  });
}

} // namespace refkernel
