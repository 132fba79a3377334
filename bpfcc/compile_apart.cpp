// SPDX-License-Identifier: MIT OR Apache-2.0
// The child prints what clang says as it comes, and sends the rest through a pipe: fields of fixed order, strings with
// their length before them. Both ends are this program: nothing in it is foreign.
#include "bpfcc/compile_apart.h"
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>

namespace bpfcc {
namespace {

class Writer {
public:
  void number(uint64_t value) { bytes_.append(reinterpret_cast<const char *>(&value), sizeof value); }
  void text(std::string_view text) {
    number(text.size());
    bytes_ += text;
  }
  void place(const SourceLocation &where) {
    text(where.file);
    number(where.line);
    number(where.column);
    text(where.text);
  }
  const std::string &bytes() const { return bytes_; }

private:
  std::string bytes_;
};

// Past the end everything reads as zero and empty: complete() then says so.
class Reader {
public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}
  uint64_t number() {
    uint64_t value = 0;
    if (complete_ = complete_ && left_.size() >= sizeof value; complete_) {
      memcpy(&value, left_.data(), sizeof value);
      left_.remove_prefix(sizeof value);
    }
    return value;
  }
  std::string text() {
    const uint64_t size = number();
    if (complete_ = complete_ && left_.size() >= size; !complete_)
      return {};
    std::string text(left_.substr(0, size));
    left_.remove_prefix(size);
    return text;
  }
  SourceLocation place() {
    SourceLocation where;
    where.file = text();
    where.line = static_cast<unsigned>(number());
    where.column = static_cast<unsigned>(number());
    where.text = text();
    return where;
  }
  bool complete() const { return complete_; }

private:
  std::string_view left_;
  bool complete_ = true;
};

std::string pack(const FrontendOutput &output, const Diagnostics &diag) {
  Writer to;
  to.number(diag.errors());
  to.number(output.internal_error);
  to.text(output.bytes);
  for (const auto *places : {&output.declarations, &output.self_calls}) {
    to.number(places->size());
    for (const auto &[name, where] : *places) {
      to.text(name);
      to.place(where);
    }
  }
  to.number(output.dependencies.size());
  for (const FrontendOutput::Dependency &dependency : output.dependencies) {
    to.text(dependency.path);
    to.number(dependency.system);
  }
  to.number(diag.recorded().size());
  for (const Diagnostics::Recorded &said : diag.recorded()) {
    to.number(static_cast<uint64_t>(said.severity));
    to.place(said.where);
    to.text(said.message);
    to.number(said.fix.column);
    to.number(said.fix.length);
    to.text(said.fix.text);
  }
  return to.bytes();
}

bool unpack(std::string_view bytes, unsigned errors_before, FrontendOutput &output, Diagnostics &diag) {
  Reader from(bytes);
  const auto errors = static_cast<unsigned>(from.number());
  output.internal_error = from.number();
  output.bytes = from.text();
  for (auto *places : {&output.declarations, &output.self_calls})
    for (uint64_t count = from.number(); count && from.complete(); count--) {
      std::string name = from.text();
      places->emplace(std::move(name), from.place());
    }
  for (uint64_t count = from.number(); count && from.complete(); count--) {
    std::string path = from.text();
    output.dependencies.push_back({std::move(path), from.number() != 0});
  }
  for (uint64_t count = from.number(); count && from.complete(); count--) {
    const auto severity = static_cast<Severity>(from.number());
    const SourceLocation where = from.place();
    const std::string message = from.text();
    FixIt fix;
    fix.column = static_cast<unsigned>(from.number());
    fix.length = static_cast<unsigned>(from.number());
    fix.text = from.text();
    diag.print(severity, where, message, fix);
  }
  if (from.complete())
    diag.count_errors(errors - errors_before);
  return from.complete();
}

bool write_all(int pipe, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(pipe, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR)
      return false;
    bytes.remove_prefix(written < 0 ? 0 : static_cast<size_t>(written));
  }
  return true;
}

} // namespace

bool compile_apart(const FrontendOptions &options, Diagnostics &diag, FrontendOutput &output) {
  int ends[2];
  if (pipe(ends) != 0) {
    diag.error({}, std::string("cannot make a pipe: ") + strerror(errno));
    return false;
  }
  fflush(nullptr);
  const unsigned errors_before = diag.errors();
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    diag.record();
    compile(options, diag, output);
    fflush(nullptr);
    _exit(write_all(ends[1], pack(output, diag)) ? 0 : 1);
  }
  close(ends[1]);
  std::string bytes;
  char buffer[1 << 16];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0 || (got < 0 && errno == EINTR);)
    bytes.append(buffer, got < 0 ? 0 : static_cast<size_t>(got));
  close(ends[0]);
  int status = 0;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (child < 0) {
    diag.error({}, std::string("cannot start a process to compile '" + options.input + "': ") + strerror(errno));
    return false;
  }
  if (status == 0 && unpack(bytes, errors_before, output, diag))
    return !output.internal_error && diag.errors() == errors_before;
  output.internal_error = true;
  if (WIFSIGNALED(status))
    diag.error({options.input, 0, 0, {}},
               "the compiler failed: " + std::string(strsignal(WTERMSIG(status))));
  return false;
}

} // namespace bpfcc
