// SPDX-License-Identifier: MIT OR Apache-2.0
// /proc's files about the whole system, and the /sys files about processors.
#include "kernel/kbpf.h"
#include "refkernel/linux/fs/devices.h"
#include "refkernel/linux/fs/mount.h"
#include "refkernel/linux/fs/probe_targets.h"
#include "refkernel/linux/fs/procfs.h"
#include "refkernel/linux/hooks.h"
#include "refkernel/linux/process.h"
#include "refkernel/linux/system.h"
#include "refkernel/machine/symbols.h"
#include "refkernel/mm/kernel_map.h"
#include "refkernel/mm/layout.h"
#include "refkernel/mm/pages.h"
#include "refkernel/sched/hart.h"
#include <algorithm>

namespace refkernel {

namespace {

using kbpf::TextSink;

void generate_cpuinfo(TextSink &sink, uint64_t) {
  for (uint32_t hart = 0; hart < boot_info.hart_count; ++hart)
    kbpf::print(sink, "processor\t: {}\nhart\t\t: {}\nisa\t\t: {}\nmmu\t\t: sv39\n\n", hart, hart,
                boot_info.isa ? boot_info.isa : "rv64imafdc");
}

void generate_meminfo(TextSink &sink, uint64_t) {
  size_t total = total_pages() * (kPageSize / 1024), available = free_pages() * (kPageSize / 1024);
  kbpf::print(sink, "MemTotal:       {} kB\nMemFree:        {} kB\nMemAvailable:   {} kB\n", total, available,
              available);
  sink.append("Buffers:        0 kB\nCached:         0 kB\nSwapTotal:      0 kB\nSwapFree:       0 kB\n");
  kbpf::print(sink, "KernelStack:    {} kB\n", stack_bytes() / 1024);
}

void generate_mounts(TextSink &sink, uint64_t) { print_mounts(sink); }

void generate_uptime(TextSink &sink, uint64_t) {
  uint64_t hundredths = now_ns() / 10000000;
  kbpf::print(sink, "{}.{}{} 0.00\n", hundredths / 100, hundredths / 10 % 10, hundredths % 10);
}

void generate_version(TextSink &sink, uint64_t) {
  kbpf::print(sink, "{} version {} {}\n", kSystemName, kSystemRelease, kSystemVersion);
}

void generate_filesystems(TextSink &sink, uint64_t) {
  for (const FileSystemKind *kind : kFileSystems)
    kbpf::print(sink, "nodev\t{}\n", kind->name);
}

// Hundredths of a second that a hart ran threads, and that it had none.
struct HartTime {
  uint64_t busy, idle;
};
HartTime time_of_hart(uint32_t index) {
  constexpr uint64_t kTick = kNanosecondsPerSecond / 100;
  const uint64_t idle = harts[index].idle ? harts[index].idle->cpu_time_ns : 0, now = now_ns();
  return {now > idle ? (now - idle) / kTick : 0, idle / kTick};
}

void generate_stat(TextSink &sink, uint64_t) {
  HartTime all{};
  for (uint32_t i = 0; i < hart_count; ++i) {
    const HartTime time = time_of_hart(i);
    all = {all.busy + time.busy, all.idle + time.idle};
  }
  kbpf::print(sink, "cpu  {} 0 0 {} 0 0 0 0 0 0\n", all.busy, all.idle);
  for (uint32_t i = 0; i < hart_count; ++i) {
    const HartTime time = time_of_hart(i);
    kbpf::print(sink, "cpu{} {} 0 0 {} 0 0 0 0 0 0\n", i, time.busy, time.idle);
  }
  uint64_t interrupts = 0, switches = 0;
  for (uint32_t i = 0; i < hart_count; ++i) {
    interrupts += harts[i].statistics->irqs_sum;
    switches += harts[i].run_queue->nr_switches;
  }
  kbpf::print(sink, "intr {}\nctxt {}\nbtime {}\nprocesses {}\nprocs_running {}\nprocs_blocked 0\n", interrupts,
              switches, realtime_offset_ns() / kNanosecondsPerSecond, total_forks, threads_that_run());
}

void generate_vmstat(TextSink &sink, uint64_t) {
  kbpf::print(sink, "nr_free_pages {}\npgpgin 0\npgpgout 0\npswpin 0\npswpout 0\npgfault 0\npgmajfault 0\n",
              free_pages());
}

void generate_loadavg(TextSink &sink, uint64_t) {
  constexpr uint64_t kOne = 1 << 16, kRound = kOne / 200;
  for (size_t i = 0; i < 3; ++i) {
    const uint64_t load = load_average(i) + kRound, hundredths = load % kOne * 100 / kOne;
    kbpf::print(sink, "{}.{}{} ", load / kOne, hundredths / 10, hundredths % 10);
  }
  kbpf::print(sink, "{}/{} {}\n", threads_that_run(), process_count(), current_process().pid);
}

void generate_command_line(TextSink &sink, uint64_t) {
  kbpf::print(sink, "{}\n", boot_info.command_line ? boot_info.command_line : "");
}
void generate_swaps(TextSink &sink, uint64_t) { sink.append("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"); }
void generate_partitions(TextSink &sink, uint64_t) { sink.append("major minor  #blocks  name\n\n"); }
void generate_nothing(TextSink &, uint64_t) {}

constinit Mutex boot_id_lock;
uint8_t boot_id[16];
bool has_boot_id = false;

// A random number in the form of version 4 of RFC 4122: the same since boot, or another each time.
void generate_uuid(TextSink &sink, uint64_t is_of_boot) {
  uint8_t bytes[16];
  fill_random(bytes, sizeof(bytes));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  if (is_of_boot) {
    MutexGuard guard(boot_id_lock);
    if (!std::exchange(has_boot_id, true))
      std::copy(std::begin(bytes), std::end(bytes), boot_id);
    std::copy(std::begin(boot_id), std::end(boot_id), bytes);
  }
  for (size_t i = 0; i < sizeof(bytes); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10)
      sink.append("-");
    kbpf::append_unsigned(sink, bytes[i], 16, 2);
  }
  sink.append("\n");
}

void generate_kallsyms(TextSink &sink, uint64_t) {
  kbpf_symbol symbol;
  for (uint32_t index = 0; symbol_by_index(index, symbol); ++index) {
    kbpf::append_unsigned(sink, symbol.address, 16, 16);
    kbpf::print(sink, " T {}\n", symbol.name);
  }
  KernelVariable variable;
  for (uint32_t index = 0; variable_by_index(index, variable); ++index) {
    kbpf::append_unsigned(sink, variable.address, 16, 16);
    kbpf::print(sink, " D {}\n", variable.name);
  }
  kbpf_code_place place;
  for (uint64_t position = 0; kbpf_code_next(&position, &place);) {
    kbpf::append_unsigned(sink, place.address, 16, 16);
    kbpf::print(sink, " t {}\t[bpf]\n", place.name);
  }
}

static_assert(kCodeAreaSize == 268435456); // bpf_jit_limit: beyond it there is no machine code of anybody's

// Values of /proc/sys, each a line of text.
struct Setting {
  const char *directory, *name, *text;
};
constexpr Setting kSettings[] = {
    {"kernel", "ostype", kSystemName},
    {"kernel", "osrelease", kSystemRelease},
    {"kernel", "version", kSystemVersion},
    {"kernel", "pid_max", "32768"},
    {"kernel", "unprivileged_bpf_disabled", "1"},
    {"kernel", "kptr_restrict", "0"},
    {"kernel", "perf_event_paranoid", "2"},
    {"net/core", "bpf_jit_enable", "1"},
    {"net/core", "bpf_jit_harden", "0"},
    {"net/core", "bpf_jit_kallsyms", "1"},
    {"net/core", "bpf_jit_limit", "268435456"},
    {"vm", "overcommit_memory", "1"},
    {"vm", "max_map_count", "65530"},
    {"vm", "swappiness", "0"},
    {"fs", "pipe-max-size", "65536"},
    {"fs", "file-max", "1048576"},
    {"fs", "nr_open", "65536"},
    {"kernel", "ngroups_max", "32"},
    {"kernel", "cap_last_cap", "40"},
    {"kernel", "threads-max", "32768"},
    {"kernel", "randomize_va_space", "0"},
    {"kernel", "core_pattern", "core"},
};

void generate_name(TextSink &sink, uint64_t which) {
  print_name(sink, static_cast<SystemName>(which));
  sink.append("\n");
}

void generate_number(TextSink &sink, uint64_t number) { kbpf::print(sink, "{}\n", number); }

void generate_setting(TextSink &sink, uint64_t index) { kbpf::print(sink, "{}\n", kSettings[index].text); }

void generate_cpu_list(TextSink &sink, uint64_t) {
  if (boot_info.hart_count == 1)
    sink.append("0\n");
  else
    kbpf::print(sink, "0-{}\n", boot_info.hart_count - 1);
}

} // namespace

