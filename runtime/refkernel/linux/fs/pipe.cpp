// SPDX-License-Identifier: MIT OR Apache-2.0
// A ring buffer with two positions. The reader's mutex guards taking, the writer's putting; user memory is
// copied under one of them, and nobody waits for data or room with either held.
#include "refkernel/linux/fs/pipe.h"
#include "refkernel/linux/process.h"
#include "refkernel/linux/signal/signal.h"
#include <algorithm>

namespace refkernel {

namespace {

constexpr size_t kCapacity = 65536, kAtomicWrite = 4096;
constexpr uint32_t kFionread = 0x541b;

class Pipe : public RefCounted {
public:
  static SysResult<Ref<Pipe>> create() {
    Ref<Pipe> pipe = Ref<Pipe>::adopt(try_make<Pipe>());
    if (!pipe || !(pipe->bytes_ = static_cast<char *>(heap_allocate(kCapacity, 1))))
      return Errno::enomem;
    return pipe;
  }
  ~Pipe() { heap_free(bytes_, kCapacity, 1); }

  size_t used() const {
    return head_.load(std::memory_order_acquire) - tail_.load(std::memory_order_acquire);
  }

  // consume: what was read is gone.
  SysResult<size_t> read(IoCursor &to, bool wait, bool consume = true) {
    if (!to.remaining())
      return size_t{0};
    for (;;) {
      if (size_t count = KBPF_TRY(take(to, consume))) {
        if (consume)
          announce();
        return count;
      }
      SpinGuard guard(state_lock_);
      if (used())
        continue;
      if (!writers_)
        return size_t{0};
      if (!wait)
        return Errno::eagain;
      if (changed_.sleep(state_lock_) == WaitResult::interrupted)
        return Errno::erestart;
    }
  }

  SysResult<size_t> write(IoCursor &from, bool wait) {
    size_t total = 0, wanted = from.remaining();
    while (from.remaining()) {
      {
        SpinGuard guard(state_lock_);
        if (!readers_)
          return total ? SysResult<size_t>(total) : Errno::epipe;
      }
      SysResult<size_t> count = put(from, wanted <= kAtomicWrite ? wanted : 1);
      if (!count.ok())
        return total ? SysResult<size_t>(total) : count.error();
      if (*count) {
        total += *count;
        announce();
        continue;
      }
      SpinGuard guard(state_lock_);
      if (!readers_ || room_for(wanted <= kAtomicWrite ? wanted : 1))
        continue;
      if (!wait)
        return total ? SysResult<size_t>(total) : Errno::eagain;
      if (changed_.sleep(state_lock_) == WaitResult::interrupted)
        return total ? SysResult<size_t>(total) : Errno::erestart;
    }
    return total;
  }

  uint32_t poll(bool reads, bool writes) {
    SpinGuard guard(state_lock_);
    uint32_t events = 0;
    if (reads)
      events |= (used() ? kPollIn | kPollReadNormal : 0) | (writers_ ? 0 : kPollHangUp);
    if (writes)
      events |= (room_for(kAtomicWrite) ? kPollOut | kPollWriteNormal : 0) | (readers_ ? 0 : kPollError);
    return events;
  }
  uint32_t generation() const { return generation_.load(); }

  void open_end(bool reads, bool writes) {
    {
      SpinGuard guard(state_lock_);
      readers_ += reads;
      writers_ += writes;
      reader_opens_ += reads;
      writer_opens_ += writes;
    }
    announce();
  }
  void close_end(bool reads, bool writes) {
    {
      SpinGuard guard(state_lock_);
      readers_ -= reads;
      writers_ -= writes;
    }
    announce();
  }
  bool has_reader() {
    SpinGuard guard(state_lock_);
    return readers_;
  }
  // FIFO: until the other side has been opened.
  SysResult<void> wait_for_peer(bool for_writer) {
    SpinGuard guard(state_lock_);
    uint32_t &present = for_writer ? writers_ : readers_;
    uint64_t &opens = for_writer ? writer_opens_ : reader_opens_;
    uint64_t seen = opens;
    while (!present && opens == seen)
      if (changed_.sleep(state_lock_) == WaitResult::interrupted)
        return Errno::erestart;
    return {};
  }

private:
  bool room_for(size_t size) const { return kCapacity - used() >= size; }

  SysResult<size_t> take(IoCursor &to, bool consume) {
    MutexGuard guard(read_lock_);
    size_t total = 0;
    uint64_t tail = tail_.load();
    while (size_t there = head_.load(std::memory_order_acquire) - tail) {
      size_t offset = tail % kCapacity, count = std::min({to.remaining(), there, kCapacity - offset});
      if (!count)
        break;
      auto moved = to.put(bytes_ + offset, count);
      if (!moved.ok())
        return total ? SysResult<size_t>(total) : moved.error();
      tail += count;
      total += count;
      if (consume)
        tail_.store(tail, std::memory_order_release);
    }
    return total;
  }

