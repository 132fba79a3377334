// SPDX-License-Identifier: MIT OR Apache-2.0
// epoll: a list of files and the events wanted of each. A wait looks at all of them; an edge-triggered entry
// reports again only when its file's generation has moved. An entry keeps its file open until it is removed.
#include "refkernel/linux/fs/special_files.h"
#include "refkernel/sched/thread.h"

namespace refkernel {

namespace {

constexpr uint32_t kEdgeTriggered = 1u << 31, kOneShot = 1u << 30;
constexpr uint32_t kAlways = kPollError | kPollHangUp;

struct Entry {
  int fd;
  Ref<File> file;
  LinuxEpollEvent event;
  uint32_t seen_generation = 0;
  bool reported = false, disabled = false;
  Entry *next = nullptr;
};

class EpollFile final : public HeapObject<EpollFile, Epoll> {
public:
  explicit EpollFile(Ref<Inode> inode) : HeapObject(std::move(inode), kOpenReadWrite) {}
  ~EpollFile() {
    while (Entry *entry = first_) {
      first_ = entry->next;
      destroy(entry);
    }
  }

  SysResult<void> control(Operation operation, int fd, Ref<File> target,
                          const LinuxEpollEvent &event) override {
    MutexGuard guard(lock_);
    Entry **link = &first_;
    while (*link && ((*link)->fd != fd || (*link)->file.get() != target.get()))
      link = &(*link)->next;
    Entry *entry = *link;
    if (operation == Operation::add) {
      if (entry)
        return Errno::eexist;
      if (as_epoll(*target))
        return Errno::einval;
      entry = try_make<Entry>(fd, std::move(target), event);
      if (!entry)
        return Errno::enomem;
      *link = entry;
      notify_pollers();
      return {};
    }
    if (!entry)
      return Errno::enoent;
    if (operation == Operation::remove) {
      *link = entry->next;
      destroy(entry);
      return {};
    }
    entry->event = event;
    entry->reported = entry->disabled = false;
    notify_pollers();
    return {};
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
    MutexGuard guard(lock_);
    for (Entry *entry = first_; entry; entry = entry->next)
      if (ready_events(*entry))
        return kPollIn | kPollReadNormal;
    return 0;
  }
  void append_name(kbpf::TextSink &sink) const override { sink.append("anon_inode:[eventpoll]"); }
  SpecialKind special_kind() const override { return SpecialKind::epoll; }

private:
  static uint32_t ready_events(Entry &entry) {
    if (entry.disabled)
      return 0;
    uint32_t events = entry.file->poll() & (entry.event.events | kAlways);
    bool same_edge = (entry.event.events & kEdgeTriggered) && entry.reported &&
                     entry.seen_generation == entry.file->poll_generation();
    return same_edge ? 0 : events;
  }

  int collect(LinuxEpollEvent *events, int capacity) {
    MutexGuard guard(lock_);
    int count = 0;
    for (Entry *entry = first_; entry && count < capacity; entry = entry->next) {
      uint32_t generation = entry->file->poll_generation();
      uint32_t ready = ready_events(*entry);
      if (!ready)
        continue;
      events[count++] = {ready, 0, entry->event.data};
      entry->seen_generation = generation;
      entry->reported = true;
      entry->disabled = entry->event.events & kOneShot;
    }
    return count;
  }

  Mutex lock_; // the list
  Entry *first_ = nullptr;
};

} // namespace

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
