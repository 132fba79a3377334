// SPDX-License-Identifier: MIT OR Apache-2.0
// epoll: a list of files and the events wanted of each. A wait looks at all of them; an edge-triggered watch
// reports again only when its file's generation has moved. A watch is in two lists, its epoll's and its
// file's, so that closing the file's last descriptor ends it.
#include "refkernel/linux/fs/special_files.h"
#include "refkernel/sched/thread.h"

namespace refkernel {

namespace {
class EpollFile;
}

struct EpollWatch {
  EpollFile *epoll;
  int fd;
  Ref<File> file;
  LinuxEpollEvent event;
  uint32_t seen_generation = 0;
  bool reported = false, disabled = false;
  EpollWatch *next = nullptr, *next_of_file = nullptr;
};

namespace {

constinit Mutex watch_lock; // the lists of all epolls and files

constexpr uint32_t kEdgeTriggered = 1u << 31, kOneShot = 1u << 30;
constexpr uint32_t kAlways = kPollError | kPollHangUp;

class EpollFile final : public HeapObject<EpollFile, Epoll> {
public:
  explicit EpollFile(Ref<Inode> inode) : HeapObject(std::move(inode), kOpenReadWrite) {}
  ~EpollFile() {
    MutexGuard guard(watch_lock);
    while (first_)
      end(*first_);
  }

  SysResult<void> control(Operation operation, int fd, Ref<File> target,
                          const LinuxEpollEvent &event) override {
    MutexGuard guard(watch_lock);
    EpollWatch *watch = first_;
    while (watch && (watch->fd != fd || watch->file.get() != target.get()))
      watch = watch->next;
    if (operation == Operation::add)
      return watch ? SysResult<void>(Errno::eexist) : add(fd, std::move(target), event);
    if (!watch)
      return Errno::enoent;
    if (operation == Operation::remove) {
      end(*watch);
      return {};
    }
    watch->event = event;
    watch->reported = watch->disabled = false;
    notify_pollers();
    return {};
  }

  // With watch_lock held: out of both lists, and gone. The caller holds a reference of the file.
  void end(EpollWatch &watch) {
    unlink(first_, watch, &EpollWatch::next);
    EpollWatch *of_file = watch.file->watches.load(std::memory_order_relaxed);
    unlink(of_file, watch, &EpollWatch::next_of_file);
    watch.file->watches.store(of_file, std::memory_order_release);
    destroy(&watch);
  }

  SysResult<int> wait(LinuxEpollEvent *events, int capacity, uint64_t deadline_ns) override {
    for (;;) {
      uint64_t sequence = poll_sequence();
      int count = collect(events, capacity);
      if (count)
        return count;
      if (now_ns() >= deadline_ns)
        return 0;
      if (wait_for_event(sequence, deadline_ns) == WaitResult::interrupted)
        return Errno::eintr;
    }
  }

  uint32_t poll() override {
    MutexGuard guard(watch_lock);
    for (EpollWatch *watch = first_; watch; watch = watch->next)
      if (ready_events(*watch))
        return kPollIn | kPollReadNormal;
    return 0;
  }
  void append_name(kbpf::TextSink &sink) const override { sink.append("anon_inode:[eventpoll]"); }
  SpecialKind special_kind() const override { return SpecialKind::epoll; }

private:
  static void unlink(EpollWatch *&first, EpollWatch &watch, EpollWatch *EpollWatch::*next) {
    EpollWatch **link = &first;
    while (*link != &watch)
      link = &((*link)->*next);
    *link = watch.*next;
  }

  SysResult<void> add(int fd, Ref<File> target, const LinuxEpollEvent &event) {
    if (as_epoll(*target))
      return Errno::einval;
    auto *watch = try_make<EpollWatch>(this, fd, std::move(target), event);
    if (!watch)
      return Errno::enomem;
    watch->next = std::exchange(first_, watch);
    watch->next_of_file = watch->file->watches.exchange(watch, std::memory_order_acq_rel);
    notify_pollers();
    return {};
  }

  static uint32_t ready_events(EpollWatch &watch) {
    if (watch.disabled)
      return 0;
    uint32_t events = watch.file->poll() & (watch.event.events | kAlways);
    bool same_edge = (watch.event.events & kEdgeTriggered) && watch.reported &&
                     watch.seen_generation == watch.file->poll_generation();
    return same_edge ? 0 : events;
  }

  int collect(LinuxEpollEvent *events, int capacity) {
    MutexGuard guard(watch_lock);
    int count = 0;
    for (EpollWatch *watch = first_; watch && count < capacity; watch = watch->next) {
      uint32_t generation = watch->file->poll_generation();
      uint32_t ready = ready_events(*watch);
      if (!ready)
        continue;
      events[count++] = {ready, 0, watch->event.data};
      watch->seen_generation = generation;
      watch->reported = true;
      watch->disabled = watch->event.events & kOneShot;
    }
    return count;
  }

  EpollWatch *first_ = nullptr;
};

} // namespace

void forget_watches(File &file) {
  MutexGuard guard(watch_lock);
  while (EpollWatch *watch = file.watches.load(std::memory_order_relaxed))
    watch->epoll->end(*watch);
}

Epoll *as_epoll(File &file) {
  return file.special_kind() == SpecialKind::epoll ? static_cast<Epoll *>(&file) : nullptr;
}

SysResult<Ref<File>> make_epoll() {
  Ref<Inode> inode = KBPF_TRY(make_anonymous_inode(kAnonFs, 0600));
  auto *file = try_make<EpollFile>(std::move(inode));
  if (!file)
    return Errno::enomem;
  return Ref<File>::adopt(file);
}

} // namespace refkernel
