// SPDX-License-Identifier: MIT OR Apache-2.0
// An open file description: what descriptors of one or more processes refer to. Each kind of file (regular,
// directory, pipe, console, ...) derives from File and implements the calls that it knows; the rest answer
// with Linux's error.
#pragma once
#include "core/base/text.h"
#include "refkernel/lib/alloc.h"
#include "refkernel/lib/ref.h"
#include "refkernel/linux/abi.h"
#include "refkernel/linux/errno.h"
#include "refkernel/linux/user_ptr.h"
#include "refkernel/sched/sync.h"
#include <atomic>
#include <string_view>

struct kbpf_object;

namespace refkernel {

class Inode;
struct EpollWatch;

// Implements dispose() of a polymorphic, reference-counted type for its most derived class.
template <typename Derived, typename Base> class HeapObject : public Base {
public:
  using Base::Base;
  void dispose() final { free_object(static_cast<Derived *>(this)); }
};

// Where getdents64 puts entries: false where there is no more room (the entry then comes again).
class DirectorySink {
public:
  virtual bool add(std::string_view name, uint64_t inode, uint32_t mode, uint64_t next_offset) = 0;

protected:
  ~DirectorySink() = default;
};

enum class SpecialKind {
  none,
  epoll,
  bpf,
  timer,
  signals,
  socket,
  process
}; // kinds that calls ask for, since there is no RTTI

class File : public RefCounted {
public:
  // Reads and writes move up to cursor.remaining() bytes; position is where in a seekable file. Blocking
  // calls return erestart for a signal, eagain where O_NONBLOCK is set.
  virtual SysResult<size_t> read(IoCursor &to, uint64_t position) { return Errno::einval; }
  virtual SysResult<size_t> write(IoCursor &from, uint64_t position) { return Errno::einval; }
  // What a read would take, which stays there; of pipes.
  virtual SysResult<size_t> peek(IoCursor &to) { return Errno::einval; }
  virtual SysResult<uint64_t> append(IoCursor &from, size_t &written) { return Errno::einval; } // O_APPEND
  virtual bool seekable() const { return false; }
  virtual SysResult<uint64_t> size() { return Errno::espipe; } // for SEEK_END
  virtual SysResult<void> truncate(uint64_t size) { return Errno::einval; }
  virtual uint32_t poll() {
    return kPollIn | kPollOut | kPollReadNormal | kPollWriteNormal;
  } // events that hold now
  virtual uint32_t poll_generation() { return 0; } // changes with each new event, for edge-triggered epoll
  virtual SysResult<int64_t> ioctl(uint32_t command, uint64_t argument) { return Errno::enotty; }
  struct MappingWish { // bytes; offset is a multiple of the page size
    uint64_t offset;
    size_t length;
    bool shared, writable;
  };
  virtual SysResult<Ref<PageSource>> mapping(const MappingWish &) {
    return Errno::enodev;
  } // null: zero pages
  virtual SysResult<void> list(uint64_t &offset, DirectorySink &sink) { return Errno::enotdir; }
  virtual void append_info(kbpf::TextSink &sink) {}     // more lines of /proc/PID/fdinfo
  virtual void append_name(kbpf::TextSink &sink) const; // what /proc/PID/fd/N links to
  virtual int bpf_object(kbpf_object **) const {
    return -static_cast<int>(Errno::einval);
  } // 0 where it has one, or what its descriptors may not do (KBPF_FD_NO_READ, ...)
  virtual SpecialKind special_kind() const { return SpecialKind::none; }
  virtual void dispose() = 0;

  Inode *inode() const { return inode_.get(); }
  uint32_t flags() const { return flags_.load(std::memory_order_relaxed); }
  void set_flags(uint32_t flags) { flags_.store(flags, std::memory_order_relaxed); }
  bool may_read() const { return (flags() & kOpenAccessMode) != kOpenWriteOnly && !(flags() & kOpenPath); }
  bool may_write() const { return (flags() & kOpenAccessMode) != kOpenReadOnly && !(flags() & kOpenPath); }
  bool non_blocking() const { return flags() & kOpenNonBlock; }

  // Where the next read or write of a seekable file happens; position_lock makes the two steps one.
  Mutex position_lock;
  std::atomic<uint64_t> position{0};

  // Descriptors in all tables that stand for it. When the last one goes, epolls forget the file, even if
  // somebody still works with it.
  void add_descriptor() { descriptors_.fetch_add(1, std::memory_order_relaxed); }
  void drop_descriptor();
  std::atomic<EpollWatch *> watches{nullptr}; // epoll.cpp's

  // flock(2): an advisory lock of this description on its inode; it goes with the description. Changing the
  // kind lets the old one go first, as on Linux. Errors: eagain where wait is false, erestart.
  enum class LockKind { none, shared, exclusive };
  SysResult<void> set_lock(LockKind wanted, bool wait);

  SysResult<void> remember_path(Inode *directory, std::string_view name); // for append_name

protected:
  File(Ref<Inode> inode, uint32_t flags);
  ~File();

private:
  Ref<Inode> inode_;
  std::atomic<uint32_t> flags_, descriptors_{0};
  Ref<Inode> directory_;
  LockKind lock_held_ = LockKind::none; // guarded by the inode's lock state
  char *name_ = nullptr;
  size_t name_size_ = 0;
};

// Takes file out of all epolls (epoll.cpp).
void forget_watches(File &file);

// State changes that poll, select and epoll may wait for. Events are announced after the change, from any
// context.
void notify_pollers();
uint64_t poll_sequence(); // taken before looking at files
// Until something was announced after sequence, deadline, or a signal (interrupted).
WaitResult wait_for_event(uint64_t sequence, uint64_t deadline_ns);

} // namespace refkernel
