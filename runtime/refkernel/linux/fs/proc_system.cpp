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
#include "refkernel/mm/pages.h"
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
}

void generate_mounts(TextSink &sink, uint64_t) {
  sink.append("rootfs / rootfs rw 0 0\nproc /proc proc rw 0 0\ndevtmpfs /dev devtmpfs rw 0 0\nsysfs /sys "
              "sysfs rw 0 0\n"
              "tracefs /sys/kernel/tracing tracefs rw 0 0\ndebugfs /sys/kernel/debug debugfs rw 0 0\n"
              "bpf /sys/fs/bpf bpf rw,mode=1777 0 0\n");
  MutexGuard guard(namespace_lock);
  print_mounts(sink);
}

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

void generate_stat(TextSink &sink, uint64_t) {
  sink.append("cpu  0 0 0 0 0 0 0 0 0 0\n");
  kbpf::print(sink, "btime {}\nprocesses {}\n", realtime_offset_ns() / kNanosecondsPerSecond,
              process_count());
}

void generate_loadavg(TextSink &sink, uint64_t) {
  kbpf::print(sink, "0.00 0.00 0.00 1/{} 1\n", process_count());
}

void generate_kallsyms(TextSink &sink, uint64_t) {
  kbpf_symbol symbol;
  for (uint32_t index = 0; symbol_by_index(index, symbol); ++index) {
    kbpf::append_unsigned(sink, symbol.address, 16, 16);
    kbpf::print(sink, " T {}\n", symbol.name);
  }
  kbpf_code_place place;
  for (uint64_t position = 0; kbpf_code_next(&position, &place);) {
    kbpf::append_unsigned(sink, place.address, 16, 16);
    kbpf::print(sink, " t {}\t[bpf]\n", place.name);
  }
}

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
    {"vm", "overcommit_memory", "1"},
    {"fs", "pipe-max-size", "65536"},
};

void generate_name(TextSink &sink, uint64_t which) {
  print_name(sink, static_cast<SystemName>(which));
  sink.append("\n");
}

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
  return {};
}

SysResult<void> add_processor_files(Inode &sys) {
  Ref<Inode> devices = KBPF_TRY(ensure_directory(sys, "devices", kSysFs));
  Ref<Inode> system = KBPF_TRY(ensure_directory(*devices, "system", kSysFs));
  Ref<Inode> cpu = KBPF_TRY(ensure_directory(*system, "cpu", kSysFs));
  for (const char *name : {"possible", "present", "online"})
    KBPF_TRY(add_entry(*cpu, name, make_generated_file(kSysFs, 0444, generate_cpu_list, 0)));
  return {};
}

} // namespace refkernel
