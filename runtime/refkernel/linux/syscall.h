// SPDX-License-Identifier: MIT OR Apache-2.0
// How a system call is written: an ordinary function with typed arguments, `KERNEL_CALL sys_name(int fd,
// ...)`, that is never inlined (so that it can be probed), gives its result in a0, and is listed in its
// family's table of SyscallEntry.
#pragma once
#include "refkernel/linux/errno.h"
#include "refkernel/linux/user_ptr.h"
#include "refkernel/sched/thread.h"
#include <span>
#include <string_view>
#include <type_traits>

namespace refkernel {

// What a call returns to user mode: a value, or a negative errno. One register wide.
struct SyscallResult {
  int64_t value;
  SyscallResult(std::integral auto result) : value(static_cast<int64_t>(result)) {}
  SyscallResult(Errno error) : value(-static_cast<int64_t>(error)) {}
  SyscallResult(kbpf::Error error) : value(-static_cast<int64_t>(kbpf::to_errno(error))) {}
  template <typename T> SyscallResult(SysResult<T> result) {
    if (!result.ok())
      value = -static_cast<int64_t>(result.error());
    else if constexpr (std::is_void_v<T>)
      value = 0;
    else
      value = static_cast<int64_t>(*result);
  }
};
static_assert(std::is_trivially_copyable_v<SyscallResult>);

#define KERNEL_CALL [[gnu::noinline, gnu::section(".text.system_call")]] SyscallResult

struct SyscallEntry {
  uint16_t number; // riscv64, asm-generic/unistd.h
  const char *name;
  int64_t (*invoke)(TrapFrame &frame);
};

namespace detail {
template <typename T> T syscall_argument(uint64_t raw) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<T>(raw);
  else
    return T{static_cast<uintptr_t>(raw)};
}
template <typename... Args, size_t... I>
int64_t call_with(SyscallResult (*function)(Args...), TrapFrame &frame, std::index_sequence<I...>) {
  return function(syscall_argument<Args>(frame.x[kRegA0 + I])...).value;
}
template <auto Function> struct Caller;
template <typename... Args, SyscallResult (*Function)(Args...)> struct Caller<Function> {
  static int64_t invoke(TrapFrame &frame) {
    if constexpr (std::is_same_v<void(Args...), void(TrapFrame &)>) // a call that needs all registers
      return Function(frame).value;
    else
      return call_with(Function, frame, std::index_sequence_for<Args...>{});
  }
};
} // namespace detail

#define SYSCALL_ENTRY(number, name) {number, #name, &detail::Caller<&sys_##name>::invoke}

constexpr uint64_t kSyscallTableSize = 512;
bool has_syscall(uint64_t number);         // whether this kernel has it; once the tables are gathered
const char *syscall_name(uint64_t number); // Linux's; "unknown" where there is no such call

// The tables, one per family.
extern const std::span<const SyscallEntry> kFileCalls, kDirectoryCalls, kDescriptorCalls, kReadWriteCalls,
    kPollCalls, kMemoryCalls, kProcessCalls, kSignalCalls, kFutexCalls, kTimeCalls, kIdentityCalls,
    kSystemCalls, kPriorityCalls, kSchedulingCalls, kSocketCalls, kSocketOptionCalls, kBpfCalls, kPerfEventCalls, kCapabilityCalls,
    kExtendedAttributeCalls, kSpliceCalls, kPosixTimerCalls, kPidFdCalls, kProcessMemoryCalls;

} // namespace refkernel
