// SPDX-License-Identifier: MIT OR Apache-2.0
// What all inodes and open files have in common: numbers, times, stat, names.
#include "refkernel/linux/fs/inode.h"
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/path.h"
#include "refkernel/linux/fs/record_lock.h"
#include "refkernel/linux/process.h"
#include "refkernel/linux/time.h"
#include "refkernel/sched/thread.h"
#include <cstring>

namespace refkernel {

const FileSystemKind kRootFs = {"rootfs", 0x858458f6, 1};
const FileSystemKind kProcFs = {"proc", 0x9fa0, 2};
const FileSystemKind kDevFs = {"devtmpfs", 0x01021994, 3};
const FileSystemKind kSysFs = {"sysfs", 0x62656572, 4};
const FileSystemKind kTraceFs = {"tracefs", 0x74726163, 5};
const FileSystemKind kDebugFs = {"debugfs", 0x64626720, 6};
const FileSystemKind kBpfFs = {"bpf", 0xcafe4a11, 7};
const FileSystemKind kTmpFs = {"tmpfs", 0x01021994, 8};
const FileSystemKind kAnonFs = {"anon_inodefs", 0x09041934, 9};
const FileSystemKind kPipeFs = {"pipefs", 0x50495045, 10};
const FileSystemKind kSockFs = {"sockfs", 0x534f434b, 11};

namespace {
constexpr const FileSystemKind *kKinds[] = {&kRootFs,  &kProcFs, &kDevFs, &kSysFs, &kTraceFs,
                                            &kDebugFs, &kBpfFs,  &kTmpFs, &kPipeFs, &kSockFs};
}
constinit const std::span<const FileSystemKind *const> kFileSystems{kKinds};

constinit Mutex namespace_lock;
[[clang::no_destroy]] constinit Ref<Inode> root_directory;

namespace {
std::atomic<uint64_t> next_inode_number{2};
}

Inode::Inode(const FileSystemKind &file_system, uint32_t mode)
    : Inode(file_system, mode, next_inode_number.fetch_add(1, std::memory_order_relaxed)) {}

Inode::Inode(const FileSystemKind &file_system, uint32_t mode, uint64_t its_number)
    : kind(file_system), number(its_number), mode_(mode) {
  touch(true, true);
}

void Inode::set_permissions(uint32_t bits) {
  mode_.store((mode() & kModeTypeMask) | (bits & ~kModeTypeMask), std::memory_order_relaxed);
}

void Inode::touch(bool access, bool modify, bool change) {
  uint64_t now = now_ns() + realtime_offset_ns();
  if (access)
    access_ns = now;
  if (modify)
    modify_ns = now;
  if (change)
    change_ns = now;
}

void Inode::fill_stat(LinuxStat &stat) {
  stat = {};
  stat.device = kind.device;
  stat.inode = number;
  stat.mode = mode();
  stat.link_count = link_count;
  stat.uid = uid;
  stat.gid = gid;
  stat.special_device = special_device();
  stat.size = static_cast<int64_t>(size());
  stat.block_size = kPageSize;
  stat.blocks = static_cast<int64_t>(blocks());
  stat.access_time = LinuxTimespec::from_ns(access_ns);
  stat.modify_time = LinuxTimespec::from_ns(modify_ns);
  stat.change_time = LinuxTimespec::from_ns(change_ns);
}

File::File(Ref<Inode> inode, uint32_t flags)
    : inode_(std::move(inode)), flags_(flags & ~(kOpenCreate | kOpenExclusive | kOpenTruncate |
                                                 kOpenNoControllingTty | kOpenCloseOnExec)) {}

File::~File() {
  (void)set_lock(LockKind::none, false); // letting go cannot fail
  release_record_locks(*inode_, this);
  heap_free(name_, name_size_, 1);
}

SysResult<void> File::set_lock(LockKind wanted, bool wait) {
  FileLockState &state = inode_->file_lock;
  SpinGuard guard(state.lock);
  if (lock_held_ == wanted)
    return {};
  if (lock_held_ == LockKind::exclusive)
    state.exclusive = nullptr;
  else if (lock_held_ == LockKind::shared)
    --state.shared;
  if (std::exchange(lock_held_, LockKind::none) != LockKind::none)
    state.released.wake_all();
  while (wanted != LockKind::none && (state.exclusive || (wanted == LockKind::exclusive && state.shared))) {
    if (!wait)
      return Errno::eagain;
    if (state.released.sleep(state.lock) == WaitResult::interrupted)
      return Errno::erestart;
  }
  if (wanted == LockKind::exclusive)
    state.exclusive = this;
  else if (wanted == LockKind::shared)
    ++state.shared;
  lock_held_ = wanted;
  return {};
}

void File::drop_descriptor() {
  if (descriptors_.fetch_sub(1, std::memory_order_acq_rel) == 1 && watches.load(std::memory_order_acquire))
    forget_watches(*this);
}

SysResult<void> File::remember_path(Inode *directory, std::string_view name) {
  directory_ = Ref<Inode>::share(directory);
  if (name.empty())
    return {};
  name_ = static_cast<char *>(heap_allocate(name.size(), 1));
  if (!name_)
    return Errno::enomem;
  name_size_ = name.size();
  memcpy(name_, name.data(), name_size_);
  return {};
}

void File::append_name(kbpf::TextSink &sink) const {
  if (directory_ && path_of(*directory_, sink).ok()) {
    if (!name_size_)
      return;
    if (directory_.get() != current_process().fs->root.get())
      sink.append("/");
  }
  sink.append({name_, name_size_});
}

namespace {
// An open directory: only its position matters.
class DirectoryFile final : public HeapObject<DirectoryFile, File> {
public:
  using HeapObject::HeapObject;
  DirectoryFile(Ref<Inode> inode, uint32_t flags) : HeapObject(std::move(inode), flags) {}
  SysResult<size_t> read(IoCursor &, uint64_t) override { return Errno::eisdir; }
  SysResult<size_t> write(IoCursor &, uint64_t) override { return Errno::eisdir; }
  bool seekable() const override { return true; }
  SysResult<uint64_t> size() override { return Errno::einval; }

  SysResult<void> list(uint64_t &offset, DirectorySink &sink) override {
    MutexGuard guard(namespace_lock);
    Directory &directory = *inode()->as_directory();
    if (directory.removed)
      return Errno::enoent;
    Counter counter{sink, offset};
    Inode &above = directory.parent() ? *directory.parent() : *inode();
    if (offset == 0 && !counter.add(".", directory.number, directory.mode(), 1))
      return {};
    if (offset == 1 && !counter.add("..", above.number, above.mode(), 2))
      return {};
    return directory.list(offset, counter);
  }

private:
  struct Counter final : DirectorySink { // keeps offset at what was taken
    DirectorySink &sink;
    uint64_t &offset;
    Counter(DirectorySink &to, uint64_t &position) : sink(to), offset(position) {}
    bool add(std::string_view name, uint64_t inode, uint32_t mode, uint64_t next) override {
      if (!sink.add(name, inode, mode, next))
        return false;
      offset = next;
      return true;
    }
  };
};
} // namespace

SysResult<Ref<File>> Directory::open(uint32_t flags) {
  if ((flags & kOpenAccessMode) != kOpenReadOnly)
    return Errno::eisdir;
  auto *file = try_make<DirectoryFile>(Ref<Inode>::share(this), flags);
  if (!file)
    return Errno::enomem;
  return Ref<File>::adopt(file);
}

} // namespace refkernel
