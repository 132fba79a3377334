// SPDX-License-Identifier: MIT OR Apache-2.0
// Clang in process: restricted C to BPF ELF bytes. The only room that knows LLVM; no LLVM type is in this interface.
#pragma once
#include "bpfcc/diag.h"
#include <map>
#include <string>
#include <vector>

namespace bpfcc {

enum class OutputKind { object, assembly, preprocessed, llvm_ir, syntax_only };

struct FrontendOptions {
  std::string input;                    // path; "-": standard input
  OutputKind output = OutputKind::object;
  std::string mcpu = "v3";              // v1 .. v4
  std::string std_version;              // -std=, empty: clang's default for C
  char optimization = '2';              // 0 1 2 3 s z
  bool debug_info = false;              // -g: keep DWARF. BTF is made always
  std::vector<std::string> include_dirs;        // -I, in order
  std::vector<std::string> system_include_dirs; // -isystem
  std::vector<std::string> forced_includes;     // -include
  std::vector<std::string> macros;              // "-DX=1", "-UX" in order
  std::vector<std::string> clang_flags;         // -W*, -f*, handed to clang as they are
  std::string profile = "kbpf";         // sets __KBPF_ABI_<PROFILE>__ and which helper header is served
  bool color = false;
};

struct FrontendOutput {
  std::string bytes;
  // Where each function and file-scope variable is declared (definition preferred): for errors that concern a symbol.
  std::map<std::string, SourceLocation> declarations;
  std::vector<std::string> dependencies; // files on disk that were read
};

// False where there were errors; they have been printed in clang's form and counted in diag.
bool compile(const FrontendOptions &options, Diagnostics &diag, FrontendOutput &output);

std::string clang_version(); // "19.1.7"

} // namespace bpfcc
