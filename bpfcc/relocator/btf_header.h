// SPDX-License-Identifier: MIT OR Apache-2.0
// A kernel's types as C: the vmlinux.h that a program includes. A whole Linux kernel makes 130,000 lines, of
// which a program looks at some dozens of types; those suffice whose names it mentions, and those that it
// reaches through members that it mentions.
#pragma once
#include "bpfcc/relocator/btf.h"
#include <string>
#include <string_view>
#include <unordered_set>

namespace bpfcc {

// mentioned: every identifier of the program; null: the whole header.
std::string make_kernel_header(const Btf &kernel, const std::unordered_set<std::string_view> *mentioned);

} // namespace bpfcc
