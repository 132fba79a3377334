// SPDX-License-Identifier: MIT OR Apache-2.0
// Where counters of loops lie in the stack.
#pragma once

namespace llvm {
class Module;
}

namespace bpfcc {

// Gives each counter in the stack that is smaller than a slot of 8 bytes a slot of its own.
void align_counters(llvm::Module &module);

} // namespace bpfcc
