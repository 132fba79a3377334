// SPDX-License-Identifier: MIT OR Apache-2.0
// Reading and writing, in all their forms: one buffer or several, at the file's position or at a given one.
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/process.h"
#include <algorithm>

namespace refkernel {

namespace {

constexpr size_t kMaxTransfer = 0x7ffff000; // as Linux: MAX_RW_COUNT
constexpr int kMaxPieces = 1024;

SysResult<size_t> read_at_position(File &file, IoCursor &to) {
  if (!file.may_read())
    return Errno::ebadf;
  if (!file.seekable())
    return file.read(to, 0);
  MutexGuard guard(file.position_lock);
  size_t count = KBPF_TRY(file.read(to, file.position));
  file.position += count;
  return count;
}

SysResult<size_t> write_at_position(File &file, IoCursor &from) {
  if (!file.may_write())
    return Errno::ebadf;
  if (!file.seekable())
    return file.write(from, 0);
  MutexGuard guard(file.position_lock);
  if ((file.flags() & kOpenAppend) && file.inode()->is(kModeRegular)) {
    size_t written = 0;
    file.position = KBPF_TRY(file.append(from, written)) + written;
    return written;
  }
  size_t count = KBPF_TRY(file.write(from, file.position));
  file.position += count;
  return count;
}

SysResult<size_t> read_at(File &file, IoCursor &to, int64_t offset) {
  if (offset < 0)
    return Errno::einval;
  if (!file.may_read())
    return Errno::ebadf;
  return file.seekable() ? file.read(to, static_cast<uint64_t>(offset)) : Errno::espipe;
}

SysResult<size_t> write_at(File &file, IoCursor &from, int64_t offset) {
  if (offset < 0)
    return Errno::einval;
  if (!file.may_write())
    return Errno::ebadf;
  return file.seekable() ? file.write(from, static_cast<uint64_t>(offset)) : Errno::espipe;
}

// The user's array of struct iovec, in kernel memory.
class Pieces {
public:
  static SysResult<Pieces> read(UserPtr<const UserIovec> from, int count) {
    if (count < 0 || count > kMaxPieces)
      return Errno::einval;
    Pieces pieces(static_cast<size_t>(count));
    if (count && !pieces.array_)
      return Errno::enomem;
    if (count && !copy_from_user(pieces.array_, from.address, pieces.bytes()))
      return Errno::efault;
    for (size_t i = 0; i < pieces.count_; ++i) {
      UserIovec &piece = pieces.array_[i];
      if (piece.length > INT64_MAX)
        return Errno::einval;
      piece.length = std::min<uint64_t>(piece.length, kMaxTransfer - pieces.total_);
      pieces.total_ += piece.length;
    }
    return pieces;
  }
  Pieces(Pieces &&other) noexcept
      : count_(other.count_), array_(std::exchange(other.array_, nullptr)), total_(other.total_) {}
  Pieces(const Pieces &) = delete;
  Pieces &operator=(const Pieces &) = delete;
  ~Pieces() { heap_free(array_, bytes(), alignof(UserIovec)); }
  IoCursor cursor() const { return IoCursor::user(array_, total_); }

private:
  explicit Pieces(size_t count)
      : count_(count),
        array_(count ? static_cast<UserIovec *>(heap_allocate(bytes(), alignof(UserIovec))) : nullptr) {}
  size_t bytes() const { return count_ * sizeof(UserIovec); }
  size_t count_;
  UserIovec *array_;
  size_t total_ = 0;
};

IoCursor user_cursor(uintptr_t buffer, size_t size) {
  return IoCursor::user(buffer, std::min(size, kMaxTransfer));
}

} // namespace

KERNEL_CALL sys_read(int fd, uintptr_t buffer, size_t size) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  IoCursor cursor = user_cursor(buffer, size);
  return read_at_position(*file, cursor);
}

KERNEL_CALL sys_write(int fd, uintptr_t buffer, size_t size) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  IoCursor cursor = user_cursor(buffer, size);
  return write_at_position(*file, cursor);
}

