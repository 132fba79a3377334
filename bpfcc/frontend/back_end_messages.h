// SPDX-License-Identifier: MIT OR Apache-2.0
// What LLVM's BPF back end refuses, in terms of the C that it came from and with a way out.
#pragma once
#include <llvm/ADT/StringRef.h>
#include <string>

namespace bpfcc {

// The message itself where there is nothing to add.
std::string explain_back_end_message(llvm::StringRef message);

} // namespace bpfcc
