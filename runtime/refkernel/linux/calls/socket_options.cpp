// SPDX-License-Identifier: MIT OR Apache-2.0
// Options of sockets.
#include "refkernel/linux/fs/unix_socket.h"
#include "refkernel/linux/process.h"
#include <algorithm>

namespace refkernel {

namespace {

enum Option : int { // SO_*
  kDebug = 1,
  kReuseAddress = 2,
  kType = 3,
  kError = 4,
  kDontRoute = 5,
  kBroadcast = 6,
  kSendBuffer = 7,
  kReceiveBuffer = 8,
  kKeepAlive = 9,
  kPriority = 12,
  kLinger = 13,
  kReusePort = 15,
  kWantCredentials = 16,
  kPeerCredentials = 17,
  kReceiveLowWater = 18,
  kSendLowWater = 19,
  kReceiveTimeout = 20,
  kSendTimeout = 21,
  kTimestamp = 29,
  kAcceptsConnections = 30,
  kSendBufferForce = 32,
  kReceiveBufferForce = 33,
  kProtocol = 38,
  kDomain = 39,
};

SysResult<uint64_t> read_timeout(uintptr_t value, size_t size) {
  if (size < sizeof(LinuxTimeval))
    return Errno::einval;
  LinuxTimeval time = KBPF_TRY((UserPtr<const LinuxTimeval>{value}.read()));
  if (time.microseconds < 0 || time.microseconds >= 1000000)
    return Errno::einval; // Linux: EDOM, which nobody looks for
  return time.seconds < 0 ? uint64_t{0} : LinuxTimespec{time.seconds, time.microseconds * 1000}.to_ns();
}

SyscallResult write_option(const void *value, size_t size, uintptr_t to, UserPtr<int32_t> user_size) {
  int32_t room = KBPF_TRY(user_size.read());
  if (room < 0)
    return Errno::einval;
  size = std::min(size, static_cast<size_t>(room));
  if (!copy_to_user(to, value, size))
    return Errno::efault;
  return user_size.write(static_cast<int32_t>(size));
}

constexpr int kTcpNoDelay = 1;
bool is_tcp(const UnixSocket &socket) {
  return socket.family() == SocketFamily::internet && socket.type() == SocketType::stream;
}
// What would be for packets on a wire is accepted, and of no effect.
SyscallResult set_internet_option(UnixSocket &socket, int level, int option, uintptr_t value, size_t size) {
  enum { kMaxSegment = 2, kCork = 3, kKeepIdle = 4, kKeepInterval = 5, kKeepCount = 6, kLinger2 = 8, kDeferAccept = 9,
         kQuickAck = 12, kUserTimeout = 18 }; // TCP_*
  enum { kTypeOfService = 1, kTimeToLive = 2, kMtuDiscover = 10, kReceiveErrors = 11, kBindWithoutPort = 24 }; // IP_*
  if (socket.family() != SocketFamily::internet || (level != kInternetLevel && !(level == kTcp && is_tcp(socket))))
    return Errno::enoprotoopt;
  constexpr int kOfTcp[] = {kTcpNoDelay, kMaxSegment, kCork, kKeepIdle, kKeepInterval, kKeepCount, kLinger2, kDeferAccept,
                            kQuickAck, kUserTimeout};
  constexpr int kOfInternet[] = {kTypeOfService, kTimeToLive, kMtuDiscover, kReceiveErrors, kBindWithoutPort};
  const bool is_known = level == kTcp ? std::ranges::find(kOfTcp, option) != std::end(kOfTcp)
                                      : std::ranges::find(kOfInternet, option) != std::end(kOfInternet);
  if (!is_known)
    return Errno::enoprotoopt;
  if (size < sizeof(int32_t))
    return Errno::einval;
  const int32_t on = KBPF_TRY((UserPtr<const int32_t>{value}.read()));
  if (level == kTcp && option == kTcpNoDelay)
    socket.no_delay = on != 0;
  return 0;
}
} // namespace

// Sizes of buffers and the like are accepted and stay what they are.
KERNEL_CALL sys_setsockopt(int fd, int level, int option, uintptr_t value, int size) {
  SocketFile socket = KBPF_TRY(get_socket(fd));
  if (size < 0)
    return Errno::einval;
  if (level != kSocketLevel)
    return set_internet_option(*as_unix_socket(*socket.file), level, option, value, static_cast<size_t>(size));
  switch (option) {
  case kReceiveTimeout:
  case kSendTimeout:
    (option == kReceiveTimeout ? socket->receive_timeout_ns : socket->send_timeout_ns) =
        KBPF_TRY(read_timeout(value, static_cast<size_t>(size)));
    return 0;
  case kWantCredentials:
  case kDebug:
  case kReuseAddress:
  case kDontRoute:
  case kBroadcast:
  case kSendBuffer:
  case kReceiveBuffer:
  case kKeepAlive:
  case kPriority:
  case kLinger:
  case kReusePort:
  case kReceiveLowWater:
  case kSendBufferForce:
  case kReceiveBufferForce:
  case kTimestamp: {
    if (static_cast<size_t>(size) < sizeof(int32_t))
      return Errno::einval;
    int32_t on = KBPF_TRY((UserPtr<const int32_t>{value}.read()));
    if (option == kWantCredentials)
      socket->wants_credentials = on != 0;
    return 0;
  }
  }
  return Errno::enoprotoopt;
}

KERNEL_CALL sys_getsockopt(int fd, int level, int option, uintptr_t value, UserPtr<int32_t> size) {
  SocketFile socket = KBPF_TRY(get_socket(fd));
  const bool is_internet = socket->family() == SocketFamily::internet;
  int32_t answer = 0;
  if (level == kTcp && option == kTcpNoDelay && is_tcp(*as_unix_socket(*socket.file))) {
    answer = socket->no_delay;
    return write_option(&answer, sizeof(answer), value, size);
  }
  if (level != kSocketLevel)
    return is_internet ? Errno::enoprotoopt : Errno::enotsup;
  switch (option) {
  case kPeerCredentials: {
    SocketCredentials peer = KBPF_TRY(socket->peer_credentials());
    return write_option(&peer, sizeof(peer), value, size);
  }
  case kReceiveTimeout:
  case kSendTimeout: {
    uint64_t ns = option == kReceiveTimeout ? socket->receive_timeout_ns : socket->send_timeout_ns;
    LinuxTimeval time = LinuxTimeval::from_ns(ns);
    return write_option(&time, sizeof(time), value, size);
  }
  case kLinger: {
    constexpr int32_t kOff[2] = {0, 0};
    return write_option(kOff, sizeof(kOff), value, size);
  }
  case kType:
    answer = static_cast<int32_t>(socket->type());
    break;
  case kDomain:
    answer = static_cast<int32_t>(socket->family());
    break;
  case kProtocol:
    answer = !is_internet ? 0 : socket->type() == SocketType::stream ? kTcp : kUdp;
    break;
  case kSendBuffer:
  case kReceiveBuffer:
    answer = UnixEndpoint::kCapacity;
    break;
  case kAcceptsConnections:
    answer = socket->listening();
    break;
  case kWantCredentials:
    answer = socket->wants_credentials;
    break;
  case kReceiveLowWater:
  case kSendLowWater:
    answer = 1;
    break;
  case kError: // failures are told by the call that meets them
  case kDebug:
  case kReuseAddress:
  case kDontRoute:
  case kBroadcast:
  case kKeepAlive:
  case kPriority:
  case kReusePort:
  case kTimestamp:
    break;
  default:
    return Errno::enoprotoopt;
  }
  return write_option(&answer, sizeof(answer), value, size);
}

namespace {
constexpr SyscallEntry kSocketOptionTable[] = {SYSCALL_ENTRY(208, setsockopt), SYSCALL_ENTRY(209, getsockopt)};
}
constinit const std::span<const SyscallEntry> kSocketOptionCalls{kSocketOptionTable};

} // namespace refkernel
