// SPDX-License-Identifier: MIT OR Apache-2.0
// The Linux half's start: the file tree, process 1, and its first program as the kernel's command line names
// it: init=PATH, with what stands behind "--" as arguments and NAME=VALUE words before it as environment.
#include "refkernel/linux/boot.h"
#include "refkernel/linux/events.h"
#include "refkernel/linux/fs/devices.h"
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/path.h"
#include "refkernel/linux/hooks.h"
#include "refkernel/linux/process/exec.h"
#include "refkernel/linux/time.h"
#include "refkernel/machine/log.h"

namespace refkernel {

namespace {

constexpr std::string_view kDefaultInit = "/init";

SysResult<void> build_tree() {
  root_directory = KBPF_TRY(make_ram_directory(kRootFs, 0755));
  if (boot_info.initrd) {
    auto unpacked = unpack_initramfs(*root_directory, boot_info.initrd, boot_info.initrd_size);
    if (!unpacked.ok())
      log(LogLevel::error, "linux::init", "initramfs: {}",
          unpacked.error() == Errno::einval ? "not a well-formed cpio archive (newc)" : "no room for it");
  }
  KBPF_TRY(populate_dev(*root_directory));
  KBPF_TRY(populate_proc(*root_directory));
  KBPF_TRY(populate_sys(*root_directory));
  KBPF_TRY(ensure_directory(*root_directory, "tmp", kTmpFs, 01777));
  return {};
}

// The words of the command line, by what they are for.
class CommandLine {
public:
  explicit CommandLine(std::string_view text) : rest_(text) {}
  std::string_view next() {
    while (rest_.starts_with(' ') || rest_.starts_with('\n'))
      rest_.remove_prefix(1);
    std::string_view word = rest_.substr(0, rest_.find_first_of(" \n"));
    rest_.remove_prefix(word.size());
    return word;
  }

private:
  std::string_view rest_;
};

bool is_kernel_option(std::string_view word) {
  for (std::string_view name : {"init=", "loglevel=", "console=", "root=", "earlycon=", "rdinit="})
    if (word.starts_with(name))
      return true;
  return word.find('=') == std::string_view::npos;
}

SysResult<void> prepare_init(PreparedProgram &prepared) {
  std::string_view text = boot_info.command_line ? boot_info.command_line : "";
  std::string_view program = kDefaultInit;
  ExecStrings strings;
  bool arguments = false;
  CommandLine words(text);
  for (std::string_view word = words.next(); !word.empty() && word != "--"; word = words.next())
    if (word.starts_with("init="))
      program = word.substr(5);
  KBPF_TRY(strings.append(program));
  strings.argument_count = 1;
  CommandLine again(text);
  for (std::string_view word = again.next(); !word.empty(); word = again.next()) {
    if (arguments) {
      KBPF_TRY(strings.append(word));
      ++strings.argument_count;
    } else {
      arguments = word == "--";
    }
  }
  strings.argument_bytes = strings.used;
  for (std::string_view variable : {"HOME=/", "TERM=linux", "PATH=/bin:/sbin:/usr/bin:/usr/sbin"}) {
    KBPF_TRY(strings.append(variable));
    ++strings.environment_count;
  }
  CommandLine options(text);
  for (std::string_view word = options.next(); !word.empty() && word != "--"; word = options.next())
    if (!is_kernel_option(word)) {
      KBPF_TRY(strings.append(word));
      ++strings.environment_count;
    }
  auto result = prepare_program(program, root_directory, strings, prepared);
  if (!result.ok())
    log(LogLevel::error, "linux::init", "cannot execute {}: errno {}", program,
        static_cast<int>(result.error()));
  return result;
}

SysResult<void> open_standard_files(FdTable &files) {
  Location console;
  KBPF_TRY(walk(root_directory, "/dev/console", LastLink::follow, console));
  if (!console.inode)
    return Errno::enoent;
  Ref<File> file = KBPF_TRY(console.inode->open(kOpenReadWrite));
  KBPF_TRY(file->remember_path(console.directory.get(), console.last()));
  for (int fd = 0; fd < 3; ++fd)
    KBPF_TRY(files.install(file, false, fd));
  return {};
}

SysResult<void> run_init() {
  start_realtime();
  fill_syscall_table();
  register_events();
  // Paths are walked and descriptors made for a process: this kernel thread stands for it until its own
  // thread starts.
  Ref<Process> process = KBPF_TRY(make_first_process());
  current()->process = process.get();
  KBPF_TRY(build_tree());
  process->fs->working_directory = process->fs->root = root_directory;
  KBPF_TRY(open_standard_files(*process->files));
  PreparedProgram prepared;
  KBPF_TRY(prepare_init(prepared));
  set_process_name({prepared.path.bytes, prepared.path.size});
  prepared.describe(*process);
  process->has_executed = true;

  TrapFrame frame{};
  frame.epc = prepared.entry;
  frame.x[kRegSp] = prepared.stack_pointer;
  Ref<Thread> thread = KBPF_TRY(make_task(*process, frame, nullptr));
  auto *task = static_cast<Task *>(thread->linux_data);
  {
    SpinGuard guard(tasks_lock);
    process->pid = process->pgid = process->sid = task->tid = allocate_pid();
    add_process(*process, nullptr);
    add_task(*process, *task);
    process->acquire(); // the table's
  }
  current()->process = nullptr;
  start(*thread);
  return {};
}

} // namespace

void linux_main(void *) {
  auto result = run_init();
  if (!result.ok()) {
    log(LogLevel::error, "linux::init", "no first process: errno {}", static_cast<int>(result.error()));
    power_off(1);
  }
  exit_thread();
}

} // namespace refkernel
