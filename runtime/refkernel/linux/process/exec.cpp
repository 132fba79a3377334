// SPDX-License-Identifier: MIT OR Apache-2.0
// execve(2): scripts, the new address space with its stack, and the point of no return, after which the old
// program is gone. Everything that can fail is done before.
#include "refkernel/linux/process/exec.h"
#include "refkernel/linux/events.h"
#include "refkernel/linux/fs/devices.h"
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/path.h"
#include "refkernel/linux/hooks.h"
#include "refkernel/linux/process.h"
#include "refkernel/linux/process/elf_image.h"
#include "refkernel/linux/process/user_layout.h"
#include "refkernel/linux/system.h"
#include <algorithm>
#include <cstring>
#include <utility>

namespace refkernel {

namespace {

constexpr size_t kMaxStringBytes = 2 << 20, kMaxOneString = 128 << 10;
constexpr unsigned kMaxScripts = 4;

enum AuxType : uint64_t {
  kAuxNull = 0,
  kAuxPhdr = 3,
  kAuxPhent = 4,
  kAuxPhnum = 5,
  kAuxPageSize = 6,
  kAuxBase = 7,
  kAuxFlags = 8,
  kAuxEntry = 9,
  kAuxUid = 11,
  kAuxEuid = 12,
  kAuxGid = 13,
  kAuxEgid = 14,
  kAuxHwcap = 16,
  kAuxClockTick = 17,
  kAuxSecure = 23,
  kAuxRandom = 25,
  kAuxHwcap2 = 26,
  kAuxExecFn = 31,
};

struct Program {
  Ref<Inode> inode;
  Location location;
};

SysResult<void> find_program(Ref<Inode> directory, std::string_view path, Program &program) {
  KBPF_TRY(walk(std::move(directory), path, LastLink::follow, program.location));
  if (!program.location.inode)
    return Errno::enoent;
  program.inode = program.location.inode;
  if (!program.inode->is(kModeRegular))
    return Errno::eacces;
  KBPF_TRY(check_access(*program.inode, kMayExecute));
  if (!program.inode->data())
    return Errno::eacces;
  return {};
}

// "#! interpreter [argument]": puts interpreter, argument and path in place of the first argument. False: no
// script.
SysResult<bool> unfold_script(FileData &file, std::string_view path, ExecStrings &strings, char *interpreter,
                              size_t size) {
  char line[256];
  IoCursor cursor = IoCursor::kernel(line, sizeof(line));
  std::string_view text(line, KBPF_TRY(file.read(cursor, 0)));
  if (!text.starts_with("#!"))
    return false;
  size_t end = text.find('\n');
  if (end == std::string_view::npos && text.size() == sizeof(line))
    return Errno::enoexec;
  text = text.substr(2, end == std::string_view::npos ? end : end - 2);
  auto trim = [](std::string_view part) {
    while (!part.empty() && (part.front() == ' ' || part.front() == '\t'))
      part.remove_prefix(1);
    while (!part.empty() && (part.back() == ' ' || part.back() == '\t'))
      part.remove_suffix(1);
    return part;
  };
  text = trim(text);
  std::string_view name = text.substr(0, text.find_first_of(" \t")),
                   argument = trim(text.substr(name.size()));
  if (name.empty() || name.size() >= size)
    return Errno::enoexec;
  memcpy(interpreter, name.data(), name.size());
  interpreter[name.size()] = 0;

  ExecStrings unfolded;
  std::string_view rest(strings.bytes, strings.used);
  size_t first = strings.argument_count ? rest.find('\0') + 1 : 0;
  KBPF_TRY(unfolded.append(name));
  if (!argument.empty())
    KBPF_TRY(unfolded.append(argument));
  KBPF_TRY(unfolded.append(path));
  unfolded.argument_count =
      (argument.empty() ? 2 : 3) + (strings.argument_count ? strings.argument_count - 1 : 0);
  unfolded.argument_bytes = unfolded.used + strings.argument_bytes - first;
  unfolded.environment_count = strings.environment_count;
  KBPF_TRY(unfolded.append_raw(rest.substr(first)));
  std::swap(strings.bytes, unfolded.bytes);
  std::swap(strings.capacity, unfolded.capacity);
  strings.used = unfolded.used;
  strings.argument_count = unfolded.argument_count;
  strings.argument_bytes = unfolded.argument_bytes;
  return true;
}

// The single letters of riscv,isa after "rv64", up to the first multi-letter extension.
uint64_t hardware_capabilities() {
  std::string_view isa = boot_info.isa ? boot_info.isa : "rv64imafdc";
  uint64_t capabilities = 0;
  for (char c : isa.substr(std::min<size_t>(4, isa.size()))) {
    if (c == '_' || c < 'a' || c > 'z' || c == 'z' || c == 's' || c == 'x')
      break;
    capabilities |= uint64_t{1} << (c - 'a');
  }
  return capabilities;
}

// The initial stack: strings and 16 random bytes at the top, below them the vectors that _start reads.
class StackBuilder {
public:
  StackBuilder(AddressSpace &space, const ExecStrings &strings) : space_(space), strings_(strings) {}
  uintptr_t argument_start = 0, argument_end = 0, environment_end = 0;

