// SPDX-License-Identifier: MIT OR Apache-2.0
// Names, record layouts and raw arguments are Linux's (include/trace/events/{sched,syscalls}.h,
// kernel/trace/trace_syscalls.c), so that programs written for it find what they know.
#include "refkernel/linux/events.h"
#include "core/base/text.h"
#include "refkernel/linux/hooks.h"
#include "refkernel/linux/process.h"
#include "refkernel/linux/syscall.h"
#include "refkernel/linux/trace_records.h"
#include <algorithm>
#include <cstring>

namespace refkernel {

namespace {

constexpr int kPriority = 120; // every thread's

constexpr size_t kExecText = 256; // bytes behind a trace_event_raw_sched_process_exec
static_assert(offsetof(trace_event_raw_sched_switch, prev_state) == 32 &&
              sizeof(trace_event_raw_sched_switch) == 64);
static_assert(offsetof(trace_event_raw_sched_process_fork, child_pid) == 44 &&
              sizeof(trace_event_raw_sched_process_exec) == 20);
// One record serves the event of all system calls and that of the one.
static_assert(offsetof(syscall_trace_enter, args) == offsetof(trace_event_raw_sys_enter, args));
static_assert(offsetof(syscall_trace_exit, ret) == offsetof(trace_event_raw_sys_exit, ret));

kbpf_event raw_enter{"raw_syscalls", "sys_enter", 1, sizeof(trace_event_raw_sys_enter), 2, nullptr, nullptr};
kbpf_event raw_exit{"raw_syscalls", "sys_exit", 2, sizeof(trace_event_raw_sys_exit), 2, nullptr, nullptr};
kbpf_event sched_switch{"sched", "sched_switch", 3,      sizeof(trace_event_raw_sched_switch),
                        4,       nullptr,        nullptr};
kbpf_event process_fork{
    "sched", "sched_process_fork", 4, sizeof(trace_event_raw_sched_process_fork), 2, nullptr, nullptr};
kbpf_event process_exit{
    "sched", "sched_process_exit", 5, sizeof(trace_event_raw_sched_process_template), 1, nullptr, nullptr};
kbpf_event process_exec{
    "sched", "sched_process_exec", 6, sizeof(trace_event_raw_sched_process_exec) + kExecText, 3, nullptr,
    nullptr};

// One for each system call that there is, at its number.
constexpr uint32_t kFirstSyscallId = 100;
constexpr size_t kMaxName = 40;
struct SyscallEvents {
  kbpf_event enter, exit;
  char enter_name[kMaxName], exit_name[kMaxName];
};
SyscallEvents *syscall_events[kSyscallTableSize];

void register_syscall(uint32_t number) {
  auto *events = try_make<SyscallEvents>();
  if (!events)
    return; // the call has no event then
  kbpf::TextBuffer enter(events->enter_name, kMaxName), exit(events->exit_name, kMaxName);
  kbpf::print(enter, "sys_enter_{}", syscall_name(number));
  kbpf::print(exit, "sys_exit_{}", syscall_name(number));
  uint32_t id = kFirstSyscallId + 2 * number;
  events->enter = {"syscalls", events->enter_name, id, sizeof(trace_event_raw_sys_enter), 0, nullptr,
                   nullptr};
  events->exit = {"syscalls", events->exit_name, id + 1, sizeof(trace_event_raw_sys_exit),
                  0,          nullptr,           nullptr};
  kbpf_event_register(&events->exit);
  kbpf_event_register(&events->enter);
  syscall_events[number] = events;
}

void run(kbpf_event &event, std::initializer_list<uint64_t> arguments, const void *record) {
  kbpf_event_run(&event, arguments.begin(), record);
}
uint64_t address_of(const Thread &thread) { return reinterpret_cast<uintptr_t>(&thread.task); }

} // namespace

void register_events() {
  for (uint32_t number = 0; number < kSyscallTableSize; ++number)
    if (has_syscall(number))
      register_syscall(number);
  for (kbpf_event *event :
       {&process_exec, &process_exit, &process_fork, &sched_switch, &raw_exit, &raw_enter})
    kbpf_event_register(event);
}

EventFormat event_format(const kbpf_event &event) {
  if (&event == &sched_switch)
    return {"char prev_comm[16];8;16\npid_t prev_pid;24;4\nint prev_prio;28;4\nlong prev_state;32;8\n"
            "char next_comm[16];40;16\npid_t next_pid;56;4\nint next_prio;60;4\n",
            "\"prev_comm=%s prev_pid=%d prev_prio=%d prev_state=%lx ==> next_comm=%s next_pid=%d "
            "next_prio=%d\", REC->prev_comm, REC->prev_pid, REC->prev_prio, REC->prev_state, "
            "REC->next_comm, REC->next_pid, REC->next_prio"};
  if (&event == &process_fork)
    return {"char parent_comm[16];8;16\npid_t parent_pid;24;4\nchar child_comm[16];28;16\npid_t "
            "child_pid;44;4\n",
            "\"comm=%s pid=%d child_comm=%s child_pid=%d\", REC->parent_comm, REC->parent_pid, "
            "REC->child_comm, REC->child_pid"};
  if (&event == &process_exit)
    return {"char comm[16];8;16\npid_t pid;24;4\nint prio;28;4\n",
            "\"comm=%s pid=%d prio=%d\", REC->comm, REC->pid, REC->prio"};
  if (&event == &process_exec)
    return {"__data_loc char[] filename;8;4\npid_t pid;12;4\npid_t old_pid;16;4\n",
            "\"filename=%s pid=%d old_pid=%d\", __get_str(filename), REC->pid, REC->old_pid"};
  if (&event == &raw_enter)
    return {"long id;8;8\nunsigned long args[6];16;48\n",
            "\"NR %ld (%lx, %lx, %lx, %lx, %lx, %lx)\", REC->id, REC->args[0], REC->args[1], REC->args[2], "
            "REC->args[3], REC->args[4], REC->args[5]"};
  if (&event == &raw_exit)
    return {"long id;8;8\nlong ret;16;8\n", "\"NR %ld = %ld\", REC->id, REC->ret"};
  if (event.id % 2 == kFirstSyscallId % 2)
    return {"int __syscall_nr;8;4\nunsigned long args[6];16;48\n",
            "\"(%lx, %lx, %lx, %lx, %lx, %lx)\", REC->args[0], REC->args[1], REC->args[2], REC->args[3], "
            "REC->args[4], REC->args[5]"};
  return {"int __syscall_nr;8;4\nlong ret;16;8\n", "\"0x%lx\", REC->ret"};
}

void report_syscall_enter(const TrapFrame &frame, uint64_t number) {
  SyscallEvents *events = number < kSyscallTableSize ? syscall_events[number] : nullptr;
  bool wanted = events && events->enter.attached;
  if (!wanted && !raw_enter.attached)
    return;
  trace_event_raw_sys_enter record{};
  record.id = static_cast<long>(number);
  for (int i = 0; i < 6; ++i)
    record.args[i] = frame.x[kRegA0 + i];
  if (raw_enter.attached)
    run(raw_enter, {reinterpret_cast<uintptr_t>(&frame), number}, &record);
  if (wanted)
    run(events->enter, {}, &record);
}

void report_syscall_exit(const TrapFrame &frame, uint64_t number, int64_t result) {
  SyscallEvents *events = number < kSyscallTableSize ? syscall_events[number] : nullptr;
  bool wanted = events && events->exit.attached;
  if (!wanted && !raw_exit.attached)
    return;
  trace_event_raw_sys_exit record{};
  record.id = static_cast<long>(number);
  record.ret = result;
  if (raw_exit.attached)
    run(raw_exit, {reinterpret_cast<uintptr_t>(&frame), static_cast<uint64_t>(result)}, &record);
  if (wanted)
    run(events->exit, {}, &record);
}

void report_exec(std::string_view path, uint32_t old_tid) {
  if (!process_exec.attached)
    return;
  alignas(trace_event_raw_sched_process_exec) char
      room[sizeof(trace_event_raw_sched_process_exec) + kExecText] = {};
  auto &record = *new (room) trace_event_raw_sched_process_exec;
  char *text = room + sizeof(record);
  size_t length = std::min(path.size(), kExecText - 1);
  memcpy(text, path.data(), length);
  record.__data_loc_filename = static_cast<uint32_t>(sizeof(record) | (length + 1) << 16);
  record.pid = current()->task.pid;
  record.old_pid = static_cast<int>(old_tid);
  const linux_binprm program{text};
  run(process_exec, {address_of(*current()), old_tid, reinterpret_cast<uintptr_t>(&program)}, room);
}

void report_fork(const Thread &child) {
  if (!process_fork.attached)
    return;
  trace_event_raw_sched_process_fork record{};
  memcpy(record.parent_comm, current()->task.comm, sizeof(record.parent_comm));
  record.parent_pid = current()->task.pid;
  memcpy(record.child_comm, child.task.comm, sizeof(record.child_comm));
  record.child_pid = child.task.pid;
  run(process_fork, {address_of(*current()), address_of(child)}, &record);
}

void report_exit() {
  if (!process_exit.attached)
    return;
  trace_event_raw_sched_process_template record{};
  memcpy(record.comm, current()->task.comm, sizeof(record.comm));
  record.pid = current()->task.pid;
  record.prio = kPriority;
  run(process_exit, {address_of(*current())}, &record);
}

void report_switch(const Thread &from, const Thread &to, SwitchReason reason) {
  if (!sched_switch.attached)
    return;
  constexpr int64_t kStates[] = {0, 1, 2, 0x80}; // TASK_RUNNING, _INTERRUPTIBLE, _UNINTERRUPTIBLE, _DEAD
  trace_event_raw_sched_switch record{};
  memcpy(record.prev_comm, from.task.comm, sizeof(record.prev_comm));
  record.prev_pid = from.task.pid;
  record.prev_prio = record.next_prio = kPriority;
  record.prev_state = kStates[static_cast<int>(reason)];
  memcpy(record.next_comm, to.task.comm, sizeof(record.next_comm));
  record.next_pid = to.task.pid;
  run(sched_switch,
      {reason == SwitchReason::preempted, address_of(from), address_of(to),
       static_cast<uint64_t>(record.prev_state)},
      &record);
}

} // namespace refkernel
