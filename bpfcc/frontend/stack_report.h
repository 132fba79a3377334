// SPDX-License-Identifier: MIT OR Apache-2.0
// The BPF back end reports an exceeded stack at every instruction that reaches beyond it and says nothing
// about why. This says it once a function, with the variables that fill the frame.
#pragma once

namespace llvm {
class LLVMContext;
}

namespace bpfcc {

// limit: bytes a frame. Puts itself in front of the context's diagnostic handler, to which everything else
// goes on.
void install_stack_report(llvm::LLVMContext &context, unsigned limit);

} // namespace bpfcc
