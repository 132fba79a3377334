// SPDX-License-Identifier: MIT OR Apache-2.0
// /dev: null, zero, full, random, urandom, kmsg, console and tty, links to descriptors, and shm. Device
// numbers are Linux's.
#include "refkernel/linux/fs/devices.h"
#include "refkernel/linux/fs/path.h"
#include "refkernel/machine/log.h"
#include "refkernel/sched/thread.h"
#include <algorithm>

namespace refkernel {

namespace {

enum : uint32_t { kMemory = 1, kTty = 5, kSerial = 4 }; // majors
enum : uint32_t {
  kNull = 3,
  kZero = 5,
  kFull = 7,
  kRandom = 8,
  kUrandom = 9,
  kLog = 11
}; // minors of kMemory

class MemoryDevice final : public HeapObject<MemoryDevice, File> {
public:
  MemoryDevice(Ref<Inode> inode, uint32_t flags, uint32_t minor)
      : HeapObject(std::move(inode), flags), minor_(minor) {}

  SysResult<size_t> read(IoCursor &to, uint64_t) override {
    size_t total = 0;
    while (to.remaining() && minor_ != kNull && minor_ != kLog) {
      char chunk[256] = {};
      size_t count = std::min(sizeof(chunk), to.remaining());
      if (minor_ == kRandom || minor_ == kUrandom)
        fill_random(chunk, count);
      KBPF_TRY(to.put(chunk, count));
      total += count;
      if (current()->signal_pending)
        break;
    }
    return total;
  }

  SysResult<size_t> write(IoCursor &from, uint64_t) override {
    if (minor_ == kFull)
      return Errno::enospc;
    size_t size = from.remaining();
    if (minor_ == kLog) {
      char text[256];
      size_t shown = std::min(size, sizeof(text));
      KBPF_TRY(from.take(text, shown));
      if (shown && text[shown - 1] == '\n')
        --shown;
      log_line(LogLevel::warn, "linux::kmsg", std::string_view(text, shown));
    }
    return size;
  }
  bool seekable() const override { return true; }
  SysResult<uint64_t> size() override { return uint64_t{0}; }
  SysResult<Ref<PageSource>> mapping(const MappingWish &) override {
    return minor_ == kZero ? SysResult<Ref<PageSource>>(Ref<PageSource>()) : Errno::enodev;
  }

private:
  uint32_t minor_;
};

constinit std::atomic<uint64_t> random_state{0x9e3779b97f4a7c15};

uint64_t next_random() { // splitmix64 over a state that the clock disturbs
  uint64_t value = random_state.fetch_add(0x9e3779b97f4a7c15 + (now_ns() << 1)) ^ now_ns();
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

} // namespace

void fill_random(void *to, size_t size) {
  auto *bytes = static_cast<unsigned char *>(to);
  uint64_t bits = 0;
  for (size_t i = 0; i < size; ++i, bits >>= 8) {
    if (i % 8 == 0)
      bits = next_random();
    bytes[i] = static_cast<unsigned char>(bits);
  }
}

SysResult<Ref<File>> open_character_device(Ref<Inode> inode, uint32_t device, uint32_t flags) {
  uint32_t major = device_major(device), minor = device_minor(device);
  if ((major == kTty && minor <= 1) || (major == kSerial && minor == 64))
    return open_console(std::move(inode), flags);
  bool known = minor == kNull || minor == kZero || minor == kFull || minor == kRandom || minor == kUrandom ||
               minor == kLog;
  if (major != kMemory || !known)
    return Errno::enxio;
  auto *file = try_make<MemoryDevice>(std::move(inode), flags, minor);
  if (!file)
    return Errno::enomem;
  return Ref<File>::adopt(file);
}

SysResult<Ref<Inode>> ensure_directory(Inode &parent, std::string_view name, const FileSystemKind &kind,
                                       uint32_t permissions) {
  MutexGuard guard(namespace_lock);
  Directory *directory = parent.as_directory();
  if (!directory)
    return Errno::enotdir;
  auto there = directory->lookup(name);
  if (there.ok())
    return (*there)->as_directory() ? SysResult<Ref<Inode>>(*there) : Errno::enotdir;
  Ref<Inode> made = KBPF_TRY(make_ram_directory(kind, permissions));
  KBPF_TRY(directory->insert(name, made));
  return made;
}

SysResult<void> add_entry(Inode &parent, std::string_view name, SysResult<Ref<Inode>> inode) {
  Ref<Inode> made = KBPF_TRY(std::move(inode));
  MutexGuard guard(namespace_lock);
  SysResult<void> added = parent.as_directory()->insert(name, std::move(made));
  return !added.ok() && added.error() == Errno::eexist ? SysResult<void>()
                                                       : std::move(added); // the initramfs has it
}

SysResult<void> populate_dev(Inode &root) {
  struct Node {
    const char *name;
    uint32_t permissions, major, minor;
  };
  static constexpr Node kNodes[] = {
      {"null", 0666, kMemory, kNull},
      {"zero", 0666, kMemory, kZero},
      {"full", 0666, kMemory, kFull},
      {"random", 0666, kMemory, kRandom},
      {"urandom", 0666, kMemory, kUrandom},
      {"kmsg", 0644, kMemory, kLog},
      {"tty", 0666, kTty, 0},
      {"console", 0600, kTty, 1},
      {"ttyS0", 0600, kSerial, 64},
  };
  struct Link {
    const char *name, *target;
  };
  static constexpr Link kLinks[] = {{"fd", "/proc/self/fd"},
                                    {"stdin", "/proc/self/fd/0"},
                                    {"stdout", "/proc/self/fd/1"},
                                    {"stderr", "/proc/self/fd/2"}};
  Ref<Inode> dev = KBPF_TRY(ensure_directory(root, "dev", kDevFs));
  for (const Node &node : kNodes)
    KBPF_TRY(add_entry(
        *dev, node.name,
        make_device(kDevFs, kModeCharacter | node.permissions, make_device(node.major, node.minor))));
  for (const Link &link : kLinks)
    KBPF_TRY(add_entry(*dev, link.name, make_symlink(kDevFs, link.target)));
  KBPF_TRY(ensure_directory(*dev, "shm", kTmpFs, 01777));
  return {};
}

} // namespace refkernel
