// SPDX-License-Identifier: MIT OR Apache-2.0
// Sockets: of AF_UNIX, and of AF_INET on the machine itself; asking for another family fails as on a kernel without it.
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/internet_address.h"
#include "refkernel/linux/fs/io_pieces.h"
#include "refkernel/linux/fs/unix_socket.h"
#include "refkernel/linux/process.h"
#include <algorithm>
#include <cstring>

namespace refkernel {

namespace {

constexpr int kFamilyUnspecified = 0, kFamilyUnix = 1, kFamilyInternet = 2;
constexpr size_t kFamilySize = sizeof(uint16_t);
enum : int32_t { kPassRights = 1, kPassCredentials = 2 }; // SCM_*

struct LinuxMsghdr { // struct user_msghdr
  uint64_t name;
  int32_t name_size;
  uint32_t pad1;
  uint64_t pieces, piece_count, control, control_size;
  uint32_t flags, pad2;
};
static_assert(sizeof(LinuxMsghdr) == 56);

struct ControlHeader { // struct cmsghdr
  uint64_t size;       // with the header
  int32_t level, type;
};

// The low bits of type name the kind, two others are flags of the descriptor.
struct TypeAndFlags {
  SocketType type;
  uint32_t flags;
  SocketFamily family = SocketFamily::local;
};
SysResult<TypeAndFlags> internet_type(int type, int protocol, uint32_t flags) {
  if (type != 1 && type != 2)
    return type == 3 ? Errno::eprotonosupport : Errno::esocktnosupport;
  if (protocol != 0 && protocol != (type == 1 ? kTcp : kUdp))
    return Errno::eprotonosupport;
  return TypeAndFlags{type == 1 ? SocketType::stream : SocketType::datagram, flags, SocketFamily::internet};
}
SysResult<TypeAndFlags> parse_type(int family, int type, int protocol) {
  constexpr int kTypeMask = 15;
  auto flags = static_cast<uint32_t>(type & ~kTypeMask);
  if (flags & ~(kOpenCloseOnExec | kOpenNonBlock))
    return Errno::einval;
  if (family == kFamilyInternet)
    return internet_type(type & kTypeMask, protocol, flags);
  if (family != kFamilyUnix)
    return Errno::eafnosupport;
  if (protocol != 0 && protocol != kFamilyUnix)
    return Errno::eprotonosupport;
  switch (type & kTypeMask) {
  case 1:
    return TypeAndFlags{SocketType::stream, flags};
  case 2:
  case 3: // SOCK_RAW, which Linux takes for datagrams
    return TypeAndFlags{SocketType::datagram, flags};
  case 5:
    return TypeAndFlags{SocketType::sequenced, flags};
  }
  return Errno::esocktnosupport;
}

struct FamilyAndAddress {
  int family = kFamilyUnspecified;
  UnixAddress address;
};
struct LinuxInternetAddress { // struct sockaddr_in
  uint16_t family;
  InternetPlace place;
  uint8_t zero[8];
};
static_assert(sizeof(LinuxInternetAddress) == 16);

// struct sockaddr_un of size bytes, or sockaddr_in for a socket of that family. Errors: efault, einval.
SysResult<FamilyAndAddress> read_address(SocketFamily of_socket, uintptr_t from, size_t size) {
  if (of_socket == SocketFamily::internet) {
    LinuxInternetAddress given{};
    if (size < kFamilySize)
      return Errno::einval;
    if (!copy_from_user(&given, from, std::min(size, sizeof(given))))
      return Errno::efault;
    if (given.family == kFamilyInternet && size < sizeof(given))
      return Errno::einval;
    return FamilyAndAddress{given.family, to_address(given.place)};
  }
  struct {
    uint16_t family;
    char path[sizeof(UnixAddress::bytes)];
  } given{};
  if (size < kFamilySize || size > sizeof(given))
    return Errno::einval;
  if (!copy_from_user(&given, from, size))
    return Errno::efault;
  FamilyAndAddress result;
  result.family = given.family;
  size_t length = size - kFamilySize;
  if (length && given.path[0])
    length = strnlen(given.path, length);
  result.address.size = static_cast<uint8_t>(length);
  memcpy(result.address.bytes, given.path, length);
  return result;
}
// One of the socket's own family.
SysResult<UnixAddress> read_own_address(const UnixSocket &socket, uintptr_t from, size_t size) {
  FamilyAndAddress given = KBPF_TRY(read_address(socket.family(), from, size));
  if (given.family != static_cast<int>(socket.family()))
    return Errno::eafnosupport;
  return given.address;
}

// As much as there is room for; *user_size becomes the whole size.
SysResult<void> write_address(const UnixAddress &address, uintptr_t to, size_t room, UserPtr<int32_t> user_size) {
  if (address.family == SocketFamily::internet) {
    const LinuxInternetAddress told{kFamilyInternet, place_of(address), {}};
    if (!copy_to_user(to, &told, std::min(room, sizeof(told))))
      return Errno::efault;
    return user_size.write(static_cast<int32_t>(sizeof(told)));
  }
  struct {
    uint16_t family = kFamilyUnix;
    char path[sizeof(UnixAddress::bytes) + 1] = {};
  } told;
  memcpy(told.path, address.bytes, address.size);
  bool is_path = address.size && !address.abstract();
  size_t size = kFamilySize + address.size + (is_path ? 1 : 0);
  if (!copy_to_user(to, &told, std::min(room, size)))
    return Errno::efault;
  return user_size.write(static_cast<int32_t>(size));
}
SyscallResult write_address_back(const UnixAddress &address, uintptr_t to, UserPtr<int32_t> user_size) {
  int32_t room = KBPF_TRY(user_size.read());
  if (room < 0)
    return Errno::einval;
  return write_address(address, to, static_cast<size_t>(room), user_size);
}

// An abstract name that nobody has, for bind without one.
SysResult<void> bind_to_free_name(UnixSocket &socket) {
  static std::atomic<uint32_t> next{0};
  constexpr uint32_t kNames = 1 << 20;
  for (uint32_t attempt = 0; attempt < kNames; ++attempt) {
    UnixAddress address;
    kbpf::TextBuffer text(address.bytes + 1, sizeof(address.bytes) - 1);
    kbpf::append_unsigned(text, next.fetch_add(1) % kNames, 16, 5);
    address.bytes[0] = 0;
    address.size = 6;
    SysResult<void> bound = socket.bind(address);
    if (bound.ok() || bound.error() != Errno::eaddrinuse)
      return bound;
  }
  return Errno::eaddrinuse;
}

SyscallResult raise_broken_pipe(SysResult<size_t> sent, uint32_t flags) {
  if (!sent.ok() && sent.error() == Errno::epipe && !(flags & kMessageNoSignal))
    signal_broken_pipe();
  return sent;
}

// The files that the control part of a message passes. Sockets and epolls are not passed: in a queue that only they
// keep alive they would never go.
SysResult<PassedFiles> read_rights(uintptr_t control, size_t size) {
  PassedFiles files;
  constexpr size_t kMaxControl = 20480;
  if (size > kMaxControl)
    return Errno::einval;
  while (size >= sizeof(ControlHeader)) {
    ControlHeader header = KBPF_TRY((UserPtr<const ControlHeader>{control}.read()));
    if (header.size < sizeof(header) || header.size > size)
      return Errno::einval;
    if (header.level == kSocketLevel && header.type == kPassRights) {
      size_t count = (header.size - sizeof(header)) / sizeof(int32_t);
      if (count > kMaxPassedFiles - files.size())
        return Errno::einval;
      KBPF_TRY(files.reserve());
      for (size_t i = 0; i < count; ++i) {
        int fd = KBPF_TRY((UserPtr<const int32_t>{control + sizeof(header)}.at(i).read()));
        Ref<File> file = KBPF_TRY(get_file(fd));
        if (file->special_kind() == SpecialKind::socket || file->special_kind() == SpecialKind::epoll)
          return Errno::enotsup;
        files.add(std::move(file));
      }
    } else if (header.level != kSocketLevel || header.type != kPassCredentials) {
      return Errno::einval; // one's own credentials are sent with every message anyway
    }
    size_t step = std::min(align_up(header.size, 8), size);
    control += step;
    size -= step;
  }
  return files;
}

// Writes control messages one after the other, as long as there is room.
class ControlWriter {
public:
  ControlWriter(uintptr_t to, size_t room) : start_(to), at_(to), end_(to + room) {}
  size_t used() const { return at_ - start_; }
  bool truncated() const { return truncated_; }

