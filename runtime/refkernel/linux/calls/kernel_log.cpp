// SPDX-License-Identifier: MIT OR Apache-2.0
// syslog(2): the kernel's log for user programs. SYSLOG_ACTION_READ waits for lines and consumes them,
// READ_ALL leaves everything; CLEAR hides what is there from READ_ALL alone.
#include "refkernel/linux/process.h"
#include "refkernel/machine/log.h"
#include <algorithm>

namespace refkernel {

namespace {

Mutex positions_lock;
std::atomic<uint64_t> read_position{0}, clear_position{0};

constexpr size_t kChunk = 512;

// Up to size bytes of the log from position on. Errors: efault.
SysResult<size_t> copy_log(uint64_t &position, uintptr_t buffer, size_t size) {
  IoCursor cursor = IoCursor::user(buffer, size);
  while (cursor.remaining()) {
    char chunk[kChunk];
    size_t count = read_kept_log(position, chunk, std::min(kChunk, cursor.remaining()));
    if (!count)
      break;
    KBPF_TRY(cursor.put(chunk, count));
  }
  return size - cursor.remaining();
}

// Lines come from any context, most of which can't wake anybody: who waits looks again now and then.
SysResult<void> wait_for_line() {
  constexpr uint64_t kPause = 20'000'000;
  while (kept_log_end() == read_position)
    if (sleep_until(now_ns() + kPause) == WaitResult::interrupted)
      return Errno::erestart;
  return {};
}

// The newest size bytes that were not cleared, from the start of a line.
uint64_t start_of_newest(size_t size) {
  uint64_t end = kept_log_end(), start = clear_position;
  if (end - start <= size)
    return start;
  start = end - size - 1;
  char byte = 0;
  while (start < end && byte != '\n' && read_kept_log(start, &byte, 1)) {
  }
  return start;
}

} // namespace

KERNEL_CALL sys_syslog(int action, uintptr_t buffer, int size) {
  enum {
    kClose = 0,
    kOpen = 1,
    kRead = 2,
    kReadAll = 3,
    kReadClear = 4,
    kClear = 5,
    kConsoleOff = 6,
    kConsoleOn = 7,
    kConsoleLevel = 8,
    kSizeUnread = 9,
    kSizeBuffer = 10
  };
  if (action != kReadAll && action != kSizeBuffer && !capable(Capability::syslog))
    return Errno::eperm;
  if (action >= kRead && action <= kReadClear && (!buffer || size < 0))
    return Errno::einval;
  if (action == kRead && size)
    KBPF_TRY(wait_for_line());
  MutexGuard guard(positions_lock);
  switch (action) {
  case kClose:
  case kOpen:
    return 0;
  case kRead:
  case kReadAll:
  case kReadClear: {
    auto capacity = static_cast<size_t>(size);
    uint64_t position =
        action == kRead ? read_position.load() : start_of_newest(std::min(capacity, kKeptLogSize));
    size_t count = KBPF_TRY(copy_log(position, buffer, capacity));
    if (action == kRead)
      read_position = position;
    else if (action == kReadClear)
      clear_position = position;
    return count;
  }
  case kClear:
    clear_position = kept_log_end();
    return 0;
  case kConsoleOff:
  case kConsoleOn:
    return Errno::enosys; // the command line's loglevel= settles what the console shows
  case kConsoleLevel:
    return size < 1 || size > 8 ? Errno::einval : Errno::enosys;
  case kSizeUnread:
    return std::min<uint64_t>(kept_log_end() - read_position, kKeptLogSize);
  case kSizeBuffer:
    return kKeptLogSize;
  }
  return Errno::einval;
}

} // namespace refkernel
