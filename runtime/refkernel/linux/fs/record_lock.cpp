// SPDX-License-Identifier: MIT OR Apache-2.0
// One lock guards all records of all inodes, and all that wait sleep in one place: record locks are rare and short,
// and to see a circle of waiters takes a view of all of them.
#include "refkernel/linux/fs/record_lock.h"
#include "refkernel/lib/alloc.h"
#include "refkernel/linux/fs/inode.h"
#include <algorithm>
#include <utility>

namespace refkernel {

namespace {

struct RecordWaiter { // on the kernel stack of the thread that waits
  const void *owner, *blocked_by;
  RecordWaiter *next;
};

SpinLock records_lock;
WaitQueue record_released;
RecordWaiter *waiters = nullptr;

// Locks for which there is no more use, or not yet: made and freed without records_lock.
struct SpareRecords {
  RecordLock *first = nullptr;
  ~SpareRecords() {
    while (first)
      free_object(std::exchange(first, first->next));
  }
  SysResult<void> fill(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      RecordLock *record = try_make<RecordLock>();
      if (!record)
        return Errno::enomem;
      put(record);
    }
    return {};
  }
  void put(RecordLock *record) {
    record->next = first;
    first = record;
  }
  RecordLock *take(const RecordLock &value) {
    RecordLock *record = std::exchange(first, first->next);
    *record = value;
    return record;
  }
};

bool overlap(const RecordLock &a, const RecordLock &b) { return a.first <= b.last && b.first <= a.last; }
bool in_the_way(const RecordLock &held, const RecordLock &wanted) {
  return held.owner != wanted.owner && overlap(held, wanted) &&
         (held.kind == RecordLock::Kind::write || wanted.kind == RecordLock::Kind::write);
}

const RecordLock *find_conflict(const Inode &inode, const RecordLock &wanted) {
  for (const RecordLock *held = inode.records.load(std::memory_order_relaxed); held; held = held->next)
    if (in_the_way(*held, wanted))
      return held;
  return nullptr;
}

// Whether blocked_by waits, over some others, for owner. Of a process whose threads wait for several, one is followed,
// so circles can escape, others' too: the search is short.
bool would_deadlock(const void *owner, const void *blocked_by) {
  constexpr unsigned kMaxSteps = 32;
  for (unsigned step = 0; step < kMaxSteps; ++step) {
    const RecordWaiter *waiter = waiters;
    while (waiter && waiter->owner != blocked_by)
      waiter = waiter->next;
    if (!waiter)
      return false;
    if (waiter->blocked_by == owner)
      return true;
    blocked_by = waiter->blocked_by;
  }
  return false;
}

// Takes [first, last] out of what owner holds. Needs one spare where a lock has to be cut in two.
void carve(Inode &inode, const RecordLock &range, SpareRecords &spares) {
  RecordLock *list = inode.records.load(std::memory_order_relaxed);
  for (RecordLock **link = &list; *link;) {
    RecordLock &held = **link;
    if (held.owner != range.owner || !overlap(held, range)) {
      link = &held.next;
    } else if (held.first < range.first && held.last > range.last) {
      RecordLock *right = spares.take(held);
      right->first = range.last + 1;
      held.last = range.first - 1;
      held.next = right;
      link = &right->next;
    } else if (held.first < range.first) {
      held.last = range.first - 1;
      link = &held.next;
    } else if (held.last > range.last) {
      held.first = range.last + 1;
      link = &held.next;
    } else {
      *link = held.next;
      spares.put(&held);
    }
  }
  inode.records.store(list, std::memory_order_relaxed);
}

// Adds wanted, where its owner holds nothing, and swallows neighbours of the same kind.
void add(Inode &inode, const RecordLock &wanted, SpareRecords &spares) {
  RecordLock merged = wanted;
  RecordLock *list = inode.records.load(std::memory_order_relaxed);
  for (RecordLock **link = &list; *link;) {
    RecordLock &held = **link;
    bool touches = (merged.first && held.last == merged.first - 1) ||
                   (held.first && held.first - 1 == merged.last);
    if (held.owner != merged.owner || held.kind != merged.kind || !touches) {
      link = &held.next;
      continue;
    }
    merged.first = std::min(merged.first, held.first);
    merged.last = std::max(merged.last, held.last);
    *link = held.next;
    spares.put(&held);
  }
  RecordLock **link = &list;
  while (*link && (*link)->first < merged.first)
    link = &(*link)->next;
  RecordLock *added = spares.take(merged);
  added->next = *link;
  *link = added;
  inode.records.store(list, std::memory_order_relaxed);
}

SysResult<void> wait_for_conflict(const Inode &inode, const RecordLock &wanted, bool wait) {
  while (const RecordLock *held = find_conflict(inode, wanted)) {
    if (!wait)
      return Errno::eagain;
    bool of_processes = wanted.pid != -1; // descriptions have no thread that could be seen to wait
    if (of_processes && would_deadlock(wanted.owner, held->owner))
      return Errno::edeadlk;
    RecordWaiter waiter{wanted.owner, held->owner, waiters};
    if (of_processes)
      waiters = &waiter;
    WaitResult result = record_released.sleep(records_lock);
    if (of_processes) {
      RecordWaiter **link = &waiters;
      while (*link != &waiter)
        link = &(*link)->next;
      *link = waiter.next;
    }
    if (result == WaitResult::interrupted)
      return Errno::erestart;
  }
  return {};
}

} // namespace

SysResult<void> set_record_lock(Inode &inode, const RecordLock &wanted, bool wait) {
  SpareRecords spares; // declared first: frees when the lock is free again
  bool adds = wanted.kind != RecordLock::Kind::none;
  KBPF_TRY(spares.fill(adds ? 2 : 1)); // one for the range, one for the right part of a lock cut in two
  SpinGuard guard(records_lock);
  if (adds)
    KBPF_TRY(wait_for_conflict(inode, wanted, wait));
  carve(inode, wanted, spares);
  if (adds)
    add(inode, wanted, spares);
  record_released.wake_all(); // a write lock may have become a read lock
  return {};
}

RecordLock find_conflicting_record(Inode &inode, const RecordLock &wanted) {
  SpinGuard guard(records_lock);
  const RecordLock *held = find_conflict(inode, wanted);
  return held ? *held : RecordLock{};
}

void release_record_locks(Inode &inode, const void *owner) {
  if (!inode.records.load(std::memory_order_relaxed))
    return;
  SpareRecords spares;
  SpinGuard guard(records_lock);
  RecordLock everything;
  everything.last = UINT64_MAX;
  everything.owner = owner;
  carve(inode, everything, spares);
  record_released.wake_all();
}

} // namespace refkernel
