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
#include <concepts>
#include <cstring>
#include <ranges>
#include <type_traits>

struct pt_regs; // a trap's frame has its layout

namespace refkernel {

namespace {

constexpr int kPriority = 120; // every thread's

static_assert(offsetof(trace_event_raw_sched_switch, prev_state) == 32 &&
              sizeof(trace_event_raw_sched_switch) == 64);
static_assert(offsetof(trace_event_raw_sched_process_fork, child_pid) == 44 &&
              sizeof(trace_event_raw_sched_process_exec) == 20);
// One record serves the event of all system calls and that of the one.
static_assert(offsetof(syscall_trace_enter, args) == offsetof(trace_event_raw_sys_enter, args));
static_assert(offsetof(syscall_trace_exit, ret) == offsetof(trace_event_raw_sys_exit, ret));

// One of trace_events.def.
template <typename... Parameters> struct Event : kbpf_event {
  // What a parameter takes here: programs may not write what a pointer leads to.
  template <typename T> using Given =
      std::conditional_t<std::is_pointer_v<T>, const std::remove_pointer_t<T> *, T>;

  constexpr Event(const char *of_system, const char *called, uint32_t number, uint32_t record_bytes)
      : kbpf_event{of_system, called, number, record_bytes, sizeof...(Parameters), nullptr, nullptr, 0} {}
  void run(const void *record, Given<Parameters>... arguments) {
    const uint64_t words[] = {word(arguments)...};
    kbpf_event_run(this, words, record);
  }

private:
  static uint64_t word(const void *pointer) { return reinterpret_cast<uintptr_t>(pointer); }
  static uint64_t word(std::integral auto number) { return static_cast<uint64_t>(number); }
};
template <typename... Parameters> Event<Parameters...> event_with(void (*)(Parameters...));

#define REFKERNEL_EVENT(system, name, number, record, text, ...)                                             \
  using name##_event = decltype(event_with(static_cast<void (*)(__VA_ARGS__)>(nullptr)));                    \
  constinit name##_event name{#system, #name, number, sizeof(record) + (text)};                              \
  constexpr size_t name##_text [[maybe_unused]] = text;
#include "refkernel/linux/trace_events.def"
#undef REFKERNEL_EVENT

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
                   nullptr,    0};
  events->exit = {"syscalls", events->exit_name, id + 1, sizeof(trace_event_raw_sys_exit),
                  0,          nullptr,           nullptr, 0};
  kbpf_event_register(&events->exit);
  kbpf_event_register(&events->enter);
  syscall_events[number] = events;
}

void run(kbpf_event &event, const void *record) { kbpf_event_run(&event, nullptr, record); }

const pt_regs *registers_of(const TrapFrame &frame) { return reinterpret_cast<const pt_regs *>(&frame); }

} // namespace

void register_events() {
  for (uint32_t number = 0; number < kSyscallTableSize; ++number)
    if (has_syscall(number))
      register_syscall(number);
#define REFKERNEL_EVENT(system, name, ...) &name,
  kbpf_event *const events[] = {
#include "refkernel/linux/trace_events.def"
  };
#undef REFKERNEL_EVENT
  for (kbpf_event *event : std::views::reverse(events)) // the last one that is registered is found first
    kbpf_event_register(event);
}

