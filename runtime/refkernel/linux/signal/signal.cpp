// SPDX-License-Identifier: MIT OR Apache-2.0
// Sending signals: what becomes pending for whom, and who is woken for it.
#include "refkernel/linux/signal/signal.h"
#include "refkernel/linux/fs/file.h"
#include "refkernel/linux/process.h"
#include <algorithm>
#include <bit>
#include <cstring>

namespace refkernel {

namespace {
constexpr SignalSet kIgnoredByDefault =
    signal_bit(kSigChld) | signal_bit(kSigUrg) | signal_bit(kSigWinch) | signal_bit(kSigCont);
constexpr uint32_t kInitPid = 1;

// What SIGCONT and stop signals do when they are sent, whatever their handlers.
void apply_job_control(Process &process, int signal) {
  auto discard = [&](SignalSet set) {
    process.pending.drop(set);
    for (Task *task = process.tasks; task; task = task->next_in_process)
      task->pending.drop(set);
  };
  if (kStopSignals & signal_bit(signal))
    discard(signal_bit(kSigCont));
  if (signal != kSigCont && signal != kSigKill)
    return;
  if (signal == kSigCont)
    discard(kStopSignals);
  if (!process.stopped)
    return;
  process.stopped = false;
  process.report_stop = false;
  process.report_continue = signal == kSigCont;
  process.resumed.wake_all();
  if (process.parent)
    process.parent->child_changed.wake_all();
}

bool announce(PendingSignals &pending, const LinuxSiginfo &info) {
  if (!pending.add(info))
    return false;
  signals_sent.fetch_add(1);
  notify_pollers(); // of a signalfd
  return true;
}

bool accepts(const Task &task, int signal) { return !(task.blocked & signal_bit(signal)); }
} // namespace

std::atomic<uint32_t> signals_sent{0};

struct PendingSignals::Queued {
  Queued *next;
  int signo;
  Entry entry;
};

bool PendingSignals::add(const LinuxSiginfo &info) {
  Entry fresh{info.error, info.code, {}};
  memcpy(fresh.payload, info.bytes, sizeof(fresh.payload));
  if (!(set & signal_bit(info.signo))) {
    set |= signal_bit(info.signo);
    entry[info.signo - 1] = fresh;
    return true;
  }
  if (info.signo < kFirstRealTime)
    return true; // the first one's details stay
  auto *more = queued < kMaxQueued ? try_make<Queued>(Queued{nullptr, info.signo, fresh}) : nullptr;
  if (!more)
    return false;
  (last ? last->next : first) = more;
  last = more;
  ++queued;
  return true;
}

bool PendingSignals::take(SignalSet allowed, LinuxSiginfo &info) {
  SignalSet ready = set & allowed;
  if (!ready)
    return false;
  int index = std::countr_zero(ready & kUnblockable ? ready & kUnblockable : ready);
  info = LinuxSiginfo{};
  info.signo = index + 1;
  info.error = entry[index].error;
  info.code = entry[index].code;
  memcpy(info.bytes, entry[index].payload, sizeof(entry[index].payload));
  Queued *before = nullptr, *next = first;
  while (next && next->signo != info.signo) {
    before = next;
    next = next->next;
  }
  if (!next) {
    set &= ~signal_bit(info.signo);
    return true;
  }
  entry[index] = next->entry;
  unlink(before, next);
  return true;
}

void PendingSignals::drop(SignalSet signals) {
  set &= ~signals;
  for (Queued *before = nullptr, *at = first; at;) {
    Queued *next = at->next;
    if (signals & signal_bit(at->signo))
      unlink(before, at);
    else
      before = at;
    at = next;
  }
}

int32_t PendingSignals::count_overrun(int signal, int32_t timer, uint64_t expirations) {
  auto count = [&](Entry &pending) {
    LinuxSiginfo info;
    memcpy(info.bytes, pending.payload, sizeof(pending.payload));
    if (pending.code != kSiTimer || info.timer.id != timer)
      return -1;
    info.timer.overrun = static_cast<int32_t>(
        std::min<uint64_t>(INT32_MAX, static_cast<uint64_t>(info.timer.overrun) + expirations));
    memcpy(pending.payload, info.bytes, sizeof(pending.payload));
    return info.timer.overrun;
  };
  int32_t overrun = set & signal_bit(signal) ? count(entry[signal - 1]) : -1;
  for (Queued *at = first; at && overrun < 0; at = at->next)
    overrun = at->signo == signal ? count(at->entry) : -1;
  return overrun;
}

void PendingSignals::unlink(Queued *before, Queued *gone) {
  (before ? before->next : first) = gone->next;
  if (last == gone)
    last = before;
  --queued;
  destroy(gone);
}

LinuxSiginfo make_siginfo(int signal, int32_t code) {
  LinuxSiginfo info;
  info.signo = signal;
  info.code = code;
  return info;
}

LinuxSiginfo make_user_siginfo(int signal, int32_t code) {
  LinuxSiginfo info = make_siginfo(signal, code);
  info.sender = {};
  info.sender.pid = static_cast<int32_t>(current_process().pid);
  info.sender.uid = current_process().credentials.uid;
  return info;
}

bool signal_is_ignored(const Process &process, int signal) {
  const SignalAction &action = process.actions->action[signal - 1];
  if (action.handler == kHandlerIgnore)
    return true;
  if (action.handler != kHandlerDefault)
    return false;
  return (kIgnoredByDefault & signal_bit(signal)) || process.pid == kInitPid;
}

SignalSet deliverable_signals(const Task &task) {
  return (task.pending.set | task.process->pending.set) & ~task.blocked;
}

void update_signal_pending(Task &task) {
  const Process &process = *task.process;
  if (deliverable_signals(task) || process.exiting || process.exec_pending || process.stopped)
    task.thread->signal_pending = true;
}

bool send_to_task(Task &task, const LinuxSiginfo &info) {
  apply_job_control(*task.process, info.signo);
  bool awaited = task.waiting_for & signal_bit(info.signo);
  if (!awaited && accepts(task, info.signo) && signal_is_ignored(*task.process, info.signo))
    return true;
  if (!announce(task.pending, info))
    return false;
  if (awaited)
    task.process->signal_arrived.wake_all();
  if (accepts(task, info.signo))
    interrupt(*task.thread);
  return true;
}

bool send_to_process(Process &process, const LinuxSiginfo &info) {
  if (process.zombie || !process.tasks)
    return true;
  apply_job_control(process, info.signo);
  Task *receiver = nullptr;
  bool awaited = false;
  for (Task *task = process.tasks; task; task = task->next_in_process) {
    awaited = awaited || (task->waiting_for & signal_bit(info.signo));
    if (!receiver && accepts(*task, info.signo))
      receiver = task;
  }
  if (!awaited && receiver && signal_is_ignored(process, info.signo))
    return true;
  if (!announce(process.pending, info))
    return false;
  if (awaited)
    process.signal_arrived.wake_all();
  else if (receiver)
    interrupt(*receiver->thread);
  return true;
}

WaitResult take_signal(SignalSet set, LinuxSiginfo &info, uint64_t deadline_ns) {
  SpinGuard guard(tasks_lock);
  Task &task = *current_task();
  WaitResult result = WaitResult::woken;
  bool found;
  task.waiting_for = set;
  while (!(found = task.pending.take(set, info) || task.process->pending.take(set, info)) &&
         result == WaitResult::woken)
    result = task.process->signal_arrived.sleep(tasks_lock, deadline_ns);
  task.waiting_for = 0;
  return found ? WaitResult::woken : result;
}

void signal_broken_pipe() {
  SpinGuard guard(tasks_lock);
  send_to_task(*current_task(), make_siginfo(kSigPipe, kSiUser));
}

void force_signal(LinuxSiginfo info) {
  SpinGuard guard(tasks_lock);
  Task &task = *current_task();
  SignalAction &action = task.process->actions->action[info.signo - 1];
  bool blocked = task.blocked & signal_bit(info.signo);
  if (blocked || action.handler == kHandlerIgnore)
    action = {};
  task.blocked &= ~signal_bit(info.signo);
  task.pending.drop(signal_bit(info.signo));
  task.pending.add(info);
  task.forced |= signal_bit(info.signo);
  task.thread->signal_pending = true;
}

void send_to_group(uint32_t pgid, int signal) {
  if (!pgid)
    return;
  SpinGuard guard(tasks_lock);
  for_each_process([&](Process &process) {
    if (process.pgid == pgid)
      send_to_process(process, make_siginfo(signal, kSiKernel));
    return true;
  });
}

void set_blocked(SignalSet blocked) {
  SpinGuard guard(tasks_lock);
  Task &task = *current_task();
  task.blocked = blocked & ~kUnblockable;
  update_signal_pending(task);
}

} // namespace refkernel
