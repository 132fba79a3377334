// SPDX-License-Identifier: MIT OR Apache-2.0
// Inodes: what names in the tree refer to. One tree of memory holds everything; /proc, /dev and /sys are
// directories of their own kinds in it; only tmpfs is mounted (mount.h). namespace_lock guards names: entries and
// parents of all directories.
#pragma once
#include "refkernel/linux/fs/file.h"
#include "refkernel/linux/fs/file_data.h"
#include <span>

struct kbpf_object;

namespace refkernel {

class Directory;
struct RecordLock;
class UnixEndpoint;

// What statfs and st_dev tell of the part of the tree that an inode is in.
struct FileSystemKind {
  const char *name;
  int64_t magic;
  uint32_t device;
};
extern const FileSystemKind kRootFs, kProcFs, kDevFs, kSysFs, kTraceFs, kDebugFs, kBpfFs, kTmpFs, kAnonFs,
    kPipeFs, kSockFs;
extern const std::span<const FileSystemKind *const> kFileSystems; // those with a name for mount(2)

extern Mutex namespace_lock;

// flock(2): who holds an inode's advisory lock. Guarded by lock.
struct FileLockState {
  SpinLock lock;
  WaitQueue released;
  const File *exclusive = nullptr;
  uint32_t shared = 0;
};

class Inode : public RefCounted {
public:
  Inode(const FileSystemKind &kind, uint32_t mode);
  Inode(const FileSystemKind &kind, uint32_t mode, uint64_t number);

  virtual SysResult<Ref<File>> open(uint32_t flags) { return Errno::enxio; }
  virtual uint64_t size() { return 0; }
  virtual uint64_t blocks() { return 0; } // of 512 bytes
  virtual uint32_t special_device() const { return 0; }
  virtual SysResult<void> truncate(uint64_t size) { return Errno::einval; }
  virtual Directory *as_directory() { return nullptr; }
  virtual FileData *data() { return nullptr; }                // of a regular file in memory
  virtual kbpf_object *bpf_object() const { return nullptr; } // of a name in the bpf file system
  virtual UnixEndpoint *endpoint() const { return nullptr; }    // of a name of a socket
  // Symbolic links. jump: the object itself, for links of /proc that are more than text; null otherwise.
  virtual SysResult<void> read_link(kbpf::TextSink &sink) { return Errno::einval; }
  virtual SysResult<Ref<Inode>> jump() { return Ref<Inode>(); }
  virtual void dispose() = 0;

  uint32_t mode() const { return mode_.load(std::memory_order_relaxed); }
  bool is(uint32_t type) const { return (mode() & kModeTypeMask) == type; }
  void set_permissions(uint32_t bits);
  void touch(bool access, bool modify, bool change = true); // timestamps become now
  void fill_stat(LinuxStat &stat);

  const FileSystemKind &kind;
  const uint64_t number;
  std::atomic<uint32_t> uid{0}, gid{0}, link_count{1};
  std::atomic<uint64_t> access_ns{0}, modify_ns{0}, change_ns{0}; // real time
  FileLockState file_lock;
  std::atomic<RecordLock *> records{nullptr}; // record_lock.cpp's

protected:
  ~Inode() = default;

private:
  std::atomic<uint32_t> mode_;
};

// Every member needs namespace_lock.
class Directory : public Inode {
public:
  explicit Directory(const FileSystemKind &kind, uint32_t permissions = 0755)
      : Inode(kind, kModeDirectory | permissions) {
    link_count = 2;
  }
  virtual SysResult<Ref<Inode>> lookup(std::string_view name) = 0;                                 // enoent
  virtual SysResult<void> insert(std::string_view name, Ref<Inode> inode) { return Errno::eperm; } // eexist
  virtual SysResult<void> remove(std::string_view name) { return Errno::eperm; }                   // enoent
  virtual bool empty() { return false; }
  // Entries after offset, without . and ..; each has an offset of its own above 2 that stays valid when
  // others go.
  virtual SysResult<void> list(uint64_t offset, DirectorySink &sink) = 0;
  // The name under which child is here, for getcwd; enoent.
  virtual SysResult<void> name_of(const Inode &child, kbpf::TextSink &sink) { return Errno::enoent; }
  // A new object of this file system, not yet linked; eperm where it has only what the kernel shows.
  virtual SysResult<Ref<Inode>> make_file(uint32_t permissions) { return Errno::eperm; }
  virtual SysResult<Ref<Inode>> make_directory(uint32_t permissions) { return Errno::eperm; }

  SysResult<Ref<File>> open(uint32_t flags) override;
  Directory *as_directory() override { return this; }
  Directory *parent() const { return parent_; } // null: the root, or removed
  void set_parent(Directory *parent) { parent_ = parent; }
  bool removed = false;
  Directory *mounted = nullptr, *covers = nullptr; // mount.cpp's: the root seen here; what this root hides

private:
  Directory *parent_ = nullptr; // it holds a reference to this one, not the other way round
};

// The objects of the memory file system.
SysResult<Ref<Inode>> make_ram_file(const FileSystemKind &kind, uint32_t permissions);
SysResult<Ref<Inode>> make_ram_directory(const FileSystemKind &kind, uint32_t permissions);
SysResult<Ref<Inode>> make_symlink(const FileSystemKind &kind, std::string_view target);
SysResult<Ref<Inode>> make_device(const FileSystemKind &kind, uint32_t mode, uint32_t device); // mknod
SysResult<Ref<Inode>> make_fifo(const FileSystemKind &kind, uint32_t permissions);
// An unnamed file, for memfd and the kernel's own use.
SysResult<Ref<File>> open_ram_file(Ref<Inode> inode, uint32_t flags);
// An inode that stands behind descriptors with no name: "anon_inode:[bpf-map]".
SysResult<Ref<Inode>> make_anonymous_inode(const FileSystemKind &kind, uint32_t mode);

// A file whose text is made when it is opened.
using TextGenerator = void (*)(kbpf::TextSink &sink, uint64_t argument);
SysResult<Ref<Inode>> make_generated_file(const FileSystemKind &kind, uint32_t permissions,
                                          TextGenerator generate, uint64_t argument);

extern Ref<Inode> root_directory;

} // namespace refkernel
