// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once
#include "refkernel/linux/syscall.h"
#include <optional>

namespace refkernel {

// The part of prctl(2) that is about capabilities; none for its other options.
std::optional<SyscallResult> capability_prctl(int option, const uint64_t (&arguments)[4]);

} // namespace refkernel
