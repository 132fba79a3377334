// SPDX-License-Identifier: MIT OR Apache-2.0
// From the trap to the function of a system call: one table by number, filled from the families' tables at
// boot.
#include "refkernel/linux/syscall.h"
#include "refkernel/linux/boot.h"
#include "refkernel/linux/events.h"
#include "refkernel/linux/hooks.h"
#include "refkernel/linux/process.h"
#include "refkernel/machine/log.h"

namespace refkernel {

namespace {

constexpr uint64_t kSigreturnNumber = 139;

Restart restart_of(int64_t result) {
  switch (static_cast<Errno>(-result)) {
  case Errno::erestart:
    return Restart::if_action_says;
  case Errno::erestart_no_handler:
    return Restart::without_handler;
  case Errno::erestart_block:
    return Restart::by_block;
  default:
    return Restart::no;
  }
}
const SyscallEntry *table[kSyscallTableSize];
std::atomic<uint64_t> reported[kSyscallTableSize / 64];

// What programs and libraries try first and do without on many a Linux, too: not worth a warning.
bool is_optional(uint64_t number) {
  enum { kIoUringSetup = 425, kIoUringRegister = 427, kLandlockCreate = 444, kLandlockRestrict = 446 };
  return (number >= kIoUringSetup && number <= kIoUringRegister) ||
         (number >= kLandlockCreate && number <= kLandlockRestrict);
}

[[gnu::noinline]] int64_t report_missing(uint64_t number) {
  bool first = number >= kSyscallTableSize ||
               !(reported[number / 64].fetch_or(uint64_t{1} << number % 64) & uint64_t{1} << number % 64);
  if (first)
    log(is_optional(number) ? LogLevel::info : LogLevel::warn, "linux::syscall", "{} called system call {} ({}), which this kernel does not have",
        current()->task.comm, number, syscall_name(number));
  return -static_cast<int64_t>(Errno::enosys);
}

} // namespace

const char *syscall_name(uint64_t number) {
  switch (number) {
#define LINUX_SYSCALL(number, name)                                                                          \
  case number:                                                                                               \
    return #name;
#include "refkernel/linux/syscall_names.def"
#undef LINUX_SYSCALL
  }
  return "unknown";
}

bool has_syscall(uint64_t number) { return number < kSyscallTableSize && table[number]; }

void fill_syscall_table() {
  for (auto family : {kFileCalls, kDirectoryCalls, kDescriptorCalls, kReadWriteCalls, kPollCalls,
                      kMemoryCalls, kProcessCalls, kSignalCalls, kFutexCalls, kTimeCalls, kIdentityCalls,
                      kSystemCalls, kPriorityCalls, kSchedulingCalls, kSocketCalls, kSocketOptionCalls, kBpfCalls, kPerfEventCalls,
                      kCapabilityCalls, kExtendedAttributeCalls, kSpliceCalls, kPosixTimerCalls, kPidFdCalls,
                      kProcessMemoryCalls})
    for (const SyscallEntry &entry : family)
      table[entry.number] = &entry;
}

void handle_syscall(TrapFrame &frame) {
  uint64_t number = frame.x[kRegA7];
  frame.orig_a0 = frame.x[kRegA0];
  const SyscallEntry *entry = number < kSyscallTableSize ? table[number] : nullptr;
  if (kbpf_events_attached) [[unlikely]]
    report_syscall_enter(frame, number);
  int64_t result = entry ? entry->invoke(frame) : report_missing(number);
  if (kbpf_events_attached) [[unlikely]]
    report_syscall_exit(frame, number, result);
  frame.x[kRegA0] = static_cast<uint64_t>(result);
  Task *task = current_task();
  if (result <= -static_cast<int64_t>(Errno::erestart) && number != kSigreturnNumber &&
      restart_of(result) != Restart::no) {
    task->restart_call = restart_of(result);
    task->thread->signal_pending = true;
  } else if (task->restore_blocked) {
    task->thread->signal_pending = true; // the return path puts the mask back
  }
}

} // namespace refkernel
