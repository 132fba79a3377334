// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/files.h"
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bpfcc {
namespace {

std::string system_error(std::string_view what, const std::string &path) {
  return std::string(what) + " '" + path + "': " + std::strerror(errno);
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

// The modes that open() would have given the file: mkstemp makes it private.
void set_default_mode(int fd) {
  mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(fd, 0666 & ~mask);
}

// Signals that end a build come when the last of these is gone.
class InterruptsHeld {
public:
  InterruptsHeld() {
    sigset_t ending;
    ::sigemptyset(&ending);
    for (int number : {SIGHUP, SIGINT, SIGTERM})
      ::sigaddset(&ending, number);
    ::sigprocmask(SIG_BLOCK, &ending, &before_);
  }
  ~InterruptsHeld() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  InterruptsHeld(const InterruptsHeld &) = delete;
  InterruptsHeld &operator=(const InterruptsHeld &) = delete;

private:
  sigset_t before_;
};

} // namespace

std::string read_file(const std::string &path, std::string &bytes) {
  int fd = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return system_error("cannot open", path);
  char buffer[1 << 16];
  ssize_t n;
  while ((n = ::read(fd, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR))
    if (n > 0)
      bytes.append(buffer, static_cast<size_t>(n));
  std::string error = n < 0 ? system_error("cannot read", path) : std::string();
  if (fd != STDIN_FILENO)
    ::close(fd);
  return error;
}

std::string write_file(const std::string &path, std::string_view bytes) {
  if (path == "-")
    return write_all(STDOUT_FILENO, bytes) ? std::string() : system_error("cannot write", "standard output");

  struct stat status;
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0)
      return system_error("cannot open", path);
    std::string error = write_all(fd, bytes) ? std::string() : system_error("cannot write", path);
    ::close(fd);
    return error;
  }

  InterruptsHeld held; // an interrupted build leaves no temporary file
  std::string temporary = path + ".XXXXXX";
  int fd = ::mkstemp(temporary.data());
  if (fd < 0)
    return system_error("cannot create", path);
  set_default_mode(fd);
  bool written = write_all(fd, bytes);
  written = ::close(fd) == 0 && written;
  if (written && ::rename(temporary.c_str(), path.c_str()) == 0)
    return {};
  std::string error = system_error("cannot write", path);
  ::unlink(temporary.c_str());
  return error;
}

std::string quote_for_make(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (c == ' ' || c == '\t' || c == '#')
      out += '\\';
    else if (c == '$')
      out += '$';
    out += c;
  }
  return out;
}

// A whole name in quotes where it has a character of NMake's.
static std::string quote_for_nmake(const std::string &name) {
  return name.find_first_of(" #${}^!") == name.npos ? name : '"' + name + '"';
}

std::string make_rule(const DepfileOptions &options,
                      const std::vector<FrontendOutput::Dependency> &dependencies) {
  std::string rule, phony;
  for (const std::string &target : options.targets)
    rule += (rule.empty() ? "" : " ") + target;
  rule += ':';
  bool first = true;
  for (const FrontendOutput::Dependency &dependency : dependencies) {
    if (dependency.system && !options.system_files)
      continue;
    std::string name = options.nmake ? quote_for_nmake(dependency.path) : quote_for_make(dependency.path);
    rule += (first ? " " : " \\\n  ") + name;
    if (options.phony_targets && !first) // the source itself needs no empty rule
      phony += "\n" + name + ":\n";
    first = false;
  }
  return rule + '\n' + phony;
}

} // namespace bpfcc