  SysResult<void> credentials(const SocketCredentials &sender) {
    if (end_ - at_ < sizeof(ControlHeader) + sizeof(sender)) {
      truncated_ = true;
      return {};
    }
    KBPF_TRY(header(kPassCredentials, sizeof(sender)));
    if (!copy_to_user(at_ + sizeof(ControlHeader), &sender, sizeof(sender)))
      return Errno::efault;
    advance(sizeof(sender));
    return {};
  }

  SysResult<void> files(const PassedFiles &passed, uint32_t open_flags) {
    size_t room = end_ - at_ < sizeof(ControlHeader) ? 0 : (end_ - at_ - sizeof(ControlHeader)) / sizeof(int32_t);
    size_t count = 0;
    for (; count < std::min(passed.size(), room); ++count) {
      SysResult<int> fd = install_file(passed[count], open_flags);
      if (!fd.ok())
        break;
      KBPF_TRY((UserPtr<int32_t>{at_ + sizeof(ControlHeader)}.at(count).write(*fd)));
    }
    truncated_ = truncated_ || count < passed.size();
    if (!count)
      return {};
    KBPF_TRY(header(kPassRights, count * sizeof(int32_t)));
    advance(count * sizeof(int32_t));
    return {};
  }

private:
  SysResult<void> header(int32_t type, size_t payload) {
    return UserPtr<ControlHeader>{at_}.write({sizeof(ControlHeader) + payload, kSocketLevel, type});
  }
  void advance(size_t payload) { at_ = std::min(at_ + align_up(sizeof(ControlHeader) + payload, 8), end_); }
  uintptr_t start_, at_, end_;
  bool truncated_ = false;
};

SyscallResult send_message(int fd, const LinuxMsghdr &message, uint32_t flags) {
  SocketFile socket = KBPF_TRY(get_socket(fd));
  IoPieces pieces = KBPF_TRY(IoPieces::read({message.pieces}, static_cast<int>(std::min<uint64_t>(message.piece_count, INT32_MAX))));
  PassedFiles files;
  if (message.control && message.control_size) {
    PassedFiles read = KBPF_TRY(read_rights(message.control, message.control_size));
    files = std::move(read);
  }
  IoCursor cursor = pieces.cursor();
  if (!message.name || !message.name_size)
    return raise_broken_pipe(socket->send(cursor, flags, nullptr, std::move(files)), flags);
  UnixAddress to = KBPF_TRY(read_own_address(*as_unix_socket(*socket.file), message.name,
                                             static_cast<size_t>(std::max(message.name_size, 0))));
  return raise_broken_pipe(socket->send(cursor, flags, &to, std::move(files)), flags);
}

// TCP says at accept who the other end is, and never again.
bool tells_sender(const UnixSocket &socket) {
  return socket.family() == SocketFamily::local || socket.type() == SocketType::datagram;
}

SyscallResult receive_message(int fd, UserPtr<LinuxMsghdr> user, uint32_t flags) {
  SocketFile socket = KBPF_TRY(get_socket(fd));
  LinuxMsghdr message = KBPF_TRY(user.cast<const LinuxMsghdr>().read());
  IoPieces pieces = KBPF_TRY(IoPieces::read({message.pieces}, static_cast<int>(std::min<uint64_t>(message.piece_count, INT32_MAX))));
  IoCursor cursor = pieces.cursor();
  Received received;
  KBPF_TRY(socket->receive(cursor, flags, received));
  UserPtr<int32_t> name_size{user.address + offsetof(LinuxMsghdr, name_size)};
  if (message.name && received.any && tells_sender(*as_unix_socket(*socket.file)))
    KBPF_TRY(write_address(received.from, message.name, static_cast<size_t>(std::max(message.name_size, 0)), name_size));
  else if (message.name)
    KBPF_TRY(name_size.write(0));
  ControlWriter control(message.control, message.control ? message.control_size : 0);
  if (socket->wants_credentials && received.any)
    KBPF_TRY(control.credentials(received.sender));
  if (received.files.size())
    KBPF_TRY(control.files(received.files, flags & kMessageCloseOnExec ? kOpenCloseOnExec : 0));
  if (control.truncated())
    received.flags |= kMessageControlTruncated;
  KBPF_TRY((UserPtr<uint64_t>{user.address + offsetof(LinuxMsghdr, control_size)}.write(control.used())));
  KBPF_TRY((UserPtr<uint32_t>{user.address + offsetof(LinuxMsghdr, flags)}.write(received.flags)));
  return received.bytes;
}

} // namespace

SysResult<SocketFile> get_socket(int fd) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  if (!as_unix_socket(*file))
    return Errno::enotsock;
  return SocketFile{std::move(file)};
}

