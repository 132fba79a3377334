// SPDX-License-Identifier: MIT OR Apache-2.0
// bpfcc-run: compile, pack an initramfs, boot, load, attach, run a command in the guest, exit with its
// status. What happens in the guest is its init's work (runtime/user/programs/init.c); this side only
// prepares and watches.
#include "bpfcc/run/guest.h"
#include "bpfcc/run/initramfs.h"
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace fs = std::filesystem;
using namespace bpfcc;

namespace {

// Statuses of our own, as env(1) and timeout(1) have them; every other one is the command's.
constexpr int kUsage = 2, kTimedOut = 124, kOurFailure = 125;

struct Options {
  std::string input; // FILE.c, FILE.o or empty
  std::vector<std::string> additions, targets, command, compiler_arguments;
  std::string abi;
  std::string libc = "glibc";
  std::string log_level = "warn";
  std::string append;
  GuestOptions guest;
};

// Says what is going on: one line that the next replaces on a terminal, plain lines in a pipe.
class Progress {
public:
  Progress() : terminal_(isatty(STDERR_FILENO)) {}
  ~Progress() { clear(); }
  void say(const std::string &what) {
    if (terminal_)
      fprintf(stderr, "\r\033[K%s ...", what.c_str());
    else
      fprintf(stderr, "bpfcc-run: %s\n", what.c_str());
    fflush(stderr);
  }
  void clear() {
    if (terminal_)
      fprintf(stderr, "\r\033[K");
    fflush(stderr);
  }

private:
  bool terminal_;
};

struct TemporaryFolder {
  std::string path;
  TemporaryFolder() {
    std::error_code error;
    std::string pattern = (fs::temp_directory_path(error) / "bpfcc-run.XXXXXX").string();
    if (mkdtemp(pattern.data()))
      path = pattern;
  }
  ~TemporaryFolder() {
    std::error_code error;
    if (!path.empty())
      fs::remove_all(path, error);
  }
};

int fail(const std::string &message) {
  fprintf(stderr, "bpfcc-run: error: %s\n", message.c_str());
  return kOurFailure;
}

// The exit status of a program of the host, 127 where it can't be run.
int run_program(std::vector<std::string> words) {
  std::vector<char *> argv;
  for (std::string &word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = fork();
  if (child == 0) {
    execv(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool add_base(Initramfs &files, const std::string &programs, std::string &why) {
  for (const char *path : {"/dev", "/proc", "/sys", "/tmp", "/root", "/run", "/var"})
    files.add_directory(path);
  files.add_file("/etc/hostname", "kbpf\n", false);
  files.add_file("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n", false);
  files.add_file("/etc/group", "root:x:0:\n", false);
  if (!files.add_from_host(programs, "/bin", why))
    return false;
  return files.add_from_host(programs + "/init", "/init", why);
}

bool add_user_files(Initramfs &files, const std::vector<std::string> &additions, std::string &why) {
  for (const std::string &addition : additions) {
    size_t colon = addition.rfind(":/");
    std::string host = addition.substr(0, colon);
    std::string guest;
    if (colon != std::string::npos) {
      guest = addition.substr(colon + 1);
    } else {
      std::string name = fs::path(host).filename().string();
      bool program = fs::is_regular_file(host) && access(host.c_str(), X_OK) == 0;
      guest = (program ? "/bin/" : "/") + name;
    }
    if (!files.add_from_host(host, guest, why))
      return false;
  }
  return true;
}

// Words for the guest's init, each with its terminator.
std::string init_words(const Options &options, bool has_object) {
  std::vector<std::string> words;
  if (has_object)
    words.insert(words.end(), {"object", "/trace.o"});
  for (const std::string &target : options.targets)
    words.insert(words.end(), {"attach", target});
  words.push_back("command");
  words.insert(words.end(), options.command.begin(), options.command.end());
  std::string bytes;
  for (const std::string &word : words)
    bytes.append(word.c_str(), word.size() + 1);
  return bytes;
}

int parse_options(int argc, char **argv, Options &options) {
  // Everything behind "--" is the guest's.
  std::vector<std::string> words(argv + 1, argv + argc);
  auto separator = std::find(words.begin(), words.end(), "--");
  if (separator != words.end()) {
    options.command.assign(separator + 1, words.end());
    words.erase(separator, words.end());
  }
  CLI::App app{"Boots the reference kernel in QEMU, loads and attaches the BPF programs of FILE, and runs a "
               "command there."};
  app.name("bpfcc-run");
  app.footer("COMMAND defaults to a workload that opens files. The exit status is COMMAND's (128 + n: signal "
             "n); 124: timed out,\n"
             "125: the guest could not be prepared, did not boot, or its kernel panicked.");
  app.add_option("FILE", options.input, "C source (compiled by bpfcc) or object");
  app.add_option("--add", options.additions,
                 "put HOST file or directory into the guest, at GUEST (default: programs /bin/NAME, "
                 "others /NAME)")
      ->type_name("HOST[:GUEST]")
      ->allow_extra_args(false);
  app.add_option("--attach", options.targets,
                 "attach the first program to kind$symbol instead of what the object says")
      ->type_name("TARGET")
      ->allow_extra_args(false);
  app.add_option("--smp", options.guest.harts, "harts")->check(CLI::Range(1, 8))->capture_default_str();
  app.add_option("--memory", options.guest.memory_mib, "MiB of memory")
      ->check(CLI::Range(32, 16384))
      ->capture_default_str();
  app.add_option("--timeout", options.guest.timeout_s, "seconds until the guest is stopped; 0: never")
      ->capture_default_str();
  app.add_option("--abi", options.abi, "profile to compile for")->check(CLI::IsMember({"kbpf", "zcore"}));
  app.add_option("-I", "include directory for compiling")
      ->type_name("DIR")
      ->each([&](const std::string &value) {
        options.compiler_arguments.insert(options.compiler_arguments.end(), {"-I", value});
      });
  app.add_option("-D", "macro for compiling")->type_name("NAME[=VALUE]")->each([&](const std::string &value) {
    options.compiler_arguments.push_back("-D" + value);
  });
  app.add_option("--libc", options.libc, "which build of the guest's own programs")
      ->check(CLI::IsMember({"glibc", "musl"}))
      ->capture_default_str();
  app.add_option("--loglevel", options.log_level, "what the kernel logs")
      ->check(CLI::IsMember({"error", "warn", "info", "debug"}))
      ->capture_default_str();
  app.add_option("--kernel", options.guest.kernel, "kernel ELF file (default: the reference kernel)")
      ->check(CLI::ExistingFile);
  app.add_option("--append", options.append, "more kernel command line");
  app.add_option("--qemu-arg", options.guest.extra, "argument for QEMU; may be repeated")
      ->type_name("ARG")
      ->allow_extra_args(false);
  app.add_flag("-i,--interactive", options.guest.interactive, "the guest's console reads standard input");
  app.add_flag("-v,--verbose", options.guest.show_boot, "show firmware's and kernel's boot messages");
  std::reverse(words.begin(), words.end()); // CLI11 takes its vector back to front
  try {
    app.parse(words);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) ? kUsage : -1;
  }
  if (options.input.empty() && options.command.empty()) {
    fprintf(stderr, "bpfcc-run: error: neither a FILE nor a COMMAND: nothing to do (--help)\n");
    return kUsage;
  }
  if (options.input.empty() && !options.targets.empty()) {
    fprintf(stderr, "bpfcc-run: error: --attach without a FILE\n");
    return kUsage;
  }
  if (options.command.empty())
    options.command = {"openfiles", "-n", "3"};
  return 0;
}

// The temporary folder goes whatever ends the run.
int run(Options &options) {
  std::error_code error;
  fs::path bin = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (options.guest.kernel.empty())
    options.guest.kernel = (bin / "../kernel/kernel.elf").lexically_normal().string();
  if (!fs::exists(options.guest.kernel))
    return fail(options.guest.kernel + ": no such kernel");
  TemporaryFolder folder;
  if (folder.path.empty())
    return fail("cannot make a temporary folder");
  Progress progress;

  // Source to object.
  std::string object = options.input;
  if (fs::path(options.input).extension() == ".c") {
    progress.say("compiling " + options.input);
    object = folder.path + "/trace.o";
    std::vector<std::string> words = {(bin / "bpfcc").string(), options.input, "-o", object};
    if (!options.abi.empty())
      words.push_back("--abi=" + options.abi);
    words.insert(words.end(), options.compiler_arguments.begin(), options.compiler_arguments.end());
    int status = run_program(words);
    if (status == 127)
      return fail(words[0] + ": cannot be run");
    if (status)
      return kOurFailure; // bpfcc has said why
  }

  // Object, programs and files to an initramfs.
  Initramfs files;
  std::string why;
  std::string programs = (bin / ".." / "guest" / options.libc / "bin").lexically_normal().string();
  if (!add_base(files, programs, why) || !add_user_files(files, options.additions, why) ||
      (!object.empty() && !files.add_from_host(object, "/trace.o", why)))
    return fail(why);
  files.add_file("/etc/bpfcc-run", init_words(options, !object.empty()), false);
  options.guest.initrd = folder.path + "/initramfs.cpio";
  std::ofstream(options.guest.initrd, std::ios::binary) << files.archive();

  // Boot, and stream what the guest says.
  options.guest.command_line =
      "loglevel=" + options.log_level + (options.append.empty() ? "" : " " + options.append);
  if (received_stop_signal())
    return kOurFailure;
  progress.say("booting " + std::to_string(options.guest.harts) +
               (options.guest.harts == 1 ? " hart" : " harts"));
  progress.clear();
  GuestResult result = run_guest(options.guest);
  switch (result.end) {
  case GuestEnd::exited:
    return result.status;
  case GuestEnd::timed_out:
    if (!result.boot_log.empty())
      fprintf(stderr, "%s", result.boot_log.c_str());
    fprintf(stderr, "bpfcc-run: the guest did not end within %u seconds\n", options.guest.timeout_s);
    return kTimedOut;
  case GuestEnd::not_started:
    return fail("cannot start QEMU");
  case GuestEnd::failed_to_boot:
    fprintf(stderr, "%s", result.boot_log.c_str());
    return fail("the guest ended before its command started (QEMU's status " + std::to_string(result.status) +
                ")");
  case GuestEnd::panicked:
    fprintf(stderr, "%s", result.boot_log.c_str());
    return fail("the guest's kernel panicked");
  }
  return kOurFailure;
}

} // namespace

int main(int argc, char **argv) {
  Options options;
  if (int status = parse_options(argc, argv, options))
    return status < 0 ? 0 : status;
  catch_stop_signals();
  int status = run(options);
  if (int number = received_stop_signal()) { // its sender sees what it sent
    std::signal(number, SIG_DFL);
    raise(number);
  }
  return status;
}
