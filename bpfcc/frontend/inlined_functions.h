// SPDX-License-Identifier: MIT OR Apache-2.0
// Which functions of a program have no code of their own, by its DWARF.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace bpfcc {

// Names, C's or demangled, sorted: of each function that was inlined somewhere. Those that also stand for
// themselves have a symbol. None where the file has no debug information, or none that can be read.
std::vector<std::string> inlined_functions(std::string_view elf);

} // namespace bpfcc