KERNEL_CALL sys_socket(int family, int type, int protocol) {
  TypeAndFlags wanted = KBPF_TRY(parse_type(family, type, protocol));
  return install_file(KBPF_TRY(make_socket(wanted.family, wanted.type, wanted.flags)), wanted.flags);
}

KERNEL_CALL sys_socketpair(int family, int type, int protocol, UserPtr<int32_t> fds) {
  TypeAndFlags wanted = KBPF_TRY(parse_type(family, type, protocol));
  if (wanted.family != SocketFamily::local)
    return Errno::enotsup;
  SocketPair pair = KBPF_TRY(make_unix_pair(wanted.type, wanted.flags));
  return install_two(std::move(pair.first), std::move(pair.second), fds, wanted.flags);
}

KERNEL_CALL sys_bind(int fd, uintptr_t address, uint32_t size) {
  SocketFile socket = KBPF_TRY(get_socket(fd));
  UnixAddress wanted = KBPF_TRY(read_own_address(*as_unix_socket(*socket.file), address, size));
  return wanted.size ? socket->bind(wanted) : bind_to_free_name(*as_unix_socket(*socket.file));
}

KERNEL_CALL sys_listen(int fd, int backlog) {
  return KBPF_TRY(get_socket(fd))->listen(static_cast<uint32_t>(std::max(backlog, 0)));
}

