// SPDX-License-Identifier: MIT OR Apache-2.0
// Debug information of what is being compiled, for explanations only. Objects carry none unless -g asks for
// it, so sources are compiled once more, the same way, when the first error wants to be explained. LLVM's BPF
// back end keeps pointers into the module it has compiled, so that a process can't compile twice: a copy of
// this one is made before it has compiled anything, and waits.
#pragma once
#include "bpfcc/debug_info.h"
#include "bpfcc/options.h"
#include <memory>

namespace bpfcc {

class CodeDebugInfo {
public:
  // Before the first compilation. Both must outlive this.
  CodeDebugInfo(const Options &options, const FrontendOptions &frontend);
  ~CodeDebugInfo();
  CodeDebugInfo(const CodeDebugInfo &) = delete;

  // object: what was compiled, or given, before the relocator.
  const DebugInfo *get(std::string_view object);

private:
  std::vector<Options::Input> sources() const;
  void read_compiled_again();

  const Options &options_;
  const FrontendOptions &frontend_;
  int copy_ = -1;                   // socket to the waiting copy; -1: there is none
  std::unique_ptr<DebugInfo> info_; // null: not asked for yet
};

} // namespace bpfcc
