// SPDX-License-Identifier: MIT OR Apache-2.0
// The three kinds differ in little: a stream cuts what is sent into messages and forgets their borders when it is read;
// a datagram socket needs no connection. Nothing that may run a destructor happens with unix_lock held.
#include "refkernel/linux/fs/unix_socket.h"
#include "refkernel/linux/fs/inode.h"
#include "refkernel/linux/fs/internet_address.h"
#include "refkernel/linux/process.h"
#include <algorithm>

namespace refkernel {

namespace {

constexpr size_t kStreamPiece = 16384;
constexpr uint32_t kFionread = 0x541b;

SocketCredentials own_credentials() {
  const Process &process = current_process();
  return {static_cast<int32_t>(process.pid), process.credentials.euid, process.credentials.egid};
}

class UnixSocketFile final : public HeapObject<UnixSocketFile, UnixSocket> {
public:
  UnixSocketFile(Ref<Inode> inode, uint32_t flags, Ref<UnixEndpoint> own, Ref<UnixEndpoint> peer)
      : HeapObject(std::move(inode), flags), own_(std::move(own)), peer_(std::move(peer)) {}

  ~UnixSocketFile() {
    UnixEndpoint::Connection *refused;
    {
      SpinGuard guard(unix_lock);
      own_->closed = true;
      release_abstract_name(*own_);
      leave_peer();
      refused = std::exchange(own_->first_connection, nullptr);
      for (auto *connection = refused; connection; connection = connection->next) {
        connection->own->closed = true;
        connection->peer->no_writer = true;
        connection->peer->announce();
      }
      own_->announce();
    }
    while (refused)
      free_object(std::exchange(refused, refused->next));
  }

  SysResult<size_t> read(IoCursor &to, uint64_t) override {
    Received received;
    KBPF_TRY(receive(to, 0, received));
    return received.bytes;
  }
  SysResult<size_t> write(IoCursor &from, uint64_t) override {
    SysResult<size_t> sent = send(from, 0, nullptr, {});
    if (!sent.ok() && sent.error() == Errno::epipe)
      signal_broken_pipe();
    return sent;
  }

  uint32_t poll() override {
    SpinGuard guard(unix_lock);
    if (own_->listening)
      return own_->first_connection ? kPollIn | kPollReadNormal : 0;
    uint32_t events = 0;
    if (own_->first || own_->no_writer || own_->closed)
      events |= kPollIn | kPollReadNormal;
    if (own_->no_writer)
      events |= kPollReadHangUp;
    bool datagram = own_->type == SocketType::datagram;
    if (!peer_)
      return datagram ? events | kPollOut | kPollWriteNormal : events | kPollOut | kPollWriteNormal | kPollHangUp;
    if (peer_->has_room(datagram ? 1 : kStreamPiece) || peer_->closed)
      events |= kPollOut | kPollWriteNormal;
    if (!datagram && own_->no_writer && peer_->closed)
      events |= kPollHangUp;
    return events;
  }
  uint32_t poll_generation() override { return own_->generation.load(); }
  SysResult<int64_t> ioctl(uint32_t command, uint64_t argument) override {
    if (command != kFionread)
      return Errno::enotty;
    size_t bytes = 0;
    {
      SpinGuard guard(unix_lock);
      for (UnixMessage *message = own_->first; message; message = message->next) {
        bytes += message->size - message->taken;
        if (own_->type != SocketType::stream)
          break;
      }
    }
    KBPF_TRY((UserPtr<int32_t>{argument}.write(static_cast<int32_t>(bytes))));
    return int64_t{0};
  }
  void append_name(kbpf::TextSink &sink) const override { kbpf::print(sink, "socket:[{}]", inode()->number); }
  SpecialKind special_kind() const override { return SpecialKind::socket; }

  SysResult<void> bind(const UnixAddress &address) override { return bind_endpoint(own_, address); }

