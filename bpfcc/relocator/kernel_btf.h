// SPDX-License-Identifier: MIT OR Apache-2.0
// The types of the kernel that a program will run on: --kernel-btf=FILE, where FILE is raw BTF (as Linux has
// it in /sys/kernel/btf/vmlinux) or an ELF file with a section .BTF.
#pragma once
#include "bpfcc/relocator/btf.h"
#include <string>
#include <string_view>

namespace bpfcc {

struct KernelBtf {
  std::string bytes; // the whole file
  Btf types;         // refers to bytes
};

// Takes over the bytes of a file. An error's text, empty on success.
std::string read_kernel_btf(KernelBtf &kernel, std::string file);

// The __TARGET_ARCH_<name> whose registers the kernel's pt_regs has; empty where it is none that is known.
std::string_view target_arch(const Btf &kernel);

} // namespace bpfcc
