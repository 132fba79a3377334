// SPDX-License-Identifier: MIT OR Apache-2.0
// One lock guards all timers and heaps: what it covers is short. It is taken after a bucket's lock, never
// before one.
#include "kernel/timer.h"
#include "abi/limits.h"
#include "kernel/epoch.h"
#include "kernel/kbpf.h"
#include "kernel/maps/map.h"
#include "kernel/perf_counter.h"
#include "kernel/program.h"
#include "kernel/spinlock.h"
#include <algorithm>

namespace kbpf {

// A pairing heap: the earliest deadline is the root, inserting takes constant time, removing logarithmic on
// average.
class TimerHeap {
public:
  Timer *first() const { return root_; }
  void add(Timer &timer) {
    timer.parent_ = timer.child_ = timer.previous_ = timer.next_ = nullptr;
    root_ = root_ ? merge(root_, &timer) : &timer;
  }
  void remove(Timer &timer) {
    Timer *rest = merge_siblings(timer.child_);
    if (&timer == root_) {
      root_ = rest;
    } else {
      (timer.previous_ ? timer.previous_->next_ : timer.parent_->child_) = timer.next_;
      if (timer.next_)
        timer.next_->previous_ = timer.previous_;
      if (rest)
        root_ = merge(root_, rest);
    }
  }

private:
  static Timer *merge(Timer *a, Timer *b) {
    if (b->deadline_ < a->deadline_)
      std::swap(a, b);
    b->parent_ = a;
    b->previous_ = nullptr;
    b->next_ = a->child_;
    if (b->next_)
      b->next_->previous_ = b;
    a->child_ = b;
    return a;
  }
  // In pairs from the front, then all of them from the back: the list of pairs is kept through next_.
  static Timer *merge_siblings(Timer *sibling) {
    Timer *pairs = nullptr;
    while (sibling) {
      Timer *a = sibling, *b = a->next_;
      sibling = b ? b->next_ : nullptr;
      Timer *pair = b ? merge(a, b) : a;
      pair->next_ = pairs;
      pairs = pair;
    }
    Timer *all = nullptr;
    while (pairs) {
      Timer *pair = pairs;
      pairs = pair->next_;
      all = all ? merge(all, pair) : pair;
    }
    if (all)
      all->parent_ = all->previous_ = all->next_ = nullptr;
    return all;
  }

