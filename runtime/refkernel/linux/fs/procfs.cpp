// SPDX-License-Identifier: MIT OR Apache-2.0
// The root of /proc: fixed files, and a directory for each process, made when it is looked up.
#include "refkernel/linux/fs/procfs.h"
#include "refkernel/linux/fs/devices.h"
#include "refkernel/linux/fs/ram_directory.h"
#include "refkernel/linux/process.h"
#include <algorithm>

namespace refkernel {

namespace {

constexpr uint64_t kFirstPidOffset = uint64_t{1} << 32; // readdir offsets: fixed files, then processes by pid

// A decimal number without leading zeros, or 0.
uint32_t parse_pid(std::string_view name) {
  uint64_t value = 0;
  if (name.empty() || name.size() > 9 || name[0] == '0')
    return 0;
  for (char c : name) {
    if (c < '0' || c > '9')
      return 0;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  return static_cast<uint32_t>(value);
}

class SelfLink final : public HeapObject<SelfLink, Inode> {
public:
  SelfLink() : HeapObject(kProcFs, kModeSymlink | 0777) {}
  SysResult<void> read_link(kbpf::TextSink &sink) override {
    kbpf::append_unsigned(sink, current_process().pid);
    return {};
  }
};

class ProcRoot final : public HeapObject<ProcRoot, RamDirectoryBase> {
public:
  ProcRoot() : HeapObject(kProcFs, 0555) {}

  SysResult<Ref<Inode>> lookup(std::string_view name) override {
    uint32_t pid = parse_pid(name);
    if (!pid)
      return RamDirectoryBase::lookup(name);
    if (!share_process(pid))
      return Errno::enoent;
    return make_process_directory(*this, pid);
  }

  SysResult<void> list(uint64_t offset, DirectorySink &sink) override {
    if (offset < kFirstPidOffset) {
      Watch watch(sink);
      KBPF_TRY(RamDirectoryBase::list(offset, watch));
      if (watch.full)
        return {};
    }
    uint32_t last = offset < kFirstPidOffset ? 0 : static_cast<uint32_t>(offset - kFirstPidOffset);
    while (uint32_t pid = next_pid(last)) {
      char name[12];
      kbpf::TextBuffer text(name, sizeof(name));
      kbpf::append_unsigned(text, pid);
      if (!sink.add(text.text(), kFirstPidOffset + pid, kModeDirectory, kFirstPidOffset + pid))
        break;
      last = pid;
    }
    return {};
  }

  SysResult<void> name_of(const Inode &child, kbpf::TextSink &sink) override {
    if (RamDirectoryBase::name_of(child, sink).ok())
      return {};
    kbpf::append_unsigned(sink, process_directory_pid(child));
    return {};
  }
  SysResult<Ref<Inode>> make_file(uint32_t) override { return Errno::eperm; }
  SysResult<Ref<Inode>> make_directory(uint32_t) override { return Errno::eperm; }

private:
  struct Watch final : DirectorySink {
    DirectorySink &sink;
    bool full = false;
    explicit Watch(DirectorySink &to) : sink(to) {}
    bool add(std::string_view name, uint64_t inode, uint32_t mode, uint64_t next) override {
      full = !sink.add(name, inode, mode, next);
      return !full;
    }
  };

  static uint32_t next_pid(uint32_t last) {
    uint32_t best = 0;
    SpinGuard guard(tasks_lock);
    for_each_process([&](Process &process) {
      if (process.pid > last && (!best || process.pid < best))
        best = process.pid;
      return true;
    });
    return best;
  }
};

} // namespace

SysResult<void> populate_proc(Inode &root) {
  auto *directory = try_make<ProcRoot>();
  if (!directory)
    return Errno::enomem;
  Ref<Inode> proc = Ref<Inode>::adopt(directory);
  {
    // The initramfs may have an empty /proc to mount on: this one takes its place.
    MutexGuard guard(namespace_lock);
    if (root.as_directory()->lookup("proc").ok())
      KBPF_TRY(root.as_directory()->remove("proc"));
  }
  KBPF_TRY(add_entry(root, "proc", SysResult<Ref<Inode>>(proc)));
  auto *self = try_make<SelfLink>();
  if (!self)
    return Errno::enomem;
  KBPF_TRY(add_entry(*proc, "self", Ref<Inode>::adopt(self)));
  return add_system_files(*proc);
}

} // namespace refkernel
