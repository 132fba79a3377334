// SPDX-License-Identifier: MIT OR Apache-2.0
// What a kernel's ELF file says of the kernel: its functions, the helpers that it adds, its BTF.
#pragma once
#include "core/profile/kernel_helper.h"
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bpfcc {

// A name under which a function can be probed.
struct KernelSymbol {
  uint64_t address = 0;
  uint64_t size = 0;     // bytes; 0: not known
  std::string name;      // as the linker has it, or an alias
  std::string demangled; // of C++ and Rust; else empty
};

struct KernelElf {
  std::vector<KernelSymbol> functions; // by address, then name
  std::vector<KernelSymbol> objects;   // variables, likewise
  std::vector<kbpf_kernel_helper> helpers;
  std::string btf; // contents of .BTF, or what symbols btf_start and btf_end bound; empty: none

  // An error's text, empty on success.
  // demangle_rust: gives the text of a name in Rust's newer scheme, or nothing; null: such names stay.
  std::string read(std::string_view file, std::string (*demangle_rust)(const std::string &) = nullptr);
};

// "alias = function", or both with a tab between, a line; # begins a comment: further names, of functions by
// any of their names. An error's text: of which line, and why.
std::string add_aliases(std::vector<KernelSymbol> &functions, std::string_view text);

// Without the list of parameters, and what stands behind it.
std::string_view without_parameters(std::string_view demangled);

} // namespace bpfcc
