// SPDX-License-Identifier: MIT OR Apache-2.0
// --dump: an object as text for people. Any BPF object: finished for kbpf or zcore, for Linux, or clang's
// own.
#pragma once
#include "bpfcc/relocator/image.h"
#include <string>

namespace bpfcc {

// After read_elf. What of the object's own tables can't be read is said in the text.
std::string dump(const Image &image);

} // namespace bpfcc
