// SPDX-License-Identifier: MIT OR Apache-2.0
// In a file of its own, so that what asks for the version alone does not link Clang.
#include "clang/Basic/Version.h"
#include "bpfcc/frontend/frontend.h"

namespace bpfcc {

std::string clang_version() { return CLANG_VERSION_STRING; }

} // namespace bpfcc
