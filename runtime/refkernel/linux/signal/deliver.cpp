// SPDX-License-Identifier: MIT OR Apache-2.0
// Delivery at the return to user mode: default actions, or a frame on the user's stack in the layout of
// Linux's struct rt_sigframe for riscv64 (siginfo, ucontext with the integer and floating-point registers),
// and rt_sigreturn, which undoes it.
#include "refkernel/linux/hooks.h"
#include "refkernel/linux/process.h"
#include "refkernel/linux/process/user_layout.h"
#include "refkernel/machine/log.h"
#include <cstring>

namespace refkernel {

namespace {

struct alignas(16) MachineContext { // struct sigcontext
  uint64_t registers[32];           // pc, x1 .. x31
  union {
    FpState fp;
    uint8_t
        bytes[528]; // room for quad precision; the reserved words at its end are zero: no more state follows
  };
};
static_assert(sizeof(MachineContext) == 784);
struct UserContext { // struct ucontext
  uint64_t flags, link;
  SignalStack stack;
  SignalSet mask;
  uint8_t unused[120];
  MachineContext machine;
};
static_assert(offsetof(UserContext, machine) == 176 && sizeof(UserContext) == 960);
struct SignalFrame { // struct rt_sigframe
  LinuxSiginfo info;
  UserContext context;
};

bool on_alternate_stack(const SignalStack &stack, uintptr_t sp) {
  return !(stack.flags & kStackDisable) && sp > stack.base && sp - stack.base <= stack.size;
}

SysResult<void> push_frame(TrapFrame &frame, Task &task, const LinuxSiginfo &info,
                           const SignalAction &action) {
  uintptr_t sp = frame.x[kRegSp];
  const SignalStack &alternate = task.alternate_stack;
  if ((action.flags & kSaOnStack) && !(alternate.flags & kStackDisable) && !on_alternate_stack(alternate, sp))
    sp = alternate.base + alternate.size;
  sp = align_down(sp - sizeof(SignalFrame), 16);

  SignalFrame pushed{};
  pushed.info = info;
  pushed.context.stack = alternate;
  if (on_alternate_stack(alternate, frame.x[kRegSp]))
    pushed.context.stack.flags |= kStackOn;
  pushed.context.mask = task.restore_blocked ? task.saved_blocked : task.blocked;
  pushed.context.machine.registers[0] = frame.epc;
  memcpy(&pushed.context.machine.registers[1], frame.x, sizeof(frame.x));
  read_fp_state(pushed.context.machine.fp);
  if (!copy_to_user(sp, &pushed, sizeof(pushed)))
    return Errno::efault;

  frame.epc = action.handler;
  frame.x[kRegRa] = kSignalTrampoline;
  frame.x[kRegSp] = sp;
  frame.x[kRegA0] = static_cast<uint64_t>(info.signo);
  frame.x[kRegA1] = sp + offsetof(SignalFrame, info);
  frame.x[kRegA1 + 1] = sp + offsetof(SignalFrame, context);
  return {};
}

// With tasks_lock held: until SIGCONT or SIGKILL.
void stop_process(Process &process, int signal) {
  process.stopped = true;
  process.stop_signal = signal;
  process.report_stop = true;
  for (Task *task = process.tasks; task; task = task->next_in_process)
    if (task->thread != current())
      interrupt(*task->thread);
  Process *parent = process.parent;
  if (!parent)
    return;
  if (!(parent->actions->action[kSigChld - 1].flags & kSaNoChildStop)) {
    LinuxSiginfo info = make_siginfo(kSigChld, kChildStopped);
    info.child = {};
    info.child.pid = static_cast<int32_t>(process.pid);
    info.child.status = signal;
    send_to_process(*parent, info);
  }
  parent->child_changed.wake_all();
}

// The ecall is executed once more, with the arguments that it had.
void call_again(TrapFrame &frame) {
  frame.epc -= 4;
  frame.x[kRegA0] = frame.orig_a0;
}
constexpr uint64_t kRestartSyscallNumber = 128;

enum class Next { nothing, handler, leave, die };

// The next signal that needs something done in this thread. Waits while the process is stopped.
Next choose(Task &task, LinuxSiginfo &info, SignalAction &action, int &status) {
  Process &process = *task.process;
  SpinGuard guard(tasks_lock);
  for (;;) {
    task.thread->signal_pending = false;
    if (process.exiting || process.exec_pending) {
      status = process.exit_status;
      return Next::leave;
    }
    if (process.stopped) {
      process.resumed.sleep(tasks_lock, kNoDeadline, false);
      continue;
    }
    if (!task.pending.take(~task.blocked, info) && !process.pending.take(~task.blocked, info))
      return Next::nothing;
    SignalAction &registered = process.actions->action[info.signo - 1];
    bool forced = task.forced & signal_bit(info.signo);
    task.forced &= ~signal_bit(info.signo);
    action = registered;
    if (action.handler != kHandlerDefault && action.handler != kHandlerIgnore) {
      if (action.flags & kSaResetHand)
        registered.handler = kHandlerDefault;
      return Next::handler;
    }
    if (!forced && signal_is_ignored(process, info.signo))
      continue;
    if (kStopSignals & signal_bit(info.signo)) {
      stop_process(process, info.signo);
      continue;
    }
    status = wait_status_killed(info.signo);
    return Next::die;
  }
}

[[noreturn]] void die(const TrapFrame &frame, const LinuxSiginfo &info, int status) {
  Process &process = current_process();
  if (info.code > 0 && info.code != kSiKernel)
    log(LogLevel::warn, "linux::signal", "{} (pid {}) dies of signal {} at {x}, address {x}", process.name,
        process.pid, info.signo, frame.epc, info.address);
  exit_process(status);
}

} // namespace

void before_user_return(TrapFrame &frame) {
  Task &task = *current_task();
  Restart restart = std::exchange(task.restart_call, Restart::no);
  LinuxSiginfo info;
  SignalAction action;
  int status = 0;
  for (;;) {
    Next next = choose(task, info, action, status);
    if (next == Next::leave)
      exit_task(status);
    if (next == Next::die)
      die(frame, info, status);
    if (next == Next::nothing)
      break;
    if (Restart wanted = std::exchange(restart, Restart::no); wanted != Restart::no) {
      if (wanted == Restart::if_action_says && (action.flags & kSaRestart))
        call_again(frame);
      else
        frame.x[kRegA0] = static_cast<uint64_t>(-static_cast<int64_t>(Errno::eintr));
    }
    if (!push_frame(frame, task, info, action).ok())
      die(frame, make_siginfo(kSigSegv, kSegvMapError), wait_status_killed(kSigSegv));
    task.restart_block.resume = nullptr; // what the handler interrupted before restart_syscall ends with eintr
    task.restore_blocked = false;
    set_blocked(task.blocked | action.mask | (action.flags & kSaNoDefer ? 0 : signal_bit(info.signo)));
  }
  if (restart != Restart::no)
    call_again(frame);
  if (restart == Restart::by_block)
    frame.x[kRegA7] = kRestartSyscallNumber;
  if (std::exchange(task.restore_blocked, false))
    set_blocked(task.saved_blocked);
}

void handle_user_exception(TrapFrame &frame, UserFault fault, uintptr_t address) {
  LinuxSiginfo info;
  switch (fault) {
  case UserFault::illegal_instruction:
    info = make_siginfo(kSigIll, kIllegalOpcode);
    address = frame.epc;
    break;
  case UserFault::breakpoint:
    info = make_siginfo(kSigTrap, kTrapBreakpoint);
    address = frame.epc;
    break;
  case UserFault::bad_address:
    info = make_siginfo(kSigSegv, kSegvMapError);
    break;
  case UserFault::bus_error:
    info = make_siginfo(kSigBus, kBusAddress);
    break;
  case UserFault::misaligned:
    info = make_siginfo(kSigBus, kBusAlignment);
    break;
  }
  info.address = address;
  force_signal(info);
}

KERNEL_CALL sys_restart_syscall() {
  RestartBlock block = std::exchange(current_task()->restart_block, {});
  return block.resume ? block.resume(block) : SyscallResult(Errno::eintr);
}

KERNEL_CALL sys_rt_sigreturn(TrapFrame &frame) {
  auto saved = UserPtr<SignalFrame>{frame.x[kRegSp]}.cast<const SignalFrame>().read();
  if (!saved.ok()) {
    force_signal(make_siginfo(kSigSegv, kSiKernel));
    return frame.x[kRegA0];
  }
  const MachineContext &machine = saved->context.machine;
  frame.epc = machine.registers[0];
  memcpy(frame.x, &machine.registers[1], sizeof(frame.x));
  write_fp_state(machine.fp);
  set_blocked(saved->context.mask);
  return frame.x[kRegA0];
}

} // namespace refkernel