  SysResult<void> connect(const UnixAddress *address) override {
    if (address && is_internet() && !place_of(*address).is_any() && !place_of(*address).is_own())
      return Errno::enetunreach;
    if (is_internet_datagram())
      return set_partner(address);
    Ref<UnixEndpoint> target;
    const UnixAddress wanted = !address ? UnixAddress{} : is_internet() ? with_own_host(*address) : *address;
    if (address)
      target = KBPF_TRY(find_endpoint(wanted, own_->type));
    if (own_->type == SocketType::datagram) {
      SpinGuard guard(unix_lock);
      std::swap(peer_, target); // the old one goes with target, when the lock is free
      return {};
    }
    return address ? connect_to_listener(*target, wanted) : SysResult<void>(Errno::einval);
  }

  SysResult<void> listen(uint32_t backlog) override {
    if (own_->type == SocketType::datagram)
      return Errno::enotsup;
    if (is_internet())
      KBPF_TRY(ensure_name());
    SpinGuard guard(unix_lock);
    if (!own_->named || peer_)
      return Errno::einval;
    own_->listening = true;
    own_->backlog = std::clamp(backlog, 1u, 4096u);
    own_->credentials = own_credentials();
    return {};
  }

  SysResult<Ref<File>> accept(uint32_t flags) override {
    UnixEndpoint::Connection *connection;
    {
      SpinGuard guard(unix_lock);
      if (!own_->listening)
        return Errno::einval;
      uint64_t deadline = deadline_after(receive_timeout_ns);
      while (!own_->first_connection)
        KBPF_TRY(wait(*own_, non_blocking(), deadline));
      connection = own_->first_connection;
      own_->first_connection = connection->next;
      --own_->connections;
      own_->announce(); // there is room for another
    }
    Ref<UnixEndpoint> own = std::move(connection->own), peer = std::move(connection->peer);
    free_object(connection);
    return make(flags, std::move(own), std::move(peer));
  }

  SysResult<size_t> send(IoCursor &from, uint32_t flags, const UnixAddress *to, PassedFiles files) override {
    if (is_internet() && files.size())
      return Errno::einval;
    if (is_internet_datagram())
      KBPF_TRY(ensure_name());
    SysResult<Ref<UnixEndpoint>> found = target_of_send(to);
    // Where nobody takes it, who is not connected never hears of that.
    const bool may_be_lost = is_internet_datagram() && to;
    if (!found.ok() && found.error() == Errno::econnrefused && may_be_lost)
      return from.remaining();
    Ref<UnixEndpoint> target = KBPF_TRY(std::move(found));
    bool stream = own_->type == SocketType::stream, now = non_blocking() || (flags & kMessageDontWait);
    uint64_t deadline = deadline_after(send_timeout_ns);
    size_t total = 0;
    do {
      size_t size = stream ? std::min(from.remaining(), kStreamPiece) : from.remaining();
      if (size + UnixEndpoint::kMessageCost > UnixEndpoint::kCapacity)
        return Errno::emsgsize;
      if (stream && !size)
        break; // nothing to send, not even files
      SysResult<UnixMessage *> message = make_message(from, size, files);
      if (!message.ok())
        return total ? SysResult<size_t>(total) : message.error();
      SysResult<void> done = enqueue(*target, **message, now, deadline);
      if (!done.ok()) {
        free_object(*message);
        if (done.error() == Errno::econnrefused && may_be_lost)
          return size;
        return total ? SysResult<size_t>(total) : done.error();
      }
      total += size;
    } while (stream && from.remaining());
    return total;
  }