  Timer *root_ = nullptr;
};

namespace {

constexpr uint64_t kRealtime = 0, kMonotonic = 1, kBoottime = 7; // clocks
constexpr uint64_t kAbsolute = 1, kPinned = 2; // BPF_F_TIMER_*; a timer never leaves its CPU
constexpr uint64_t kNever = UINT64_MAX;
// A program that starts its timer again at once must not keep a CPU for itself: between two rounds of
// callbacks lies at least this, and at least as much as the round took.
constexpr uint64_t kMinGap = 20'000; // ns

constinit SpinLock timers_lock;
constinit TimerHeap heaps[kMaxCpus];
constinit std::atomic<Timer *> running[kMaxCpus]; // whose callback runs there
constinit std::atomic<Program *> released_programs{nullptr};

// One deadline of the CPU's serves its timers and its perf events.
void arm(uint64_t deadline) { kbpf_port_timer_arm(std::min(deadline, next_sample_ns())); }

} // namespace

void release_program_later(Program *program) {
  if (!program || program->references.fetch_sub(1, std::memory_order_acq_rel) != 1)
    return;
  Program *next = released_programs.load(std::memory_order_relaxed);
  do
    program->next_released = next;
  while (!released_programs.compare_exchange_weak(next, program, std::memory_order_release,
                                                  std::memory_order_relaxed));
}

void end_released_programs() {
  if (!released_programs.load(std::memory_order_relaxed))
    return;
  Program *program = released_programs.exchange(nullptr, std::memory_order_acquire);
  while (program) {
    Program *next = program->next_released;
    program->destroy();
    program = next;
  }
}

void Timer::stop_locked(Program *&dropped) {
  if (queued_)
    heaps[queue_].remove(*this);
  queued_ = false;
  dropped = std::exchange(program_, nullptr);
}

Result<void> Timer::init(std::byte *field, uint64_t clock) {
  if (clock != kRealtime && clock != kMonotonic && clock != kBoottime)
    return Error::invalid;
  SpinGuard guard(timers_lock);
  if (field_)
    return Error::busy;
  if (!map_.users.load(std::memory_order_acquire))
    return Error::not_permitted;
  field_ = field;
  clock_ = clock;
  __atomic_store_n(reinterpret_cast<uint64_t *>(field), reinterpret_cast<uintptr_t>(this), __ATOMIC_RELEASE);
  return {};
}

Result<void> Timer::set_callback(uint64_t handle) {
  const LastingCallback callback = lasting_callback(handle);
  Ref<Program> program = Program::of_callback(callback);
  Program *dropped = nullptr;
  Result<void> result;
  {
    SpinGuard guard(timers_lock);
    if (!field_ || !program) {
      result = Error::invalid;
    } else if (!map_.users.load(std::memory_order_acquire)) {
      result = Error::not_permitted;
    } else {
      dropped = std::exchange(program_, program.release());
      callback_ = callback;
    }
  }
  release_program_later(dropped);
  release_program_later(program.release());
  return result;
}

Result<void> Timer::start(uint64_t nanoseconds, uint64_t flags) {
  if (flags & ~(kAbsolute | kPinned))
    return Error::invalid;
  const uint64_t now = kbpf_port_time_ns();
  uint64_t base = now;
  if (flags & kAbsolute) {
    const uint64_t offset = clock_ == kRealtime ? kbpf_port_realtime_ns() - now : 0;
    base = nanoseconds > offset ? nanoseconds - offset : 0;
    nanoseconds = 0;
  }
  const uint32_t cpu = kbpf_port_cpu() % kMaxCpus;
  SpinGuard guard(timers_lock);
  if (!field_ || !program_)
    return Error::invalid;
  if (queued_)
    heaps[queue_].remove(*this);
  // Where its callback runs, so that it never runs twice at a time; that CPU looks at its heap again
  // afterwards.
  const uint32_t there = running_on_.load(std::memory_order_relaxed);
  queue_ = there ? there - 1 : cpu;
  deadline_ = nanoseconds > kNever - base ? kNever : base + nanoseconds;
  queued_ = true;
  heaps[queue_].add(*this);
  if (heaps[queue_].first() == this && queue_ == cpu && !running[cpu].load(std::memory_order_relaxed))
    arm(deadline_);
  return {};
}

Result<bool> Timer::cancel() {
  Timer *const own = running[kbpf_port_cpu() % kMaxCpus].load(std::memory_order_relaxed);
  if (own == this)
    return Error::deadlock;
  // Two callbacks that cancel each other would wait for ever; the one that sees the other wait gives up.
  if (own) {
    cancelled_by_.fetch_add(1, std::memory_order_seq_cst);
    if (own->cancelled_by_.load(std::memory_order_seq_cst)) {
      cancelled_by_.fetch_sub(1, std::memory_order_relaxed);
      return Error::deadlock;
    }
  }
  Program *dropped = nullptr;
  bool was_active;
  {
    SpinGuard guard(timers_lock);
    was_active = queued_ || running_on_.load(std::memory_order_relaxed);
    stop_locked(dropped);
  }
  while (running_on_.load(std::memory_order_acquire))
    ;
  if (own)
    cancelled_by_.fetch_sub(1, std::memory_order_relaxed);
  release_program_later(dropped);
  return was_active;
}

void Timer::release() {
  Program *dropped = nullptr;
  {
    SpinGuard guard(timers_lock);
    if (!field_)
      return;
    stop_locked(dropped);
    __atomic_store_n(reinterpret_cast<uint64_t *>(std::exchange(field_, nullptr)), 0, __ATOMIC_RELEASE);
  }
  release_program_later(dropped);
}

Result<TimerTable> TimerTable::create(Map &map, uint32_t slots) {
  TimerTable table;
  table.memory_ = KBPF_TRY(Buffer::create(sizeof(Timer) * size_t{slots}));
  table.count_ = slots;
  for (uint32_t slot = 0; slot < slots; slot++)
    new (&table.at(slot)) Timer(map, slot);
  return Result<TimerTable>(std::move(table));
}

void TimerTable::release_all() const {
  for (uint32_t slot = 0; slot < count_; slot++)
    at(slot).release();
}

// What one call of kbpf_on_timer runs.
class DueTimers {
public:
  explicit DueTimers(uint32_t cpu) : cpu_(cpu) {}

  void run_all() {
    const uint64_t begin = kbpf_port_time_ns();
    while (Timer *timer = take(begin))
      run(*timer);
    const uint64_t end = kbpf_port_time_ns();
    SpinGuard guard(timers_lock);
    const Timer *first = heaps[cpu_].first();
    arm(first ? std::max(first->deadline_, end + std::max(kMinGap, end - begin)) : kNever);
  }

private:
  Timer *take(uint64_t now) {
    SpinGuard guard(timers_lock);
    Timer *timer = heaps[cpu_].first();
    if (!timer || timer->deadline_ > now)
      return nullptr;
    heaps[cpu_].remove(*timer);
    timer->queued_ = false;
    timer->running_on_.store(cpu_ + 1, std::memory_order_relaxed);
    running[cpu_].store(timer, std::memory_order_relaxed);
    callback_ = timer->callback_;
    value_ = timer->field_ - timer->map_.fields().timer;
    return timer;
  }

  void run(Timer &timer) {
    alignas(16) std::byte stack[KBPF_STACK_SIZE];
    const void *key = timer.map_.timer_key(timer.slot_);
    run_lasting(callback_, reinterpret_cast<uintptr_t>(&timer.map_), reinterpret_cast<uintptr_t>(key),
                reinterpret_cast<uintptr_t>(value_), stack);
    SpinGuard guard(timers_lock);
    running[cpu_].store(nullptr, std::memory_order_relaxed);
    timer.running_on_.store(0, std::memory_order_release);
  }

  const uint32_t cpu_;
  LastingCallback callback_ = {};
  std::byte *value_ = nullptr;
};

} // namespace kbpf

void kbpf_on_timer(kbpf_regs *regs) {
  kbpf::ReadSection section;
  kbpf::serve_perf_counters(regs);
  kbpf::DueTimers(kbpf_port_cpu() % kbpf::kMaxCpus).run_all();
}
