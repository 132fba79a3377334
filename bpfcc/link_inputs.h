// SPDX-License-Identifier: MIT OR Apache-2.0
// Several inputs on one command line: each is compiled or read, and all are joined into one object.
#pragma once
#include "bpfcc/options.h"

namespace bpfcc {

// output: the linked object's bytes, the declarations and the dependencies of all inputs. False: errors were
// reported, or output.internal_error.
bool link_inputs(const Options &options, const FrontendOptions &frontend, Diagnostics &diag,
                 FrontendOutput &output);

} // namespace bpfcc