  SysResult<size_t> put(IoCursor &from, size_t at_least) {
    MutexGuard guard(write_lock_);
    if (!room_for(at_least))
      return size_t{0};
    size_t total = 0;
    while (from.remaining() && used() < kCapacity) {
      uint64_t head = head_.load();
      size_t offset = head % kCapacity,
             count = std::min({from.remaining(), kCapacity - used(), kCapacity - offset});
      auto moved = from.take(bytes_ + offset, count);
      if (!moved.ok())
        return total ? SysResult<size_t>(total) : moved.error();
      head_.store(head + count, std::memory_order_release);
      total += count;
    }
    return total;
  }

  void announce() {
    {
      SpinGuard guard(state_lock_);
      generation_.fetch_add(1);
      changed_.wake_all();
    }
    notify_pollers();
  }

  Mutex read_lock_, write_lock_;
  SpinLock state_lock_; // counts of ends, and sleeping
  WaitQueue changed_;
  uint32_t readers_ = 0, writers_ = 0;
  uint64_t reader_opens_ = 0, writer_opens_ = 0;
  std::atomic<uint64_t> head_{0}, tail_{0};
  std::atomic<uint32_t> generation_{0};
  char *bytes_ = nullptr;
};

class PipeFile final : public HeapObject<PipeFile, File> {
public:
  PipeFile(Ref<Inode> inode, uint32_t flags, Ref<Pipe> pipe, std::string_view prefix)
      : HeapObject(std::move(inode), flags), pipe_(std::move(pipe)), prefix_(prefix) {
    pipe_->open_end(may_read(), may_write());
  }
  ~PipeFile() { pipe_->close_end(may_read(), may_write()); }
  SysResult<size_t> read(IoCursor &to, uint64_t) override { return pipe_->read(to, !non_blocking()); }
  SysResult<size_t> peek(IoCursor &to) override { return pipe_->read(to, !non_blocking(), false); }
  SysResult<size_t> write(IoCursor &from, uint64_t) override {
    auto written = pipe_->write(from, !non_blocking());
    if (!written.ok() && written.error() == Errno::epipe)
      signal_broken_pipe();
    return written;
  }
  uint32_t poll() override { return pipe_->poll(may_read(), may_write()); }
  uint32_t poll_generation() override { return pipe_->generation(); }
  SysResult<int64_t> ioctl(uint32_t command, uint64_t argument) override {
    if (command != kFionread)
      return Errno::enotty;
    KBPF_TRY((UserPtr<int32_t>{argument}.write(static_cast<int32_t>(pipe_->used()))));
    return int64_t{0};
  }
  void append_name(kbpf::TextSink &sink) const override {
    if (prefix_.empty())
      return File::append_name(sink);
    kbpf::print(sink, "{}[{}]", prefix_, inode()->number);
  }

private:
  Ref<Pipe> pipe_;
  std::string_view prefix_; // "pipe:", or empty for a FIFO, which has a path
};

SysResult<Ref<File>> open_pipe_end(Ref<Inode> inode, uint32_t flags, Ref<Pipe> pipe,
                                   std::string_view prefix) {
  auto *file = try_make<PipeFile>(std::move(inode), flags, std::move(pipe), prefix);
  if (!file)
    return Errno::enomem;
  return Ref<File>::adopt(file);
}

// A pipe's inode, too, may be opened, by its name in /proc/PID/fd.
class Fifo final : public HeapObject<Fifo, Inode> {
public:
  Fifo(const FileSystemKind &kind, uint32_t permissions, Ref<Pipe> pipe, std::string_view prefix = {})
      : HeapObject(kind, kModeFifo | permissions), pipe_(std::move(pipe)), prefix_(prefix) {}
  SysResult<Ref<File>> open(uint32_t flags) override {
    uint32_t access = flags & kOpenAccessMode;
    const bool is_pipe = !prefix_.empty();
    if (!is_pipe && access == kOpenWriteOnly && (flags & kOpenNonBlock) && !pipe_->has_reader())
      return Errno::enxio;
    Ref<File> file = KBPF_TRY(open_pipe_end(Ref<Inode>::share(this), flags, pipe_, prefix_));
    if (!is_pipe && access != kOpenReadWrite && !(flags & kOpenNonBlock))
      KBPF_TRY(pipe_->wait_for_peer(access == kOpenReadOnly));
    return file;
  }

private:
  Ref<Pipe> pipe_;
  std::string_view prefix_; // as of its files
};

} // namespace

SysResult<PipeEnds> make_pipe(uint32_t flags) {
  Ref<Pipe> pipe = KBPF_TRY(Pipe::create());
  auto *made = try_make<Fifo>(kPipeFs, 0600, pipe, "pipe:");
  if (!made)
    return Errno::enomem;
  Ref<Inode> inode = Ref<Inode>::adopt(made);
  flags &= kOpenNonBlock;
  return PipeEnds{KBPF_TRY(open_pipe_end(inode, flags | kOpenReadOnly, pipe, "pipe:")),
                  KBPF_TRY(open_pipe_end(inode, flags | kOpenWriteOnly, pipe, "pipe:"))};
}

SysResult<Ref<Inode>> make_fifo(const FileSystemKind &kind, uint32_t permissions) {
  auto *fifo = try_make<Fifo>(kind, permissions, KBPF_TRY(Pipe::create()));
  if (!fifo)
    return Errno::enospc;
  return Ref<Inode>::adopt(fifo);
}

} // namespace refkernel