SysResult<void> add_system_files(Inode &proc) {
  struct Fixed {
    const char *name;
    TextGenerator generate;
  };
  static constexpr Fixed kFiles[] = {
      {"cpuinfo", generate_cpuinfo},   {"meminfo", generate_meminfo},
      {"mounts", generate_mounts},     {"uptime", generate_uptime},
      {"version", generate_version},   {"filesystems", generate_filesystems},
      {"stat", generate_stat},         {"loadavg", generate_loadavg},
      {"kallsyms", generate_kallsyms}, {"probe_targets", generate_probe_targets},
      {"vmstat", generate_vmstat},     {"cmdline", generate_command_line},
      {"swaps", generate_swaps},       {"locks", generate_nothing},
      {"modules", generate_nothing},   {"partitions", generate_partitions},
  };
  for (const Fixed &file : kFiles)
    KBPF_TRY(add_entry(proc, file.name, make_generated_file(kProcFs, 0444, file.generate, 0)));
  Ref<Inode> sys = KBPF_TRY(ensure_directory(proc, "sys", kProcFs, 0555));
  for (size_t i = 0; i < std::size(kSettings); ++i) {
    Ref<Inode> directory = sys;
    for (std::string_view path = kSettings[i].directory; !path.empty();) {
      const std::string_view name = path.substr(0, path.find('/'));
      directory = KBPF_TRY(ensure_directory(*directory, name, kProcFs, 0555));
      path.remove_prefix(std::min(path.size(), name.size() + 1));
    }
    KBPF_TRY(
        add_entry(*directory, kSettings[i].name, make_generated_file(kProcFs, 0444, generate_setting, i)));
  }
  Ref<Inode> kernel = KBPF_TRY(ensure_directory(*sys, "kernel", kProcFs, 0555));
  for (auto [name, which] : {std::pair{"hostname", SystemName::host}, {"domainname", SystemName::domain}})
    KBPF_TRY(add_entry(*kernel, name,
                       make_generated_file(kProcFs, 0444, generate_name, static_cast<uint64_t>(which))));
  Ref<Inode> random = KBPF_TRY(ensure_directory(*kernel, "random", kProcFs, 0555));
  KBPF_TRY(add_entry(*random, "uuid", make_generated_file(kProcFs, 0444, generate_uuid, 0)));
  return add_entry(*random, "boot_id", make_generated_file(kProcFs, 0444, generate_uuid, 1));
}

