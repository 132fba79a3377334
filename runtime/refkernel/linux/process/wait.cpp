// SPDX-License-Identifier: MIT OR Apache-2.0
// wait4(2) and waitid(2): children that ended, stopped or went on.
#include "refkernel/linux/fs/pidfd.h"
#include "refkernel/linux/process.h"
#include <algorithm>

namespace refkernel {

namespace {

enum : uint32_t { kNoHang = 1, kStopped = 2, kExited = 4, kContinued = 8, kNoWait = 0x01000000 };
constexpr uint32_t kWait4Options =
    kNoHang | kStopped | kContinued | 0xe0000000; // with __WNOTHREAD, __WALL, __WCLONE
enum IdType : int { kAll = 0, kPid = 1, kGroup = 2, kPidFd = 3 };
constexpr int kStatusContinued = 0xffff;

struct Wanted {
  IdType type;
  uint32_t id;
  uint32_t options;
  bool matches(const Process &child) const {
    return type == kAll || (type == kPid && child.pid == id) || (type == kGroup && child.pgid == id);
  }
};

struct Outcome {
  uint32_t pid = 0, uid = 0; // pid 0: nothing yet
  int status = 0;
  uint64_t cpu_ns = 0, peak_pages = 0, faults = 0;
  Ref<Process> reaped; // ends outside of the lock
};

// With tasks_lock held. False where no child can ever match.
bool look(Process &parent, const Wanted &wanted, Outcome &outcome) {
  bool any = false;
  for (Process *child = parent.first_child; child; child = child->next_sibling) {
    if (!wanted.matches(*child))
      continue;
    any = true;
    bool keep = wanted.options & kNoWait;
    bool ended = child->zombie && (wanted.options & kExited);
    if (ended) {
      outcome.status = child->exit_status;
    } else if (child->report_stop && (wanted.options & kStopped)) {
      outcome.status = child->stop_signal << 8 | 0x7f;
      child->report_stop = keep;
    } else if (child->report_continue && (wanted.options & kContinued)) {
      outcome.status = kStatusContinued;
      child->report_continue = keep;
    } else {
      continue;
    }
    outcome.pid = child->pid;
    outcome.uid = child->credentials.uid;
    outcome.cpu_ns = child->cpu_ns + child->children_cpu_ns;
    outcome.peak_pages = std::max(child->peak_pages, child->children_peak_pages);
    outcome.faults = child->faults + child->children_faults;
    if (ended && !keep) {
      parent.children_cpu_ns += outcome.cpu_ns;
      parent.children_peak_pages = std::max(parent.children_peak_pages, outcome.peak_pages);
      parent.children_faults += outcome.faults;
      unlink_process(*child);
      outcome.reaped = Ref<Process>::adopt(child);
    }
    return true;
  }
  return any;
}

SysResult<Outcome> wait_for(const Wanted &wanted) {
  Process &parent = current_process();
  Outcome outcome;
  SpinGuard guard(tasks_lock);
  for (;;) {
    if (!look(parent, wanted, outcome))
      return Errno::echild;
    if (outcome.pid || (wanted.options & kNoHang))
      return outcome;
    if (parent.child_changed.sleep(tasks_lock) == WaitResult::interrupted)
      return Errno::erestart;
  }
}

SysResult<void> write_rusage(UserPtr<LinuxRusage> to, const Outcome &outcome) {
  return to ? to.write(make_rusage(outcome.cpu_ns, outcome.peak_pages, outcome.faults)) : SysResult<void>();
}

} // namespace

KERNEL_CALL sys_wait4(int pid, UserPtr<int32_t> status, uint32_t options, UserPtr<LinuxRusage> usage) {
  if (options & ~kWait4Options)
    return Errno::einval;
  Wanted wanted{kAll, 0, options | kExited};
  if (pid > 0)
    wanted = {kPid, static_cast<uint32_t>(pid), wanted.options};
  else if (pid != -1)
    wanted = {kGroup, pid == 0 ? current_process().pgid : static_cast<uint32_t>(-static_cast<int64_t>(pid)),
              wanted.options};
  Outcome outcome = KBPF_TRY(wait_for(wanted));
  if (!outcome.pid)
    return 0;
  if (status)
    KBPF_TRY(status.write(outcome.status));
  KBPF_TRY(write_rusage(usage, outcome));
  return outcome.pid;
}

KERNEL_CALL sys_waitid(int type, uint32_t id, UserPtr<LinuxSiginfo> info, uint32_t options,
                       UserPtr<LinuxRusage> usage) {
  if (type < kAll || type > kPidFd || !(options & (kExited | kStopped | kContinued)))
    return Errno::einval;
  if (type == kPidFd) {
    id = KBPF_TRY(process_of_pidfd(static_cast<int>(id)))->pid;
    type = kPid;
  }
  if (type == kGroup && id == 0)
    id = current_process().pgid;
  Outcome outcome = KBPF_TRY(wait_for({static_cast<IdType>(type), id, options}));
  if (info) {
    LinuxSiginfo result;
    if (outcome.pid) {
      int status = outcome.status;
      bool continued = status == kStatusContinued, stopped = (status & 0xff) == 0x7f;
      bool killed = !continued && !stopped && (status & 0x7f);
      result.signo = kSigChld;
      result.code = continued ? kChildContinued
                    : stopped ? kChildStopped
                    : killed  ? kChildKilled
                              : kChildExited;
      result.child = {};
      result.child.pid = static_cast<int32_t>(outcome.pid);
      result.child.uid = outcome.uid;
      result.child.status = continued ? kSigCont : killed ? status & 0x7f : status >> 8 & 0xff;
    }
    KBPF_TRY(info.write(result));
  }
  KBPF_TRY(write_rusage(usage, outcome));
  return 0;
}

} // namespace refkernel
