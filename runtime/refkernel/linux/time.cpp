// SPDX-License-Identifier: MIT OR Apache-2.0
// Clocks, sleeping, and ITIMER_REAL, whose expiry the timer tick looks for. The machine's clock starts at
// boot; real time begins as the machine's clock of the day has it (1970 where there is none) and is then what
// clock_settime makes of it.
#include "refkernel/linux/time.h"
#include "kernel/port.h"
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/special_files.h"
#include "refkernel/linux/fs/trace_wake.h"
#include "refkernel/linux/hooks.h"
#include "refkernel/linux/process.h"
#include "refkernel/machine/noprobe.h"
#include "refkernel/machine/rtc.h"
#include <algorithm>

namespace refkernel {

namespace {

std::atomic<uint64_t> realtime_offset{0};
std::atomic<uint64_t> next_timer{UINT64_MAX}; // no interval timer expires before it

enum Clock : int {
  kRealtime = 0,
  kMonotonic = 1,
  kProcessCpu = 2,
  kThreadCpu = 3,
  kMonotonicRaw = 4,
  kRealtimeCoarse = 5,
  kMonotonicCoarse = 6,
  kBoottime = 7,
  kRealtimeAlarm = 8,
  kBoottimeAlarm = 9,
  kTai = 11,
};
constexpr uint32_t kAbsolute = 1; // TIMER_ABSTIME

bool follows_realtime(int clock) {
  return clock == kRealtime || clock == kRealtimeCoarse || clock == kRealtimeAlarm || clock == kTai;
}

SysResult<uint64_t> read_clock(int clock) {
  if (follows_realtime(clock))
    return now_ns() + realtime_offset_ns();
  switch (clock) {
  case kMonotonic:
  case kMonotonicRaw:
  case kMonotonicCoarse:
  case kBoottime:
  case kBoottimeAlarm:
    return now_ns();
  case kThreadCpu:
    charge_cpu_time();
    return uint64_t{current()->cpu_time_ns};
  case kProcessCpu: {
    charge_cpu_time();
    SpinGuard guard(tasks_lock);
    return process_cpu_ns(current_process());
  }
  }
  return Errno::einval;
}

uint64_t add_saturating(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

SyscallResult sleep_relative(uint64_t deadline, UserPtr<LinuxTimespec> left) {
  while (now_ns() < deadline) {
    if (sleep_until(deadline) != WaitResult::interrupted)
      continue;
    uint64_t now = now_ns();
    if (left)
      KBPF_TRY(left.write(LinuxTimespec::from_ns(deadline > now ? deadline - now : 0)));
    current_task()->restart_block = {
        .resume =
            [](const RestartBlock &block) {
              return sleep_relative(block.deadline_ns, UserPtr<LinuxTimespec>{block.arguments[0]});
            },
        .deadline_ns = deadline,
        .arguments = {left.address},
    };
    return Errno::erestart_block;
  }
  return 0;
}

SyscallResult sleep_on(int clock, uint32_t flags, UserPtr<const LinuxTimespec> wanted,
                       UserPtr<LinuxTimespec> left) {
  if (clock == kThreadCpu || clock == kProcessCpu)
    return Errno::einval;
  uint64_t now = KBPF_TRY(read_clock(clock));
  LinuxTimespec time = KBPF_TRY(wanted.read());
  if (!time.valid())
    return Errno::einval;
  uint64_t deadline = time.to_ns();
  if (flags & kAbsolute)
    deadline = deadline > now ? add_saturating(now_ns(), deadline - now) : 0;
  else
    return sleep_relative(add_saturating(now_ns(), deadline), left);
  while (now_ns() < deadline)
    if (sleep_until(deadline) == WaitResult::interrupted)
      return Errno::erestart_no_handler;
  return 0;
}

// With tasks_lock held, from the tick.
void expire_timer(Process &process, uint64_t now, uint64_t &next) {
  IntervalTimer &timer = process.real_timer;
  if (!timer.deadline_ns)
    return;
  if (timer.deadline_ns <= now) {
    send_to_process(process, make_siginfo(kSigAlrm, kSiKernel));
    timer.deadline_ns = timer.interval_ns ? std::max(timer.deadline_ns + timer.interval_ns, now + 1) : 0;
  }
  if (timer.deadline_ns)
    next = std::min(next, timer.deadline_ns);
}

struct LinuxItimerval {
  LinuxTimeval interval, value;
};

uint64_t to_ns(const LinuxTimeval &time) {
  return LinuxTimespec{time.seconds, time.microseconds * 1000}.to_ns();
}
bool valid(const LinuxTimeval &time) {
  return time.seconds >= 0 && time.microseconds >= 0 && time.microseconds < 1000000;
}

LinuxItimerval show(const IntervalTimer &timer) {
  uint64_t now = now_ns();
  uint64_t left = !timer.deadline_ns ? 0 : timer.deadline_ns > now ? timer.deadline_ns - now : 1000;
  return {LinuxTimeval::from_ns(timer.interval_ns), LinuxTimeval::from_ns(left)};
}

constexpr int kItimerReal = 0;

} // namespace

void start_realtime() {
  uint64_t real = read_rtc_ns(), now = now_ns();
  if (real > now)
    realtime_offset = real - now;
}

uint64_t realtime_offset_ns() { return realtime_offset.load(std::memory_order_relaxed); }

} // namespace refkernel

REFKERNEL_NOPROBE uint64_t kbpf_port_realtime_ns(void) {
  return refkernel::now_ns() + refkernel::realtime_offset.load(std::memory_order_relaxed);
}

namespace refkernel {

void on_timer_tick() {
  wake_trace_readers();
  serve_bpf_requests();
  expire_timer_files();
  uint64_t now = now_ns();
  if (now < next_timer.load(std::memory_order_relaxed))
    return;
  SpinGuard guard(tasks_lock);
  uint64_t next = UINT64_MAX;
  for_each_process([&](Process &process) {
    expire_timer(process, now, next);
    return true;
  });
  next_timer = next;
}

KERNEL_CALL sys_clock_gettime(int clock, UserPtr<LinuxTimespec> time) {
  KBPF_TRY(time.write(LinuxTimespec::from_ns(KBPF_TRY(read_clock(clock)))));
  return 0;
}

KERNEL_CALL sys_clock_settime(int clock, UserPtr<const LinuxTimespec> time) {
  if (clock != kRealtime)
    return Errno::einval;
  if (!capable(Capability::sys_time))
    return Errno::eperm;
  LinuxTimespec wanted = KBPF_TRY(time.read());
  if (!wanted.valid() || wanted.to_ns() < now_ns())
    return Errno::einval;
  realtime_offset = wanted.to_ns() - now_ns();
  return 0;
}

KERNEL_CALL sys_clock_getres(int clock, UserPtr<LinuxTimespec> resolution) {
  KBPF_TRY(read_clock(clock));
  if (resolution)
    KBPF_TRY(resolution.write({0, 1}));
  return 0;
}

KERNEL_CALL sys_clock_nanosleep(int clock, uint32_t flags, UserPtr<const LinuxTimespec> wanted,
                                UserPtr<LinuxTimespec> left) {
  return sleep_on(clock, flags, wanted, left);
}

KERNEL_CALL sys_nanosleep(UserPtr<const LinuxTimespec> wanted, UserPtr<LinuxTimespec> left) {
  return sleep_on(kMonotonic, 0, wanted, left);
}

KERNEL_CALL sys_gettimeofday(UserPtr<LinuxTimeval> time, UserPtr<uint64_t> zone) {
  if (time)
    KBPF_TRY(time.write(LinuxTimeval::from_ns(now_ns() + realtime_offset_ns())));
  if (zone)
    KBPF_TRY(zone.write(0)); // two ints: UTC, no daylight saving
  return 0;
}

KERNEL_CALL sys_times(UserPtr<uint64_t> buffer) {
  constexpr uint64_t kTick = kNanosecondsPerSecond / 100;
  uint64_t mine, children;
  charge_cpu_time();
  {
    SpinGuard guard(tasks_lock);
    mine = process_cpu_ns(current_process());
    children = current_process().children_cpu_ns;
  }
  if (buffer) {
    const uint64_t times[4] = {mine / kTick, 0, children / kTick, 0};
    for (size_t i = 0; i < 4; ++i)
      KBPF_TRY(buffer.at(i).write(times[i]));
  }
  return now_ns() / kTick;
}

KERNEL_CALL sys_getrusage(int who, UserPtr<LinuxRusage> usage) {
  constexpr int kSelf = 0, kChildren = -1, kThread = 1;
  LinuxRusage result{};
  uint64_t cpu_ns;
  charge_cpu_time();
  {
    SpinGuard guard(tasks_lock);
    if (who != kSelf && who != kChildren && who != kThread)
      return Errno::einval;
    Process &process = current_process();
    cpu_ns = who == kThread ? current()->cpu_time_ns
             : who == kSelf ? process_cpu_ns(process)
                            : process.children_cpu_ns;
  }
  result.user_time = LinuxTimeval::from_ns(cpu_ns);
  return usage.write(result);
}

KERNEL_CALL sys_getitimer(int which, UserPtr<LinuxItimerval> value) {
  if (which != kItimerReal)
    return Errno::einval;
  IntervalTimer timer;
  {
    SpinGuard guard(tasks_lock);
    timer = current_process().real_timer;
  }
  return value.write(show(timer));
}

KERNEL_CALL sys_setitimer(int which, UserPtr<const LinuxItimerval> value, UserPtr<LinuxItimerval> old) {
  if (which != kItimerReal)
    return Errno::einval;
  IntervalTimer wanted, previous;
  if (value) {
    LinuxItimerval given = KBPF_TRY(value.read());
    if (!valid(given.value) || !valid(given.interval))
      return Errno::einval;
    uint64_t first = to_ns(given.value);
    wanted.deadline_ns = first ? add_saturating(now_ns(), first) : 0;
    wanted.interval_ns = to_ns(given.interval);
  }
  {
    SpinGuard guard(tasks_lock);
    previous = std::exchange(current_process().real_timer, wanted);
    if (wanted.deadline_ns && wanted.deadline_ns < next_timer.load())
      next_timer = wanted.deadline_ns;
  }
  if (old)
    KBPF_TRY(old.write(show(previous)));
  return 0;
}

namespace {
struct LinuxItimerspec {
  LinuxTimespec interval, value;
};

LinuxItimerspec to_user(const Timer::Setting &setting) {
  return {LinuxTimespec::from_ns(setting.interval_ns), LinuxTimespec::from_ns(setting.value_ns)};
}

// The timer that fd is. Errors: ebadf, einval.
SysResult<Ref<File>> get_timer(int fd) {
  Ref<File> file = KBPF_TRY(get_file(fd));
  if (!as_timer(*file))
    return Errno::einval;
  return file;
}
} // namespace

KERNEL_CALL sys_timerfd_create(int clock, uint32_t flags) {
  if (flags & ~(kOpenCloseOnExec | kOpenNonBlock))
    return Errno::einval;
  bool realtime = clock == kRealtime || clock == kRealtimeAlarm;
  if (!realtime && clock != kMonotonic && clock != kBoottime && clock != kBoottimeAlarm)
    return Errno::einval;
  return install_file(KBPF_TRY(make_timer(realtime, flags)), flags);
}

// A timer that is cancelled when somebody sets the clock (TFD_TIMER_CANCEL_ON_SET) is refused.
KERNEL_CALL sys_timerfd_settime(int fd, uint32_t flags, UserPtr<const LinuxItimerspec> value,
                                UserPtr<LinuxItimerspec> old) {
  LinuxItimerspec wanted = KBPF_TRY(value.read());
  if ((flags & ~kAbsolute) || !wanted.value.valid() || !wanted.interval.valid())
    return Errno::einval;
  Ref<File> file = KBPF_TRY(get_timer(fd));
  Timer::Setting previous =
      as_timer(*file)->set({wanted.value.to_ns(), wanted.interval.to_ns()}, flags & kAbsolute);
  if (old)
    KBPF_TRY(old.write(to_user(previous)));
  return 0;
}

KERNEL_CALL sys_timerfd_gettime(int fd, UserPtr<LinuxItimerspec> value) {
  Ref<File> file = KBPF_TRY(get_timer(fd));
  return value.write(to_user(as_timer(*file)->get()));
}

namespace {
constexpr SyscallEntry kTimeTable[] = {
    SYSCALL_ENTRY(85, timerfd_create),  SYSCALL_ENTRY(86, timerfd_settime),
    SYSCALL_ENTRY(87, timerfd_gettime), SYSCALL_ENTRY(101, nanosleep),
    SYSCALL_ENTRY(102, getitimer),      SYSCALL_ENTRY(103, setitimer),
    SYSCALL_ENTRY(112, clock_settime),  SYSCALL_ENTRY(113, clock_gettime),
    SYSCALL_ENTRY(114, clock_getres),   SYSCALL_ENTRY(115, clock_nanosleep),
    SYSCALL_ENTRY(153, times),          SYSCALL_ENTRY(165, getrusage),
    SYSCALL_ENTRY(169, gettimeofday),
};
}
constinit const std::span<const SyscallEntry> kTimeCalls{kTimeTable};

} // namespace refkernel
