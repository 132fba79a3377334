// SPDX-License-Identifier: MIT OR Apache-2.0
// /proc/PID: text about one process, its descriptors under fd and fdinfo, its threads under task, and links to its program and
// directories. Objects here are made by each lookup and know their process by number only: when it is gone,
// so is what they tell.
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/mount.h"
#include "refkernel/linux/fs/path.h"
#include "refkernel/linux/fs/procfs.h"
#include "refkernel/linux/process.h"
#include "refkernel/mm/address_space.h"
#include <algorithm>

namespace refkernel {

namespace {

using kbpf::TextSink;

constexpr unsigned kTicksPerSecond = 100; // of times in stat: AT_CLKTCK
uint64_t to_ticks(uint64_t ns) { return ns / (kNanosecondsPerSecond / kTicksPerSecond); }

Ref<AddressSpace> space_of(uint32_t pid) {
  SpinGuard guard(tasks_lock);
  Process *process = find_process(pid);
  return process ? process->space : Ref<AddressSpace>();
}

Ref<FdTable> files_of(uint32_t pid) {
  SpinGuard guard(tasks_lock);
  Process *process = find_process(pid);
  return process ? process->files : Ref<FdTable>();
}

// Areas of a space, copied out so that nothing is written while the space is locked.
class Areas {
public:
  explicit Areas(uint32_t pid) {
    Ref<AddressSpace> space = space_of(pid);
    if (!space)
      return;
    space->for_each_area([](void *user, const AddressSpace::AreaInfo &) { ++*static_cast<size_t *>(user); },
                         &capacity_);
    capacity_ += 16; // another thread may map meanwhile
    areas_ = static_cast<AddressSpace::AreaInfo *>(heap_allocate(bytes(), alignof(AddressSpace::AreaInfo)));
    if (areas_)
      space->for_each_area(
          [](void *user, const AddressSpace::AreaInfo &area) {
            auto &self = *static_cast<Areas *>(user);
            if (self.count_ < self.capacity_)
              new (&self.areas_[self.count_++]) AddressSpace::AreaInfo(area);
          },
          this);
  }
  ~Areas() {
    for (size_t i = 0; i < count_; ++i)
      areas_[i].~AreaInfo();
    heap_free(areas_, bytes(), alignof(AddressSpace::AreaInfo));
  }
  Areas(const Areas &) = delete;
  Areas &operator=(const Areas &) = delete;
  const AddressSpace::AreaInfo *begin() const { return areas_; }
  const AddressSpace::AreaInfo *end() const { return areas_ + count_; }
  uint64_t total_size() const {
    uint64_t size = 0;
    for (const auto &area : *this)
      size += area.end - area.start;
    return size;
  }

private:
  size_t bytes() const { return capacity_ * sizeof(AddressSpace::AreaInfo); }
  AddressSpace::AreaInfo *areas_ = nullptr;
  size_t count_ = 0, capacity_ = 0;
};

uint64_t resident_pages(uint32_t pid) {
  Ref<AddressSpace> space = space_of(pid);
  return space ? space->usage().resident : 0;
}

struct Summary { // copied under tasks_lock
  bool found = false, zombie = false, stopped = false, running = false;
  int nice;
  char name[16];
  uint32_t number, pid, ppid, pgid, sid, threads, uid, gid; // number: the thread's, or pid
  uint64_t cpu_ns, children_cpu_ns, start_ns;
  SignalSet pending = 0, blocked = 0;
  CapabilitySets capabilities;
  uint32_t group_count = 0, groups[kMaxGroups];
  const char *state() const {
    return zombie ? "Z (zombie)" : stopped ? "T (stopped)" : running ? "R (running)" : "S (sleeping)";
  }
};

// Of a process; or of one of its threads, where tid is not 0.
Summary summary_of(uint32_t pid, uint32_t tid = 0) {
  Summary summary;
  SpinGuard guard(tasks_lock);
  Process *process = find_process(pid);
  const Task *task = tid ? find_task(tid) : nullptr;
  if (!process || (tid && (!task || task->process != process)))
    return summary;
  summary.found = true;
  summary.zombie = process->zombie;
  summary.stopped = process->stopped;
  summary.running = process == &current_process(); // of the others it is not known without asking each hart
  summary.nice = process->nice;
  const char *name = task ? task->thread->task.comm : process->name;
  std::copy_n(name, sizeof(summary.name), summary.name);
  summary.number = tid ? tid : pid;
  summary.pid = process->pid;
  summary.ppid = process->parent ? process->parent->pid : 0;
  summary.pgid = process->pgid;
  summary.sid = process->sid;
  summary.threads = process->task_count;
  summary.uid = process->credentials.uid;
  summary.gid = process->credentials.gid;
  summary.capabilities = process->credentials.capabilities;
  summary.group_count = process->credentials.group_count;
  std::copy_n(process->credentials.groups, summary.group_count, summary.groups);
  summary.cpu_ns = task ? task->thread->cpu_time_ns : process_cpu_ns(*process);
  summary.children_cpu_ns = process->children_cpu_ns;
  summary.start_ns = process->start_ns;
  const Task *shown = task ? task : process->tasks;
  summary.pending = process->pending.set;
  summary.blocked = shown ? shown->blocked : 0;
  return summary;
}

uint64_t pair_of(uint32_t pid, uint32_t number) { return uint64_t{pid} << 32 | number; }
Summary summary_of_pair(uint64_t pid_and_tid) {
  return summary_of(static_cast<uint32_t>(pid_and_tid >> 32), static_cast<uint32_t>(pid_and_tid));
}

void print_stat(TextSink &sink, const Summary &process) {
  if (!process.found)
    return;
  uint64_t size = Areas(process.pid).total_size();
  kbpf::print(sink, "{} ({}) {} {} {} {} 0 -1 0 0 0 0 0 ", process.number, process.name, process.state()[0],
              process.ppid, process.pgid, process.sid);
  kbpf::print(sink, "{} 0 {} 0 {} {} {} 0 {} {} {} {}", to_ticks(process.cpu_ns),
              to_ticks(process.children_cpu_ns), 20 + process.nice, process.nice, process.threads,
              to_ticks(process.start_ns), size, resident_pages(process.pid), UINT64_MAX);
  kbpf::print(sink, " 0 0 0 0 0 {} {} 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n", process.pending,
              process.blocked);
}

void generate_stat(TextSink &sink, uint64_t pid) { print_stat(sink, summary_of(static_cast<uint32_t>(pid))); }
void generate_thread_stat(TextSink &sink, uint64_t pair) { print_stat(sink, summary_of_pair(pair)); }

void print_status(TextSink &sink, const Summary &process) {
  if (!process.found)
    return;
  kbpf::print(sink, "Name:\t{}\nState:\t{}\nTgid:\t{}\nPid:\t{}\nPPid:\t{}\n", process.name, process.state(),
              process.pid, process.number, process.ppid);
  kbpf::print(sink, "Uid:\t{}\t{}\t{}\t{}\n", process.uid, process.uid, process.uid, process.uid);
  kbpf::print(sink, "Gid:\t{}\t{}\t{}\t{}\n", process.gid, process.gid, process.gid, process.gid);
  sink.append("Groups:\t");
  for (uint32_t i = 0; i < process.group_count; ++i)
    kbpf::print(sink, "{} ", process.groups[i]);
  sink.append("\n");
  AddressSpace::Usage memory{};
  if (Ref<AddressSpace> space = space_of(process.pid))
    memory = space->usage();
  kbpf::print(sink, "VmSize:\t{} kB\nVmHWM:\t{} kB\nVmRSS:\t{} kB\nThreads:\t{}\n",
              Areas(process.pid).total_size() / 1024, memory.peak * (kPageSize / 1024),
              memory.resident * (kPageSize / 1024), process.threads);
  for (auto [label, set] : {std::pair("SigPnd", SignalSet{0}), std::pair("ShdPnd", process.pending),
                            std::pair("SigBlk", process.blocked)}) {
    kbpf::print(sink, "{}:\t", label);
    kbpf::append_unsigned(sink, set, 16, 16);
    sink.append("\n");
  }
  const CapabilitySets &sets = process.capabilities;
  for (auto [label, set] : {std::pair("CapInh", sets.inheritable), std::pair("CapPrm", sets.permitted),
                            std::pair("CapEff", sets.effective), std::pair("CapBnd", sets.bounding),
                            std::pair("CapAmb", sets.ambient)}) {
    kbpf::print(sink, "{}:\t", label);
    kbpf::append_unsigned(sink, set, 16, 16);
    sink.append("\n");
  }
  kbpf::print(sink, "NoNewPrivs:\t{}\n", sets.no_new_privileges ? 1u : 0u);
}

void generate_status(TextSink &sink, uint64_t pid) {
  print_status(sink, summary_of(static_cast<uint32_t>(pid)));
}
void generate_thread_status(TextSink &sink, uint64_t pair) { print_status(sink, summary_of_pair(pair)); }

void generate_statm(TextSink &sink, uint64_t pid) {
  kbpf::print(sink, "{} {} 0 0 0 0 0\n", Areas(static_cast<uint32_t>(pid)).total_size() / kPageSize,
              resident_pages(static_cast<uint32_t>(pid)));
}

void generate_comm(TextSink &sink, uint64_t pid) {
  kbpf::print(sink, "{}\n", summary_of(static_cast<uint32_t>(pid)).name);
}

void generate_thread_comm(TextSink &sink, uint64_t pair) { kbpf::print(sink, "{}\n", summary_of_pair(pair).name); }

// Bytes of a process's memory, in the range that find(process) gives.
template <typename Find> void copy_memory(TextSink &sink, uint64_t pid, Find find) {
  Ref<AddressSpace> space;
  std::pair<uintptr_t, uintptr_t> range{0, 0};
  {
    SpinGuard guard(tasks_lock);
    if (Process *process = find_process(static_cast<uint32_t>(pid))) {
      space = process->space;
      range = find(*process);
    }
  }
  for (auto [at, end] = range; space && at < end;) {
    char chunk[256];
    size_t count = std::min(sizeof(chunk), end - at);
    if (!space->read(at, chunk, count).ok())
      return;
    sink.append({chunk, count});
    at += count;
  }
}

void generate_cmdline(TextSink &sink, uint64_t pid) {
  copy_memory(sink, pid,
              [](const Process &process) { return std::pair(process.argument_start, process.argument_end); });
}

void generate_environ(TextSink &sink, uint64_t pid) {
  copy_memory(sink, pid,
              [](const Process &process) { return std::pair(process.argument_end, process.environment_end); });
}

void generate_maps(TextSink &sink, uint64_t pid) {
  uintptr_t stack = 0;
  {
    SpinGuard guard(tasks_lock);
    if (Process *process = find_process(static_cast<uint32_t>(pid)))
      stack = process->argument_start;
  }
  for (const auto &area : Areas(static_cast<uint32_t>(pid))) {
    char line[128];
    kbpf::TextBuffer text(line, sizeof(line));
    kbpf::append_unsigned(text, area.start, 16, 8);
    text.append("-");
    kbpf::append_unsigned(text, area.end, 16, 8);
    kbpf::print(text, " {}{}{}{} ", area.prot & kProtRead ? 'r' : '-', area.prot & kProtWrite ? 'w' : '-',
                area.prot & kProtExec ? 'x' : '-', area.shared ? 's' : 'p');
    kbpf::append_unsigned(text, area.source ? area.offset : 0, 16, 8);
    const PageSource::Name name = area.source ? area.source->name() : PageSource::Name{};
    text.append(" 00:");
    kbpf::append_unsigned(text, name.device, 16, 2);
    kbpf::print(text, " {}", name.inode);
    sink.append(text.text());
    const std::string_view shown = !name.path.empty()                               ? name.path
                                   : area.source                                    ? std::string_view()
                                   : area.start <= stack && stack < area.end        ? "[stack]"
                                   : area.is_heap                                   ? "[heap]"
                                                                                    : "";
    constexpr size_t kNameColumn = 73; // as on Linux
    if (!shown.empty())
      for (size_t column = text.text().size(); column < kNameColumn; ++column)
        sink.append(" ");
    sink.append(shown);
    sink.append("\n");
  }
}

struct LimitName {
  const char *name, *unit;
};
constexpr LimitName kLimitNames[kLimitCount] = {
    {"Max cpu time", "seconds"},     {"Max file size", "bytes"},        {"Max data size", "bytes"},
    {"Max stack size", "bytes"},     {"Max core file size", "bytes"},   {"Max resident set", "bytes"},
    {"Max processes", "processes"},  {"Max open files", "files"},       {"Max locked memory", "bytes"},
    {"Max address space", "bytes"},  {"Max file locks", "locks"},       {"Max pending signals", "signals"},
    {"Max msgqueue size", "bytes"},  {"Max nice priority", ""},         {"Max realtime priority", ""},
    {"Max realtime timeout", "us"},
};

void pad_to(TextSink &sink, std::string_view text, size_t width) {
  sink.append(text);
  for (size_t column = text.size(); column < width; ++column)
    sink.append(" ");
}

void generate_limits(TextSink &sink, uint64_t pid) {
  LinuxRlimit limits[kLimitCount];
  {
    SpinGuard guard(tasks_lock);
    const Process *process = find_process(static_cast<uint32_t>(pid));
    if (!process)
      return;
    std::copy(std::begin(process->limits), std::end(process->limits), limits);
  }
  constexpr size_t kNameWidth = 26, kValueWidth = 21, kUnitWidth = 10;
  pad_to(sink, "Limit", kNameWidth);
  pad_to(sink, "Soft Limit", kValueWidth);
  pad_to(sink, "Hard Limit", kValueWidth);
  pad_to(sink, "Units", kUnitWidth);
  sink.append("\n");
  for (size_t i = 0; i < kLimitCount; ++i) {
    pad_to(sink, kLimitNames[i].name, kNameWidth);
    for (uint64_t value : {limits[i].soft, limits[i].hard}) {
      char number[24];
      kbpf::TextBuffer text(number, sizeof(number));
      kbpf::append_unsigned(text, value);
      pad_to(sink, value == kUnlimited ? "unlimited" : text.text(), kValueWidth);
    }
    pad_to(sink, kLimitNames[i].unit, kUnitWidth);
    sink.append("\n");
  }
}

void generate_mounts(TextSink &sink, uint64_t) { print_mounts(sink); }
void generate_mountinfo(TextSink &sink, uint64_t) { print_mount_info(sink); }

void generate_fdinfo(TextSink &sink, uint64_t argument) {
  Ref<FdTable> files = files_of(static_cast<uint32_t>(argument >> 32));
  if (!files)
    return;
  int fd = static_cast<int>(argument & UINT32_MAX);
  SysResult<Ref<File>> file = files->get(fd);
  if (!file.ok())
    return;
  SysResult<bool> closes = files->close_on_exec(fd);
  uint32_t flags = (*file)->flags() | (closes.ok() && *closes ? kOpenCloseOnExec : 0);
  kbpf::print(sink, "pos:\t{}\nflags:\t0", (*file)->position.load());
  kbpf::append_unsigned(sink, flags, 8);
  kbpf::print(sink, "\nmnt_id:\t{}\nino:\t{}\n", (*file)->inode()->kind.device, (*file)->inode()->number);
  (*file)->append_info(sink);
}

class FdLink final : public HeapObject<FdLink, Inode> {
public:
  FdLink(uint32_t pid, int fd) : HeapObject(kProcFs, kModeSymlink | 0700), pid_(pid), fd_(fd) {}
  SysResult<void> read_link(TextSink &sink) override {
    Ref<File> file = KBPF_TRY(this->file());
    file->append_name(sink);
    return {};
  }
  SysResult<Ref<Inode>> jump() override {
    Ref<File> file = KBPF_TRY(this->file());
    return Ref<Inode>::share(file->inode());
  }

private:
  SysResult<Ref<File>> file() {
    Ref<FdTable> files = files_of(pid_);
    if (!files)
      return Errno::enoent;
    return files->get(fd_);
  }
  uint32_t pid_;
  int fd_;
};

// cwd, root and exe.
class PlaceLink final : public HeapObject<PlaceLink, Inode> {
public:
  enum class Place { working_directory, root, program };
  PlaceLink(uint32_t pid, Place place) : HeapObject(kProcFs, kModeSymlink | 0777), pid_(pid), place_(place) {}
  SysResult<void> read_link(TextSink &sink) override {
    Ref<Process> process = share_process(pid_);
    if (!process)
      return Errno::enoent;
    if (place_ == Place::program) {
      if (!process->executable)
        return Errno::enoent;
      sink.append({process->executable, process->executable_size});
      return {};
    }
    MutexGuard guard(namespace_lock);
    Ref<Inode> target = KBPF_TRY(jump());
    return path_of_locked(*target, sink);
  }
  SysResult<Ref<Inode>> jump() override {
    SpinGuard guard(tasks_lock);
    Process *process = find_process(pid_);
    if (!process || process->zombie)
      return Errno::enoent;
    if (place_ == Place::program)
      return process->executable_inode;
    return place_ == Place::root ? process->fs->root : process->fs->working_directory;
  }

private:
  uint32_t pid_;
  Place place_;
};

SysResult<uint32_t> parse_number(std::string_view name) {
  uint32_t number = 0;
  if (name.empty() || name.size() > 9)
    return Errno::enoent;
  for (char c : name) {
    if (c < '0' || c > '9')
      return Errno::enoent;
    number = number * 10 + static_cast<uint32_t>(c - '0');
  }
  return number;
}

// task/TID: one thread.
class ThreadDirectory final : public HeapObject<ThreadDirectory, Directory> {
public:
  ThreadDirectory(Ref<Inode> parent, uint32_t pid, uint32_t tid)
      : HeapObject(kProcFs, 0555), parent_(std::move(parent)), pid_(pid), tid_(tid) {
    set_parent(parent_->as_directory());
  }
  uint32_t tid() const { return tid_; }
  SysResult<Ref<Inode>> lookup(std::string_view name) override {
    for (const Text &text : kTexts)
      if (name == text.name)
        return make_generated_file(kProcFs, 0444, text.generate, pair_of(pid_, tid_));
    return Errno::enoent;
  }
  SysResult<void> list(uint64_t offset, DirectorySink &sink) override {
    uint64_t next = 2;
    for (const Text &text : kTexts)
      if (++next > offset && !sink.add(text.name, number + next, kModeRegular, next))
        break;
    return {};
  }

private:
  struct Text {
    const char *name;
    TextGenerator generate;
  };
  // What is the process's has only its number for an argument.
  template <TextGenerator generate> static void of_process(TextSink &sink, uint64_t pair) {
    generate(sink, pair >> 32);
  }
  static constexpr Text kTexts[] = {{"stat", generate_thread_stat},
                                    {"status", generate_thread_status},
                                    {"comm", generate_thread_comm},
                                    {"statm", of_process<generate_statm>},
                                    {"cmdline", of_process<generate_cmdline>},
                                    {"environ", of_process<generate_environ>},
                                    {"maps", of_process<generate_maps>}};
  Ref<Inode> parent_;
  const uint32_t pid_, tid_;
};

class TaskDirectory final : public HeapObject<TaskDirectory, SubDirectory> {
public:
  TaskDirectory(Ref<Inode> parent, uint32_t pid) : HeapObject(std::move(parent), pid, "task", 0555) {}
  SysResult<Ref<Inode>> lookup(std::string_view name) override {
    uint32_t tid = KBPF_TRY(parse_number(name));
    if (!tid || !summary_of(pid_, tid).found)
      return Errno::enoent;
    auto *thread = try_make<ThreadDirectory>(Ref<Inode>::share(this), pid_, tid);
    if (!thread)
      return Errno::enomem;
    return Ref<Inode>::adopt(thread);
  }
  SysResult<void> list(uint64_t offset, DirectorySink &sink) override {
    uint32_t last = offset < 3 ? 0 : static_cast<uint32_t>(offset - 2);
    while (uint32_t tid = next_thread(last)) {
      char name[12];
      kbpf::TextBuffer text(name, sizeof(name));
      kbpf::append_unsigned(text, tid);
      if (!sink.add(text.text(), number + tid, kModeDirectory, uint64_t{tid} + 2))
        break;
      last = tid;
    }
    return {};
  }
  SysResult<void> name_of(const Inode &child, TextSink &sink) override {
    kbpf::append_unsigned(sink, static_cast<const ThreadDirectory &>(child).tid());
    return {};
  }

private:
  uint32_t next_thread(uint32_t last) const { // the lowest above last, or 0
    uint32_t best = 0;
    SpinGuard guard(tasks_lock);
    const Process *process = find_process(pid_);
    for (const Task *task = process ? process->tasks : nullptr; task; task = task->next_in_process)
      if (task->tid > last && (!best || task->tid < best))
        best = task->tid;
    return best;
  }
};

// fd and fdinfo.
class FdDirectory final : public HeapObject<FdDirectory, SubDirectory> {
public:
  FdDirectory(Ref<Inode> parent, uint32_t pid, bool info)
      : HeapObject(std::move(parent), pid, info ? "fdinfo" : "fd", 0500), info_(info) {}

