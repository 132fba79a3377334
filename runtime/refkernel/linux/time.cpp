// SPDX-License-Identifier: MIT OR Apache-2.0
// Clocks, sleeping, and interval timers, whose expiry the timer tick looks for. The machine's clock starts at
// boot; real time begins as the machine's clock of the day has it (1970 where there is none) and is then what
// clock_settime makes of it.
#include "refkernel/linux/time.h"
#include "kernel/port.h"
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/special_files.h"
#include "refkernel/linux/fs/trace_wake.h"
#include "refkernel/linux/hooks.h"
#include "refkernel/linux/process.h"
#include "refkernel/linux/system.h"
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

// Of another process or thread: clock_getcpuclockid(3) and pthread_getcpuclockid(3) make their numbers.
SysResult<uint64_t> read_cpu_clock(int clock) {
  constexpr int kThread = 4, kKind = 3, kKinds = 3;
  if ((clock & kKind) >= kKinds)
    return Errno::einval;
  charge_cpu_time();
  const uint32_t id = static_cast<uint32_t>(~(clock >> 3));
  SpinGuard guard(tasks_lock);
  if (clock & kThread) {
    const Task *task = id ? find_task(id) : current_task();
    if (!task || task->process != &current_process())
      return Errno::einval;
    return uint64_t{task->thread->cpu_time_ns};
  }
  const Process *process = id ? find_process(id) : &current_process();
  return process ? SysResult<uint64_t>(process_cpu_ns(*process)) : Errno::einval;
}

SysResult<uint64_t> read_clock(int clock) {
  if (clock < 0)
    return read_cpu_clock(clock);
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

constexpr uint64_t kCpuTimerLook = 1'000'000; // ns

// With tasks_lock held, from the tick. now: of the timer's clock. True where it is on still.
bool expire_timer(Process &process, IntervalTimer &timer, uint64_t now, int signal) {
  if (timer.deadline_ns && timer.deadline_ns <= now) {
    send_to_process(process, make_siginfo(signal, kSiKernel));
    timer.deadline_ns = timer.interval_ns ? std::max(timer.deadline_ns + timer.interval_ns, now + 1) : 0;
  }
  return timer.deadline_ns;
}

void expire_timers(Process &process, uint64_t now, uint64_t &next) {
  if (expire_timer(process, process.real_timer, now, kSigAlrm))
    next = std::min(next, process.real_timer.deadline_ns);
  for (size_t i = 0; i < std::size(process.cpu_timers); ++i)
    if (process.cpu_timers[i].deadline_ns &&
        expire_timer(process, process.cpu_timers[i], process_cpu_ns(process), i == 0 ? kSigVtalrm : kSigProf))
      next = std::min(next, now + kCpuTimerLook);
  expire_posix_timers(process, now, next);
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

LinuxItimerval show(const IntervalTimer &timer, uint64_t now) {
  uint64_t left = !timer.deadline_ns ? 0 : timer.deadline_ns > now ? timer.deadline_ns - now : 1000;
  return {LinuxTimeval::from_ns(timer.interval_ns), LinuxTimeval::from_ns(left)};
}

// With tasks_lock held. ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF.
constexpr int kItimerReal = 0, kItimerCount = 3;
IntervalTimer &interval_timer(Process &process, int which) {
  return which == kItimerReal ? process.real_timer : process.cpu_timers[which - 1];
}
uint64_t interval_timer_now(const Process &process, int which) {
  return which == kItimerReal ? now_ns() : process_cpu_ns(process);
}

} // namespace

SysResult<ClockSource> clock_source(int clock) {
  switch (clock) {
  case kRealtime:
  case kRealtimeAlarm:
  case kTai:
    return ClockSource::realtime;
  case kMonotonic:
  case kBoottime:
  case kBoottimeAlarm:
    return ClockSource::monotonic;
  case kProcessCpu:
    return ClockSource::cpu;
  }
  return Errno::einval;
}

void expect_timer(uint64_t deadline_ns) {
  if (deadline_ns < next_timer.load())
    next_timer = deadline_ns;
  tick_no_later_than(deadline_ns);
}

// In whole seconds, like Linux's from most clocks: bpftool computes when a program was loaded by the clocks' difference,
// and is centuries off where that has a fraction and the program was loaded within the first second.
void start_realtime() {
  uint64_t real = read_rtc_ns(), now = now_ns();
  if (real > now)
    realtime_offset = (real - now) / kNanosecondsPerSecond * kNanosecondsPerSecond;
}

uint64_t realtime_offset_ns() { return realtime_offset.load(std::memory_order_relaxed); }

} // namespace refkernel

REFKERNEL_NOPROBE uint64_t kbpf_port_realtime_ns(void) {
  return refkernel::now_ns() + refkernel::realtime_offset.load(std::memory_order_relaxed);
}

namespace refkernel {

void on_timer_tick() {
  update_load(now_ns());
  wake_trace_readers();
  serve_bpf_requests();
  uint64_t now = now_ns(), next = next_timer.load(std::memory_order_relaxed);
  if (now >= next) {
    SpinGuard guard(tasks_lock);
    next = UINT64_MAX;
    for_each_process([&](Process &process) {
      expire_timers(process, now, next);
      return true;
    });
    next_timer = next;
  }
  tick_no_later_than(std::min(next, expire_timer_files()));
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
  LinuxRusage result;
  charge_cpu_time();
  if (who != kSelf && who != kChildren && who != kThread)
    return Errno::einval;
  {
    SpinGuard guard(tasks_lock);
    const Process &process = current_process();
    const AddressSpace::Usage memory = current()->space->usage();
    if (who == kChildren)
      result = make_rusage(process.children_cpu_ns, process.children_peak_pages, process.children_faults);
    else
      result = make_rusage(who == kThread ? current()->cpu_time_ns : process_cpu_ns(process), memory.peak,
                           memory.faults);
  }
  return usage.write(result);
}

KERNEL_CALL sys_getitimer(int which, UserPtr<LinuxItimerval> value) {
  if (which < 0 || which >= kItimerCount)
    return Errno::einval;
  LinuxItimerval setting;
  charge_cpu_time();
  {
    SpinGuard guard(tasks_lock);
    Process &process = current_process();
    setting = show(interval_timer(process, which), interval_timer_now(process, which));
  }
  return value.write(setting);
}

KERNEL_CALL sys_setitimer(int which, UserPtr<const LinuxItimerval> value, UserPtr<LinuxItimerval> old) {
  if (which < 0 || which >= kItimerCount)
    return Errno::einval;
  LinuxItimerval given{}, previous;
  if (value) {
    given = KBPF_TRY(value.read());
    if (!valid(given.value) || !valid(given.interval))
      return Errno::einval;
  }
  charge_cpu_time();
  {
    SpinGuard guard(tasks_lock);
    Process &process = current_process();
    IntervalTimer &timer = interval_timer(process, which);
    const uint64_t first = to_ns(given.value), now = interval_timer_now(process, which);
    previous = show(timer, now);
    timer = {first ? add_saturating(now, first) : 0, to_ns(given.interval)};
    if (first)
      expect_timer(which == kItimerReal ? timer.deadline_ns : now_ns() + kCpuTimerLook);
  }
  if (old)
    KBPF_TRY(old.write(previous));
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
