// SPDX-License-Identifier: MIT OR Apache-2.0
// From the DWARF of an object to what explanations need of it.
#pragma once
#include "bpfcc/debug_info.h"
#include <string_view>

namespace bpfcc {

// Adds what the object's .debug sections tell of its functions; nothing where there are none, or where they
// can't be read. elf: any bytes.
void read_dwarf(std::string_view elf, DebugInfo &info);

} // namespace bpfcc
