// SPDX-License-Identifier: MIT OR Apache-2.0
// timerfd: a timer whose expirations a read takes as a number. A blocked reader sleeps until the very moment;
// poll and epoll learn of it at a tick, which comes then.
#include "refkernel/linux/fs/special_files.h"
#include "refkernel/linux/time.h"
#include "refkernel/sched/thread.h"
#include <algorithm>

namespace refkernel {

namespace {

class TimerFile;

SpinLock lock; // the list of all timers, and what each holds; taken by the tick
TimerFile *first_timer = nullptr;

class TimerFile final : public HeapObject<TimerFile, Timer> {
public:
  TimerFile(Ref<Inode> inode, uint32_t flags, bool realtime)
      : HeapObject(std::move(inode), flags), realtime_(realtime) {
    SpinGuard guard(lock);
    next_ = std::exchange(first_timer, this);
  }
  ~TimerFile() {
    SpinGuard guard(lock);
    TimerFile **link = &first_timer;
    while (*link != this)
      link = &(*link)->next_;
    *link = next_;
  }

  SysResult<size_t> read(IoCursor &to, uint64_t) override {
    uint64_t taken;
    if (to.remaining() < sizeof(taken))
      return Errno::einval;
    {
      SpinGuard guard(lock);
      while (advance(), !expirations_) {
        if (non_blocking())
          return Errno::eagain;
        if (changed_.sleep(lock, monotonic_deadline()) == WaitResult::interrupted)
          return Errno::erestart;
      }
      taken = std::exchange(expirations_, 0);
    }
    KBPF_TRY(to.put(&taken, sizeof(taken)));
    return sizeof(taken);
  }

  uint32_t poll() override {
    SpinGuard guard(lock);
    advance();
    return expirations_ ? kPollIn | kPollReadNormal : 0;
  }
  uint32_t poll_generation() override { return generation_.load(); }
  void append_name(kbpf::TextSink &sink) const override { sink.append("anon_inode:[timerfd]"); }
  SpecialKind special_kind() const override { return SpecialKind::timer; }

  Setting set(const Setting &wanted, bool absolute) override {
    Setting old;
    {
      SpinGuard guard(lock);
      old = setting();
      follows_realtime_ = absolute && realtime_;
      interval_ns_ = wanted.interval_ns;
      expirations_ = 0;
      uint64_t base = absolute ? 0 : now();
      deadline_ns_ = !wanted.value_ns                      ? 0
                     : wanted.value_ns > UINT64_MAX - base ? UINT64_MAX
                                                           : base + wanted.value_ns;
      changed_.wake_all(); // a reader sleeps until the new deadline
      tick_no_later_than(next_expiry());
    }
    return old;
  }
  Setting get() override {
    SpinGuard guard(lock);
    return setting();
  }

  // From the tick, with the lock held. When it expires next.
  uint64_t next_expiry() const { return deadline_ns_ ? monotonic_deadline() : UINT64_MAX; }
  // Whether it expired since it was last looked at.
  bool expire() {
    uint32_t before = generation_;
    advance();
    if (generation_ == before)
      return false;
    changed_.wake_all();
    return true;
  }
  TimerFile *next() const { return next_; }

private:
  // Of the clock that the deadline belongs to. A relative time does not move with the clock's setting.
  uint64_t now() const { return now_ns() + (follows_realtime_ ? realtime_offset_ns() : 0); }
  uint64_t monotonic_deadline() const {
    if (!deadline_ns_)
      return kNoDeadline;
    uint64_t at = now();
    return now_ns() + (deadline_ns_ > at ? deadline_ns_ - at : 0);
  }
  void advance() {
    uint64_t at = now();
    if (!deadline_ns_ || deadline_ns_ > at)
      return;
    uint64_t passed = interval_ns_ ? (at - deadline_ns_) / interval_ns_ + 1 : 1;
    expirations_ += passed;
    deadline_ns_ = interval_ns_ ? deadline_ns_ + passed * interval_ns_ : 0;
    generation_.fetch_add(1);
  }
  Setting setting() {
    advance();
    return {deadline_ns_ ? deadline_ns_ - now() : 0, interval_ns_};
  }

  TimerFile *next_;
  WaitQueue changed_;
  std::atomic<uint32_t> generation_{0};
  uint64_t deadline_ns_ = 0, interval_ns_ = 0, expirations_ = 0;
  const bool realtime_;
  bool follows_realtime_ = false;
};

} // namespace

uint64_t expire_timer_files() {
  bool expired = false;
  uint64_t next = UINT64_MAX;
  {
    SpinGuard guard(lock);
    for (TimerFile *timer = first_timer; timer; timer = timer->next()) {
      expired = timer->expire() || expired;
      next = std::min(next, timer->next_expiry());
    }
  }
  if (expired)
    notify_pollers();
  return next;
}

Timer *as_timer(File &file) {
  return file.special_kind() == SpecialKind::timer ? static_cast<Timer *>(&file) : nullptr;
}

SysResult<Ref<File>> make_timer(bool realtime, uint32_t flags) {
  Ref<Inode> inode = KBPF_TRY(make_anonymous_inode(kAnonFs, 0600));
  auto *file = try_make<TimerFile>(std::move(inode), (flags & kOpenNonBlock) | kOpenReadWrite, realtime);
  if (!file)
    return Errno::enomem;
  return Ref<File>::adopt(file);
}

} // namespace refkernel
