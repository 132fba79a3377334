// SPDX-License-Identifier: MIT OR Apache-2.0
// Our own passes over LLVM IR: what BPF can't express is refused at its line, and code for kernels without
// calls between functions or without data sections is brought into the form that they can run.
#pragma once
#include "bpfcc/diag.h"
#include <map>
#include <string>

namespace llvm {
class PassBuilder;
}

namespace bpfcc {

struct CodePassOptions {
  bool keep_dwarf = false;
  unsigned stack_limit = 512;   // bytes a frame, for the message about a larger one
  bool single_function = false; // zcore: no calls between functions, no data sections, no atomics
  std::map<std::string, SourceLocation> *self_calls = nullptr; // see FrontendOutput; null: nobody asks
};

void register_code_passes(llvm::PassBuilder &builder, const CodePassOptions &options);

} // namespace bpfcc
