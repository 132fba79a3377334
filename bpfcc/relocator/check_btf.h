// SPDX-License-Identifier: MIT OR Apache-2.0
// Proves that what an object says about itself is true: each function and line record is at the instruction
// that it speaks of, each access names a field that is there, each type is sound and there for something.
#pragma once
#include "bpfcc/relocator/image.h"
#include <string>
#include <vector>

namespace bpfcc {

enum class BtfOrigin {
  compiler, // sizes of data sections are still open, types may be there twice
  linker,   // types are there once, and for something
  finished, // and complete, as kernels want them: of a kbpf object
};
BtfOrigin btf_origin(const Image &image); // of an object that was read: compiler or finished

// What is wrong, one sentence each, at most kMaxBtfFaults; image is as read_elf leaves it. Empty: all is
// true.
constexpr size_t kMaxBtfFaults = 20;
std::vector<std::string> check_btf(const Image &image, BtfOrigin origin);

// The same of an object's bytes that a pass wrote: each fault is an error of image.
void check_written_btf(const Image &image, std::string_view bytes, BtfOrigin origin);

} // namespace bpfcc
