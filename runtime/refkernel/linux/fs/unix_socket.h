// SPDX-License-Identifier: MIT OR Apache-2.0
// Sockets as open files: of AF_UNIX stream, datagram and sequenced-packet; of AF_INET, on the machine itself
// (internet_address.h), TCP as the first, UDP as the second.
#pragma once
#include "refkernel/linux/fs/unix_endpoint.h"

namespace refkernel {

enum : uint32_t { // MSG_*
  kMessagePeek = 2,
  kMessageControlTruncated = 8,
  kMessageTruncated = 0x20,
  kMessageDontWait = 0x40,
  kMessageEndOfRecord = 0x80,
  kMessageWaitAll = 0x100,
  kMessageNoSignal = 0x4000,
  kMessageCloseOnExec = 0x40000000,
};

struct Received {
  size_t bytes = 0;       // copied; with kMessageTruncated asked for, the message's own size
  uint32_t flags = 0;     // kMessageTruncated, kMessageEndOfRecord
  bool any = false;       // whether there was a message at all
  UnixAddress from;
  SocketCredentials sender;
  PassedFiles files;
};

class UnixSocket : public File {
public:
  virtual SysResult<void> bind(const UnixAddress &address) = 0;
  virtual SysResult<void> connect(const UnixAddress *address) = 0; // null: a datagram socket forgets its peer
  virtual SysResult<void> listen(uint32_t backlog) = 0;
  virtual SysResult<Ref<File>> accept(uint32_t flags) = 0;
  // to: null for the connected peer. Errors: eagain, erestart, epipe (SIGPIPE is the caller's), emsgsize, enotconn,
  // edestaddrreq, eisconn, econnrefused.
  virtual SysResult<size_t> send(IoCursor &from, uint32_t flags, const UnixAddress *to, PassedFiles files) = 0;
  virtual SysResult<void> receive(IoCursor &to, uint32_t flags, Received &received) = 0;
  virtual SysResult<void> shut(bool reading, bool writing) = 0;
  virtual UnixAddress own_name() = 0;
  virtual SysResult<UnixAddress> peer_name() = 0;              // enotconn
  virtual SysResult<SocketCredentials> peer_credentials() = 0; // of the time of connecting
  virtual SocketType type() const = 0;
  virtual SocketFamily family() const = 0;
  virtual bool listening() = 0;
  std::atomic<bool> wants_credentials{false};                          // SO_PASSCRED
  std::atomic<uint64_t> receive_timeout_ns{0}, send_timeout_ns{0}; // 0: none
  std::atomic<bool> no_delay{false}; // TCP_NODELAY, kept for who asks: nothing is ever delayed

protected:
  using File::File;
  ~UnixSocket() = default;
};

SysResult<Ref<File>> make_socket(SocketFamily family, SocketType type, uint32_t flags);
struct SocketPair {
  Ref<File> first, second;
};
SysResult<SocketPair> make_unix_pair(SocketType type, uint32_t flags);
UnixSocket *as_unix_socket(File &file); // null where it is none

// What a call works on: the file, kept, and the socket that it is.
struct SocketFile {
  Ref<File> file;
  UnixSocket *operator->() const { return static_cast<UnixSocket *>(file.get()); }
};
SysResult<SocketFile> get_socket(int fd); // ebadf, enotsock
constexpr int kSocketLevel = 1, kInternetLevel = 0, kTcp = 6, kUdp = 17; // levels of options, and protocols

} // namespace refkernel