  SysResult<void> receive(IoCursor &to, uint32_t flags, Received &received) override {
    if (own_->type != SocketType::datagram) {
      SpinGuard guard(unix_lock);
      if (!peer_)
        return own_->type == SocketType::stream && !is_internet() ? Errno::einval : Errno::enotconn;
    }
    if (own_->type == SocketType::stream && !to.remaining())
      return {};
    bool now = non_blocking() || (flags & kMessageDontWait);
    uint64_t deadline = deadline_after(receive_timeout_ns);
    for (;;) {
      SysResult<void> arrived = wait_for_message(now, deadline);
      if (!arrived.ok())
        return received.any ? SysResult<void>() : arrived;
      MutexGuard reader(own_->read_lock);
      if (own_->type == SocketType::stream)
        KBPF_TRY(read_stream(to, flags, received));
      else
        KBPF_TRY(read_message(to, flags, received));
      bool complete = !(flags & kMessageWaitAll) || (flags & kMessagePeek) || own_->type != SocketType::stream ||
                      !to.remaining() || received.files.size() || ended();
      if (complete && (received.any || ended()))
        return {};
    }
  }

  SysResult<void> shut(bool reading, bool writing) override {
    SpinGuard guard(unix_lock);
    if (!peer_)
      return Errno::enotconn;
    if (reading) {
      own_->closed = own_->no_writer = true;
      own_->announce();
      peer_->announce();
    }
    if (writing) {
      shut_writing_ = true;
      peer_->no_writer = true;
      peer_->announce();
    }
    return {};
  }

  UnixAddress own_name() override {
    SpinGuard guard(unix_lock);
    return own_->name;
  }
  SysResult<UnixAddress> peer_name() override {
    SpinGuard guard(unix_lock);
    if (own_->only_from.size)
      return own_->only_from;
    if (!peer_)
      return Errno::enotconn;
    return peer_->name;
  }
  SysResult<SocketCredentials> peer_credentials() override {
    SpinGuard guard(unix_lock);
    return peer_ && !is_internet() ? peer_->credentials : SocketCredentials{0, UINT32_MAX, UINT32_MAX};
  }
  SocketType type() const override { return own_->type; }
  SocketFamily family() const override { return own_->family; }
  bool listening() override {
    SpinGuard guard(unix_lock);
    return own_->listening;
  }

  static SysResult<Ref<File>> make(uint32_t flags, Ref<UnixEndpoint> own, Ref<UnixEndpoint> peer) {
    Ref<Inode> inode = KBPF_TRY(make_anonymous_inode(kSockFs, kModeSocket | 0777));
    auto *file = try_make<UnixSocketFile>(std::move(inode), (flags & kOpenNonBlock) | kOpenReadWrite, own,
                                          std::move(peer));
    if (!file)
      return Errno::enomem;
    return Ref<File>::adopt(file);
  }

private:
  bool is_internet() const { return own_->family == SocketFamily::internet; }
  bool is_internet_datagram() const { return is_internet() && own_->type == SocketType::datagram; }

  // Of the internet: any host and a free port where it has no name yet.
  SysResult<void> ensure_name() {
    {
      SpinGuard guard(unix_lock);
      if (own_->named)
        return {};
    }
    SysResult<void> bound = bind_endpoint(own_, to_address({}));
    return !bound.ok() && bound.error() == Errno::einval ? SysResult<void>() : bound; // another thread was first
  }
  // Of a datagram socket of the internet: nobody need be there. null: none.
  SysResult<void> set_partner(const UnixAddress *address) {
    KBPF_TRY(ensure_name());
    SpinGuard guard(unix_lock);
    own_->only_from = address ? with_own_host(*address) : UnixAddress{};
    return {};
  }

  static uint64_t deadline_after(const std::atomic<uint64_t> &timeout_ns) {
    uint64_t timeout = timeout_ns.load();
    return timeout ? now_ns() + timeout : kNoDeadline;
  }
  // With unix_lock held, which is free while it sleeps.
  static SysResult<void> wait(UnixEndpoint &endpoint, bool now, uint64_t deadline) {
    if (now)
      return Errno::eagain;
    switch (endpoint.changed.sleep(unix_lock, deadline)) {
    case WaitResult::interrupted:
      return deadline == kNoDeadline ? Errno::erestart : Errno::eintr;
    case WaitResult::timed_out:
      return Errno::eagain;
    case WaitResult::woken:
      break;
    }
    return {};
  }