  SysResult<Ref<Inode>> lookup(std::string_view name) override {
    uint32_t fd = KBPF_TRY(parse_number(name));
    Ref<FdTable> files = files_of(pid_);
    if (!files || !files->get(static_cast<int>(fd)).ok())
      return Errno::enoent;
    if (info_)
      return make_generated_file(kProcFs, 0400, generate_fdinfo,
                                 pair_of(pid_, static_cast<uint32_t>(fd)));
    auto *link = try_make<FdLink>(pid_, static_cast<int>(fd));
    if (!link)
      return Errno::enomem;
    return Ref<Inode>::adopt(link);
  }

  SysResult<void> list(uint64_t offset, DirectorySink &sink) override {
    Ref<FdTable> files = files_of(pid_);
    int fd = files ? files->next_open(offset < 3 ? 0 : static_cast<int>(offset - 2)) : -1;
    for (; fd >= 0; fd = files->next_open(fd + 1)) {
      char name[12];
      kbpf::TextBuffer text(name, sizeof(name));
      kbpf::append_signed(text, fd);
      if (!sink.add(text.text(), number + static_cast<uint64_t>(fd) + 1, info_ ? kModeRegular : kModeSymlink,
                    static_cast<uint64_t>(fd) + 3))
        break;
    }
    return {};
  }

private:
  const bool info_;
};

class ProcessDirectory final : public HeapObject<ProcessDirectory, Directory> {
public:
  ProcessDirectory(Directory &proc, uint32_t pid) : HeapObject(kProcFs, 0555), pid_(pid) {
    set_parent(&proc);
  }
  uint32_t pid() const { return pid_; }

