// SPDX-License-Identifier: MIT OR Apache-2.0
// What is behind a socket: a queue of messages that others have sent, a name, and, of a listener, the
// connections that nobody has accepted yet. A socket holds its own endpoint and its peer's, endpoints hold no sockets:
// so nothing keeps itself alive. unix_lock guards the members of all of them.
#pragma once
#include "refkernel/linux/fs/file.h"
#include <string_view>
#include <utility>

namespace refkernel {

enum class SocketType : uint8_t { stream = 1, datagram = 2, sequenced = 5 };
enum class SocketFamily : uint8_t { local = 1, internet = 2 }; // AF_UNIX, AF_INET

// The bytes of sun_path: empty (no name), a path, or an abstract name that begins with 0, as those of the family
// internet do (internet_address.h).
struct UnixAddress {
  SocketFamily family = SocketFamily::local;
  uint8_t size = 0;
  char bytes[108];
  std::string_view text() const { return {bytes, size}; }
  bool abstract() const { return size && !bytes[0]; }
};

struct SocketCredentials { // struct ucred
  int32_t pid = 0;
  uint32_t uid = 0, gid = 0;
};

constexpr size_t kMaxPassedFiles = 253; // SCM_MAX_FD

// Files on their way from one process to another. A heap array, since kernel stacks are small.
class PassedFiles {
public:
  PassedFiles() = default;
  PassedFiles(PassedFiles &&other) noexcept
      : files_(std::exchange(other.files_, nullptr)), count_(std::exchange(other.count_, 0)) {}
  PassedFiles &operator=(PassedFiles &&other) noexcept {
    std::swap(files_, other.files_);
    std::swap(count_, other.count_);
    return *this;
  }
  ~PassedFiles();
  SysResult<void> reserve(); // room for kMaxPassedFiles; enomem
  void add(Ref<File> file) { files_[count_++] = std::move(file); }
  size_t size() const { return count_; }
  const Ref<File> &operator[](size_t index) const { return files_[index]; }

private:
  Ref<File> *files_ = nullptr;
  size_t count_ = 0;
};

struct UnixMessage {
  UnixMessage *next = nullptr;
  char *bytes = nullptr; // heap, size of them; the first taken were read from a stream already
  size_t size = 0, taken = 0;
  UnixAddress from;
  SocketCredentials sender;
  PassedFiles files;
  ~UnixMessage() { heap_free(bytes, size, 1); }
};

class UnixEndpoint : public RefCounted {
public:
  static SysResult<Ref<UnixEndpoint>> create(SocketType type, SocketFamily family = SocketFamily::local);
  ~UnixEndpoint();

  static constexpr size_t kCapacity = 212992, kMessageCost = 256; // bytes that may wait, and what each message adds
  bool has_room(size_t size) const { return !queued || queued + size + kMessageCost <= kCapacity; }
  void append(UnixMessage &message);
  UnixMessage *take_first();
  void announce(); // that something changed: wakes waiters and pollers

  const SocketType type;
  const SocketFamily family;
  UnixMessage *first = nullptr, *last = nullptr;
  size_t queued = 0;
  bool closed = false;     // its socket is gone, or reads no more: whoever writes gets EPIPE or ECONNREFUSED
  bool no_writer = false;  // the peer is gone, or writes no more: end of file behind the last message
  bool listening = false, named = false;
  UnixAddress name;
  UnixAddress only_from; // of a connected datagram socket of the internet: whose messages it takes; empty: all
  SocketCredentials credentials; // of who called socketpair, listen or connect
  struct Connection {            // waits for accept
    Connection *next = nullptr;
    Ref<UnixEndpoint> own, peer;
  };
  Connection *first_connection = nullptr;
  uint32_t connections = 0, backlog = 0;
  UnixEndpoint *next_abstract = nullptr; // of all with an abstract name
  Mutex read_lock;                       // one reader at a time: user memory is copied without unix_lock
  WaitQueue changed;
  std::atomic<uint32_t> generation{0};

private:
  UnixEndpoint(SocketType kind, SocketFamily names) : type(kind), family(names) { name.family = names; }
  template <typename T, typename... Args> friend T *try_make(Args &&...);
};

extern SpinLock unix_lock;
extern UnixEndpoint *first_abstract; // under unix_lock; linked by next_abstract

// Names. Errors of bind: eaddrinuse, einval (has one already), and those of making a file.
SysResult<void> bind_endpoint(Ref<UnixEndpoint> endpoint, const UnixAddress &address);
void release_abstract_name(UnixEndpoint &endpoint); // needs unix_lock
// Errors: econnrefused, enoent, eacces, eprototype (another type of socket).
SysResult<Ref<UnixEndpoint>> find_endpoint(const UnixAddress &address, SocketType type);

} // namespace refkernel
