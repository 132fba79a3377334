// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/profile/load.h"
#include "bpfcc/files.h"
#include "bpfcc/frontend/inlined_functions.h"
#include "bpfcc/profile/reader.h"
#include "bpfcc/relocator/text.h"

namespace bpfcc {
namespace {

constexpr std::string_view kElfMagic = "\x7f"
                                       "ELF";

std::string line_of(std::string_view text, unsigned number) {
  for (; number > 1; number--)
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  std::string_view line = text.substr(0, text.find('\n'));
  return std::string(line.substr(0, 200)); // of a long one the beginning
}

} // namespace

bool load_kernel_file(const std::string &path, const kbpf::Profile &built_in, KernelDescription &kernel,
                      std::string &elf, Diagnostics &diag) {
  std::string text;
  const unsigned before = diag.errors();
  auto fail = [&](std::string_view message) {
    diag.error({path, 0, 0, {}}, message);
    return false;
  };
  if (std::string error = read_file(path, text); !error.empty()) {
    diag.error({}, error + "; kernels that are built in are kbpf, zcore and linux");
    return false;
  }
  if (text.starts_with(kElfMagic)) {
    KernelElf file;
    elf = std::move(text);
    if (std::string error = file.read(elf, demangle_rust); !error.empty())
      return fail(error);
    kernel.start_from(built_in);
    if (std::string error = kernel.add(std::move(file)); !error.empty())
      return fail(error);
    if (!kernel.has_functions)
      return fail("the kernel's file has no symbols of functions: give one that is not stripped");
    kernel.finish();
    return true;
  }
  for (const ProfileError &error : read_profile(text, kernel))
    diag.error({path, error.line, error.column, line_of(text, error.line)}, error.message);
  if (diag.errors() != before)
    return false;
  if (!kernel.btf_file.empty()) {
    if (!kernel.btf_file.starts_with('/'))
      kernel.btf_file.insert(0, path, 0, path.rfind('/') + 1); // nothing where there is none: npos + 1 is 0
    if (std::string error = read_file(kernel.btf_file, kernel.btf); !error.empty())
      return fail(error);
  }
  return true;
}

} // namespace bpfcc