  SysResult<Ref<Inode>> lookup(std::string_view name) override {
    for (const Text &text : kTexts)
      if (name == text.name)
        return make_generated_file(kProcFs, 0444, text.generate, pid_);
    for (const Link &link : kLinks)
      if (name == link.name)
        return adopt(try_make<PlaceLink>(pid_, link.place));
    if (name == "fd" || name == "fdinfo")
      return adopt(try_make<FdDirectory>(Ref<Inode>::share(this), pid_, name == "fdinfo"));
    if (name == "task")
      return adopt(try_make<TaskDirectory>(Ref<Inode>::share(this), pid_));
    if (name == "fail-nth")
      return make_fail_nth_file();
    if (name == "ns")
      return make_namespace_directory(Ref<Inode>::share(this), pid_);
    return Errno::enoent;
  }

  SysResult<void> list(uint64_t offset, DirectorySink &sink) override {
    uint64_t next = 2;
    auto add = [&](const char *name, uint32_t mode) {
      return ++next <= offset || sink.add(name, number + next, mode, next);
    };
    for (const Text &text : kTexts)
      if (!add(text.name, kModeRegular))
        return {};
    for (const Link &link : kLinks)
      if (!add(link.name, kModeSymlink))
        return {};
    for (const char *name : {"fd", "fdinfo", "ns", "task"})
      if (!add(name, kModeDirectory))
        break;
    return {};
  }

