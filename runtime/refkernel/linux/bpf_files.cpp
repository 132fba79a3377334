// SPDX-License-Identifier: MIT OR Apache-2.0
// bpf(2), and the side of the port that concerns processes: BPF objects behind ordinary descriptors, and who
// runs.
#include "kernel/kbpf.h"
#include "kernel/port.h"
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/path.h"
#include "refkernel/linux/fs/pidfd.h"
#include "refkernel/linux/fs/special_files.h"
#include "refkernel/linux/process.h"
#include "refkernel/machine/noprobe.h"
#include "refkernel/mm/kernel_map.h"
#include <cstring>

namespace refkernel {

namespace {

// What a process sees of an object's memory. It keeps the object, and with it the pages.
class BpfMemory final : public PageSource {
public:
  BpfMemory(kbpf_object *object, const File::MappingWish &wish) : object_(object), wish_(wish) {
    kbpf_object_acquire(object_);
  }
  ~BpfMemory() {
    kbpf_object_unmap(object_, wish_.offset, wish_.length, wish_.writable);
    kbpf_object_release(object_);
  }
  kbpf::Result<Page *> page(uint64_t index) override {
    void *address = kbpf_object_page(object_, index);
    Page *page = address ? page_behind(address) : nullptr;
    if (!page)
      return kbpf::Error::out_of_range;
    acquire_page(page);
    return page;
  }
  void dispose() override { free_object(this); }

private:
  kbpf_object *const object_;
  const File::MappingWish wish_;
};

class BpfFile final : public HeapObject<BpfFile, File> {
public:
  // access: KBPF_FD_NO_READ, KBPF_FD_NO_WRITE.
  BpfFile(Ref<Inode> inode, kbpf_object *object, const char *kind, int access)
      : HeapObject(std::move(inode), access & KBPF_FD_NO_READ    ? kOpenWriteOnly
                                     : access & KBPF_FD_NO_WRITE ? kOpenReadOnly
                                                                 : kOpenReadWrite),
        access_(access & (KBPF_FD_NO_READ | KBPF_FD_NO_WRITE)), object_(object), kind_(kind) {}
  ~BpfFile() {
    if (object_)
      kbpf_object_release(object_);
  }
  void append_name(kbpf::TextSink &sink) const override { kbpf::print(sink, "anon_inode:{}", kind_); }
  SpecialKind special_kind() const override { return SpecialKind::bpf; }
  int bpf_object(kbpf_object **object) const override {
    *object = object_;
    return access_;
  }
  SysResult<int64_t> ioctl(uint32_t command, uint64_t argument) override {
    enum : uint32_t { kEnable = 0x2400, kDisable = 0x2401, kSetBpf = 0x40042408 }; // PERF_EVENT_IOC_...
    if (!kbpf_is_perf_event(object_))
      return Errno::enotty;
    switch (command) {
    case kEnable:
    case kDisable:
      return status(kbpf_perf_event_enable(object_, command == kEnable));
    case kSetBpf: {
      kbpf_object *program;
      if (int found = kbpf_port_fd_get(static_cast<int>(argument), &program); found < 0)
        return static_cast<Errno>(-found);
      int result = kbpf_perf_event_set_program(object_, program);
      kbpf_object_release(program);
      return status(result);
    }
    default:
      return Errno::enotty;
    }
  }
  SysResult<size_t> read(IoCursor &to, uint64_t) override { // of an event that counts
    uint64_t words[KBPF_PERF_EVENT_WORDS];
    const int count = kbpf_perf_event_read(object_, words);
    if (count < 0)
      return static_cast<Errno>(-count);
    const size_t size = static_cast<size_t>(count) * sizeof(uint64_t);
    if (to.remaining() < size)
      return Errno::enospc;
    KBPF_TRY(to.put(words, size));
    return size;
  }
  SysResult<Ref<PageSource>> mapping(const MappingWish &wish) override {
    if (!wish.shared)
      return Errno::einval;
    if (int status = kbpf_object_map(object_, wish.offset, wish.length, wish.writable); status < 0)
      return static_cast<Errno>(-status);
    PageSource *memory = try_make<BpfMemory>(object_, wish);
    if (!memory) {
      kbpf_object_unmap(object_, wish.offset, wish.length, wish.writable);
      return Errno::enomem;
    }
    return Ref<PageSource>::adopt(memory);
  }
  uint32_t poll() override { return kbpf_object_poll(object_, nullptr); }
  uint32_t poll_generation() override {
    uint32_t generation;
    kbpf_object_poll(object_, &generation);
    return generation;
  }
  void append_info(kbpf::TextSink &sink) override {
    auto write = [](void *user, const char *text, size_t size) {
      static_cast<kbpf::TextSink *>(user)->append({text, size});
    };
    kbpf_object_describe(object_, write, &sink);
  }
  void forget() { object_ = nullptr; } // the reference stays with the caller

private:
  static SysResult<int64_t> status(int result) {
    if (result < 0)
      return static_cast<Errno>(-result);
    return int64_t{0};
  }
  const int access_; // as the open flags say it
  kbpf_object *object_;
  const char *kind_; // "bpf-map", "bpf-prog"
};

// A name of the bpf file system; only bpf(2) opens it.
class PinnedObject final : public HeapObject<PinnedObject, Inode> {
public:
  explicit PinnedObject(kbpf_object *object) : HeapObject(kBpfFs, kModeRegular | 0600), object_(object) {
    kbpf_object_acquire(object);
  }
  ~PinnedObject() { kbpf_object_release(object_); }
  SysResult<Ref<File>> open(uint32_t) override { return Errno::eperm; }
  kbpf_object *bpf_object() const override { return object_; }

private:
  kbpf_object *const object_;
};

SysResult<void> bind(int directory_fd, uint64_t user_path, kbpf_object *object) {
  PathName path = KBPF_TRY(PathName::read(UserPtr<const char>(user_path)));
  Ref<Inode> start = KBPF_TRY(start_directory(directory_fd, path.text()));
  auto *made = try_make<PinnedObject>(object);
  if (!made)
    return Errno::enomem;
  Ref<Inode> pinned = Ref<Inode>::adopt(made);
  pinned->uid = current_process().credentials.euid;
  pinned->gid = current_process().credentials.egid;
  MutexGuard guard(namespace_lock);
  Location location;
  Directory *directory = KBPF_TRY(directory_for_new(directory_fd, path.text(), std::move(start), location));
  if (&directory->kind != &kBpfFs)
    return Errno::eperm;
  if (location.trailing_slash)
    return Errno::enoent;
  return insert_new(*directory, location.last(), std::move(pinned));
}

SysResult<kbpf_object *> open_pinned(int directory_fd, uint64_t user_path, int access) {
  Ref<Inode> inode = KBPF_TRY(find_at(directory_fd, UserPtr<const char>(user_path), 0, LastLink::follow));
  KBPF_TRY(check_access(*inode, (access & KBPF_FD_NO_READ ? 0 : kMayRead) |
                                    (access & KBPF_FD_NO_WRITE ? 0 : kMayWrite)));
  kbpf_object *object = inode->bpf_object();
  if (!object)
    return Errno::eacces;
  kbpf_object_acquire(object);
  return object;
}

SysResult<int> install(kbpf_object *object, const char *kind, int flags) {
  Ref<Inode> inode = KBPF_TRY(make_anonymous_inode(kAnonFs, 0600));
  auto *file = try_make<BpfFile>(std::move(inode), object, kind, flags);
  if (!file)
    return Errno::enomem;
  Ref<File> shared = Ref<File>::adopt(file);
  SysResult<int> fd = current_process().files->install(shared, flags & KBPF_FD_CLOSE_ON_EXEC);
  if (!fd.ok())
    file->forget();
  return fd;
}

} // namespace

KERNEL_CALL sys_bpf(uint64_t command, uint64_t attributes, uint64_t size) {
  return kbpf_syscall(command, attributes, size);
}

namespace {
constexpr SyscallEntry kBpfTable[] = {SYSCALL_ENTRY(280, bpf)};
}
constinit const std::span<const SyscallEntry> kBpfCalls{kBpfTable};

} // namespace refkernel

