// SPDX-License-Identifier: MIT OR Apache-2.0
// The profile file of a kernel (docs/profile-format.md).
#pragma once
#include "bpfcc/profile/description.h"

namespace bpfcc {

// What read_profile makes the same description of.
std::string write_profile(const KernelDescription &kernel);

std::string base64(std::string_view bytes);

} // namespace bpfcc