  SysResult<void> name_of(const Inode &child, TextSink &sink) override {
    sink.append(static_cast<const SubDirectory &>(child).name()); // the only directories in here
    return {};
  }

private:
  struct Text {
    const char *name;
    TextGenerator generate;
  };
  static constexpr Text kTexts[] = {{"stat", generate_stat},   {"status", generate_status},
                                    {"statm", generate_statm}, {"cmdline", generate_cmdline},
                                    {"comm", generate_comm},   {"maps", generate_maps},
                                    {"environ", generate_environ}, {"limits", generate_limits},
                                    {"mounts", generate_mounts},   {"mountinfo", generate_mountinfo}};
  struct Link {
    const char *name;
    PlaceLink::Place place;
  };
  static constexpr Link kLinks[] = {{"cwd", PlaceLink::Place::working_directory},
                                    {"root", PlaceLink::Place::root},
                                    {"exe", PlaceLink::Place::program}};
  static SysResult<Ref<Inode>> adopt(Inode *inode) {
    if (!inode)
      return Errno::enomem;
    return Ref<Inode>::adopt(inode);
  }
  uint32_t pid_;
};

} // namespace

SysResult<Ref<Inode>> make_process_directory(Directory &proc, uint32_t pid) {
  auto *directory = try_make<ProcessDirectory>(proc, pid);
  if (!directory)
    return Errno::enomem;
  return Ref<Inode>::adopt(directory);
}

uint32_t process_directory_pid(const Inode &directory) {
  return static_cast<const ProcessDirectory &>(directory).pid();
}

} // namespace refkernel
