// SPDX-License-Identifier: MIT OR Apache-2.0
// Compiling in a process of its own. LLVM's BPF back end keeps pointers into the module that it has compiled last, so
// that a second compilation of the same CO-RE access in one process would use memory that is gone.
#pragma once
#include "bpfcc/frontend/frontend.h"

namespace bpfcc {

// As compile(), with the same output and the same diagnostics; an end of that process is an internal error.
bool compile_apart(const FrontendOptions &options, Diagnostics &diag, FrontendOutput &output);

} // namespace bpfcc
