// SPDX-License-Identifier: MIT OR Apache-2.0
// The table of processes and tasks: two hash tables by number, and the family links. All under tasks_lock.
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/process.h"
#include <algorithm>
#include <cstring>

unsigned long total_forks;

namespace refkernel {

SpinLock tasks_lock;

namespace {
constexpr uint32_t kBuckets = 256, kMaxPid = 32768;
Process *processes[kBuckets];
Task *tasks[kBuckets];
uint32_t last_pid = 0;
uint32_t live_processes = 0;

template <typename T> void unlink_from(T *&first, T *entry, T *T::*next) {
  T **link = &first;
  while (*link && *link != entry)
    link = &((*link)->*next);
  if (*link)
    *link = entry->*next;
  entry->*next = nullptr;
}

// A number is taken by a task, a process, or a group or session that still has members.
bool in_use(uint32_t pid) {
  bool used = find_task(pid) || find_process(pid);
  if (!used)
    for_each_process([&](Process &process) {
      used = process.pgid == pid || process.sid == pid;
      return !used;
    });
  return used;
}
} // namespace

Process::~Process() { heap_free(executable, executable_size, 1); }

Process *find_process(uint32_t pid) {
  Process *process = processes[pid % kBuckets];
  while (process && process->pid != pid)
    process = process->next_in_table;
  return process;
}

Task *find_task(uint32_t tid) {
  Task *task = tasks[tid % kBuckets];
  while (task && task->tid != tid)
    task = task->next_in_table;
  return task;
}

void for_each_process(bool (*visit)(void *user, Process &process), void *user) {
  for (Process *first : processes)
    for (Process *process = first; process; process = process->next_in_table)
      if (!visit(user, *process))
        return;
}

uint32_t allocate_pid() {
  for (uint32_t tries = 0; tries < kMaxPid; ++tries) {
    last_pid = last_pid % (kMaxPid - 1) + 1;
    if (!in_use(last_pid))
      return last_pid;
  }
  return 0;
}

void add_process(Process &process, Process *parent) {
  process.next_in_table = processes[process.pid % kBuckets];
  processes[process.pid % kBuckets] = &process;
  if (parent)
    set_parent(process, *parent);
  ++live_processes;
}

void unlink_process(Process &process) {
  unlink_from(processes[process.pid % kBuckets], &process, &Process::next_in_table);
  if (process.parent)
    unlink_from(process.parent->first_child, &process, &Process::next_sibling);
  process.parent = nullptr;
  --live_processes;
}

// What programs read of the thread. There is always a leader, since a process keeps its own until it is
// reaped.
void describe_to_programs(Process &process, Task &task) {
  task_struct &shown = task.thread->task;
  shown.pid = static_cast<int>(task.tid);
  shown.tgid = static_cast<int>(process.pid);
  shown.group_leader = &process.leader->task;
  shown.real_parent = shown.parent = process.parent ? &process.parent->leader->task : shown.group_leader;
  shown.real_cred = shown.cred = reinterpret_cast<const cred *>(&process.credentials);
  shown.exit_signal = task.thread == process.leader.get() ? process.exit_signal : -1;
}
static_assert(sizeof(cred) <= sizeof(Credentials) && offsetof(cred, euid) == offsetof(Credentials, euid) &&
              offsetof(cred, suid) == offsetof(Credentials, suid) &&
              offsetof(cred, gid) == offsetof(Credentials, gid) &&
              offsetof(cred, egid) == offsetof(Credentials, egid) &&
              offsetof(cred, sgid) == offsetof(Credentials, sgid));
static_assert(offsetof(cred, cap_inheritable) == offsetof(Credentials, capabilities.inheritable) &&
              offsetof(cred, cap_permitted) == offsetof(Credentials, capabilities.permitted) &&
              offsetof(cred, cap_effective) == offsetof(Credentials, capabilities.effective) &&
              offsetof(cred, cap_bset) == offsetof(Credentials, capabilities.bounding) &&
              offsetof(cred, cap_ambient) == offsetof(Credentials, capabilities.ambient));

void set_parent(Process &process, Process &parent) {
  process.parent = &parent;
  process.next_sibling = parent.first_child;
  parent.first_child = &process;
  for (Task *task = process.tasks; task; task = task->next_in_process)
    task->thread->task.real_parent = task->thread->task.parent = &parent.leader->task;
}

void add_task(Process &process, Task &task) {
  if (!process.leader)
    process.leader = Ref<Thread>::share(task.thread);
  describe_to_programs(process, task);
  task.next_in_table = tasks[task.tid % kBuckets];
  tasks[task.tid % kBuckets] = &task;
  task.next_in_process = process.tasks;
  process.tasks = &task;
  ++process.task_count;
}

void remove_task(Task &task) {
  unlink_from(tasks[task.tid % kBuckets], &task, &Task::next_in_table);
  unlink_from(task.process->tasks, &task, &Task::next_in_process);
  --task.process->task_count;
}

uint64_t process_cpu_ns(const Process &process) {
  uint64_t total = process.cpu_ns;
  for (Task *task = process.tasks; task; task = task->next_in_process)
    total += task->thread->cpu_time_ns;
  return total;
}

uint32_t process_count() {
  SpinGuard guard(tasks_lock);
  return live_processes;
}

Ref<Process> share_process(uint32_t pid) {
  SpinGuard guard(tasks_lock);
  return Ref<Process>::share(find_process(pid));
}

void set_process_name(std::string_view path) {
  std::string_view name = path.substr(path.rfind('/') + 1).substr(0, sizeof(Process::name) - 1);
  SpinGuard guard(tasks_lock);
  for (char *target : {current_process().name, current()->task.comm}) {
    memset(target, 0, sizeof(Process::name));
    memcpy(target, name.data(), name.size());
  }
}

SysResult<Ref<Process>> make_first_process() {
  Ref<Process> process = Ref<Process>::adopt(try_make<Process>());
  Ref<SignalActions> actions = Ref<SignalActions>::adopt(try_make<SignalActions>());
  Ref<FsContext> context = Ref<FsContext>::adopt(try_make<FsContext>());
  if (!process || !actions || !context)
    return Errno::enomem;
  process->actions = std::move(actions);
  process->fs = std::move(context);
  process->space = KBPF_TRY(AddressSpace::create());
  process->files = KBPF_TRY(FdTable::create());
  std::fill(std::begin(process->limits), std::end(process->limits), LinuxRlimit{kUnlimited, kUnlimited});
  process->limits[kLimitStack] = {8 << 20, kUnlimited};
  process->limits[kLimitCore] = {0, kUnlimited};
  process->limits[kLimitLockedMemory] = {8 << 20, 8 << 20};
  process->limits[kLimitFiles] = {1024, kMaxDescriptors};
  process->start_ns = now_ns();
  return process;
}

SysResult<Ref<Thread>> make_task(Process &process, const TrapFrame &frame, Thread *fp_from) {
  Task *task = try_make<Task>();
  if (!task)
    return Errno::enomem;
  const char *name = fp_from ? fp_from->task.comm : process.name;
  auto thread = create_user_thread(name, process.space, &process, frame, fp_from);
  if (!thread.ok()) {
    destroy(task);
    return thread.error();
  }
  task->thread = thread->get();
  task->process = &process;
  (*thread)->linux_data = task;
  return std::move(*thread);
}

} // namespace refkernel
