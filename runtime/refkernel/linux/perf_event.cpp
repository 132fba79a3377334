// SPDX-License-Identifier: MIT OR Apache-2.0
// perf_event_open(2), as far as tracing tools attach BPF programs with it: the dynamic event source "kprobe"
// (perf_event_open(2), "dynamic PMU"), tracepoints, the rings that programs write samples into, and what a
// hart counts: cycles, instructions, and time, by which it also takes samples. An event is a descriptor; the
// program that PERF_EVENT_IOC_SET_BPF gives it runs, on every hart and in every process, while the event is
// open, enabled or not.
#include "kernel/kbpf.h"
#include "kernel/port.h"
#include "refkernel/linux/fs/devices.h"
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/kprobe_events.h"
#include "refkernel/linux/hooks.h"
#include "refkernel/linux/process.h"
#include "refkernel/linux/syscall.h"
#include "refkernel/sched/hart.h"
#include <algorithm>

namespace refkernel {

namespace {

constexpr uint32_t kProbeSource = 6;     // the event source's number: the first dynamic one
constexpr uint32_t kHardware = 0;        // PERF_TYPE_HARDWARE
constexpr uint32_t kSoftware = 1;        // PERF_TYPE_SOFTWARE
constexpr uint32_t kTracepoint = 2;      // PERF_TYPE_TRACEPOINT
constexpr uint64_t kBpfOutput = 10;      // its config PERF_COUNT_SW_BPF_OUTPUT
constexpr uint64_t kCpuClock = 0, kTaskClock = 1;  // its configs PERF_COUNT_SW_...
constexpr uint64_t kCycles = 0, kInstructions = 1; // kHardware's
constexpr uint64_t kExcludeUser = 1 << 4, kExcludeKernel = 1 << 5, kExcludeIdle = 1 << 7; // attributes' flags
constexpr uint64_t kFrequency = 1 << 10, kWatermark = 1 << 14;
constexpr uint64_t kMostSamples = 100'000;   // a second: perf_event_max_sample_rate
constexpr uint64_t kShortestPeriod = 10'000; // ns
constexpr uint64_t kReturnProbe = 1;     // attributes' config
constexpr uint64_t kDisabled = 1;        // attributes' flags
constexpr uint64_t kKnownFlags = (uint64_t{1} << 38) - 1;
constexpr uint64_t kKnownSampleTypes = (uint64_t{1} << 25) - 1;
constexpr uint64_t kKnownReadFormats = (uint64_t{1} << 5) - 1;
enum : uint64_t { kNoGroup = 1, kOutput = 2, kControlGroup = 4, kCloseOnExec = 8, kAllOpenFlags = 15 };
constexpr size_t kMaxSymbol = 512; // KSYM_NAME_LEN

struct EventAttributes { // struct perf_event_attr, version 8
  uint32_t type, size;
  uint64_t config, sample_period, sample_type, read_format, flags;
  uint32_t wakeup_events, breakpoint_type;
  uint64_t config1, config2, branch_sample_type, sample_regs_user;
  uint32_t sample_stack_user;
  int32_t clock;
  uint64_t sample_regs_intr;
  uint32_t aux_watermark;
  uint16_t sample_max_stack, reserved2;
  uint32_t aux_sample_size, reserved3;
  uint64_t signal_data, config3;
};
constexpr uint32_t kFirstVersionSize = 64;
static_assert(sizeof(EventAttributes) == 136);

// Puts the runtime's object behind a new descriptor; made: what its creation said.
SysResult<int> install_event(int made, kbpf_object *event, bool close_on_exec) {
  if (made < 0)
    return static_cast<Errno>(-made);
  int fd = kbpf_port_fd_install(event, "[perf_event]", close_on_exec ? KBPF_FD_CLOSE_ON_EXEC : 0);
  if (fd >= 0)
    return fd;
  kbpf_object_release(event);
  return static_cast<Errno>(-fd);
}

// Errors: efault, e2big (the name is too long), enoent (nothing there), or what the runtime says.
SysResult<int> open_probe(const EventAttributes &attributes, bool close_on_exec) {
  char bytes[kMaxSymbol + 64], name[kMaxSymbol] = "";
  kbpf::TextBuffer target(bytes, sizeof(bytes));
  target.append(attributes.config & kReturnProbe ? "kretprobe@exit$" : "kprobe$");
  if (attributes.config1) {
    long length = copy_string_from_user(name, attributes.config1, sizeof(name));
    if (length < 0)
      return Errno::efault;
    if (static_cast<size_t>(length) >= sizeof(name))
      return Errno::e2big;
  }
  if (name[0])
    kbpf::print(target, "{}+{x}", name, attributes.config2);
  else
    kbpf::print(target, "{x}", attributes.config2);
  if (target.truncated())
    return Errno::e2big;
  kbpf_object *event = nullptr;
  int made = kbpf_probe_event_create(target.text().data(), target.text().size(), &event);
  return install_event(made, event, close_on_exec);
}

// An event of the kernel, or a probe of kprobe_events: their numbers are different.
SysResult<int> open_reported(const EventAttributes &attributes, bool close_on_exec) {
  kbpf_object *event = nullptr;
  int made = kbpf_event_create(attributes.config, &event);
  if (made == -static_cast<int>(Errno::enoent)) {
    event = KBPF_TRY(open_kprobe_event(attributes.config));
    made = 0;
  }
  return install_event(made, event, close_on_exec);
}

// Takes attributes of any version: what the caller's lacks is zero, what is beyond this kernel's must be.
// Errors: efault; e2big, the size known here then stands in the caller's struct.
SysResult<EventAttributes> read_attributes(UserPtr<EventAttributes> user) {
  auto user_size = UserPtr<uint32_t>{user.address + offsetof(EventAttributes, size)};
  uint32_t size = KBPF_TRY(user_size.read());
  if (size == 0)
    size = kFirstVersionSize;
  bool fits = size >= kFirstVersionSize && size <= kPageSize;
  for (size_t offset = sizeof(EventAttributes); fits && offset < size; ++offset)
    fits = !KBPF_TRY(UserPtr<const uint8_t>{user.address + offset}.read());
  if (!fits) {
    KBPF_TRY(user_size.write(sizeof(EventAttributes)));
    return Errno::e2big;
  }
  EventAttributes attributes{};
  if (!copy_from_user(&attributes, user.address, std::min<size_t>(size, sizeof(attributes))))
    return Errno::efault;
  return attributes;
}

SysResult<void> check_attributes(const EventAttributes &attributes) {
  if ((attributes.flags & ~kKnownFlags) || attributes.reserved2 || attributes.reserved3 ||
      (attributes.sample_type & ~kKnownSampleTypes) || (attributes.read_format & ~kKnownReadFormats))
    return Errno::einval;
  return {};
}

// Which process and hart an event is for. Programs see every call either way, as on Linux.
SysResult<void> check_scope(int pid, int cpu) {
  bool any_cpu = cpu == -1;
  if (any_cpu ? pid == -1 : cpu < 0 || static_cast<uint32_t>(cpu) >= boot_info.hart_count)
    return Errno::einval;
  if (pid == -1 || pid == 0)
    return {};
  SpinGuard guard(tasks_lock);
  if (pid < 0 || !find_task(static_cast<uint32_t>(pid)))
    return Errno::esrch;
  return {};
}

// Where nothing counts that: enoent.
SysResult<kbpf_event_source> source_of(const EventAttributes &attributes) {
  const uint64_t config = attributes.config;
  if (attributes.type == kSoftware && config == kBpfOutput)
    return KBPF_EVENT_OUTPUT;
  if (attributes.type == kSoftware && (config == kCpuClock || config == kTaskClock))
    return KBPF_EVENT_CLOCK;
  if (attributes.type == kHardware && (config == kCycles || config == kInstructions))
    return config == kCycles ? KBPF_EVENT_CYCLES : KBPF_EVENT_INSTRUCTIONS;
  return Errno::enoent;
}

// ns between two samples; 0: it only counts. Errors: einval.
SysResult<uint64_t> period_of(const EventAttributes &attributes) {
  const uint64_t wanted = attributes.sample_period;
  if (!wanted)
    return uint64_t{0};
  if (attributes.flags & kFrequency ? wanted > kMostSamples : wanted >> 63)
    return Errno::einval;
  return std::max(attributes.flags & kFrequency ? kNanosecondsPerSecond / wanted : wanted, kShortestPeriod);
}

// The runtime has the ring and the counter; the descriptor is one of its objects'.
SysResult<int> open_counter(const EventAttributes &attributes, kbpf_event_source source, int pid, int cpu,
                            bool close_on_exec) {
  kbpf_perf_event_attr wanted{};
  if (source != KBPF_EVENT_OUTPUT) {
    if (pid != -1 || cpu < 0) // of a process, wherever it runs
      return Errno::enotsup;
    if (!harts[cpu].online)
      return Errno::enodev;
    wanted.period = KBPF_TRY(period_of(attributes));
  }
  wanted.source = source;
  wanted.type = attributes.type;
  wanted.config = attributes.config;
  wanted.exclude_user = (attributes.flags & kExcludeUser) != 0;
  wanted.exclude_kernel = (attributes.flags & kExcludeKernel) != 0;
  wanted.exclude_idle = (attributes.flags & kExcludeIdle) != 0;
  wanted.read_format = attributes.read_format;
  wanted.cpu = cpu;
  wanted.wakeup = attributes.wakeup_events;
  wanted.sample_type = attributes.sample_type;
  wanted.watermark = (attributes.flags & kWatermark) != 0;
  wanted.disabled = (attributes.flags & kDisabled) != 0;
  kbpf_object *event = nullptr;
  int made = kbpf_perf_event_create(&wanted, &event);
  return install_event(made, event, close_on_exec);
}

void generate_source_number(kbpf::TextSink &sink, uint64_t) { kbpf::print(sink, "{}\n", kProbeSource); }
void generate_return_bit(kbpf::TextSink &sink, uint64_t) { sink.append("config:0\n"); }

} // namespace

KERNEL_CALL sys_perf_event_open(UserPtr<EventAttributes> user, int pid, int cpu, int group, uint64_t flags) {
  if (flags & ~uint64_t{kAllOpenFlags})
    return Errno::einval;
  EventAttributes attributes = KBPF_TRY(read_attributes(user));
  KBPF_TRY(check_attributes(attributes));
  if (flags & kControlGroup) // there are no control groups
    return Errno::einval;
  KBPF_TRY(check_scope(pid, cpu));
  if (group != -1) {
    KBPF_TRY(get_file(group));
    return Errno::einval; // events are not grouped
  }
  const bool runs_program = attributes.type == kProbeSource || attributes.type == kTracepoint;
  const kbpf_event_source source = runs_program ? KBPF_EVENT_OUTPUT : KBPF_TRY(source_of(attributes));
  if (!kbpf_port_capable(KBPF_CAP_PERFMON) && !kbpf_port_capable(KBPF_CAP_SYS_ADMIN))
    return Errno::eacces;
  bool close_on_exec = flags & kCloseOnExec;
  return !runs_program                    ? open_counter(attributes, source, pid, cpu, close_on_exec)
         : attributes.type == kTracepoint ? open_reported(attributes, close_on_exec)
                                          : open_probe(attributes, close_on_exec);
}

SysResult<void> add_event_sources(Inode &sys) {
  Ref<Inode> bus = KBPF_TRY(ensure_directory(sys, "bus", kSysFs));
  Ref<Inode> sources = KBPF_TRY(ensure_directory(*bus, "event_source", kSysFs));
  Ref<Inode> devices = KBPF_TRY(ensure_directory(*sources, "devices", kSysFs));
  Ref<Inode> probe = KBPF_TRY(ensure_directory(*devices, "kprobe", kSysFs));
  Ref<Inode> format = KBPF_TRY(ensure_directory(*probe, "format", kSysFs));
  KBPF_TRY(add_entry(*probe, "type", make_generated_file(kSysFs, 0444, generate_source_number, 0)));
  return add_entry(*format, "retprobe", make_generated_file(kSysFs, 0444, generate_return_bit, 0));
}

namespace {
constexpr SyscallEntry kPerfEventTable[] = {SYSCALL_ENTRY(241, perf_event_open)};
}
constinit const std::span<const SyscallEntry> kPerfEventCalls{kPerfEventTable};

} // namespace refkernel