  // With unix_lock held.
  void leave_peer() {
    if (!peer_ || own_->type == SocketType::datagram)
      return;
    peer_->no_writer = true;
    peer_->announce();
  }

  // name: by which the listener was found, and its end of the connection is known.
  SysResult<void> connect_to_listener(UnixEndpoint &listener, const UnixAddress &name) {
    if (is_internet())
      KBPF_TRY(ensure_name());
    Ref<UnixEndpoint> server = KBPF_TRY(UnixEndpoint::create(own_->type, own_->family));
    server->name = name;
    server->named = true;
    auto *connection = try_make<UnixEndpoint::Connection>();
    if (!connection)
      return Errno::enomem;
    SysResult<void> done = enqueue_connection(listener, server, *connection);
    if (!done.ok())
      free_object(connection);
    return done;
  }

  SysResult<void> enqueue_connection(UnixEndpoint &listener, Ref<UnixEndpoint> &server,
                                     UnixEndpoint::Connection &connection) {
    SpinGuard guard(unix_lock);
    uint64_t deadline = deadline_after(send_timeout_ns);
    for (;;) {
      if (peer_)
        return Errno::eisconn;
      if (own_->listening)
        return Errno::einval;
      if (listener.closed || !listener.listening)
        return Errno::econnrefused;
      if (listener.connections < listener.backlog)
        break;
      KBPF_TRY(wait(listener, non_blocking(), deadline));
    }
    own_->credentials = own_credentials();
    server->credentials = listener.credentials;
    if (is_internet())
      own_->name = with_own_host(own_->name);
    else
      server->name = listener.name;
    connection.own = server;
    connection.peer = own_;
    UnixEndpoint::Connection **link = &listener.first_connection;
    while (*link)
      link = &(*link)->next;
    *link = &connection;
    ++listener.connections;
    peer_ = server;
    listener.announce();
    return {};
  }

  SysResult<Ref<UnixEndpoint>> target_of_send(const UnixAddress *to) {
    bool datagram = own_->type == SocketType::datagram;
    if (is_internet_datagram()) {
      UnixAddress partner;
      {
        SpinGuard guard(unix_lock);
        if (shut_writing_)
          return Errno::epipe;
        partner = to ? with_own_host(*to) : own_->only_from;
      }
      if (!partner.size)
        return Errno::edestaddrreq;
      if (!place_of(partner).is_own())
        return Errno::enetunreach;
      return find_endpoint(partner, SocketType::datagram);
    }
    if (to && datagram)
      return find_endpoint(*to, SocketType::datagram);
    SpinGuard guard(unix_lock);
    if (shut_writing_)
      return Errno::epipe;
    if (!peer_)
      return to && !datagram ? Errno::enotsup : datagram ? Errno::edestaddrreq : Errno::enotconn;
    if (to)
      return Errno::eisconn;
    return peer_;
  }

  SysResult<UnixMessage *> make_message(IoCursor &from, size_t size, PassedFiles &files) {
    auto *message = try_make<UnixMessage>();
    if (!message)
      return Errno::enomem;
    message->size = size;
    message->bytes = static_cast<char *>(heap_allocate(size, 1));
    SysResult<void> copied = message->bytes || !size ? from.take(message->bytes, size) : Errno::enomem;
    if (!copied.ok()) {
      free_object(message);
      return copied.error();
    }
    message->files = std::move(files);
    message->sender = own_credentials();
    message->from = is_internet() ? with_own_host(own_name()) : own_name();
    return message;
  }

  SysResult<void> enqueue(UnixEndpoint &target, UnixMessage &message, bool now, uint64_t deadline) {
    SpinGuard guard(unix_lock);
    for (;;) {
      if (target.closed)
        return target.type == SocketType::datagram ? Errno::econnrefused : Errno::epipe;
      if (target.has_room(message.size))
        break;
      KBPF_TRY(wait(target, now, deadline));
    }
    if (target.only_from.size && target.only_from.text() != message.from.text())
      return Errno::econnrefused; // it is connected to somebody else
    target.append(message);
    target.announce();
    return {};
  }