  SysResult<uintptr_t> build(const ElfImage &program, uintptr_t loader_base, std::string_view path) {
    AddressSpace::MapRequest request;
    request.address = kStackTop - kUserStackSize;
    request.length = kUserStackSize;
    request.prot = kProtRead | kProtWrite;
    request.fixed = true;
    KBPF_TRY(space_.map(request));

    uint8_t random[16];
    fill_random(random, sizeof(random));
    uintptr_t path_at = KBPF_TRY(push(path.data(), path.size(), 1));
    uintptr_t strings_at = KBPF_TRY(push(strings_.bytes, strings_.used, 0));
    uintptr_t random_at = KBPF_TRY(push(random, sizeof(random), 0));
    argument_start = strings_at;
    argument_end = strings_at + strings_.argument_bytes;
    environment_end = strings_at + strings_.used;

    const Credentials &who = current_process().credentials;
    const uint64_t auxiliary[][2] = {
        {kAuxPhdr, program.program_headers},
        {kAuxPhent, 56},
        {kAuxPhnum, program.program_header_count},
        {kAuxPageSize, kPageSize},
        {kAuxBase, loader_base},
        {kAuxFlags, 0},
        {kAuxEntry, program.entry},
        {kAuxUid, who.uid},
        {kAuxEuid, who.euid},
        {kAuxGid, who.gid},
        {kAuxEgid, who.egid},
        {kAuxHwcap, hardware_capabilities()},
        {kAuxClockTick, 100},
        {kAuxSecure, who.uid != who.euid || who.gid != who.egid},
        {kAuxRandom, random_at},
        {kAuxHwcap2, 0},
        {kAuxExecFn, path_at},
        {kAuxNull, 0},
    };
    size_t count = 1 + strings_.argument_count + 1 + strings_.environment_count + 1;
    size_t bytes = count * 8 + sizeof(auxiliary);
    sp_ = align_down(sp_ - bytes, 16);
    uintptr_t at = sp_;
    KBPF_TRY(put(at, strings_.argument_count));
    uintptr_t string = strings_at;
    const char *text = strings_.bytes;
    for (size_t list : {strings_.argument_count, strings_.environment_count}) {
      for (size_t i = 0; i < list; ++i) {
        KBPF_TRY(put(at, string));
        size_t size = strlen(text) + 1; // append() terminated each
        text += size;
        string += size;
      }
      KBPF_TRY(put(at, 0));
    }
    KBPF_TRY(space_.write(at, auxiliary, sizeof(auxiliary)));
    return sp_;
  }

private:
  SysResult<uintptr_t> push(const void *bytes, size_t size, size_t zeros_behind) {
    sp_ = align_down(sp_ - size - zeros_behind, 16);
    if (size)
      KBPF_TRY(space_.write(sp_, bytes, size));
    return sp_;
  }
  SysResult<void> put(uintptr_t &at, uint64_t value) {
    KBPF_TRY(space_.write(at, &value, sizeof(value)));
    at += sizeof(value);
    return {};
  }
  AddressSpace &space_;
  const ExecStrings &strings_;
  uintptr_t sp_ = kStackTop;
};

// One page for all processes: li a7, 139 (rt_sigreturn); ecall.
SysResult<Ref<FileData>> trampoline_page() {
  static constinit Mutex lock;
  [[clang::no_destroy]] static Ref<FileData> page;
  MutexGuard guard(lock);
  if (!page) {
    uint32_t code[2] = {0x08b00893, 0x00000073};
    Ref<FileData> made = KBPF_TRY(FileData::create());
    IoCursor cursor = IoCursor::kernel(code, sizeof(code));
    KBPF_TRY(made->write(cursor, 0));
    page = std::move(made);
  }
  return page;
}

SysResult<void> map_trampoline(AddressSpace &space) {
  AddressSpace::MapRequest request;
  request.address = kSignalTrampoline;
  request.length = kPageSize;
  request.prot = kProtRead | kProtExec;
  request.fixed = true;
  request.source = Ref<PageSource>::share(KBPF_TRY(trampoline_page()).get());
  KBPF_TRY(space.map(request));
  return {};
}

// Handlers of the old program are gone; what was ignored stays so.
SysResult<Ref<SignalActions>> reset_actions(const SignalActions &old) {
  Ref<SignalActions> actions = Ref<SignalActions>::adopt(try_make<SignalActions>());
  if (!actions)
    return Errno::enomem;
  SpinGuard guard(tasks_lock);
  for (int i = 0; i < kSignalCount; ++i)
    if (old.action[i].handler == kHandlerIgnore)
      actions->action[i].handler = kHandlerIgnore;
  return actions;
}

// "/bin/x" as an absolute path, for /proc/PID/exe. A link of /proc led to the program past its name: the
// caller's own is known (what starts /proc/self/exe finds its name there again), another's stays the path
// that was given.
SysResult<void> name_program(Location &location, std::string_view path, HeapText &name) {
  if (!location.inode->as_directory() && !location.name_size) {
    const Process &caller = current_process();
    bool own = caller.executable && caller.executable_inode.get() == location.inode.get();
    name.append(own ? std::string_view(caller.executable, caller.executable_size) : path);
    return name.failed ? SysResult<void>(Errno::enomem) : SysResult<void>();
  }
  KBPF_TRY(path_of(*location.directory, name));
  if (location.directory.get() != root_directory.get())
    name.append("/");
  name.append(location.last());
  return name.failed ? SysResult<void>(Errno::enomem) : SysResult<void>();
}

} // namespace

SysResult<void> ExecStrings::append_raw(std::string_view text) {
  if (text.size() > kMaxStringBytes - used)
    return Errno::e2big;
  if (used + text.size() > capacity) {
    size_t wider = std::max({capacity * 2, used + text.size(), size_t{1024}});
    auto *grown = static_cast<char *>(heap_allocate(wider, 1));
    if (!grown)
      return Errno::enomem;
    if (used)
      memcpy(grown, bytes, used);
    heap_free(bytes, capacity, 1);
    bytes = grown;
    capacity = wider;
  }
  memcpy(bytes + used, text.data(), text.size());
  used += text.size();
  return {};
}

SysResult<void> ExecStrings::append(std::string_view text) {
  if (text.size() >= kMaxOneString)
    return Errno::e2big;
  KBPF_TRY(append_raw(text));
  return append_raw({"", 1});
}

void HeapText::append(std::string_view text) {
  auto *grown = static_cast<char *>(heap_allocate(size + text.size(), 1));
  failed = failed || !grown;
  if (!grown)
    return;
  if (size)
    memcpy(grown, bytes, size);
  memcpy(grown + size, text.data(), text.size());
  heap_free(bytes, size, 1);
  bytes = grown;
  size += text.size();
}

SysResult<void> prepare_program(std::string_view path, Ref<Inode> directory, ExecStrings &strings,
                                PreparedProgram &prepared) {
  Program program;
  KBPF_TRY(find_program(std::move(directory), path, program));
  char interpreter[256];
  unsigned scripts = 0;
  std::string_view name = path;
  while (KBPF_TRY(unfold_script(*program.inode->data(), name, strings, interpreter, sizeof(interpreter)))) {
    if (++scripts > kMaxScripts)
      return Errno::eloop;
    name = interpreter;
    KBPF_TRY(find_program(root_directory, name, program));
  }

  prepared.space = KBPF_TRY(AddressSpace::create());
  AddressSpace &space = *prepared.space;
  KBPF_TRY(name_program(program.location, name, prepared.path));
  ElfImage image =
      KBPF_TRY(map_elf(space, *program.inode, {prepared.path.bytes, prepared.path.size}, kProgramBase));
  prepared.entry = image.entry;
  uintptr_t loader_base = 0;
  if (image.interpreter[0]) {
    Program loader;
    KBPF_TRY(find_program(root_directory, image.interpreter, loader));
    HeapText loader_path;
    KBPF_TRY(name_program(loader.location, image.interpreter, loader_path));
    ElfImage loader_image =
        KBPF_TRY(map_elf(space, *loader.inode, {loader_path.bytes, loader_path.size}, 0));
    prepared.entry = loader_image.entry;
    loader_base = loader_image.bias;
  }
  KBPF_TRY(map_trampoline(space));
  StackBuilder stack(space, strings);
  prepared.stack_pointer = KBPF_TRY(stack.build(image, loader_base, path));
  prepared.argument_start = stack.argument_start;
  prepared.argument_end = stack.argument_end;
  prepared.environment_end = stack.environment_end;
  space.set_break_start(image.end);
  prepared.inode = std::move(program.inode);
  return {};
}

void PreparedProgram::describe(Process &process) {
  std::swap(process.space, space);
  std::swap(process.executable, path.bytes);
  std::swap(process.executable_size, path.size);
  std::swap(process.executable_inode, inode);
  process.argument_start = argument_start;
  process.argument_end = argument_end;
  process.environment_end = environment_end;
}

namespace {

SysResult<void> execute(std::string_view path, Ref<Inode> directory, ExecStrings &strings, TrapFrame &frame) {
  Process &process = current_process();
  PreparedProgram prepared;
  KBPF_TRY(prepare_program(path, std::move(directory), strings, prepared));
  Ref<SignalActions> actions = KBPF_TRY(reset_actions(*process.actions));
  Ref<FdTable> files = KBPF_TRY(process.files->clone()); // of its own from now on, should it be shared
  KBPF_TRY(kill_other_tasks());

  // From here on nothing fails.
  Task &task = *current_task();
  uint32_t mode = prepared.inode->mode(), old_tid = task.tid;
  replace_space(prepared.space);
  Ref<Thread> leader; // the one that has left
  {
    SpinGuard guard(tasks_lock);
    prepared.describe(process);
    std::swap(process.actions, actions);
    std::swap(process.files, files);
    process.has_executed = true;
    delete_posix_timers(process);
    task.alternate_stack = {};
    task.clear_child_tid = task.robust_list = 0;
    Credentials &who = process.credentials;
    const bool may_change = !who.capabilities.no_new_privileges;
    const uint32_t old_euid = who.euid, old_egid = who.egid;
    if (mode & kModeSetUid && may_change)
      who.euid = process.executable_inode->uid;
    if (mode & kModeSetGid && may_change)
      who.egid = process.executable_inode->gid;
    who.suid = who.euid;
    who.sgid = who.egid;
    adjust_to_exec(who, who.euid != old_euid || who.egid != old_egid);
    if (task.tid != process.pid) { // the leader has left: its number is this thread's now
      remove_task(task);
      task.tid = process.pid;
      add_task(process, task);
      leader = std::exchange(process.leader, Ref<Thread>::share(current()));
    }
  }
  process.files->close_for_exec();
  set_process_name(path);
  if (kbpf_events_attached) [[unlikely]]
    report_exec(path, old_tid);
  release_vfork_parent(process);
  std::fill(std::begin(frame.x), std::end(frame.x), 0);
  frame.epc = prepared.entry;
  frame.x[kRegSp] = prepared.stack_pointer;
  return {};
}

SysResult<size_t> copy_strings(UserPtr<const uint64_t> list, ExecStrings &strings) {
  size_t count = 0;
  if (!list)
    return count;
  struct Buffer {
    char *bytes = static_cast<char *>(heap_allocate(kMaxOneString, 1));
    ~Buffer() { heap_free(bytes, kMaxOneString, 1); }
  } buffer;
  if (!buffer.bytes)
    return Errno::enomem;
  while (uint64_t address = KBPF_TRY(list.at(count).read())) {
    long size = copy_string_from_user(buffer.bytes, address, kMaxOneString);
    if (size < 0)
      return Errno::efault;
    KBPF_TRY(strings.append({buffer.bytes, static_cast<size_t>(size)}));
    ++count;
  }
  return count;
}

SysResult<void> execute_at(int directory_fd, UserPtr<const char> user_path, UserPtr<const uint64_t> arguments,
                           UserPtr<const uint64_t> environment, uint32_t flags, TrapFrame &frame) {
  PathName path = KBPF_TRY(PathName::read(user_path, flags & kAtEmptyPath));
  ExecStrings strings;
  strings.argument_count = KBPF_TRY(copy_strings(arguments, strings));
  if (!strings.argument_count) { // as Linux since 5.18: never without argv[0]
    KBPF_TRY(strings.append({}));
    strings.argument_count = 1;
  }
  strings.argument_bytes = strings.used;
  strings.environment_count = KBPF_TRY(copy_strings(environment, strings));
  if (path.text().empty()) { // fexecve: the descriptor itself, by its link in /proc
    char link[32];
    kbpf::TextBuffer text(link, sizeof(link));
    kbpf::print(text, "/proc/self/fd/{}", directory_fd);
    return execute(text.text(), root_directory, strings, frame);
  }
  return execute(path.text(), KBPF_TRY(start_directory(directory_fd, path.text())), strings, frame);
}

} // namespace

KERNEL_CALL sys_execve(TrapFrame &frame) {
  uint64_t *arguments = &frame.x[kRegA0];
  KBPF_TRY(execute_at(kAtFdCwd, {arguments[0]}, {arguments[1]}, {arguments[2]}, 0, frame));
  return 0;
}

KERNEL_CALL sys_execveat(TrapFrame &frame) {
  uint64_t *arguments = &frame.x[kRegA0];
  KBPF_TRY(execute_at(static_cast<int>(arguments[0]), {arguments[1]}, {arguments[2]}, {arguments[3]},
                      static_cast<uint32_t>(arguments[4]), frame));
  return 0;
}

} // namespace refkernel
