// SPDX-License-Identifier: MIT OR Apache-2.0
// --kernel=FILE: a kernel's profile file, or its ELF file.
#pragma once
#include "bpfcc/diag.h"
#include "bpfcc/profile/description.h"

namespace bpfcc {

// A profile file has everything; an ELF file adds to the tables of built_in, and stays in elf, which the
// caller keeps. Errors go to diag; false where there were any.
bool load_kernel_file(const std::string &path, const kbpf::Profile &built_in, KernelDescription &kernel,
                      std::string &elf, Diagnostics &diag);

} // namespace bpfcc
