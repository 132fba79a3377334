// SPDX-License-Identifier: MIT OR Apache-2.0
// What BPF programs ask of the kernel from inside a probe, where no lock may be taken: waking who polls, and
// signals. It is noted for this hart, which raises a software interrupt to itself and does it there, as soon
// as interrupts are on. A probe in what runs there may ask again, without end: such a wish waits for the next
// timer tick.
#include "kernel/kbpf.h"
#include "kernel/port.h"
#include "refkernel/linux/fs/file.h"
#include "refkernel/linux/hooks.h"
#include "refkernel/linux/process.h"
#include "refkernel/machine/csr.h"
#include "refkernel/machine/noprobe.h"
#include "refkernel/sched/hart.h"

namespace refkernel {
namespace {

struct SignalRequest {
  uint32_t tid;
  uint64_t thread_id;
  uint32_t signal;
  bool thread_only;
};

// Touched by its own hart with interrupts off.
struct HartRequests {
  static constexpr uint32_t kMaxSignals = 16;
  SignalRequest signals[kMaxSignals];
  uint32_t signal_count;
  bool poll_wake;
  bool serving;
};
HartRequests requests[kMaxHarts];

void send(const SignalRequest &request) {
  SpinGuard guard(tasks_lock);
  Task *task = find_task(request.tid);
  if (!task || !task->thread || task->thread->id != request.thread_id)
    return;
  LinuxSiginfo info = make_siginfo(static_cast<int>(request.signal), kSiKernel);
  if (request.thread_only)
    send_to_task(*task, info);
  else
    send_to_process(*task->process, info);
}

REFKERNEL_NOPROBE void serve_soon(const HartRequests &here) {
  if (!here.serving)
    REFKERNEL_CSR_SET(sip, kInterruptSoftware);
}

} // namespace

void serve_bpf_requests() {
  HartRequests &here = requests[this_hart().index];
  if (!here.poll_wake && !here.signal_count)
    return;
  here.serving = true;
  if (here.poll_wake) {
    here.poll_wake = false;
    notify_pollers();
  }
  SignalRequest taken[HartRequests::kMaxSignals];
  const uint32_t count = here.signal_count;
  for (uint32_t i = 0; i < count; i++)
    taken[i] = here.signals[i];
  here.signal_count = 0;
  for (uint32_t i = 0; i < count; i++)
    send(taken[i]);
  here.serving = false;
}

} // namespace refkernel

using namespace refkernel;

REFKERNEL_NOPROBE void kbpf_port_poll_wake(void) {
  const uintptr_t irq = irq_save();
  HartRequests &here = requests[this_hart().index];
  here.poll_wake = true;
  serve_soon(here);
  irq_restore(irq);
}

REFKERNEL_NOPROBE int kbpf_port_send_signal(uint32_t signal, int thread_only) {
  constexpr int kEinval = -22, kEperm = -1, kEbusy = -16;
  Thread *thread = current();
  if (signal == 0 || signal > kSignalCount)
    return kEinval;
  if (!thread || !thread->process)
    return kEperm;
  const uintptr_t irq = irq_save();
  HartRequests &here = requests[this_hart().index];
  const bool has_room = here.signal_count < HartRequests::kMaxSignals;
  if (has_room) {
    here.signals[here.signal_count++] = {static_cast<uint32_t>(thread->task.pid), thread->id, signal, thread_only != 0};
    serve_soon(here);
  }
  irq_restore(irq);
  return has_room ? 0 : kEbusy;
}
