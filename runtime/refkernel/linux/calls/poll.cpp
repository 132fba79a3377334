// SPDX-License-Identifier: MIT OR Apache-2.0
// Waiting for several files: ppoll, pselect6, epoll.
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/special_files.h"
#include "refkernel/linux/process.h"
#include <algorithm>

namespace refkernel {

namespace {

struct PollFd { // struct pollfd
  int32_t fd;
  int16_t events, revents;
};

template <typename T> struct KernelArray { // of plain data
  size_t count;
  T *items;
  explicit KernelArray(size_t size)
      : count(size), items(static_cast<T *>(heap_allocate(size * sizeof(T), alignof(T)))) {}
  ~KernelArray() { heap_free(items, count * sizeof(T), alignof(T)); }
  KernelArray(const KernelArray &) = delete;
  KernelArray &operator=(const KernelArray &) = delete;
};

uint64_t after(uint64_t ns) { return ns > kNoDeadline - now_ns() ? kNoDeadline : now_ns() + ns; }

SysResult<uint64_t> deadline_of(UserPtr<const LinuxTimespec> timeout) {
  if (!timeout)
    return kNoDeadline;
  LinuxTimespec time = KBPF_TRY(timeout.read());
  if (!time.valid())
    return Errno::einval;
  return after(time.to_ns());
}

// Linux writes back what is left of the time, where it can: an interrupted call may then start again with it.
bool write_rest(UserPtr<LinuxTimespec> timeout, uint64_t deadline) {
  if (!timeout || deadline == kNoDeadline)
    return true;
  uint64_t now = now_ns();
  return timeout.write(LinuxTimespec::from_ns(deadline > now ? deadline - now : 0)).ok();
}

// How a call ends that found nothing ready: with the rest of its time unwritten, it must not start again.
Errno failure_of(const SysResult<int> &ready, bool rest_written) {
  return ready.error() == Errno::erestart_no_handler && !rest_written ? Errno::eintr : ready.error();
}

// Calls look, which counts what is ready, until something is, deadline, or a signal.
template <typename Look> SysResult<int> wait_until_ready(uint64_t deadline, Look &&look) {
  for (;;) {
    uint64_t sequence = poll_sequence();
    int ready = look();
    if (ready || now_ns() >= deadline)
      return ready;
    if (wait_for_event(sequence, deadline) == WaitResult::interrupted)
      return Errno::erestart_no_handler;
  }
}

uint32_t events_of(int fd, bool &open) {
  SysResult<Ref<File>> file = get_file(fd);
  open = file.ok();
  return open ? (*file)->poll() : 0;
}

} // namespace

KERNEL_CALL sys_ppoll(UserPtr<PollFd> user_fds, size_t count, UserPtr<LinuxTimespec> timeout,
                      UserPtr<const SignalSet> mask, size_t mask_size) {
  if (count > current_process().limits[kLimitFiles].soft || count > kMaxDescriptors)
    return Errno::einval;
  KernelArray<PollFd> fds(std::max<size_t>(count, 1));
  if (!fds.items)
    return Errno::enomem;
  if (!copy_from_user(fds.items, user_fds.address, count * sizeof(PollFd)))
    return Errno::efault;
  uint64_t deadline = KBPF_TRY(deadline_of(timeout.cast<const LinuxTimespec>()));
  KBPF_TRY(use_temporary_mask(mask, mask_size));
  SysResult<int> ready = wait_until_ready(deadline, [&] {
    int found = 0;
    for (size_t i = 0; i < count; ++i) {
      PollFd &entry = fds.items[i];
      entry.revents = 0;
      if (entry.fd < 0)
        continue;
      bool open;
      uint32_t events = events_of(entry.fd, open);
      uint32_t wanted = static_cast<uint16_t>(entry.events) | kPollError | kPollHangUp;
      entry.revents = static_cast<int16_t>(open ? events & wanted : kPollInvalid);
      found += entry.revents != 0;
    }
    return found;
  });
  bool rest_written = write_rest(timeout, deadline);
  if (!ready.ok())
    return failure_of(ready, rest_written);
  for (size_t i = 0; i < count; ++i)
    KBPF_TRY(user_fds.at(i).write(fds.items[i]));
  return ready;
}

namespace {

constexpr int kMaxSelect = 1024; // bits of an fd_set
constexpr size_t kWords = kMaxSelect / 64;
struct FdSets {
  uint64_t wanted[3][kWords] = {}, ready[3][kWords] = {}; // read, write, exceptional
};
constexpr uint32_t kSetEvents[3] = {kPollIn | kPollReadNormal | kPollHangUp | kPollError,
                                    kPollOut | kPollWriteNormal | kPollError, kPollPriority};

int look_at_sets(FdSets &sets, int limit, bool &bad) {
  int found = 0;
  for (int fd = 0; fd < limit; ++fd) {
    size_t word = static_cast<size_t>(fd) / 64;
    uint64_t bit = uint64_t{1} << fd % 64;
    if (!((sets.wanted[0][word] | sets.wanted[1][word] | sets.wanted[2][word]) & bit))
      continue;
    bool open;
    uint32_t events = events_of(fd, open);
    bad = bad || !open;
    for (size_t kind = 0; kind < 3; ++kind) {
      bool hit = (sets.wanted[kind][word] & bit) && (events & kSetEvents[kind]);
      sets.ready[kind][word] = (sets.ready[kind][word] & ~bit) | (hit ? bit : 0);
      found += hit;
    }
  }
  return bad ? 1 : found;
}

} // namespace

KERNEL_CALL sys_pselect6(int limit, uintptr_t read_set, uintptr_t write_set, uintptr_t except_set,
                         UserPtr<LinuxTimespec> timeout, UserPtr<const uint64_t> mask_and_size) {
  if (limit < 0)
    return Errno::einval;
  limit = std::min(limit, kMaxSelect);
  size_t bytes = (static_cast<size_t>(limit) + 63) / 64 * 8;
  const uintptr_t user_sets[3] = {read_set, write_set, except_set};
  FdSets sets;
  for (size_t kind = 0; kind < 3; ++kind)
    if (user_sets[kind] && !copy_from_user(sets.wanted[kind], user_sets[kind], bytes))
      return Errno::efault;
  uint64_t deadline = KBPF_TRY(deadline_of(timeout.cast<const LinuxTimespec>()));
  if (mask_and_size) {
    UserPtr<const SignalSet> mask{KBPF_TRY(mask_and_size.read())};
    KBPF_TRY(use_temporary_mask(mask, KBPF_TRY(mask_and_size.at(1).read())));
  }
  bool bad = false;
  SysResult<int> ready = wait_until_ready(deadline, [&] { return look_at_sets(sets, limit, bad); });
  bool rest_written = write_rest(timeout, deadline);
  if (bad)
    return Errno::ebadf;
  if (!ready.ok())
    return failure_of(ready, rest_written);
  for (size_t kind = 0; kind < 3; ++kind)
    if (user_sets[kind] && !copy_to_user(user_sets[kind], sets.ready[kind], bytes))
      return Errno::efault;
  return ready;
}

KERNEL_CALL sys_epoll_create1(uint32_t flags) {
  if (flags & ~kOpenCloseOnExec)
    return Errno::einval;
  return install_file(KBPF_TRY(make_epoll()), flags);
}

KERNEL_CALL sys_epoll_ctl(int epoll_fd, int operation, int fd, UserPtr<const LinuxEpollEvent> user_event) {
  LinuxEpollEvent event{};
  auto wanted = static_cast<Epoll::Operation>(operation);
  if (wanted == Epoll::Operation::add || wanted == Epoll::Operation::modify)
    event = KBPF_TRY(user_event.read());
  else if (wanted != Epoll::Operation::remove)
    return Errno::einval;
  Ref<File> file = KBPF_TRY(get_file(epoll_fd)), target = KBPF_TRY(get_file(fd));
  Epoll *epoll = as_epoll(*file);
  if (!epoll || file.get() == target.get())
    return Errno::einval;
  if (target->inode()->is(kModeRegular) || target->inode()->is(kModeDirectory))
    return Errno::eperm;
  return epoll->control(wanted, fd, std::move(target), event);
}

namespace {

SyscallResult wait_on_epoll(int fd, UserPtr<LinuxEpollEvent> events, int capacity, uint64_t deadline,
                            UserPtr<const SignalSet> mask, size_t mask_size) {
  constexpr int kMaxEvents = 1024;
  if (capacity <= 0)
    return Errno::einval;
  Ref<File> file = KBPF_TRY(get_file(fd));
  Epoll *epoll = as_epoll(*file);
  if (!epoll)
    return Errno::einval;
  capacity = std::min(capacity, kMaxEvents);
  KernelArray<LinuxEpollEvent> ready(static_cast<size_t>(capacity));
  if (!ready.items)
    return Errno::enomem;
  KBPF_TRY(use_temporary_mask(mask, mask_size));
  int count = KBPF_TRY(epoll->wait(ready.items, capacity, deadline));
  if (count &&
      !copy_to_user(events.address, ready.items, static_cast<size_t>(count) * sizeof(LinuxEpollEvent)))
    return Errno::efault;
  return count;
}

} // namespace

KERNEL_CALL sys_epoll_pwait(int fd, UserPtr<LinuxEpollEvent> events, int capacity, int timeout_ms,
                            UserPtr<const SignalSet> mask, size_t mask_size) {
  uint64_t deadline = timeout_ms < 0 ? kNoDeadline : after(static_cast<uint64_t>(timeout_ms) * 1000000);
  return wait_on_epoll(fd, events, capacity, deadline, mask, mask_size);
}

KERNEL_CALL sys_epoll_pwait2(int fd, UserPtr<LinuxEpollEvent> events, int capacity,
                             UserPtr<const LinuxTimespec> timeout, UserPtr<const SignalSet> mask,
                             size_t mask_size) {
  return wait_on_epoll(fd, events, capacity, KBPF_TRY(deadline_of(timeout)), mask, mask_size);
}

namespace {
constexpr SyscallEntry kPollTable[] = {
    SYSCALL_ENTRY(20, epoll_create1), SYSCALL_ENTRY(21, epoll_ctl), SYSCALL_ENTRY(22, epoll_pwait),
    SYSCALL_ENTRY(72, pselect6),      SYSCALL_ENTRY(73, ppoll),     SYSCALL_ENTRY(441, epoll_pwait2),
};
}
constinit const std::span<const SyscallEntry> kPollCalls{kPollTable};

} // namespace refkernel
