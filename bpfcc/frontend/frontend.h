// SPDX-License-Identifier: MIT OR Apache-2.0
// Clang in process: restricted C to BPF ELF bytes. The only room that knows LLVM; no LLVM type is in this
// interface.
#pragma once
#include "bpfcc/diag.h"
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace bpfcc {

enum class OutputKind {
  object,       // ELF for EM_BPF, before the relocator
  assembly,     // -S
  preprocessed, // -E
  llvm_text,    // -S -emit-llvm
  llvm_bitcode, // -emit-llvm
  syntax_only,  // -fsyntax-only: no bytes
  dependencies, // -M, -MM: preprocesses for the list of files alone, no bytes
};

struct FrontendOptions {
  std::string input; // path; "-": standard input
  OutputKind output = OutputKind::object;
  std::string language = "c";    // -x: c, cpp-output (already preprocessed)
  std::string mcpu = "v3";       // v1 .. v4
  std::string std_version;       // -std=, empty: clang's default for C
  char optimization = '2';       // 0 1 2 3 s z
  bool debug_info = false;       // -g: keep DWARF. BTF is made always
  bool standard_includes = true; // off: -nostdinc, the embedded headers are not searched
  bool missing_headers = false;  // -MG: a header that is not there is a dependency like the others
  bool verbose = false;          // -v: print the header search path
  bool color = false;
  bool report_only = false; // diagnostics go to Diagnostics alone, clang prints none
  unsigned max_stack = 512; // bytes of a function's stack frame
  std::string time_trace;   // file for a trace of where the time went; empty: none
  std::vector<std::string>
      search_dirs; // -I, -isystem, -iquote, -idirafter, each followed by its directory, in order
  std::vector<std::string> forced_includes; // -include
  std::vector<std::string> forced_macros;   // -imacros
  std::vector<std::string> macros;          // "-DX=1", "-UX" in order
  std::vector<std::string> clang_flags;     // -W*, -f*, -w, -pedantic: as clang's driver takes them
  std::vector<std::string> cc1_flags;       // -Xclang
  std::vector<std::string> llvm_flags;      // -mllvm
  std::string kernel_header;                // text of vmlinux.h; empty: the embedded one
  // Text of <bpf/bpf_helper_defs.h> with fewer helpers, those that the source can mean; empty: the embedded
  // one. What is an error with it is compiled again with the embedded one, and only that counts.
  std::string helper_declarations;
  std::string kernel_helpers;               // text of <kbpf/kernel_helpers.h>: helpers of the kernel's own
  std::string target_arch;                  // defines __TARGET_ARCH_<arch> where no -D does
  std::string preamble_cache;               // folder of parsed preambles; empty: none
  std::string profile = "kbpf"; // defines __KBPF_ABI_<PROFILE>__, chooses helpers and code generation rules
};

struct FrontendOutput {
  std::string bytes;
  // Where each function and file-scope variable is declared (definition preferred): for errors that concern a
  // symbol.
  std::map<std::string, SourceLocation> declarations;
  // Where a function calls itself, or another that leads back to it: the optimiser may make a loop of that.
  std::map<std::string, SourceLocation> self_calls;
  // Files on disk that were read, in order, the source itself first; embedded headers are not among them.
  struct Dependency {
    std::string path;
    bool system; // found through -isystem: -MM leaves it out
  };
  std::vector<Dependency> dependencies;
  bool internal_error = false; // the compiler itself failed; the message has been printed
};

// False where there were errors; they have been printed in clang's form and counted in diag.
bool compile(const FrontendOptions &options, Diagnostics &diag, FrontendOutput &output);

// The texts of <bpf/...>: their macros mention types and members of the kernel.
std::vector<std::string_view> embedded_bpf_headers();

// <bpf/bpf_helper_defs.h> without the helpers whose names are neither mentioned nor used by other embedded
// headers. Most of what a small program costs is the parsing of 200 declarations.
std::string helper_declarations(const std::unordered_set<std::string_view> &mentioned);

// For a function that no header has declared: "; did you mean 'bpf_...'?" or where it is declared; else
// nothing.
std::string helper_hint(std::string_view name);

// The text of an embedded header, by the name in an #include; empty: there is none.
std::string_view embedded_header(std::string_view name);
// The BTF of the kernel that this compiler was built with.
std::string_view embedded_kernel_btf();

// The arguments that compile() hands to clang.
std::vector<std::string> compiler_arguments(const FrontendOptions &options);
std::string_view resource_directory();
std::string clang_version(); // "19.1.7"

} // namespace bpfcc
