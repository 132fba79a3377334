// SPDX-License-Identifier: MIT OR Apache-2.0
// Helpers that the tables of this runtime do not have: which prototypes the verifier can judge without
// knowing more of them.
#pragma once
#include "abi/kernel_helper.h"
#include "core/profile/profile.h"

namespace kbpf {

// Where the C declaration has the helper's name, before its parameters; npos: nowhere.
size_t name_in_prototype(const HelperProto &proto);

// What is wrong with a prototype whose kinds of arguments and results must speak for themselves; empty:
// nothing.
std::string_view fault_of_plain(const HelperProto &proto);

// Of a descriptor in memory or in a kernel's file; proto refers to its texts. Likewise.
std::string_view read_kernel_helper(const kbpf_kernel_helper &helper, HelperProto &proto);

} // namespace kbpf
