// SPDX-License-Identifier: MIT OR Apache-2.0
// Processes and their threads ("tasks") as Linux sees them. A Process is in the table from clone until its
// parent has waited for it; a Task from clone until its thread exits. tasks_lock guards the table, family and
// group links, signals and exit states of all of them; it is a spin lock, taken from interrupts too, so
// nothing is freed, copied to user memory or waited for (except through a WaitQueue) while it is held.
#pragma once
#include "refkernel/lib/alloc.h"
#include "refkernel/linux/abi.h"
#include "refkernel/linux/capability.h"
#include "refkernel/linux/signal/signal.h"
#include "refkernel/linux/syscall.h"
#include "refkernel/linux/time.h"
#include "refkernel/sched/thread.h"

/* Processes and threads that were ever made, under tasks_lock. Linux's name: programs read it (__ksym). */
extern "C" unsigned long total_forks;

namespace refkernel {

class FdTable;
struct FsContext;
class Inode;

constexpr uint32_t kMaxGroups = 32; // supplementary ones: NGROUPS_MAX

struct Credentials { // the beginning is what BPF programs see: struct cred
  uint32_t uid = 0, euid = 0, suid = 0, gid = 0, egid = 0, sgid = 0;
  CapabilitySets capabilities;
  uint32_t group_count = 0, groups[kMaxGroups] = {};
  bool has_group(uint32_t group) const { // besides gid and its like
    for (uint32_t i = 0; i < group_count; ++i)
      if (groups[i] == group)
        return true;
    return false;
  }
};

struct IntervalTimer {
  uint64_t deadline_ns = 0, interval_ns = 0; // 0: off
};
struct PosixTimer; // posix_timer.cpp

// How an interrupted call with a relative time goes on: the time that is left is not among its arguments.
struct RestartBlock {
  SyscallResult (*resume)(const RestartBlock &block) = nullptr; // null: nothing to go on with, eintr
  uint64_t deadline_ns = 0;
  uint64_t arguments[4] = {};
};
enum class Restart : uint8_t { no, if_action_says, without_handler, by_block };

struct SchedulingPolicy { // kept and told (calls/scheduling.cpp)
  uint8_t policy = 0, priority = 0; // SCHED_*; 1 to 99 where it is a real-time one
  bool reset_on_fork = false;
};

struct Task {
  Thread *thread = nullptr; // its linux_data points here
  Process *process = nullptr;
  uint32_t tid = 0;
  SignalSet blocked = 0;
  SignalSet saved_blocked = 0; // by sigsuspend, ppoll, pselect and epoll_pwait: restored by the next return
  bool restore_blocked = false;
  Restart restart_call = Restart::no; // of the system call that returns now
  RestartBlock restart_block;
  SignalSet waiting_for = 0; // by sigtimedwait
  SignalSet forced = 0;      // caused by an instruction: kills even init
  PendingSignals pending;
  SignalStack alternate_stack;
  SchedulingPolicy scheduling;
  uintptr_t clear_child_tid = 0, robust_list = 0;
  Task *next_in_process = nullptr, *next_in_table = nullptr;
};

struct Process : RefCounted {
  Process() = default;
  ~Process();

  uint32_t pid = 0, pgid = 0, sid = 0;
  Process *parent = nullptr, *first_child = nullptr, *next_sibling = nullptr, *next_in_table = nullptr;
  Task *tasks = nullptr;
  uint32_t task_count = 0;
  Ref<Thread> leader; // the first thread, even when it has left: programs find the process through it

  Ref<AddressSpace> space; // null once it has exited
  Ref<FdTable> files;
  Ref<FsContext> fs;
  Ref<Inode> executable_inode;
  Ref<SignalActions> actions;
  PendingSignals pending;
  Credentials credentials;
  LinuxRlimit limits[kLimitCount];
  IntervalTimer real_timer;    // ITIMER_REAL
  IntervalTimer cpu_timers[2]; // ITIMER_VIRTUAL and ITIMER_PROF, which measure the same: all time is user time
  PosixTimer *timers = nullptr; // of timer_create(2)
  int32_t next_timer_id = 0;

