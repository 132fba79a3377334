// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/run/guest.h"
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <poll.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bpfcc {

namespace {

// How the kernel begins the line of a panic (runtime/refkernel/machine/panic.cpp).
constexpr std::string_view kPanicText = "kernel panic on hart ";

// Splits the console into boot log and output, drops carriage returns, and notices a panic.
class Console {
public:
  explicit Console(bool show_boot) : show_boot_(show_boot) {}

  void take(std::string_view bytes) {
    for (char c : bytes) {
      if (c == '\r')
        continue;
      line_ += c;
      if (c == '\n')
        end_line();
    }
    // A prompt has no newline: what may not be a marker goes out at once.
    if (started_ || (show_boot_ && !line_.starts_with(kStartedMarker[0]))) {
      put(std::string_view(line_).substr(shown_));
      shown_ = line_.size();
    }
    fflush(stdout);
  }
  void finish() {
    if (!line_.empty())
      end_line();
    fflush(stdout);
  }
  bool started() const { return started_; }
  bool panicked() const { return panicked_; }
  const std::string &boot_log() const { return boot_log_; }

private:
  void put(std::string_view text) { fwrite(text.data(), 1, text.size(), stdout); }

  void end_line() {
    if (line_.find(kPanicText) != std::string::npos)
      panicked_ = true;
    size_t marker = line_.find(kStartedMarker);
    if (!started_ && marker != std::string::npos) {
      started_ = true;
    } else if (started_ || show_boot_) {
      put(std::string_view(line_).substr(shown_));
    } else {
      boot_log_ += line_;
    }
    line_.clear();
    shown_ = 0;
  }

  bool show_boot_;
  bool started_ = false;
  bool panicked_ = false;
  std::string line_;
  size_t shown_ = 0; // bytes of line_ that are printed already
  std::string boot_log_;
};

volatile sig_atomic_t stop_signal = 0;
void on_stop_signal(int number) { stop_signal = number; }

std::vector<std::string> qemu_arguments(const GuestOptions &options) {
  std::vector<std::string> words = {options.qemu,
                                    "-machine",
                                    "virt",
                                    "-cpu",
                                    "rv64",
                                    "-smp",
                                    std::to_string(options.harts),
                                    "-m",
                                    std::to_string(options.memory_mib) + "M",
                                    "-display",
                                    "none",
                                    "-monitor",
                                    "none",
                                    "-no-reboot",
                                    "-chardev",
                                    std::string("stdio,id=console,signal=") +
                                        (options.interactive ? "off" : "on"),
                                    "-serial",
                                    "chardev:console",
                                    "-kernel",
                                    options.kernel,
                                    "-initrd",
                                    options.initrd,
                                    "-append",
                                    options.command_line};
  words.insert(words.end(), options.extra.begin(), options.extra.end());
  return words;
}

// The pid, or -1. output: the read end of a pipe from QEMU's standard output and error.
pid_t start_qemu(const GuestOptions &options, int &output) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0)
    return -1;
  std::vector<std::string> words = qemu_arguments(options);
  std::vector<char *> argv;
  for (std::string &word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!options.interactive) {
      int null = open("/dev/null", O_RDONLY);
      dup2(null, STDIN_FILENO);
    }
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    execvp(argv[0], argv.data());
    dprintf(STDERR_FILENO, "bpfcc-run: cannot run %s\n", argv[0]);
    _exit(127);
  }
  close(ends[1]);
  output = ends[0];
  return child;
}

} // namespace

void catch_stop_signals() {
  struct sigaction action = {};
  action.sa_handler = on_stop_signal;
  for (int number : {SIGINT, SIGTERM, SIGHUP})
    sigaction(number, &action, nullptr);
}

int received_stop_signal() { return stop_signal; }

GuestResult run_guest(const GuestOptions &options) {
  using Clock = std::chrono::steady_clock;
  int output = -1;
  Console console(options.show_boot);
  pid_t child = start_qemu(options, output);
  if (child < 0)
    return {GuestEnd::not_started, errno, {}};

  auto deadline = Clock::now() + std::chrono::seconds(options.timeout_s);
  bool timed_out = false;
  for (char buffer[65536];;) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    timed_out = options.timeout_s && left <= 0;
    if (timed_out || stop_signal)
      break;
    pollfd waited = {output, POLLIN, 0};
    int ready = poll(&waited, 1, options.timeout_s ? static_cast<int>(left) : -1);
    if (ready <= 0)
      continue;
    ssize_t count = read(output, buffer, sizeof(buffer));
    if (count <= 0)
      break;
    console.take({buffer, static_cast<size_t>(count)});
  }
  if (timed_out || stop_signal)
    kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    continue;
  close(output);
  console.finish();

  GuestResult result = {GuestEnd::exited, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
                        console.boot_log()};
  if (timed_out)
    result.end = GuestEnd::timed_out;
  else if (console.panicked())
    result.end = GuestEnd::panicked;
  else if (!console.started())
    result.end = GuestEnd::failed_to_boot;
  return result;
}

} // namespace bpfcc
