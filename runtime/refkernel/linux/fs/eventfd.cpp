// SPDX-License-Identifier: MIT OR Apache-2.0
// eventfd: a 64-bit counter that writes add to and reads take from.
#include "refkernel/linux/fs/special_files.h"

namespace refkernel {

namespace {

class EventFile final : public HeapObject<EventFile, File> {
public:
  EventFile(Ref<Inode> inode, uint32_t flags, uint64_t initial, bool semaphore)
      : HeapObject(std::move(inode), flags), count_(initial), semaphore_(semaphore) {}

  SysResult<size_t> read(IoCursor &to, uint64_t) override {
    if (to.remaining() < sizeof(uint64_t))
      return Errno::einval;
    uint64_t taken;
    {
      SpinGuard guard(lock_);
      while (!count_) {
        if (non_blocking())
          return Errno::eagain;
        if (changed_.sleep(lock_) == WaitResult::interrupted)
          return Errno::erestart;
      }
      taken = semaphore_ ? 1 : count_;
      count_ -= taken;
      announce();
    }
    notify_pollers();
    KBPF_TRY(to.put(&taken, sizeof(taken)));
    return sizeof(taken);
  }

  SysResult<size_t> write(IoCursor &from, uint64_t) override {
    uint64_t added;
    if (from.remaining() < sizeof(added))
      return Errno::einval;
    KBPF_TRY(from.take(&added, sizeof(added)));
    if (added == UINT64_MAX)
      return Errno::einval;
    {
      SpinGuard guard(lock_);
      while (added >= UINT64_MAX - count_) {
        if (non_blocking())
          return Errno::eagain;
        if (changed_.sleep(lock_) == WaitResult::interrupted)
          return Errno::erestart;
      }
      count_ += added;
      announce();
    }
    notify_pollers();
    return sizeof(added);
  }

  uint32_t poll() override {
    SpinGuard guard(lock_);
    return (count_ ? kPollIn | kPollReadNormal : 0) |
           (count_ < UINT64_MAX - 1 ? kPollOut | kPollWriteNormal : 0);
  }
  uint32_t poll_generation() override { return generation_.load(); }
  void append_name(kbpf::TextSink &sink) const override { sink.append("anon_inode:[eventfd]"); }

private:
  void announce() {
    generation_.fetch_add(1);
    changed_.wake_all();
  }
  SpinLock lock_;
  WaitQueue changed_;
  std::atomic<uint32_t> generation_{0};
  uint64_t count_;
  bool semaphore_;
};

} // namespace

SysResult<Ref<File>> make_eventfd(uint32_t initial, uint32_t flags) {
  Ref<Inode> inode = KBPF_TRY(make_anonymous_inode(kAnonFs, 0600));
  auto *file = try_make<EventFile>(std::move(inode), (flags & kOpenNonBlock) | kOpenReadWrite, initial,
                                   flags & kEventSemaphore);
  if (!file)
    return Errno::enomem;
  return Ref<File>::adopt(file);
}

} // namespace refkernel
