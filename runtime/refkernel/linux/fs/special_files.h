// SPDX-License-Identifier: MIT OR Apache-2.0
// Files that only descriptors name: eventfd, timerfd, signalfd and epoll.
#pragma once
#include "refkernel/linux/fs/inode.h"

namespace refkernel {

constexpr uint32_t kEventSemaphore = 1; // EFD_SEMAPHORE
SysResult<Ref<File>> make_eventfd(uint32_t initial, uint32_t flags);

class Timer : public File {
public:
  struct Setting {
    uint64_t value_ns = 0, interval_ns = 0; // value: to the next expiration, 0 where it is off
  };
  // absolute: value_ns is a time of the timer's clock. What was set before.
  virtual Setting set(const Setting &wanted, bool absolute) = 0;
  virtual Setting get() = 0;

protected:
  using File::File;
  ~Timer() = default;
};
// realtime: absolute times follow the clock that clock_settime sets; monotonic otherwise.
SysResult<Ref<File>> make_timer(bool realtime, uint32_t flags);
Timer *as_timer(File &file); // null where it is none
uint64_t expire_timer_files(); // from the tick; when the next one expires, monotonic

class SignalQueue : public File { // signalfd
public:
  virtual void set_signals(uint64_t set) = 0;

protected:
  using File::File;
  ~SignalQueue() = default;
};
SysResult<Ref<File>> make_signal_queue(uint64_t set, uint32_t flags);
SignalQueue *as_signal_queue(File &file); // null where it is none

struct LinuxEpollEvent { // struct epoll_event, which riscv64 does not pack
  uint32_t events, pad;
  uint64_t data;
};

class Epoll : public File {
public:
  enum class Operation { add = 1, remove = 2, modify = 3 };
  // Errors: eexist, enoent, einval (an epoll cannot watch an epoll), enomem.
  virtual SysResult<void> control(Operation operation, int fd, Ref<File> target,
                                  const LinuxEpollEvent &event) = 0;
  // Copies up to capacity ready events; waits for the first one until deadline. 0: timed out; eintr.
  virtual SysResult<int> wait(LinuxEpollEvent *events, int capacity, uint64_t deadline_ns) = 0;

protected:
  using File::File;
  ~Epoll() = default;
};
SysResult<Ref<File>> make_epoll();
// The file as an epoll; null where it is none.
Epoll *as_epoll(File &file);

} // namespace refkernel
