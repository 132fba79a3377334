// SPDX-License-Identifier: MIT OR Apache-2.0
// What LLVM reads from a kernel: which of its functions have no code of their own, by its DWARF; names of Rust.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace bpfcc {

// Names, C's or demangled, sorted: of each function that was inlined somewhere. Those that also stand for
// themselves have a symbol. None where the file has no debug information, or none that can be read.
std::vector<std::string> inlined_functions(std::string_view elf);

// "_RNvC5probe3hit" -> "probe::hit"; empty: not a name of Rust's scheme v0.
std::string demangle_rust(const std::string &name);

} // namespace bpfcc
