// SPDX-License-Identifier: MIT OR Apache-2.0
// Return probes: on entry the function's return address is put aside and ra led to a trampoline, the return
// stub (jump_entry.h) or a lone breakpoint. When the function returns into it, the thread's pending return
// tells where it really goes.
//
// Pending returns belong to threads, not harts: a thread may be preempted and migrate between call and
// return. They form a stack for each thread, so recursion needs nothing special. All memory is taken at the
// first attachment; when it is exhausted the call goes unprobed and is counted as missed. The memory and the
// trampoline stay for good, because functions may be in flight long after their probe is gone.
#pragma once
#include "core/base/result.h"
#include "kernel/kbpf.h"
#include "kernel/probes/tracing_target.h"

namespace kbpf::probes {

// From system calls, under the attach lock, before the first return probe is armed. Errors: no_memory,
// not_permitted.
Result<void> prepare_returns();

// The same for what keeps the arguments of calls, before the first program that wants them at the return.
// Error: no_memory.
Result<void> prepare_arguments();

// What tracing programs get of a call: the words of its arguments, and behind them, at its return, those of
// its result.
struct CallWords {
  uint32_t count; // of arguments; only these are kept until the return
  uint64_t words[TracingTarget::kMaxArguments + TracingTarget::kMaxResults];
};

struct ProbedCall {
  uintptr_t function = 0;
  uint64_t serial = 0; // of the newest attachment that saw the call begin
};

// At a function's entry, in a ReadSection: diverts its return. arguments, where not null, a number of words,
// are there again at the return. False where there is no room, or no thread.
bool divert_return(kbpf_regs &regs, const ProbedCall &call, const uint64_t *arguments, uint32_t count);

bool is_trampoline(uintptr_t pc);

// For stack walks: where the diverted returns of a thread really go, innermost first. In a ReadSection. Those
// of another thread than the current one may change meanwhile: the answer is then any.
class PendingReturns {
public:
  PendingReturns(); // of the current thread
  explicit PendingReturns(uint64_t thread_id);
  uintptr_t next(); // 0 where there are no more

private:
  uint32_t index_;
  uint32_t left_; // no more than there can be: the list may be another's by now
};

// A call that has come back.
struct EndedCall {
  ProbedCall call;
  bool has_arguments = false;
  CallWords arguments; // where they were given
  bool last = false;   // false: another probed call ended with it, because it was called as that one's tail
};

// At the trampoline, in a ReadSection: takes the thread's newest pending return of this stack pointer. regs'
// epc and ra become the address where the caller goes on. False where nothing is pending: then control is
// lost.
bool end_call(kbpf_regs &regs, EndedCall &ended);

// Gives up all that a thread has pending.
void forget_thread(uint64_t thread_id);

} // namespace kbpf::probes