  bool ended() {
    SpinGuard guard(unix_lock);
    return !own_->first && (own_->no_writer || own_->closed);
  }
  SysResult<void> wait_for_message(bool now, uint64_t deadline) {
    SpinGuard guard(unix_lock);
    while (!own_->first && !own_->no_writer && !own_->closed)
      KBPF_TRY(wait(*own_, now, deadline));
    return {};
  }

  UnixMessage *first_message() {
    SpinGuard guard(unix_lock);
    return own_->first;
  }
  void drop_first() {
    UnixMessage *message;
    {
      SpinGuard guard(unix_lock);
      message = own_->take_first();
      own_->announce();
    }
    free_object(message);
  }

  static SysResult<void> copy_details(UnixMessage &message, bool peek, Received &received) {
    received.any = true;
    received.from = message.from;
    received.sender = message.sender;
    if (!message.files.size())
      return {};
    if (!peek) {
      received.files = std::move(message.files);
      return {};
    }
    KBPF_TRY(received.files.reserve());
    for (size_t i = 0; i < message.files.size(); ++i)
      received.files.add(message.files[i]);
    return {};
  }

  // The readers' lock is held: nobody else takes from the queue. Messages are joined, but never beyond one that brings
  // files, or that somebody else has sent where that matters.
  SysResult<void> read_stream(IoCursor &to, uint32_t flags, Received &received) {
    bool peek = flags & kMessagePeek;
    UnixMessage *message = first_message();
    while (message && (to.remaining() || (!received.any && message->size == message->taken))) {
      bool breaks = received.any && (message->files.size() || received.files.size() ||
                                     (wants_credentials && message->sender.pid != received.sender.pid));
      if (breaks)
        break;
      KBPF_TRY(copy_details(*message, peek, received));
      size_t count = std::min(to.remaining(), message->size - message->taken);
      KBPF_TRY(to.put(message->bytes + message->taken, count));
      received.bytes += count;
      if (peek) {
        SpinGuard guard(unix_lock);
        message = message->next;
        continue;
      }
      {
        SpinGuard guard(unix_lock);
        message->taken += count;
        own_->queued -= count;
      }
      if (message->taken < message->size)
        break;
      drop_first();
      message = first_message();
    }
    return {};
  }

  SysResult<void> read_message(IoCursor &to, uint32_t flags, Received &received) {
    UnixMessage *message = first_message();
    if (!message)
      return {};
    bool peek = flags & kMessagePeek;
    size_t count = std::min(to.remaining(), message->size);
    KBPF_TRY(to.put(message->bytes, count));
    KBPF_TRY(copy_details(*message, peek, received));
    received.bytes = flags & kMessageTruncated ? message->size : count;
    received.flags = (count < message->size ? kMessageTruncated : 0) |
                     (own_->type == SocketType::sequenced ? kMessageEndOfRecord : 0);
    if (!peek)
      drop_first();
    return {};
  }

  const Ref<UnixEndpoint> own_;
  Ref<UnixEndpoint> peer_; // null: not connected
  bool shut_writing_ = false;
};

} // namespace

SysResult<Ref<File>> make_socket(SocketFamily family, SocketType type, uint32_t flags) {
  return UnixSocketFile::make(flags, KBPF_TRY(UnixEndpoint::create(type, family)), {});
}

SysResult<SocketPair> make_unix_pair(SocketType type, uint32_t flags) {
  Ref<UnixEndpoint> one = KBPF_TRY(UnixEndpoint::create(type)), other = KBPF_TRY(UnixEndpoint::create(type));
  one->credentials = other->credentials = own_credentials();
  return SocketPair{KBPF_TRY(UnixSocketFile::make(flags, one, other)),
                    KBPF_TRY(UnixSocketFile::make(flags, other, one))};
}

UnixSocket *as_unix_socket(File &file) {
  return file.special_kind() == SpecialKind::socket ? static_cast<UnixSocket *>(&file) : nullptr;
}

} // namespace refkernel
