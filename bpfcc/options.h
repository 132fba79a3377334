// SPDX-License-Identifier: MIT OR Apache-2.0
// The command line: clang's option names where clang has one, plain data behind it.
#pragma once
#include "bpfcc/diag.h"
#include "bpfcc/frontend/frontend.h"
#include "core/profile/profile.h"
#include <optional>
#include <string>
#include <vector>

namespace bpfcc {

enum ExitCode { kExitSuccess = 0, kExitUserError = 1, kExitInternalError = 70 };

// -M*: the make rule that names the files an object depends on.
struct DepfileOptions {
  bool enabled = false;
  bool system_files = true;   // off: -MM, -MMD
  bool phony_targets = false; // -MP: an empty rule for each file, so that a deleted header breaks no build
  bool nmake = false;         // -MV
  std::string path;           // "-": standard output
  std::vector<std::string> targets; // as make reads them
};

struct Options {
  FrontendOptions frontend;     // frontend.input: FILE.c or "-"; unused for an object
  std::string input;            // as given
  bool input_is_object = false; // FILE.o goes straight to the relocator
  struct Input {
    std::string path; // as the front end takes it
    bool is_object;
    std::string language; // of a source
  };
  std::vector<Input> link_inputs; // where there are several, all of them; the first is input as well
  std::string output;             // "-": standard output
  DepfileOptions depfile;
  const kbpf::Profile *profile = nullptr;
  bool profile_given = false; // by name
  std::string kernel_file;    // --kernel=FILE: a profile file or an ELF file; main reads it; empty: none
  std::string kernel_btf; // file with the types of the kernel to run on; empty: not known
  bool verify = true;
  std::string verify_report;   // "text" or "json"; empty: none
  bool print_commands = false; // -###
  bool compile_only = false;   // -c: an object without programs is kept for linking
  bool save_temps = false;
  bool dump = false;                   // print the object that is the input
  bool emit_skeleton = false;          // write a C header for the object that is the input
  bool check = false;                  // with dump: what its BTF says must be true
  std::string print_after, stop_after; // pass names, empty: none
  bool warnings_are_errors = false;
  bool warnings_off = false;
  bool strict_alignment = false;
  bool hides_addresses = false;
  WarningLevel uninitialized_stack = WarningLevel::on;
  WarningLevel kprobe_target = WarningLevel::on;
  bool mcpu_given = false, max_stack_given = false;
  DiagnosticFormat diagnostics_format = DiagnosticFormat::text;
  std::vector<std::string> unused_flags; // those of a host compiler
  uint32_t max_insns = 0;                // of a program, in slots of 8 bytes; 0: no limit
  uint32_t path_notes = 8;               // of a refusal
  uint32_t max_path = 0,
           max_processed = 0;            // of a program, in instructions of the verifier's walk; 0: no limit
  std::string compile_database;          // -MJ: file for an entry of compile_commands.json
  std::vector<std::string> command_line; // what the entry holds
};

// Nothing: parse_options has printed help, a version or an error, and exit_code says which.
std::optional<Options> parse_options(int argc, char **argv, int &exit_code);

// Takes the profile and what follows from it where the command line says nothing else. built_in: the profile
// itself, or the one whose objects it has. An error's text: options that contradict it.
std::string use_profile(Options &options, const kbpf::Profile &profile, const kbpf::Profile &built_in);

// A make target or prerequisite: blanks, '#' and '$' are quoted.
std::string quote_for_make(std::string_view name);

} // namespace bpfcc
