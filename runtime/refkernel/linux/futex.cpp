// SPDX-License-Identifier: MIT OR Apache-2.0
// futex(2): waiting for a word of user memory to change. A waiter queues itself first and looks at the word
// then, so that a waker who changed it in between finds the waiter. Private futexes are known by space and
// address, shared ones by the page frame behind the address.
#include "refkernel/linux/process.h"

namespace refkernel {

namespace {

enum : uint32_t {
  kWait = 0,
  kWake = 1,
  kRequeue = 3,
  kCmpRequeue = 4,
  kWakeOp = 5,
  kWaitBitset = 9,
  kWakeBitset = 10
};
constexpr uint32_t kPrivate = 128, kClockRealtime = 256, kCommandMask = 127;
constexpr uint32_t kOwnerDied = 0x40000000, kTidMask = 0x3fffffff;

struct Key {
  uint64_t space, place; // space 0: shared, place is physical
  bool operator==(const Key &) const = default;
};

struct Waiter { // on the waiting thread's kernel stack, until the bucket's lock tells that nobody uses it
  Waiter(const Key &where, uint32_t bits) : key(where), mask(bits) {}
  Key key;
  uint32_t mask;
  bool woken = false;
  WaitQueue queue;
  struct Bucket *bucket = nullptr; // where it is queued; requeueing changes it under both locks
  Waiter *next = nullptr;
};

struct Bucket {
  SpinLock lock;
  Waiter *first = nullptr;
  void add(Waiter &waiter) {
    Waiter **link = &first;
    while (*link)
      link = &(*link)->next; // first come, first served
    waiter.next = nullptr;
    waiter.bucket = this;
    *link = &waiter;
  }
  void remove(Waiter &waiter) {
    Waiter **link = &first;
    while (*link && *link != &waiter)
      link = &(*link)->next;
    if (*link)
      *link = waiter.next;
  }
};

constexpr size_t kBuckets = 256;
Bucket buckets[kBuckets];

Bucket &bucket_of(const Key &key) {
  uint64_t mixed = (key.space ^ (key.place >> 2)) * 0x9e3779b97f4a7c15;
  return buckets[mixed >> 56];
}

SysResult<Key> key_of(uintptr_t address, bool is_private) {
  if (address % 4)
    return Errno::einval;
  AddressSpace &space = *current()->space;
  uint64_t frame = is_private ? 0 : KBPF_TRY(space.shared_frame(address));
  if (frame)
    return Key{0, frame * kPageSize | address % kPageSize};
  return Key{reinterpret_cast<uint64_t>(&space), address};
}

// With the bucket's lock held.
uint32_t wake_in(Bucket &bucket, const Key &key, uint32_t count, uint32_t mask) {
  uint32_t woken = 0;
  for (Waiter *waiter = bucket.first; waiter && woken < count;) {
    Waiter *next = waiter->next;
    if (waiter->key == key && (waiter->mask & mask)) {
      bucket.remove(*waiter);
      waiter->woken = true;
      waiter->queue.wake_one();
      ++woken;
    }
    waiter = next;
  }
  return woken;
}

uint32_t wake(const Key &key, uint32_t count, uint32_t mask) {
  Bucket &bucket = bucket_of(key);
  SpinGuard guard(bucket.lock);
  return wake_in(bucket, key, count, mask);
}

// Locks the bucket that the waiter is in now: it may be requeued while we wait for the lock.
class WaiterLock {
public:
  explicit WaiterLock(Waiter &waiter) {
    for (;;) {
      bucket_ = std::atomic_ref(waiter.bucket).load(std::memory_order_acquire);
      bucket_->lock.lock();
      if (std::atomic_ref(waiter.bucket).load(std::memory_order_relaxed) == bucket_)
        return;
      bucket_->lock.unlock();
    }
  }
  ~WaiterLock() { bucket_->lock.unlock(); }
  WaiterLock(const WaiterLock &) = delete;
  WaiterLock &operator=(const WaiterLock &) = delete;
  Bucket &bucket() { return *bucket_; }

private:
  Bucket *bucket_;
};

SysResult<void> wait_on(uintptr_t address, uint32_t expected, bool is_private, uint32_t mask,
                        uint64_t deadline) {
  if (!mask)
    return Errno::einval;
  Waiter waiter(KBPF_TRY(key_of(address, is_private)), mask);
  {
    Bucket &bucket = bucket_of(waiter.key);
    SpinGuard guard(bucket.lock);
    bucket.add(waiter);
  }
  uint32_t value;
  bool readable = load_user_u32(&value, address);
  WaitResult result = WaitResult::woken;
  bool sleeps = readable && value == expected;
  for (;;) {
    WaiterLock lock(waiter);
    if (waiter.woken)
      return {};
    if (!sleeps || result != WaitResult::woken) {
      lock.bucket().remove(waiter);
      break;
    }
    // A requeue moves the waiter to another bucket only together with waking it out of this sleep.
    result = waiter.queue.sleep(lock.bucket().lock, deadline);
  }
  if (!readable)
    return Errno::efault;
  if (!sleeps)
    return Errno::eagain;
  if (result == WaitResult::timed_out)
    return Errno::etimedout;
  if (deadline == kNoDeadline)
    return Errno::erestart;
  current_task()->restart_block = {
      .resume = [](const RestartBlock &block) -> SyscallResult {
        return wait_on(block.arguments[0], static_cast<uint32_t>(block.arguments[1]), block.arguments[2],
                       static_cast<uint32_t>(block.arguments[3]), block.deadline_ns);
      },
      .deadline_ns = deadline,
      .arguments = {address, expected, is_private, mask},
  };
  return Errno::erestart_block;
}

// Wakes some waiters of from and moves others to to, without waking what will find the mutex taken.
SysResult<uint32_t> requeue(uintptr_t from, uintptr_t to, bool is_private, uint32_t wakes, uint32_t moves,
                            const uint32_t *expected) {
  Key source = KBPF_TRY(key_of(from, is_private)), target = KBPF_TRY(key_of(to, is_private));
  if (expected) {
    uint32_t value;
    if (!load_user_u32(&value, from))
      return Errno::efault;
    if (value != *expected)
      return Errno::eagain;
  }
  Bucket &first = bucket_of(source), &second = bucket_of(target);
  Bucket &low = &first < &second ? first : second, &high = &first < &second ? second : first;
  SpinGuard guard(low.lock);
  uint32_t affected = 0;
  auto run = [&] {
    affected = wake_in(first, source, wakes, UINT32_MAX);
    uint32_t moved = 0;
    for (Waiter *waiter = first.first; waiter && moved < moves;) {
      Waiter *next = waiter->next;
      if (waiter->key == source) {
        first.remove(*waiter);
        waiter->key = target;
        second.add(*waiter);
        waiter->queue.wake_one(); // it sleeps again, under its new bucket's lock
        ++moved;
      }
      waiter = next;
    }
    affected += moved;
  };
  if (&low == &high) {
    run();
  } else {
    SpinGuard other(high.lock);
    run();
  }
  return affected;
}

// FUTEX_WAKE_OP: changes *second, wakes on first, and on second if its old value compares.
SysResult<uint32_t> wake_op(uintptr_t first, uintptr_t second, bool is_private, uint32_t count,
                            uint32_t count2, uint32_t encoded) {
  auto extend = [](uint32_t bits) { return static_cast<uint32_t>(static_cast<int32_t>(bits << 20) >> 20); };
  uint32_t operation = encoded >> 28 & 7, comparison = encoded >> 24 & 15;
  uint32_t operand = extend(encoded >> 12 & 0xfff), against = extend(encoded & 0xfff);
  if (encoded >> 31)
    operand = 1u << (operand & 31);
  Key key1 = KBPF_TRY(key_of(first, is_private)), key2 = KBPF_TRY(key_of(second, is_private));
  uint32_t old;
  if (!load_user_u32(&old, second))
    return Errno::efault;
  for (uint32_t seen;; old = seen) {
    uint32_t wanted;
    switch (operation) {
    case 0:
      wanted = operand;
      break;
    case 1:
      wanted = old + operand;
      break;
    case 2:
      wanted = old | operand;
      break;
    case 3:
      wanted = old & ~operand;
      break;
    case 4:
      wanted = old ^ operand;
      break;
    default:
      return Errno::enosys;
    }
    seen = old;
    if (!compare_exchange_user_u32(second, seen, wanted))
      return Errno::efault;
    if (seen == old)
      break;
  }
  auto left = static_cast<int32_t>(old), right = static_cast<int32_t>(against);
  bool holds;
  switch (comparison) {
  case 0:
    holds = left == right;
    break;
  case 1:
    holds = left != right;
    break;
  case 2:
    holds = left < right;
    break;
  case 3:
    holds = left <= right;
    break;
  case 4:
    holds = left > right;
    break;
  case 5:
    holds = left >= right;
    break;
  default:
    return Errno::enosys;
  }
  return wake(key1, count, UINT32_MAX) + (holds ? wake(key2, count2, UINT32_MAX) : 0);
}

SysResult<uint64_t> deadline_of(UserPtr<const LinuxTimespec> timeout, bool relative, bool realtime) {
  if (!timeout)
    return kNoDeadline;
  LinuxTimespec time = KBPF_TRY(timeout.read());
  if (!time.valid())
    return Errno::einval;
  uint64_t ns = time.to_ns(), now = now_ns();
  if (relative)
    return ns > kNoDeadline - now ? kNoDeadline : now + ns;
  uint64_t offset = realtime ? realtime_offset_ns() : 0;
  return ns > offset ? ns - offset : 0;
}

} // namespace

void wake_futex(uintptr_t address, uint32_t count) {
  SysResult<Key> shared = key_of(address, false);
  if (!shared.ok())
    return;
  wake(*shared, count, UINT32_MAX);
  if (!shared->space) // who calls shared memory private waits under the other name
    wake({reinterpret_cast<uint64_t>(current()->space.get()), address}, count, UINT32_MAX);
}

// The list of mutexes that a thread holds, in user memory: each is marked as left behind by its dead owner.
// The list may be anything, circular too: it is followed for a limited number of steps.
void robust_futex_cleanup(Task &task) {
  struct ListHead {
    uint64_t next;
    int64_t futex_offset;
    uint64_t pending;
  };
  constexpr unsigned kLimit = 2048;
  if (!task.robust_list)
    return;
  auto head = UserPtr<const ListHead>{task.robust_list}.read();
  if (!head.ok())
    return;
  auto leave = [&](uint64_t entry) {
    uintptr_t address = (entry & ~uint64_t{1}) + static_cast<uint64_t>(head->futex_offset);
    uint32_t value;
    if (address % 4 || !load_user_u32(&value, address))
      return;
    while ((value & kTidMask) == task.tid) {
      uint32_t seen = value;
      if (!compare_exchange_user_u32(address, seen, (value & ~kTidMask) | kOwnerDied))
        return;
      if (seen == value) {
        wake_futex(address, 1);
        return;
      }
      value = seen;
    }
  };
  uint64_t entry = head->next;
  for (unsigned steps = 0; steps < kLimit && (entry & ~uint64_t{1}) != task.robust_list; ++steps) {
    auto next = UserPtr<const uint64_t>{entry & ~uint64_t{1}}.read();
    if (entry != head->pending)
      leave(entry);
    if (!next.ok())
      return;
    entry = *next;
  }
  if (head->pending)
    leave(head->pending);
}

KERNEL_CALL sys_futex(uintptr_t address, uint32_t operation, uint32_t value, uint64_t timeout_or_count,
                      uintptr_t address2, uint32_t value3) {
  bool is_private = operation & kPrivate;
  auto count2 = static_cast<uint32_t>(timeout_or_count);
  UserPtr<const LinuxTimespec> timeout{timeout_or_count};
  switch (operation & kCommandMask) {
  case kWait:
    return wait_on(address, value, is_private, UINT32_MAX, KBPF_TRY(deadline_of(timeout, true, false)));
  case kWaitBitset:
    return wait_on(address, value, is_private, value3,
                   KBPF_TRY(deadline_of(timeout, false, operation & kClockRealtime)));
  case kWake:
    return wake(KBPF_TRY(key_of(address, is_private)), value, UINT32_MAX);
  case kWakeBitset:
    if (!value3)
      return Errno::einval;
    return wake(KBPF_TRY(key_of(address, is_private)), value, value3);
  case kRequeue:
    return requeue(address, address2, is_private, value, count2, nullptr);
  case kCmpRequeue:
    return requeue(address, address2, is_private, value, count2, &value3);
  case kWakeOp:
    return wake_op(address, address2, is_private, value, count2, value3);
  }
  return Errno::enosys;
}

KERNEL_CALL sys_set_robust_list(uintptr_t head, size_t size) {
  if (size != 24)
    return Errno::einval;
  current_task()->robust_list = head;
  return 0;
}

KERNEL_CALL sys_get_robust_list(int tid, UserPtr<uint64_t> head, UserPtr<uint64_t> size) {
  uint64_t address;
  {
    SpinGuard guard(tasks_lock);
    Task *task = tid ? find_task(static_cast<uint32_t>(tid)) : current_task();
    if (!task)
      return Errno::esrch;
    address = task->robust_list;
  }
  KBPF_TRY(head.write(address));
  KBPF_TRY(size.write(24));
  return 0;
}

namespace {
constexpr SyscallEntry kFutexTable[] = {SYSCALL_ENTRY(98, futex), SYSCALL_ENTRY(99, set_robust_list),
                                        SYSCALL_ENTRY(100, get_robust_list)};
}
constinit const std::span<const SyscallEntry> kFutexCalls{kFutexTable};

} // namespace refkernel
