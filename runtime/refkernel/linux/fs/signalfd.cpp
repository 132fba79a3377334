// SPDX-License-Identifier: MIT OR Apache-2.0
// signalfd: reads take pending signals of the reading thread and its process. The signals have to be blocked,
// or their actions get them first.
#include "refkernel/linux/fs/special_files.h"
#include "refkernel/linux/process.h"
#include <cstring>

namespace refkernel {

namespace {

struct SignalRecord { // struct signalfd_siginfo
  uint32_t signo;
  int32_t error, code;
  uint32_t pid, uid;
  int32_t fd;
  uint32_t tid, band, overrun, trap;
  int32_t status, integer;
  uint64_t pointer, user_time, system_time, address;
  uint8_t pad[48];
};
static_assert(sizeof(SignalRecord) == 128);

SignalRecord make_record(const LinuxSiginfo &info) {
  SignalRecord record{};
  record.signo = static_cast<uint32_t>(info.signo);
  record.error = info.error;
  record.code = info.code;
  bool from_kernel = info.code > 0;
  if (info.signo == kSigChld && from_kernel) {
    record.status = info.child.status;
    record.user_time = static_cast<uint64_t>(info.child.user_time);
    record.system_time = static_cast<uint64_t>(info.child.system_time);
  } else if (!from_kernel) {
    record.pointer = info.sender.value;
    record.integer = static_cast<int32_t>(info.sender.value);
  } else {
    record.address = info.address;
    return record;
  }
  record.pid = static_cast<uint32_t>(info.sender.pid); // where a child's stand too
  record.uid = info.sender.uid;
  return record;
}

class SignalFile final : public HeapObject<SignalFile, SignalQueue> {
public:
  SignalFile(Ref<Inode> inode, uint32_t flags, SignalSet set)
      : HeapObject(std::move(inode), flags), set_(set) {}

  SysResult<size_t> read(IoCursor &to, uint64_t) override {
    if (to.remaining() < sizeof(SignalRecord))
      return Errno::einval;
    size_t total = 0;
    while (to.remaining() >= sizeof(SignalRecord)) {
      LinuxSiginfo info;
      WaitResult result = take_signal(set_, info, total || non_blocking() ? 0 : kNoDeadline);
      if (result != WaitResult::woken) {
        if (total)
          break;
        return result == WaitResult::timed_out ? Errno::eagain : Errno::erestart;
      }
      SignalRecord record = make_record(info);
      KBPF_TRY(to.put(&record, sizeof(record)));
      total += sizeof(record);
    }
    return total;
  }

  uint32_t poll() override {
    SpinGuard guard(tasks_lock);
    const Task &task = *current_task();
    return (task.pending.set | task.process->pending.set) & set_ ? kPollIn | kPollReadNormal : 0;
  }
  uint32_t poll_generation() override { return signals_sent.load(); }
  void append_name(kbpf::TextSink &sink) const override { sink.append("anon_inode:[signalfd]"); }
  SpecialKind special_kind() const override { return SpecialKind::signals; }
  void set_signals(uint64_t set) override {
    set_ = set;
    notify_pollers();
  }

private:
  std::atomic<SignalSet> set_;
};

} // namespace

SignalQueue *as_signal_queue(File &file) {
  return file.special_kind() == SpecialKind::signals ? static_cast<SignalQueue *>(&file) : nullptr;
}

SysResult<Ref<File>> make_signal_queue(uint64_t set, uint32_t flags) {
  Ref<Inode> inode = KBPF_TRY(make_anonymous_inode(kAnonFs, 0600));
  auto *file = try_make<SignalFile>(std::move(inode), (flags & kOpenNonBlock) | kOpenReadWrite, set);
  if (!file)
    return Errno::enomem;
  return Ref<File>::adopt(file);
}

} // namespace refkernel
