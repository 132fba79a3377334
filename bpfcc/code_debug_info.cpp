// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/code_debug_info.h"
#include "bpfcc/files.h"
#include "bpfcc/frontend/dwarf.h"
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bpfcc {
namespace {

bool send_all(int socket, const void *from, size_t size) {
  for (const char *at = static_cast<const char *>(from); size;) {
    const ssize_t written = send(socket, at, size, MSG_NOSIGNAL);
    if (written <= 0)
      return false;
    at += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

// Compiles with DWARF, silently, and sends the object's length and its bytes; nothing where it fails.
void compile_and_send(FrontendOptions frontend, const Options::Input &source, int to) {
  frontend.input = source.path;
  frontend.language = source.language;
  frontend.debug_info = true;
  frontend.time_trace.clear();
  frontend.preamble_cache.clear();
  frontend.verbose = false;
  frontend.clang_flags.push_back("-w"); // all has been said
  frontend.clang_flags.push_back("-fstack-size-section");
  Diagnostics silent(false);
  silent.set_silent();
  FrontendOutput output;
  if (!compile(frontend, silent, output))
    return;
  const uint64_t size = output.bytes.size();
  if (send_all(to, &size, sizeof size))
    send_all(to, output.bytes.data(), output.bytes.size());
}

// The waiting copy: each source in a process of its own.
[[noreturn]] void serve(const FrontendOptions &frontend, const std::vector<Options::Input> &sources,
                        int socket) {
  const int nowhere = open("/dev/null", O_RDWR);
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    dup2(nowhere, fd);
  char asked = 0;
  if (read(socket, &asked, 1) != 1)
    _exit(0);
  for (const Options::Input &source : sources) {
    const pid_t one = fork();
    if (one == 0) {
      compile_and_send(frontend, source, socket);
      _exit(0);
    }
    waitpid(one, nullptr, 0);
  }
  _exit(0);
}

} // namespace

std::vector<Options::Input> CodeDebugInfo::sources() const {
  if (options_.link_inputs.empty())
    return options_.input_is_object || frontend_.input == "-"
               ? std::vector<Options::Input>()
               : std::vector<Options::Input>{{frontend_.input, false, frontend_.language}};
  std::vector<Options::Input> sources;
  for (const Options::Input &input : options_.link_inputs)
    if (!input.is_object)
      sources.push_back(input);
  return sources;
}

CodeDebugInfo::CodeDebugInfo(const Options &options, const FrontendOptions &frontend)
    : options_(options), frontend_(frontend) {
  const std::vector<Options::Input> needed = sources();
  int ends[2];
  if (needed.empty() || options.frontend.output != OutputKind::object ||
      socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
    return;
  const pid_t copy = fork();
  if (copy == 0) {
    close(ends[0]);
    serve(frontend, needed, ends[1]);
  }
  close(ends[1]);
  copy_ = ends[0];
}

// A copy that is asked for nothing ends with the socket.
CodeDebugInfo::~CodeDebugInfo() {
  if (copy_ >= 0)
    close(copy_);
}

void CodeDebugInfo::read_compiled_again() {
  if (copy_ < 0 || !send_all(copy_, "", 1))
    return;
  std::string all;
  char buffer[1 << 16];
  for (ssize_t got; (got = read(copy_, buffer, sizeof buffer)) > 0;)
    all.append(buffer, static_cast<size_t>(got));
  for (std::string_view left = all; left.size() > sizeof(uint64_t);) {
    uint64_t size;
    memcpy(&size, left.data(), sizeof size);
    left.remove_prefix(sizeof size);
    read_dwarf(left.substr(0, size), *info_);
    left.remove_prefix(std::min<size_t>(size, left.size()));
  }
}

const DebugInfo *CodeDebugInfo::get(std::string_view object) {
  if (info_)
    return info_.get();
  info_ = std::make_unique<DebugInfo>();
  // Where sources are compiled again, that tells more: where in the stack variables are.
  if (options_.link_inputs.empty() &&
      (options_.input_is_object || (frontend_.debug_info && sources().empty())))
    read_dwarf(object, *info_);
  for (const Options::Input &input : options_.link_inputs) {
    std::string bytes;
    if (input.is_object && read_file(input.path, bytes).empty())
      read_dwarf(bytes, *info_);
  }
  read_compiled_again();
  return info_.get();
}

} // namespace bpfcc