  bool exiting = false; // exit_group or a fatal signal: each thread leaves at its next return to user mode
  bool exec_pending = false; // execve waits for the other threads to leave
  bool zombie = false;
  bool stopped = false;
  bool report_stop = false, report_continue = false; // for a parent's wait
  bool has_executed = false;
  bool dumpable = true, subreaper = false; // prctl(2); orphans below a subreaper become its children
  uint8_t death_signal = 0;                // when the parent ends
  uint32_t personality = 0;                // personality(2): kept, inherited, told
  int stop_signal = 0;
  int exit_status = 0; // as wait4 gives it
  bool vfork_done = true;
  int exit_signal = kSigChld;
  int8_t nice = 0;
  uint16_t io_priority = 0; // IOPRIO_PRIO_VALUE

  WaitQueue child_changed;  // of a parent in wait4
  WaitQueue task_left;      // of an execve that waits for the other threads
  WaitQueue vfork_wait;     // of the parent of a vfork child
  WaitQueue resumed;        // of stopped threads
  WaitQueue signal_arrived; // of sigtimedwait

  // Of the address space when the process has ended; of all children that were waited for.
  uint64_t peak_pages = 0, faults = 0, children_peak_pages = 0, children_faults = 0;
  uint64_t start_ns = 0, cpu_ns = 0 /* of exited threads */, children_cpu_ns = 0;
  char name[16] = {};
  char *executable = nullptr; // path, heap, executable_size bytes
  size_t executable_size = 0;
  uintptr_t argument_start = 0, argument_end = 0, environment_end = 0; // the environment follows the arguments
};

extern SpinLock tasks_lock;

inline Task *current_task() { return static_cast<Task *>(current()->linux_data); }
inline Process &current_process() { return *current()->process; }

// The table; all with tasks_lock held.
Process *find_process(uint32_t pid);
Task *find_task(uint32_t tid);
void for_each_process(bool (*visit)(void *user, Process &process), void *user); // visit returns false to stop
template <typename Visit> void for_each_process(Visit &&visit) {
  for_each_process([](void *user, Process &process) { return (*static_cast<Visit *>(user))(process); },
                   &visit);
}
uint32_t allocate_pid(); // 0 where all are in use
void add_process(Process &process, Process *parent);
void set_parent(Process &process, Process &parent); // it is in no family
void add_task(Process &process, Task &task);
void remove_task(Task &task);
void unlink_process(
    Process &process); // out of the table and its family: the table's reference is the caller's now
uint64_t process_cpu_ns(const Process &process);
// Sends the signals of timers that are due, and makes next the time when to look again where that is earlier.
void expire_posix_timers(Process &process, uint64_t now, uint64_t &next);
void delete_posix_timers(Process &process);
uint32_t process_count();
bool may_change_priority(const Process &process); // the caller: CAP_SYS_NICE, or the same user

// Without the lock.
Ref<Process> share_process(uint32_t pid); // null where there is none
SysResult<Ref<Process>> make_first_process();
// A thread of process that will start with frame; it is in no table and has no number yet. Errors: enomem.
SysResult<Ref<Thread>> make_task(Process &process, const TrapFrame &frame, Thread *fp_from);
void set_process_name(std::string_view path); // of the caller: the last component, cut to 15 bytes

constexpr int wait_status_exited(int code) { return (code & 0xff) << 8; }
constexpr int wait_status_killed(int signal) { return signal & 0x7f; }
[[noreturn]] void exit_task(int wait_status);    // of the calling thread; the last one ends the process
[[noreturn]] void exit_process(int wait_status); // exit_group
void release_vfork_parent(Process &process);     // execve or exit of a vfork child
// execve: returns when the caller is its only thread; eagain where another thread ends the process.
SysResult<void> kill_other_tasks();
void robust_futex_cleanup(Task &task);              // exit with mutexes held
void wake_futex(uintptr_t address, uint32_t count); // of the caller's space, both private and shared waiters

} // namespace refkernel
