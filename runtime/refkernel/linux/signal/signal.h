// SPDX-License-Identifier: MIT OR Apache-2.0
// Signals: numbers, what is pending, and the calls that send and take them. A signal is pending for a thread
// or for a whole process; each number holds one siginfo, and further ones of a real-time signal queue behind it.
// Everything here that reads or changes another task's signals needs tasks_lock (process.h).
#pragma once
#include "refkernel/lib/ref.h"
#include "refkernel/linux/user_ptr.h"
#include "refkernel/sched/sync.h"
#include <atomic>
#include <cstdint>

namespace refkernel {

struct Process;
struct Task;

enum Signal : int {
  kSigHup = 1,
  kSigInt = 2,
  kSigQuit = 3,
  kSigIll = 4,
  kSigTrap = 5,
  kSigAbrt = 6,
  kSigBus = 7,
  kSigFpe = 8,
  kSigKill = 9,
  kSigUsr1 = 10,
  kSigSegv = 11,
  kSigUsr2 = 12,
  kSigPipe = 13,
  kSigAlrm = 14,
  kSigTerm = 15,
  kSigStkflt = 16,
  kSigChld = 17,
  kSigCont = 18,
  kSigStop = 19,
  kSigTstp = 20,
  kSigTtin = 21,
  kSigTtou = 22,
  kSigUrg = 23,
  kSigXcpu = 24,
  kSigXfsz = 25,
  kSigVtalrm = 26,
  kSigProf = 27,
  kSigWinch = 28,
  kSigIo = 29,
  kSigPwr = 30,
  kSigSys = 31,
  kFirstRealTime = 32,
  kSignalCount = 64,
};

using SignalSet = uint64_t; // bit number - 1
constexpr SignalSet signal_bit(int signal) { return SignalSet{1} << (signal - 1); }
constexpr SignalSet kUnblockable = signal_bit(kSigKill) | signal_bit(kSigStop);
constexpr SignalSet kStopSignals =
    signal_bit(kSigStop) | signal_bit(kSigTstp) | signal_bit(kSigTtin) | signal_bit(kSigTtou);

// si_code values used here.
enum : int32_t {
  kSiUser = 0,
  kSiKernel = 0x80,
  kSiQueue = -1,
  kSiTimer = -2,
  kSiTkill = -6,
  kSegvMapError = 1,
  kSegvAccessError = 2,
  kBusAlignment = 1,
  kBusAddress = 2,
  kIllegalOpcode = 1,
  kTrapBreakpoint = 1,
  kChildExited = 1,
  kChildKilled = 2,
  kChildStopped = 5,
  kChildContinued = 6,
};

struct LinuxSiginfo { // siginfo_t, 128 bytes
  int32_t signo = 0, error = 0, code = 0, pad = 0;
  union {
    struct {
      int32_t pid;
      uint32_t uid;
      uint64_t value;
    } sender; // kill, sigqueue
    struct {
      int32_t id, overrun;
      uint64_t value;
    } timer; // of timer_create(2)
    struct {
      int32_t pid;
      uint32_t uid;
      int32_t status, pad;
      int64_t user_time, system_time;
    } child;
    uint64_t address; // faults
    uint8_t bytes[112] = {};
  };
};
static_assert(sizeof(LinuxSiginfo) == 128);

struct SignalAction {   // struct sigaction of the kernel on riscv64: no restorer
  uint64_t handler = 0; // 0: default, 1: ignore
  uint64_t flags = 0;
  SignalSet mask = 0;
};
constexpr uint64_t kHandlerDefault = 0, kHandlerIgnore = 1;
enum : uint64_t {
  kSaNoChildStop = 1,
  kSaNoChildWait = 2,
  kSaSiginfo = 4,
  kSaOnStack = 0x08000000,
  kSaRestart = 0x10000000,
  kSaNoDefer = 0x40000000,
  kSaResetHand = 0x80000000,
};

struct SignalActions : RefCounted { // shared by CLONE_SIGHAND
  SignalAction action[kSignalCount];
};

struct SignalStack { // stack_t
  uint64_t base = 0;
  int32_t flags = 2; // SS_DISABLE
  int32_t pad = 0;
  uint64_t size = 0;
};
constexpr int32_t kStackOn = 1, kStackDisable = 2;

// Signals that are pending. Small infos are kept whole: 32 bytes hold every union member used here.
struct PendingSignals {
  struct Entry {
    int32_t error, code;
    uint8_t payload[32];
  };
  struct Queued;
  static constexpr uint32_t kMaxQueued = 1024; // beyond the first of each number
  SignalSet set = 0;
  Entry entry[kSignalCount];
  Queued *first = nullptr, *last = nullptr; // in the order of their sending
  uint32_t queued = 0;

  PendingSignals() = default;
  PendingSignals(const PendingSignals &) = delete;
  PendingSignals &operator=(const PendingSignals &) = delete;
  ~PendingSignals() { drop(~SignalSet{0}); }
  // A signal that is pending already stays as it is, unless it is a real-time one. False: no room to queue it.
  bool add(const LinuxSiginfo &info);
  bool take(SignalSet allowed, LinuxSiginfo &info); // the lowest of the allowed that is pending
  void drop(SignalSet signals);
  // Where the signal of that timer is pending still, the expirations count as its overrun. How many there are now;
  // -1 where it is not pending.
  int32_t count_overrun(int signal, int32_t timer, uint64_t expirations);

private:
  void unlink(Queued *before, Queued *gone);
};

LinuxSiginfo make_siginfo(int signal, int32_t code);      // sent by the kernel
LinuxSiginfo make_user_siginfo(int signal, int32_t code); // by the calling process

// With tasks_lock held. An ignored signal is dropped. False: no room to queue it.
bool send_to_task(Task &task, const LinuxSiginfo &info);
bool send_to_process(Process &process, const LinuxSiginfo &info);
bool signal_is_ignored(const Process &process, int signal);
bool may_signal(const Process &target); // the caller: with the capability for it, or of the same user
SignalSet deliverable_signals(const Task &task); // pending and not blocked
extern std::atomic<uint32_t> signals_sent;       // counts all that became pending, for edges of signalfd
void update_signal_pending(Task &task);          // after its mask or the pending sets changed

// Without the lock. A signal that the caller's own instruction caused: cannot be blocked or ignored.
void force_signal(LinuxSiginfo info);
void signal_broken_pipe(); // SIGPIPE for the caller, who wrote to what nobody reads
void send_to_group(uint32_t pgid, int signal); // from interrupts too; no group with that number: nothing
void set_blocked(SignalSet blocked);           // of the calling thread
// Waits until a signal of set is pending for the caller, and takes it. timed_out: none by deadline_ns.
WaitResult take_signal(SignalSet set, LinuxSiginfo &info, uint64_t deadline_ns);
// For the duration of the calling system call; a null mask changes nothing.
SysResult<void> use_temporary_mask(UserPtr<const SignalSet> mask, size_t size);

} // namespace refkernel
