// SPDX-License-Identifier: MIT OR Apache-2.0
// IPv4 on the machine itself, the network 127.0.0.0/8: there is no other. An address is a name of an endpoint like the
// abstract ones of AF_UNIX, of its own family: so what carries bytes between processes is the same.
#pragma once
#include "refkernel/linux/fs/unix_endpoint.h"

namespace refkernel {

// As in struct sockaddr_in, behind the family: both in network order.
struct InternetPlace {
  uint16_t port = 0;
  uint8_t host[4] = {}; // all zero: any
  bool is_any() const { return !host[0] && !host[1] && !host[2] && !host[3]; }
  bool is_own() const { return host[0] == 127; }
};
static_assert(sizeof(InternetPlace) == 6);

UnixAddress to_address(const InternetPlace &place);
InternetPlace place_of(const UnixAddress &address); // any, port 0, where it has no name
UnixAddress with_own_host(const UnixAddress &address); // 127.0.0.1 in the place of any

// With unix_lock held. Gives address a port that no endpoint of that type has where it has none. Errors: eaddrnotavail
// (a host elsewhere), eaddrinuse (a port that another one has, for that host or for any).
SysResult<void> choose_place(UnixAddress &address, SocketType type);
// With unix_lock held. The endpoint with that place: of that very host, or of any; null where there is none.
UnixEndpoint *find_place(const UnixAddress &address, SocketType type);

} // namespace refkernel
