// SPDX-License-Identifier: MIT OR Apache-2.0
// Whether the functions that programs want to be attached to are in the kernel that will run them.
#pragma once
#include "bpfcc/relocator/image.h"
#include "bpfcc/relocator/kernel_elf.h"
#include <functional>

namespace bpfcc {

struct KernelFunctions {
  const std::vector<KernelSymbol> *functions; // null: not known
  // Names of functions that were inlined, asked for when one is missing; may be empty.
  std::function<const std::vector<std::string> &()> inlined;
};

// -Wkprobe-target: a warning at the program's line where its target names no function of the kernel, or
// several, or one that was inlined everywhere or is there in the compiler's copies only. Programs that are
// loaded for a function or an event of the kernel's BTF (fentry, tp_btf, ...) are looked up there, where the
// image's options know it.
void check_targets(const Image &image, const KernelFunctions &kernel);

} // namespace bpfcc