namespace {

// What Linux calls the arguments of a system call, "type name,type name"; null where it is not known here.
const char *argument_declarations(std::string_view name) {
#define SYSCALL_ARGUMENTS(of, declarations)                                                                  \
  if (name == #of)                                                                                           \
    return declarations;
#include "refkernel/linux/syscall_arguments.def"
#undef SYSCALL_ARGUMENTS
  return nullptr;
}

// As Linux: "dfd: 0x%08lx, ...", ((unsigned long)(REC->dfd)), ...
EventFormat format_of_call(std::string_view declarations, EventFormatRoom &room) {
  kbpf::TextBuffer fields(room.fields, sizeof(room.fields)), print(room.print, sizeof(room.print));
  const auto each = [&](auto &&tell) {
    uint32_t index = 0;
    for (std::string_view rest = declarations; !rest.empty(); ++index) {
      const std::string_view one = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
      tell(index, one, one.substr(one.rfind(' ') + 1));
    }
  };
  fields.append("int __syscall_nr;8;4\n");
  each([&](uint32_t index, std::string_view declaration, std::string_view) {
    kbpf::print(fields, "{};{};8;unsigned\n", declaration, 16 + 8 * index);
  });
  print.append("\"");
  each([&](uint32_t index, std::string_view, std::string_view name) {
    kbpf::print(print, "{}{}: 0x%08lx", index ? ", " : "", name);
  });
  print.append("\"");
  each([&](uint32_t, std::string_view, std::string_view name) {
    kbpf::print(print, ", ((unsigned long)(REC->{}))", name);
  });
  return {fields.text(), print.text()};
}

} // namespace

EventFormat event_format(const kbpf_event &event, EventFormatRoom &room) {
  if (&event == &sched_switch)
    return {"char prev_comm[16];8;16\npid_t prev_pid;24;4\nint prev_prio;28;4\nlong prev_state;32;8\n"
            "char next_comm[16];40;16\npid_t next_pid;56;4\nint next_prio;60;4\n",
            "\"prev_comm=%s prev_pid=%d prev_prio=%d prev_state=%lx ==> next_comm=%s next_pid=%d "
            "next_prio=%d\", REC->prev_comm, REC->prev_pid, REC->prev_prio, REC->prev_state, "
            "REC->next_comm, REC->next_pid, REC->next_prio"};
  if (&event == &sched_process_fork)
    return {"char parent_comm[16];8;16\npid_t parent_pid;24;4\nchar child_comm[16];28;16\npid_t "
            "child_pid;44;4\n",
            "\"comm=%s pid=%d child_comm=%s child_pid=%d\", REC->parent_comm, REC->parent_pid, "
            "REC->child_comm, REC->child_pid"};
  if (&event == &sched_process_exit)
    return {"char comm[16];8;16\npid_t pid;24;4\nint prio;28;4\n",
            "\"comm=%s pid=%d prio=%d\", REC->comm, REC->pid, REC->prio"};
  if (&event == &sched_process_exec)
    return {"__data_loc char[] filename;8;4\npid_t pid;12;4\npid_t old_pid;16;4\n",
            "\"filename=%s pid=%d old_pid=%d\", __get_str(filename), REC->pid, REC->old_pid"};
  if (&event == &sys_enter)
    return {"long id;8;8\nunsigned long args[6];16;48\n",
            "\"NR %ld (%lx, %lx, %lx, %lx, %lx, %lx)\", REC->id, REC->args[0], REC->args[1], REC->args[2], "
            "REC->args[3], REC->args[4], REC->args[5]"};
  if (&event == &sys_exit)
    return {"long id;8;8\nlong ret;16;8\n", "\"NR %ld = %ld\", REC->id, REC->ret"};
  if (event.id % 2 == kFirstSyscallId % 2)
    if (const char *declarations = argument_declarations(syscall_name((event.id - kFirstSyscallId) / 2)))
      return format_of_call(declarations, room);
  if (event.id % 2 == kFirstSyscallId % 2)
    return {"int __syscall_nr;8;4\nunsigned long args[6];16;48\n",
            "\"(%lx, %lx, %lx, %lx, %lx, %lx)\", REC->args[0], REC->args[1], REC->args[2], REC->args[3], "
            "REC->args[4], REC->args[5]"};
  return {"int __syscall_nr;8;4\nlong ret;16;8\n", "\"0x%lx\", REC->ret"};
}

void report_syscall_enter(const TrapFrame &frame, uint64_t number) {
  SyscallEvents *events = number < kSyscallTableSize ? syscall_events[number] : nullptr;
  bool wanted = events && events->enter.attached;
  if (!wanted && !sys_enter.attached)
    return;
  if (!wanted && !sys_enter.record_readers)
    return sys_enter.run(nullptr, registers_of(frame), static_cast<long>(number));
  trace_event_raw_sys_enter record{};
  record.id = static_cast<long>(number);
  for (int i = 0; i < 6; ++i)
    record.args[i] = frame.x[kRegA0 + i];
  if (sys_enter.attached)
    sys_enter.run(&record, registers_of(frame), record.id);
  if (wanted)
    run(events->enter, &record);
}

void report_syscall_exit(const TrapFrame &frame, uint64_t number, int64_t result) {
  SyscallEvents *events = number < kSyscallTableSize ? syscall_events[number] : nullptr;
  bool wanted = events && events->exit.attached;
  if (!wanted && !sys_exit.attached)
    return;
  if (!wanted && !sys_exit.record_readers)
    return sys_exit.run(nullptr, registers_of(frame), static_cast<long>(result));
  trace_event_raw_sys_exit record{};
  record.id = static_cast<long>(number);
  record.ret = result;
  if (sys_exit.attached)
    sys_exit.run(&record, registers_of(frame), record.ret);
  if (wanted)
    run(events->exit, &record);
}

void report_exec(std::string_view path, uint32_t old_tid) {
  if (!sched_process_exec.attached)
    return;
  alignas(trace_event_raw_sched_process_exec) char
      room[sizeof(trace_event_raw_sched_process_exec) + sched_process_exec_text] = {};
  auto &record = *new (room) trace_event_raw_sched_process_exec;
  char *text = room + sizeof(record);
  size_t length = std::min(path.size(), sched_process_exec_text - 1);
  memcpy(text, path.data(), length);
  record.__data_loc_filename = static_cast<uint32_t>(sizeof(record) | (length + 1) << 16);
  record.pid = current()->task.pid;
  record.old_pid = static_cast<int>(old_tid);
  const linux_binprm program{text};
  sched_process_exec.run(room, &current()->task, record.old_pid, &program);
}

void report_fork(const Thread &child) {
  if (!sched_process_fork.attached)
    return;
  trace_event_raw_sched_process_fork record{};
  memcpy(record.parent_comm, current()->task.comm, sizeof(record.parent_comm));
  record.parent_pid = current()->task.pid;
  memcpy(record.child_comm, child.task.comm, sizeof(record.child_comm));
  record.child_pid = child.task.pid;
  sched_process_fork.run(&record, &current()->task, &child.task);
}

void report_exit() {
  if (!sched_process_exit.attached)
    return;
  trace_event_raw_sched_process_template record{};
  memcpy(record.comm, current()->task.comm, sizeof(record.comm));
  record.pid = current()->task.pid;
  record.prio = kPriority;
  sched_process_exit.run(&record, &current()->task);
}

void report_switch(const Thread &from, const Thread &to, SwitchReason reason) {
  if (!sched_switch.attached)
    return;
  constexpr int64_t kStates[] = {0, 1, 2, 0x80}; // TASK_RUNNING, _INTERRUPTIBLE, _UNINTERRUPTIBLE, _DEAD
  const uint64_t state = static_cast<uint64_t>(kStates[static_cast<int>(reason)]);
  if (!sched_switch.record_readers)
    return sched_switch.run(nullptr, reason == SwitchReason::preempted, &from.task, &to.task,
                            static_cast<unsigned>(state));
  trace_event_raw_sched_switch record{};
  memcpy(record.prev_comm, from.task.comm, sizeof(record.prev_comm));
  record.prev_pid = from.task.pid;
  record.prev_prio = record.next_prio = kPriority;
  record.prev_state = static_cast<long>(state);
  memcpy(record.next_comm, to.task.comm, sizeof(record.next_comm));
  record.next_pid = to.task.pid;
  sched_switch.run(&record, reason == SwitchReason::preempted, &from.task, &to.task,
                   static_cast<unsigned>(state));
}

} // namespace refkernel