SysResult<void> add_processor_files(Inode &sys) {
  Ref<Inode> devices = KBPF_TRY(ensure_directory(sys, "devices", kSysFs));
  Ref<Inode> system = KBPF_TRY(ensure_directory(*devices, "system", kSysFs));
  Ref<Inode> cpu = KBPF_TRY(ensure_directory(*system, "cpu", kSysFs));
  for (const char *name : {"possible", "present", "online"})
    KBPF_TRY(add_entry(*cpu, name, make_generated_file(kSysFs, 0444, generate_cpu_list, 0)));
  for (uint32_t i = 0; i < boot_info.hart_count; ++i) {
    char name[16];
    kbpf::TextBuffer text(name, sizeof(name));
    kbpf::print(text, "cpu{}", i);
    Ref<Inode> one = KBPF_TRY(ensure_directory(*cpu, text.text(), kSysFs));
    Ref<Inode> topology = KBPF_TRY(ensure_directory(*one, "topology", kSysFs));
    KBPF_TRY(add_entry(*topology, "core_id", make_generated_file(kSysFs, 0444, generate_number, i)));
    KBPF_TRY(add_entry(*topology, "physical_package_id", make_generated_file(kSysFs, 0444, generate_number, 0)));
    KBPF_TRY(add_entry(*topology, "thread_siblings_list", make_generated_file(kSysFs, 0444, generate_number, i)));
  }
  return {};
}

} // namespace refkernel
