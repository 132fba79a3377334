// SPDX-License-Identifier: MIT OR Apache-2.0
// timer_create(2): timers of a process that send signals. They are looked at by the tick, which comes when the first
// of them is due. Those of the real-time clock are turned into monotonic time when they are set: setting the clock
// does not move them. tasks_lock guards them.
#include "refkernel/linux/hooks.h"
#include "refkernel/linux/process.h"
#include <algorithm>

namespace refkernel {

namespace {

enum Notify : int32_t { kSignal = 0, kNone = 1, kThread = 2, kThreadId = 4 }; // SIGEV_*
constexpr uint32_t kAbsolute = 1;
constexpr uint64_t kCpuTimerLook = 1'000'000; // ns: CPU time passes on several harts at once
constexpr int32_t kMaxTimers = 1024;          // of a process

struct LinuxSigevent {
  uint64_t value;
  int32_t signal, notify, tid, pad[11];
};
static_assert(sizeof(LinuxSigevent) == 64);

} // namespace

struct PosixTimer {
  int32_t id;
  ClockSource source;
  LinuxSigevent event;
  IntervalTimer due{}; // in time of the clock that it runs by: monotonic, or CPU time
  int32_t overrun = 0;
  PosixTimer *next = nullptr;

  bool measures_cpu() const { return source == ClockSource::cpu; }
  uint64_t now(const Process &process) const { return measures_cpu() ? process_cpu_ns(process) : now_ns(); }
};

namespace {

PosixTimer **link_of(Process &process, int32_t id) {
  PosixTimer **link = &process.timers;
  while (*link && (*link)->id != id)
    link = &(*link)->next;
  return link;
}

void send(Process &process, PosixTimer &timer, uint64_t expirations) {
  if (timer.event.notify == kNone)
    return;
  Task *task = nullptr;
  if (timer.event.notify == kThreadId) {
    task = find_task(static_cast<uint32_t>(timer.event.tid));
    if (!task || task->process != &process)
      return; // it has ended
  }
  PendingSignals &pending = task ? task->pending : process.pending;
  if (int32_t overrun = pending.count_overrun(timer.event.signal, timer.id, expirations); overrun >= 0) {
    timer.overrun = overrun;
    return;
  }
  timer.overrun = static_cast<int32_t>(std::min<uint64_t>(expirations - 1, INT32_MAX));
  LinuxSiginfo info = make_siginfo(timer.event.signal, kSiTimer);
  info.timer = {timer.id, timer.overrun, timer.event.value};
  if (task)
    send_to_task(*task, info);
  else
    send_to_process(process, info);
}

struct LinuxItimerspec {
  LinuxTimespec interval, value;
};
LinuxItimerspec show(const PosixTimer &timer, const Process &process) {
  const uint64_t now = timer.now(process), deadline = timer.due.deadline_ns;
  const uint64_t left = !deadline ? 0 : deadline > now ? deadline - now : 1;
  return {LinuxTimespec::from_ns(timer.due.interval_ns), LinuxTimespec::from_ns(left)};
}

} // namespace

void expire_posix_timers(Process &process, uint64_t now, uint64_t &next) {
  for (PosixTimer *timer = process.timers; timer; timer = timer->next) {
    IntervalTimer &due = timer->due;
    if (!due.deadline_ns)
      continue;
    const uint64_t at = timer->measures_cpu() ? process_cpu_ns(process) : now;
    if (due.deadline_ns <= at) {
      const uint64_t passed = due.interval_ns ? (at - due.deadline_ns) / due.interval_ns + 1 : 1;
      due.deadline_ns = due.interval_ns ? due.deadline_ns + passed * due.interval_ns : 0;
      send(process, *timer, passed);
    }
    if (due.deadline_ns)
      next = std::min(next, timer->measures_cpu() ? now + kCpuTimerLook : due.deadline_ns);
  }
}

void delete_posix_timers(Process &process) {
  while (PosixTimer *timer = process.timers) {
    process.timers = timer->next;
    destroy(timer);
  }
}

KERNEL_CALL sys_timer_create(int clock, UserPtr<const LinuxSigevent> user_event, UserPtr<int32_t> to) {
  ClockSource source = KBPF_TRY(clock_source(clock));
  LinuxSigevent event{0, kSigAlrm, kSignal, 0, {}};
  if (user_event) {
    event = KBPF_TRY(user_event.read());
    if (event.notify != kSignal && event.notify != kNone && event.notify != kThread && event.notify != kThreadId)
      return Errno::einval;
    if (event.notify != kNone && (event.signal < 1 || event.signal > kSignalCount))
      return Errno::einval;
  }
  PosixTimer *timer = try_make<PosixTimer>(PosixTimer{.id = 0, .source = source, .event = event});
  if (!timer)
    return Errno::eagain;
  Process &process = current_process();
  Errno failure{};
  int32_t id = 0;
  {
    SpinGuard guard(tasks_lock);
    const Task *task = event.notify == kThreadId ? find_task(static_cast<uint32_t>(event.tid)) : current_task();
    int32_t count = 0;
    for (const PosixTimer *other = process.timers; other; other = other->next)
      ++count;
    if (!task || task->process != &process)
      failure = Errno::einval;
    else if (count >= kMaxTimers)
      failure = Errno::eagain;
    if (failure == Errno{}) {
      while (*link_of(process, process.next_timer_id))
        process.next_timer_id = process.next_timer_id == INT32_MAX ? 0 : process.next_timer_id + 1;
      id = timer->id = process.next_timer_id;
      process.next_timer_id = id == INT32_MAX ? 0 : id + 1;
      if (!user_event)
        timer->event.value = static_cast<uint64_t>(id);
      timer->next = process.timers;
      process.timers = timer;
    }
  }
  if (failure != Errno{}) {
    destroy(timer);
    return failure;
  }
  return to.write(id);
}

KERNEL_CALL sys_timer_settime(int32_t id, uint32_t flags, UserPtr<const LinuxItimerspec> user,
                              UserPtr<LinuxItimerspec> old) {
  if (!user)
    return Errno::einval;
  LinuxItimerspec wanted = KBPF_TRY(user.read());
  if (!wanted.value.valid() || !wanted.interval.valid())
    return Errno::einval;
  LinuxItimerspec previous;
  charge_cpu_time();
  {
    SpinGuard guard(tasks_lock);
    Process &process = current_process();
    PosixTimer *timer = *link_of(process, id);
    if (!timer)
      return Errno::einval;
    previous = show(*timer, process);
    const uint64_t value = wanted.value.to_ns(), now = timer->now(process);
    // An absolute time of the clock: what is left until then counts.
    const uint64_t offset = flags & kAbsolute && timer->source == ClockSource::realtime ? realtime_offset_ns() : 0;
    uint64_t deadline = flags & kAbsolute ? value > offset ? value - offset : 1
                                          : value > UINT64_MAX - now ? UINT64_MAX : now + value;
    timer->due = {value ? deadline : 0, wanted.interval.to_ns()};
    timer->overrun = 0;
    if (value)
      expect_timer(timer->measures_cpu() ? now_ns() + kCpuTimerLook : deadline);
  }
  if (old)
    KBPF_TRY(old.write(previous));
  return 0;
}

KERNEL_CALL sys_timer_gettime(int32_t id, UserPtr<LinuxItimerspec> to) {
  LinuxItimerspec setting;
  charge_cpu_time();
  {
    SpinGuard guard(tasks_lock);
    PosixTimer *timer = *link_of(current_process(), id);
    if (!timer)
      return Errno::einval;
    setting = show(*timer, current_process());
  }
  return to.write(setting);
}

KERNEL_CALL sys_timer_getoverrun(int32_t id) {
  SpinGuard guard(tasks_lock);
  PosixTimer *timer = *link_of(current_process(), id);
  return timer ? SyscallResult(timer->overrun) : Errno::einval;
}

KERNEL_CALL sys_timer_delete(int32_t id) {
  SpinGuard guard(tasks_lock);
  PosixTimer **link = link_of(current_process(), id), *timer = *link;
  if (!timer)
    return Errno::einval;
  *link = timer->next;
  destroy(timer);
  return 0;
}

namespace {
constexpr SyscallEntry kPosixTimerTable[] = {
    SYSCALL_ENTRY(107, timer_create),  SYSCALL_ENTRY(108, timer_gettime), SYSCALL_ENTRY(109, timer_getoverrun),
    SYSCALL_ENTRY(110, timer_settime), SYSCALL_ENTRY(111, timer_delete),
};
}
constinit const std::span<const SyscallEntry> kPosixTimerCalls{kPosixTimerTable};

} // namespace refkernel
