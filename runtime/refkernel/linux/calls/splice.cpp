// SPDX-License-Identifier: MIT OR Apache-2.0
// Moving bytes from file to file inside the kernel: splice, tee and vmsplice, which need a pipe at one end, and
// copy_file_range between regular files. The bytes are copied, through a buffer.
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/io_pieces.h"
#include "refkernel/linux/process.h"
#include <algorithm>

namespace refkernel {

namespace {

constexpr uint32_t kSpliceFlags = 15, kSpliceNonBlock = 2;
constexpr size_t kChunk = 16384, kPipeAtomic = 4096;

bool is_pipe(const File &file) { return file.inode()->is(kModeFifo); }

// One end of a copy: a file at an offset that the caller gave, at its own position, or without any.
class End {
public:
  static SysResult<End> open(int fd, UserPtr<int64_t> user_offset, bool for_write) {
    End end(KBPF_TRY(get_file(fd)), user_offset);
    if (for_write ? !end.file_->may_write() : !end.file_->may_read())
      return Errno::ebadf;
    if (user_offset) {
      if (!end.file_->seekable())
        return Errno::espipe;
      int64_t offset = KBPF_TRY(user_offset.read());
      if (offset < 0)
        return Errno::einval;
      end.offset_ = static_cast<uint64_t>(offset);
    } else if (end.file_->seekable()) {
      end.offset_ = end.file_->position;
    }
    return SysResult<End>(std::move(end));
  }
  File &file() { return *file_; }
  uint64_t offset() const { return offset_; }
  void advance(size_t count) { offset_ += file_->seekable() ? count : 0; }
  SysResult<void> finish() {
    if (user_offset_)
      return user_offset_.write(static_cast<int64_t>(offset_));
    if (file_->seekable())
      file_->position = offset_;
    return {};
  }

private:
  End(Ref<File> file, UserPtr<int64_t> user_offset) : file_(std::move(file)), user_offset_(user_offset) {}
  Ref<File> file_;
  UserPtr<int64_t> user_offset_;
  uint64_t offset_ = 0;
};

struct Chunk {
  char *bytes = static_cast<char *>(heap_allocate(kChunk, 8));
  ~Chunk() { heap_free(bytes, kChunk, 8); }
};

// One piece, all of which gets there unless the other end fails: what was taken from a pipe can't go back.
SysResult<size_t> copy_piece(End &in, End &out, char *buffer, size_t size) {
  IoCursor into = IoCursor::kernel(buffer, size);
  size_t got = KBPF_TRY(in.file().read(into, in.offset()));
  size_t put = 0;
  while (put < got) {
    IoCursor from = IoCursor::kernel(buffer + put, got - put);
    SysResult<size_t> count = out.file().write(from, out.offset());
    if (!count.ok() && !put)
      return count.error();
    if (!count.ok() || !*count)
      break;
    put += *count;
    out.advance(*count);
    if (in.file().seekable())
      break; // the rest is still there
  }
  in.advance(put);
  return put;
}

bool is_ready(File &file, uint32_t events) { return file.poll() & (events | kPollHangUp | kPollError); }

} // namespace

KERNEL_CALL sys_splice(int in_fd, UserPtr<int64_t> in_offset, int out_fd, UserPtr<int64_t> out_offset, size_t size,
                       uint32_t flags) {
  if (flags & ~kSpliceFlags)
    return Errno::einval;
  End in = KBPF_TRY(End::open(in_fd, in_offset, false)), out = KBPF_TRY(End::open(out_fd, out_offset, true));
  if ((!is_pipe(in.file()) && !is_pipe(out.file())) || (out.file().flags() & kOpenAppend))
    return Errno::einval;
  if (!size)
    return 0;
  const bool waits = !(flags & kSpliceNonBlock);
  if (!waits && ((is_pipe(in.file()) && !is_ready(in.file(), kPollIn)) ||
                 (is_pipe(out.file()) && !is_ready(out.file(), kPollOut))))
    return Errno::eagain;
  if (out.file().non_blocking() && !is_ready(out.file(), kPollOut))
    return Errno::eagain;
  // A pipe that says it has room has room for this much.
  const bool may_be_short = is_pipe(out.file()) && (!waits || out.file().non_blocking());
  Chunk chunk;
  if (!chunk.bytes)
    return Errno::enomem;
  size_t moved = KBPF_TRY(copy_piece(in, out, chunk.bytes, std::min(size, may_be_short ? kPipeAtomic : kChunk)));
  KBPF_TRY(in.finish());
  KBPF_TRY(out.finish());
  return moved;
}

KERNEL_CALL sys_tee(int in_fd, int out_fd, size_t size, uint32_t flags) {
  if (flags & ~kSpliceFlags)
    return Errno::einval;
  End in = KBPF_TRY(End::open(in_fd, {}, false)), out = KBPF_TRY(End::open(out_fd, {}, true));
  if (!is_pipe(in.file()) || !is_pipe(out.file()) || in.file().inode() == out.file().inode())
    return Errno::einval;
  if (!size)
    return 0;
  const bool waits = !(flags & kSpliceNonBlock);
  if (!waits && (!is_ready(in.file(), kPollIn) || !is_ready(out.file(), kPollOut)))
    return Errno::eagain;
  Chunk chunk;
  if (!chunk.bytes)
    return Errno::enomem;
  IoCursor into = IoCursor::kernel(chunk.bytes, std::min(size, kChunk));
  size_t got = KBPF_TRY(in.file().peek(into));
  if (!got)
    return 0;
  IoCursor from = IoCursor::kernel(chunk.bytes, waits ? got : std::min(got, kPipeAtomic));
  return out.file().write(from, 0);
}

KERNEL_CALL sys_vmsplice(int fd, UserPtr<const UserIovec> vector, size_t count, uint32_t flags) {
  if (flags & ~kSpliceFlags)
    return Errno::einval;
  Ref<File> file = KBPF_TRY(get_file(fd));
  if (!is_pipe(*file))
    return Errno::ebadf;
  IoPieces pieces = KBPF_TRY(IoPieces::read(vector, static_cast<int>(std::min<size_t>(count, INT32_MAX))));
  IoCursor cursor = pieces.cursor();
  const bool writes = file->may_write();
  if ((flags & kSpliceNonBlock) && !is_ready(*file, writes ? kPollOut : kPollIn))
    return Errno::eagain;
  return writes ? file->write(cursor, 0) : file->read(cursor, 0);
}

KERNEL_CALL sys_copy_file_range(int in_fd, UserPtr<int64_t> in_offset, int out_fd, UserPtr<int64_t> out_offset,
                                size_t size, uint32_t flags) {
  if (flags)
    return Errno::einval;
  End in = KBPF_TRY(End::open(in_fd, in_offset, false)), out = KBPF_TRY(End::open(out_fd, out_offset, true));
  for (End *end : {&in, &out}) {
    if (end->file().inode()->is(kModeDirectory))
      return Errno::eisdir;
    if (!end->file().inode()->is(kModeRegular))
      return Errno::einval;
  }
  if (out.file().flags() & kOpenAppend)
    return Errno::ebadf;
  size = std::min(size, kMaxTransfer);
  const uint64_t distance =
      in.offset() > out.offset() ? in.offset() - out.offset() : out.offset() - in.offset();
  if (in.file().inode() == out.file().inode() && distance < size)
    return Errno::einval; // they overlap
  Chunk chunk;
  if (!chunk.bytes)
    return Errno::enomem;
  size_t total = 0;
  while (total < size) {
    SysResult<size_t> moved = copy_piece(in, out, chunk.bytes, std::min(size - total, kChunk));
    if (!moved.ok() && !total)
      return moved.error();
    if (!moved.ok() || !*moved)
      break;
    total += *moved;
  }
  KBPF_TRY(in.finish());
  KBPF_TRY(out.finish());
  return total;
}

namespace {
constexpr SyscallEntry kSpliceTable[] = {
    SYSCALL_ENTRY(75, vmsplice),
    SYSCALL_ENTRY(76, splice),
    SYSCALL_ENTRY(77, tee),
    SYSCALL_ENTRY(285, copy_file_range),
};
}
constinit const std::span<const SyscallEntry> kSpliceCalls{kSpliceTable};

} // namespace refkernel
