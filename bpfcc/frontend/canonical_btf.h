// SPDX-License-Identifier: MIT OR Apache-2.0
// The last types of .BTF are forward declarations of structures that are only pointed to. LLVM 19 numbers
// them in the order of their addresses in the compiler's memory, which nothing about the source determines.
// Here they get the order in which they are first mentioned: the same source gives the same bytes.
#pragma once
#include <string>

namespace bpfcc {

// elf: an object as the back end writes it. One without .BTF, or with something unexpected in it, stays as it
// is.
void order_forward_declarations(std::string &elf);

} // namespace bpfcc