using namespace refkernel;

int kbpf_port_fd_install(kbpf_object *object, const char *kind, int flags) {
  SysResult<int> fd = install(object, kind, flags);
  return fd.ok() ? *fd : -static_cast<int>(fd.error());
}

namespace {
int object_behind(FdTable &files, int fd, kbpf_object **object) {
  return files.with_file(fd, [&](File *file) {
    if (!file)
      return -static_cast<int>(Errno::ebadf);
    if (file->special_kind() != SpecialKind::bpf)
      return -static_cast<int>(Errno::einval);
    const int access = file->bpf_object(object);
    kbpf_object_acquire(*object);
    return access;
  });
}
} // namespace

int kbpf_port_fd_get(int fd, kbpf_object **object) {
  return object_behind(*current_process().files, fd, object);
}

int kbpf_port_fd_peek(int fd, kbpf_object **object) {
  const Process &process = current_process();
  const FdTable &files = *process.files;
  if (process.task_count != 1 || files.is_shared())
    return -static_cast<int>(Errno::eagain);
  File *file = files.peek(fd);
  if (!file) [[unlikely]]
    return -static_cast<int>(Errno::ebadf);
  return file->bpf_object(object);
}

int kbpf_port_pidfd_task(int fd, uint64_t *object) {
  SysResult<Ref<Process>> process = process_of_pidfd(fd);
  if (!process.ok())
    return -static_cast<int>(process.error());
  SpinGuard guard(tasks_lock);
  if (find_process((*process)->pid) != process->get() || !(*process)->leader)
    return -static_cast<int>(Errno::enoent);
  *object = reinterpret_cast<uintptr_t>(&(*process)->leader->task);
  return 0;
}