KERNEL_CALL sys_connect(int fd, uintptr_t address, uint32_t size) {
  SocketFile socket = KBPF_TRY(get_socket(fd));
  const SocketFamily family = socket->family();
  FamilyAndAddress wanted = KBPF_TRY(read_address(family, address, size));
  if (wanted.family == kFamilyUnspecified)
    return socket->connect(nullptr);
  if (wanted.family != static_cast<int>(family))
    return family == SocketFamily::internet ? Errno::eafnosupport : Errno::einval;
  if (!wanted.address.size)
    return Errno::einval;
  return socket->connect(&wanted.address);
}

KERNEL_CALL sys_accept4(int fd, uintptr_t address, UserPtr<int32_t> size, uint32_t flags) {
  if (flags & ~(kOpenCloseOnExec | kOpenNonBlock))
    return Errno::einval;
  SocketFile socket = KBPF_TRY(get_socket(fd));
  Ref<File> accepted = KBPF_TRY(socket->accept(flags));
  if (address) {
    SyscallResult written =
        write_address_back(KBPF_TRY(as_unix_socket(*accepted)->peer_name()), address, size);
    if (written.value < 0)
      return written;
  }
  return install_file(std::move(accepted), flags);
}
KERNEL_CALL sys_accept(int fd, uintptr_t address, UserPtr<int32_t> size) { return sys_accept4(fd, address, size, 0); }

KERNEL_CALL sys_getsockname(int fd, uintptr_t address, UserPtr<int32_t> size) {
  return write_address_back(KBPF_TRY(get_socket(fd))->own_name(), address, size);
}

KERNEL_CALL sys_getpeername(int fd, uintptr_t address, UserPtr<int32_t> size) {
  SocketFile socket = KBPF_TRY(get_socket(fd));
  return write_address_back(KBPF_TRY(socket->peer_name()), address, size);
}

KERNEL_CALL sys_sendto(int fd, uintptr_t buffer, size_t size, uint32_t flags, uintptr_t address,
                       uint32_t address_size) {
  SocketFile socket = KBPF_TRY(get_socket(fd));
  IoCursor cursor = IoCursor::user(buffer, std::min(size, kMaxTransfer));
  if (!address)
    return raise_broken_pipe(socket->send(cursor, flags, nullptr, {}), flags);
  UnixAddress to = KBPF_TRY(read_own_address(*as_unix_socket(*socket.file), address, address_size));
  return raise_broken_pipe(socket->send(cursor, flags, &to, {}), flags);
}

KERNEL_CALL sys_recvfrom(int fd, uintptr_t buffer, size_t size, uint32_t flags, uintptr_t address,
                         UserPtr<int32_t> address_size) {
  SocketFile socket = KBPF_TRY(get_socket(fd));
  IoCursor cursor = IoCursor::user(buffer, std::min(size, kMaxTransfer));
  Received received;
  KBPF_TRY(socket->receive(cursor, flags, received));
  if (address && received.any && tells_sender(*as_unix_socket(*socket.file))) {
    SyscallResult written = write_address_back(received.from, address, address_size);
    if (written.value < 0)
      return written;
  } else if (address && socket->family() == SocketFamily::internet) {
    KBPF_TRY(address_size.write(0));
  }
  return received.bytes;
}

