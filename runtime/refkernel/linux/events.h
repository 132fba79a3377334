// SPDX-License-Identifier: MIT OR Apache-2.0
// What this kernel reports to programs (Linux: tracepoints): system calls, and what the scheduler and
// processes do. The callers look at kbpf_events_attached first, so that an event that nobody wants costs one
// load.
#pragma once
#include "kernel/kbpf.h"
#include "refkernel/sched/thread.h"
#include <string_view>

namespace refkernel {

struct Process;

void register_events(); // once, after the table of system calls is filled
// What an event's format file tells: the record's fields behind the common ones, as lines "type
// name;offset;size" (";unsigned" behind it where the type does not say that), and how they are printed.
struct EventFormat {
  std::string_view fields, print;
};
struct EventFormatRoom { // where it is put together
  char fields[512], print[768];
};
EventFormat event_format(const kbpf_event &event, EventFormatRoom &room);

[[gnu::cold, gnu::noinline]] void report_syscall_enter(const TrapFrame &frame, uint64_t number);
[[gnu::cold, gnu::noinline]] void report_syscall_exit(const TrapFrame &frame, uint64_t number,
                                                      int64_t result);
void report_exec(std::string_view path, uint32_t old_tid);
void report_fork(const Thread &child);
void report_exit();

} // namespace refkernel
