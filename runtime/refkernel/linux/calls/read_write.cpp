// SPDX-License-Identifier: MIT OR Apache-2.0
// Reading and writing, in all their forms: one buffer or several, at the file's position or at a given one.
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/io_pieces.h"
#include "refkernel/linux/process.h"
#include <algorithm>

namespace refkernel {

namespace {

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
  IoPieces pieces = KBPF_TRY(IoPieces::read(vector, count));
  IoCursor cursor = pieces.cursor();
  return read_at_position(*file, cursor);
}

KERNEL_CALL sys_writev(int fd, UserPtr<const UserIovec> vector, int count) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  IoPieces pieces = KBPF_TRY(IoPieces::read(vector, count));
  IoCursor cursor = pieces.cursor();
  return write_at_position(*file, cursor);
}

KERNEL_CALL sys_preadv(int fd, UserPtr<const UserIovec> vector, int count, int64_t offset) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  IoPieces pieces = KBPF_TRY(IoPieces::read(vector, count));
  IoCursor cursor = pieces.cursor();
  return read_at(*file, cursor, offset);
}

KERNEL_CALL sys_pwritev(int fd, UserPtr<const UserIovec> vector, int count, int64_t offset) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  IoPieces pieces = KBPF_TRY(IoPieces::read(vector, count));
  IoCursor cursor = pieces.cursor();
  return write_at(*file, cursor, offset);
}

namespace {
// Flags that ask for more safety or less waiting than files in memory need anyway are accepted: RWF_HIPRI, DSYNC, SYNC,
// and NOWAIT where the file never waits.
constexpr uint32_t kHarmlessFlags = 1 | 2 | 4, kNoWait = 8;
SysResult<void> check_flags(int fd, uint32_t flags) {
  if (flags & ~(kHarmlessFlags | kNoWait))
    return Errno::enotsup;
  return flags & kNoWait && !KBPF_TRY(get_file(fd))->seekable() ? SysResult<void>(Errno::enotsup) : SysResult<void>();
}
}

KERNEL_CALL sys_preadv2(int fd, UserPtr<const UserIovec> vector, int count, int64_t offset, uint64_t, uint32_t flags) {
  KBPF_TRY(check_flags(fd, flags));
  return offset == -1 ? sys_readv(fd, vector, count) : sys_preadv(fd, vector, count, offset);
}

KERNEL_CALL sys_pwritev2(int fd, UserPtr<const UserIovec> vector, int count, int64_t offset, uint64_t,
                         uint32_t flags) {
  KBPF_TRY(check_flags(fd, flags));
  return offset == -1 ? sys_writev(fd, vector, count) : sys_pwritev(fd, vector, count, offset);
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
    SYSCALL_ENTRY(286, preadv2), SYSCALL_ENTRY(287, pwritev2),
};
}
constinit const std::span<const SyscallEntry> kReadWriteCalls{kReadWriteTable};

} // namespace refkernel
