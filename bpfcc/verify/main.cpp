// SPDX-License-Identifier: MIT OR Apache-2.0
// kbpf-verify: a verdict for every program of the given BPF objects, by the kernel's own verifier. Exit code
// 0: all are accepted; 1: one is not, or an object cannot be read.
#include "bpfcc/files.h"
#include "bpfcc/relocator/kernel_btf.h"
#include "bpfcc/verify/object_programs.h"
#include "bpfcc/verify/report.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <unistd.h>

namespace bpfcc {
namespace {

struct VerifyCommand {
  std::vector<std::string> objects;
  std::string program;    // empty: all
  std::string kernel_btf; // empty: not known
  uint32_t log_level = 0;
  bool is_json = false;
  bool strict_alignment = false, hides_addresses = false;
};

class StringSink final : public kbpf::TextSink {
public:
  void append(std::string_view text) override { text_ += text; }
  const std::string &text() const { return text_; }

private:
  std::string text_;
};

// True: every program of the object that was asked for is accepted.
bool verify_object(const VerifyCommand &command, const std::string &path, const Btf *kernel_types,
                   KernelObjects &kernel, Report &report, Diagnostics &diag, bool &found) {
  std::string bytes;
  if (std::string error = read_file(path, bytes); !error.empty()) {
    diag.error({}, error);
    return false;
  }
  ObjectPrograms object;
  if (!object.open(
          path, std::move(bytes),
          {kernel_types, kernel_types ? &kernel : nullptr, command.strict_alignment, command.hides_addresses},
          diag))
    return false;
  bool all_accepted = true;
  for (const NamedProgram &named : object.programs()) {
    if (!command.program.empty() && command.program != named.name)
      continue;
    found = true;
    if (!named.program.type) {
      diag.error({path, 0, 0, {}}, "program '" + std::string(named.name) + "' is of an unknown type");
      all_accepted = false;
      continue;
    }
    StringSink log;
    kbpf::VerifyOptions options;
    options.log_level = command.log_level;
    const std::optional<ProgramLines> lines = command.log_level ? object.lines(named) : std::nullopt;
    PathTrace path_trace(named.program);
    if (command.log_level) {
      options.log = &log;
      options.lines = lines ? &*lines : nullptr;
      options.observer = &path_trace;
    }
    Verdict verdict = judge(named.program, options);
    report.add(path, named.name, verdict, log.text(), &path_trace, options.lines, named.is_by_own_types);
    all_accepted &= verdict.accepted;
  }
  return all_accepted;
}

int run(const VerifyCommand &command) {
  Diagnostics diag(isatty(STDERR_FILENO), "kbpf-verify");
  Report report(command.is_json);
  KernelBtf kernel;
  if (!command.kernel_btf.empty()) {
    std::string file, error = read_file(command.kernel_btf, file);
    if (error.empty())
      error = read_kernel_btf(kernel, std::move(file));
    if (!error.empty()) {
      diag.error({command.kernel_btf, 0, 0, {}}, error);
      return kExitUserError;
    }
  }
  const Btf *kernel_types = command.kernel_btf.empty() ? nullptr : &kernel.types;
  KernelObjects objects(kernel_types ? kernel_types->bytes() : std::string_view(),
                        KernelObjects::Source::kernel);
  bool all_accepted = true, found = false;
  for (const std::string &path : command.objects)
    all_accepted &= verify_object(command, path, kernel_types, objects, report, diag, found);
  if (!command.program.empty() && !found && !diag.errors())
    diag.error({}, "no object has a program named '" + command.program + "'");
  std::string text = report.finish();
  std::fwrite(text.data(), 1, text.size(), stdout);
  return all_accepted && !diag.errors() ? kExitSuccess : kExitUserError;
}

} // namespace
} // namespace bpfcc

int main(int argc, char **argv) {
  bpfcc::VerifyCommand command;
  CLI::App app("Says of every program of BPF objects whether the kernel's verifier accepts it.");
  app.name("kbpf-verify");
  app.add_option("OBJECT", command.objects, "objects of the kbpf profile, or of clang for libbpf")
      ->required();
  app.add_option("--prog", command.program, "only the program of this name")->type_name("NAME");
  app.add_option("--log", command.log_level, "0: verdicts, 1: the failing path, 2: every instruction")
      ->check(CLI::Range(0, 2));
  app.add_option("--kernel-btf", command.kernel_btf,
                 "types of the kernel, raw BTF or an ELF file: for CO-RE accesses of plain objects")
      ->type_name("FILE");
  app.add_flag("--strict-alignment", command.strict_alignment,
               "every access is aligned to its size (BPF_F_STRICT_ALIGNMENT)");
  app.add_flag("--hide-addresses", command.hides_addresses,
               "for a loader without CAP_PERFMON: no address of the kernel becomes known");
  app.add_flag("--json", command.is_json, "verdicts as one JSON array");
  CLI11_PARSE(app, argc, argv);
  return bpfcc::run(command);
}