KERNEL_CALL sys_sendmsg(int fd, UserPtr<const LinuxMsghdr> message, uint32_t flags) {
  return send_message(fd, KBPF_TRY(message.read()), flags);
}

KERNEL_CALL sys_recvmsg(int fd, UserPtr<LinuxMsghdr> message, uint32_t flags) {
  return receive_message(fd, message, flags);
}

namespace {
struct LinuxMmsghdr { // struct mmsghdr
  LinuxMsghdr message;
  uint32_t bytes, pad;
};
constexpr uint32_t kMaxMessages = 1024; // UIO_MAXIOV

// Counts the messages for which call(message) works; what failed is told where it was the first.
template <typename Call> SyscallResult each_message(UserPtr<LinuxMmsghdr> messages, uint32_t count, Call call) {
  uint32_t done = 0;
  for (; done < std::min(count, kMaxMessages); ++done) {
    SyscallResult bytes = call(UserPtr<LinuxMsghdr>{messages.at(done).address}, done);
    if (bytes.value < 0 && done == 0)
      return bytes;
    if (bytes.value < 0)
      break;
    KBPF_TRY(UserPtr<uint32_t>{messages.at(done).address + offsetof(LinuxMmsghdr, bytes)}.write(
        static_cast<uint32_t>(bytes.value)));
  }
  return done;
}
} // namespace

KERNEL_CALL sys_sendmmsg(int fd, UserPtr<LinuxMmsghdr> messages, uint32_t count, uint32_t flags) {
  return each_message(messages, count, [&](UserPtr<LinuxMsghdr> message, uint32_t) -> SyscallResult {
    return send_message(fd, KBPF_TRY(message.cast<const LinuxMsghdr>().read()), flags);
  });
}

// The time is looked at between messages, as on Linux.
KERNEL_CALL sys_recvmmsg(int fd, UserPtr<LinuxMmsghdr> messages, uint32_t count, uint32_t flags,
                         UserPtr<const LinuxTimespec> timeout) {
  constexpr uint32_t kWaitForOne = 0x10000, kDontWait = 0x40;
  uint64_t deadline = kNoDeadline;
  if (timeout) {
    LinuxTimespec time = KBPF_TRY(timeout.read());
    if (!time.valid())
      return Errno::einval;
    deadline = time.to_ns() > kNoDeadline - now_ns() ? kNoDeadline : now_ns() + time.to_ns();
  }
  return each_message(messages, count, [&](UserPtr<LinuxMsghdr> message, uint32_t done) -> SyscallResult {
    if (done && now_ns() >= deadline)
      return Errno::eagain;
    const bool waits = !done || !(flags & kWaitForOne);
    return receive_message(fd, message, (flags & ~kWaitForOne) | (waits ? 0 : kDontWait));
  });
}

KERNEL_CALL sys_shutdown(int fd, int how) {
  SocketFile socket = KBPF_TRY(get_socket(fd));
  if (how < 0 || how > 2)
    return Errno::einval;
  return socket->shut(how != 1, how != 0);
}

namespace {
constexpr SyscallEntry kSocketTable[] = {
    SYSCALL_ENTRY(198, socket),      SYSCALL_ENTRY(199, socketpair), SYSCALL_ENTRY(200, bind),
    SYSCALL_ENTRY(201, listen),      SYSCALL_ENTRY(202, accept),     SYSCALL_ENTRY(203, connect),
    SYSCALL_ENTRY(204, getsockname), SYSCALL_ENTRY(205, getpeername), SYSCALL_ENTRY(206, sendto),
    SYSCALL_ENTRY(207, recvfrom),   
    SYSCALL_ENTRY(210, shutdown),    SYSCALL_ENTRY(211, sendmsg),    SYSCALL_ENTRY(212, recvmsg),
    SYSCALL_ENTRY(242, accept4),     SYSCALL_ENTRY(243, recvmmsg),   SYSCALL_ENTRY(269, sendmmsg),
};
}
constinit const std::span<const SyscallEntry> kSocketCalls{kSocketTable};

} // namespace refkernel
