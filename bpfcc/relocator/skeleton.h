// SPDX-License-Identifier: MIT OR Apache-2.0
// --emit-skeleton: a C and C++ header that carries a finished object and opens, loads, attaches and closes it
// through the user library (runtime/user/include/bpf_object.h), with the object's global variables as C
// types.
#pragma once
#include "bpfcc/relocator/image.h"
#include <string>
#include <string_view>

namespace bpfcc {

// After read_elf, of an object that is finished for kbpf. name: prefix of all that the header declares, an
// identifier. Gives an error's text, and the header only where it is empty.
std::string make_skeleton(const Image &image, std::string_view name, std::string &header);

} // namespace bpfcc
