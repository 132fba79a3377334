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

// What C text declares: the tags of structures, unions and enumerations that it defines, and every
// identifier.
struct DeclaredNames {
  std::unordered_set<std::string_view> tags, identifiers;
  void add(std::string_view text); // it must outlive this
};

// mentioned: every identifier of the program; null: the whole header. given: what text before the header
// declares already, so that the header does not; empty where it is to stand alone. Empty where nothing is
// left.
std::string make_kernel_header(const Btf &kernel, const std::unordered_set<std::string_view> *mentioned,
                               const DeclaredNames &given = {});

} // namespace bpfcc
