// SPDX-License-Identifier: MIT OR Apache-2.0
// /sys: the trace ring of the BPF runtime as trace_pipe (reads wait for new lines) and trace (what is there),
// under kernel/tracing, to which for older tools kernel/debug/tracing leads; and the directory for pinned BPF
// objects.
#include "kernel/kbpf.h"
#include "kernel/port.h"
#include "refkernel/linux/fs/devices.h"
#include "refkernel/linux/fs/event_files.h"
#include "refkernel/linux/fs/trace_wake.h"
#include "refkernel/machine/noprobe.h"
#include <algorithm>

namespace refkernel {

namespace {

SpinLock lock;
WaitQueue readers;
std::atomic<bool> text_arrived{false};
std::atomic<uint32_t> generation{0};

class TracePipe final : public HeapObject<TracePipe, File> {
public:
  TracePipe(Ref<Inode> inode, uint32_t flags) : HeapObject(std::move(inode), flags) {}
  SysResult<size_t> read(IoCursor &to, uint64_t) override {
    for (;;) {
      char chunk[512];
      size_t count;
      uint64_t reached;
      {
        MutexGuard one_reader(read_lock_);
        count = kbpf_trace_read(&position_, chunk, std::min(sizeof(chunk), to.remaining()));
        reached = position_;
      }
      if (count) {
        KBPF_TRY(to.put(chunk, count));
        return count;
      }
      if (non_blocking())
        return Errno::eagain;
      SpinGuard guard(lock);
      while (!kbpf_trace_pending(reached))
        if (readers.sleep(lock) == WaitResult::interrupted)
          return Errno::erestart;
    }
  }
  uint32_t poll() override {
    MutexGuard one_reader(read_lock_);
    return kbpf_trace_pending(position_) ? kPollIn | kPollReadNormal : 0;
  }
  uint32_t poll_generation() override { return generation.load(); }

private:
  Mutex read_lock_; // position_
  uint64_t position_ = 0;
};

class TracePipeInode final : public HeapObject<TracePipeInode, Inode> {
public:
  using HeapObject::HeapObject;
  SysResult<Ref<File>> open(uint32_t flags) override {
    auto *file = try_make<TracePipe>(Ref<Inode>::share(this), flags);
    if (!file)
      return Errno::enomem;
    return Ref<File>::adopt(file);
  }
};

SysResult<Ref<Inode>> make_trace_pipe() {
  auto *inode = try_make<TracePipeInode>(kTraceFs, kModeRegular | 0444);
  if (!inode)
    return Errno::enomem;
  return Ref<Inode>::adopt(inode);
}

void generate_trace(kbpf::TextSink &sink, uint64_t) {
  uint64_t position = 0;
  char chunk[512];
  while (size_t count = kbpf_trace_read(&position, chunk, sizeof(chunk)))
    sink.append({chunk, count});
}

SysResult<void> populate_tracing(Inode &directory) {
  KBPF_TRY(add_entry(directory, "trace_pipe", make_trace_pipe()));
  KBPF_TRY(add_event_files(directory));
  return add_entry(directory, "trace", make_generated_file(kTraceFs, 0444, generate_trace, 0));
}

} // namespace

void wake_trace_readers() {
  if (!text_arrived.exchange(false))
    return;
  {
    SpinGuard guard(lock);
    generation.fetch_add(1);
    readers.wake_all();
  }
  notify_pollers();
}

SysResult<void> populate_sys(Inode &root) {
  Ref<Inode> sys = KBPF_TRY(ensure_directory(root, "sys", kSysFs, 0555));
  Ref<Inode> fs = KBPF_TRY(ensure_directory(*sys, "fs", kSysFs));
  Ref<Inode> kernel = KBPF_TRY(ensure_directory(*sys, "kernel", kSysFs));
  KBPF_TRY(add_kernel_btf(*kernel));
  Ref<Inode> debug = KBPF_TRY(ensure_directory(*kernel, "debug", kDebugFs));
  KBPF_TRY(ensure_directory(*fs, "bpf", kBpfFs, 01777));
  KBPF_TRY(add_processor_files(*sys));
  KBPF_TRY(add_event_sources(*sys));
  KBPF_TRY(populate_tracing(*KBPF_TRY(ensure_directory(*kernel, "tracing", kTraceFs))));
  return add_entry(*debug, "tracing", make_symlink(kDebugFs, "/sys/kernel/tracing"));
}

} // namespace refkernel

// Inside a probe: only a flag; the next timer tick wakes.
REFKERNEL_NOPROBE void kbpf_port_trace_wake(void) {
  refkernel::text_arrived.store(true, std::memory_order_release);
}