KERNEL_CALL sys_pread64(int fd, uintptr_t buffer, size_t size, int64_t offset) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  IoCursor cursor = user_cursor(buffer, size);
  return read_at(*file, cursor, offset);
}

KERNEL_CALL sys_pwrite64(int fd, uintptr_t buffer, size_t size, int64_t offset) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  IoCursor cursor = user_cursor(buffer, size);
  return write_at(*file, cursor, offset);
}

KERNEL_CALL sys_readv(int fd, UserPtr<const UserIovec> vector, int count) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  Pieces pieces = KBPF_TRY(Pieces::read(vector, count));
  IoCursor cursor = pieces.cursor();
  return read_at_position(*file, cursor);
}

KERNEL_CALL sys_writev(int fd, UserPtr<const UserIovec> vector, int count) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  Pieces pieces = KBPF_TRY(Pieces::read(vector, count));
  IoCursor cursor = pieces.cursor();
  return write_at_position(*file, cursor);
}

KERNEL_CALL sys_preadv(int fd, UserPtr<const UserIovec> vector, int count, int64_t offset) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  Pieces pieces = KBPF_TRY(Pieces::read(vector, count));
  IoCursor cursor = pieces.cursor();
  return read_at(*file, cursor, offset);
}

KERNEL_CALL sys_pwritev(int fd, UserPtr<const UserIovec> vector, int count, int64_t offset) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  Pieces pieces = KBPF_TRY(Pieces::read(vector, count));
  IoCursor cursor = pieces.cursor();
  return write_at(*file, cursor, offset);
}

KERNEL_CALL sys_sendfile(int out_fd, int in_fd, UserPtr<int64_t> user_offset, size_t size) {
  Ref<File> out = KBPF_TRY(get_file(out_fd)), in = KBPF_TRY(get_file(in_fd));
  if (!in->may_read() || !out->may_write())
    return Errno::ebadf;
  if (!in->seekable())
    return Errno::einval;
  bool at_offset = static_cast<bool>(user_offset);
  int64_t offset = at_offset ? KBPF_TRY(user_offset.read()) : static_cast<int64_t>(in->position.load());
  if (offset < 0)
    return Errno::einval;
  constexpr size_t kChunk = 16384;
  struct Chunk {
    char *bytes = static_cast<char *>(heap_allocate(kChunk, 8));
    ~Chunk() { heap_free(bytes, kChunk, 8); }
  } chunk;
  if (!chunk.bytes)
    return Errno::enomem;
  size_t total = 0;
  size = std::min(size, kMaxTransfer);
  Errno failure{};
  while (total < size) {
    IoCursor into = IoCursor::kernel(chunk.bytes, std::min(size - total, kChunk));
    SysResult<size_t> got = in->read(into, static_cast<uint64_t>(offset));
    if (!got.ok() || !*got) {
      failure = got.ok() ? Errno{} : got.error();
      break;
    }
    IoCursor from = IoCursor::kernel(chunk.bytes, *got);
    SysResult<size_t> put = write_at_position(*out, from);
    if (!put.ok()) {
      failure = put.error();
      break;
    }
    total += *put;
    offset += static_cast<int64_t>(*put);
    if (*put < *got)
      break;
  }
  if (!total && failure != Errno{})
    return failure;
  if (at_offset)
    KBPF_TRY(user_offset.write(offset));
  else
    in->position = static_cast<uint64_t>(offset);
  return total;
}

namespace {
constexpr SyscallEntry kReadWriteTable[] = {
    SYSCALL_ENTRY(63, read),   SYSCALL_ENTRY(64, write),   SYSCALL_ENTRY(65, readv),
    SYSCALL_ENTRY(66, writev), SYSCALL_ENTRY(67, pread64), SYSCALL_ENTRY(68, pwrite64),
    SYSCALL_ENTRY(69, preadv), SYSCALL_ENTRY(70, pwritev), SYSCALL_ENTRY(71, sendfile),
};
}
constinit const std::span<const SyscallEntry> kReadWriteCalls{kReadWriteTable};

} // namespace refkernel