int kbpf_port_task_fd_get(uint32_t pid, int fd, kbpf_object **object) {
  Ref<FdTable> files;
  {
    SpinGuard guard(tasks_lock);
    Task *task = find_task(pid);
    if (!task || !task->process->files)
      return -static_cast<int>(Errno::enoent);
    files = task->process->files;
  }
  return object_behind(*files, fd, object);
}

int kbpf_port_path_bind(int dir_fd, uint64_t user_path, kbpf_object *object) {
  SysResult<void> bound = bind(dir_fd, user_path, object);
  return bound.ok() ? 0 : -static_cast<int>(bound.error());
}

int kbpf_port_path_open(int dir_fd, uint64_t user_path, int access, kbpf_object **object) {
  SysResult<kbpf_object *> found = open_pinned(dir_fd, user_path, access);
  if (!found.ok())
    return -static_cast<int>(found.error());
  *object = *found;
  return 0;
}

REFKERNEL_NOPROBE void kbpf_port_current(kbpf_thread *thread) {
  *thread = {};
  Thread *running = current();
  if (!running)
    return;
  thread->tid = static_cast<uint32_t>(running->task.pid);
  thread->pid = static_cast<uint32_t>(running->task.tgid);
  thread->id = running->id;
  thread->object = reinterpret_cast<uintptr_t>(&running->task);
  memcpy(thread->name, running->task.comm, sizeof(thread->name));
  if (Process *process = running->process) {
    thread->uid = process->credentials.uid;
    thread->gid = process->credentials.gid;
  }
}

REFKERNEL_NOPROBE uint64_t kbpf_port_thread_id(void) {
  Thread *running = current();
  return running ? running->id : 0;
}

REFKERNEL_NOPROBE uint64_t kbpf_port_task_id(uint64_t object) {
  uint64_t id;
  const uint64_t thread = object - offsetof(Thread, task);
  return kbpf_port_read_kernel(&id, thread + offsetof(Thread, id), sizeof(id)) == 0 ? id : 0;
}

REFKERNEL_NOPROBE const kbpf_regs *kbpf_port_user_regs(void) {
  Thread *running = current();
  return running && running->process ? running->user_frame : nullptr;
}

int kbpf_port_capable(uint32_t capability) {
  Thread *running = current();
  return !running || !running->process ||
         running->process->credentials.capabilities.effective >> capability & 1;
}
