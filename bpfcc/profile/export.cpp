// SPDX-License-Identifier: MIT OR Apache-2.0
// kbpf-export-profile: the profile file of a kernel, from the runtime's tables and from what the kernel's ELF
// file says: the helpers that it adds, its functions, which of them were inlined, its types.
#include "bpfcc/diag.h"
#include "bpfcc/files.h"
#include "bpfcc/frontend/inlined_functions.h"
#include "bpfcc/profile/writer.h"
#include "bpfcc/relocator/kernel_btf.h"
#include <CLI/CLI.hpp>
#include <algorithm>
#include <unistd.h>

namespace bpfcc {
namespace {

struct ExportCommand {
  std::string kernel, output = "-", name, objects = "kbpf", target = "riscv", btf, aliases;
  bool without_functions = false;
};

// Functions that have no symbol.
std::vector<std::string> inlined_everywhere(std::string_view elf,
                                            const std::vector<KernelSymbol> &functions) {
  std::vector<std::string_view> there;
  for (const KernelSymbol &function : functions)
    for (std::string_view name : {std::string_view(function.name), std::string_view(function.demangled),
                                  without_parameters(function.demangled)})
      there.push_back(name);
  std::sort(there.begin(), there.end());
  std::vector<std::string> names = inlined_functions(elf);
  std::erase_if(names, [&](const std::string &name) {
    return std::binary_search(there.begin(), there.end(), std::string_view(name));
  });
  return names;
}

int run(const ExportCommand &command) {
  Diagnostics diag(isatty(STDERR_FILENO), "kbpf-export-profile");
  auto fail = [&](const std::string &file, std::string_view message) {
    diag.error({file, 0, 0, {}}, message);
    return 1;
  };
  std::string elf, text;
  if (std::string error = read_file(command.kernel, elf); !error.empty())
    return fail({}, error);
  KernelElf file;
  if (std::string error = file.read(elf, demangle_rust); !error.empty())
    return fail(command.kernel, error);
  if (!command.aliases.empty()) {
    if (std::string error = read_file(command.aliases, text); !error.empty())
      return fail({}, error);
    if (std::string error = add_aliases(file.functions, text); !error.empty())
      return fail(command.aliases, error);
  }
  KernelDescription kernel;
  kernel.start_from(*kbpf::find_profile(command.objects));
  if (std::string error = kernel.add(std::move(file)); !error.empty())
    return fail(command.kernel, error);
  if (!kernel.has_functions)
    return fail(command.kernel, "no symbols of functions: give a file that is not stripped");
  if (!command.btf.empty()) {
    KernelBtf types;
    if (std::string error = read_file(command.btf, text); !error.empty())
      return fail({}, error);
    if (std::string error = read_kernel_btf(types, std::move(text)); !error.empty())
      return fail(command.btf, error);
    kernel.btf = types.types.bytes();
  }
  if (command.without_functions) {
    kernel.functions.clear();
    kernel.objects.clear();
    kernel.has_functions = false;
  } else {
    kernel.inlined = inlined_everywhere(elf, kernel.functions);
  }
  std::string name = command.name;
  if (name.empty())
    name = command.kernel.substr(command.kernel.rfind('/') + 1);
  kernel.profile.name = kernel.keep(std::move(name));
  kernel.target_arch = command.target;
  kernel.finish();
  if (std::string error = write_file(command.output, write_profile(kernel)); !error.empty())
    return fail({}, error);
  return 0;
}

} // namespace
} // namespace bpfcc

int main(int argc, char **argv) {
  bpfcc::ExportCommand command;
  CLI::App app("Writes the profile file of a kernel, for bpfcc --kernel=FILE.");
  app.name("kbpf-export-profile");
  app.add_option("KERNEL", command.kernel, "the kernel's ELF file, with its symbols")->required();
  app.add_option("-o,--output", command.output, "the file to write; standard output where not given")
      ->type_name("FILE");
  app.add_option("--name", command.name, "of the profile; the file's name where not given")
      ->type_name("NAME");
  app.add_option("--objects", command.objects, "form of objects: kbpf, zcore or linux")
      ->check(CLI::IsMember({"kbpf", "zcore", "linux"}));
  app.add_option("--target", command.target, "architecture, as in __TARGET_ARCH_riscv")->type_name("ARCH");
  app.add_option("--btf", command.btf, "the kernel's types, raw BTF or an ELF file; else its section .BTF")
      ->type_name("FILE");
  app.add_option("--aliases", command.aliases, "more names of functions, 'alias = function' a line")
      ->type_name("FILE");
  app.add_flag("--no-functions", command.without_functions,
               "leave functions and variables out: targets are not checked then");
  CLI11_PARSE(app, argc, argv);
  return bpfcc::run(command);
}
