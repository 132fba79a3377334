// SPDX-License-Identifier: MIT OR Apache-2.0
// clang's messages on their way to the terminal or to our own diagnostics: those of the back end explained,
// repetitions left out.
#pragma once
#include "bpfcc/diag.h"
#include "bpfcc/frontend/preamble.h"
#include "clang/Frontend/TextDiagnosticPrinter.h"
#include <set>

namespace bpfcc {

// What a compilation with fewer declarations, or from a kept preamble, says is held back until it has ended
// without an error; with one, nothing of it counts: what was left out may be its cause, or what a message about
// it would name.
struct HeldMessages {
  std::string text; // for the terminal
  std::vector<Diagnostics::Recorded> recorded;
  bool failed = false;
};

// clang's printer, without the repetitions of the BPF back end: it reports an exceeded stack once per
// instruction, and adds a note about a line 0 to each.
class DiagnosticPrinter : public clang::TextDiagnosticPrinter {
public:
  // json: where diagnostics go instead of the stream; null: they are printed. held: null: nothing is held
  // back.
  DiagnosticPrinter(llvm::raw_ostream &stream, clang::DiagnosticOptions *options, Diagnostics *json = nullptr,
                    Preamble *preamble = nullptr, HeldMessages *held = nullptr)
      : TextDiagnosticPrinter(stream, options), options_(options), json_(json), preamble_(preamble),
        held_(held) {}

  void HandleDiagnostic(clang::DiagnosticsEngine::Level level, const clang::Diagnostic &info) override;

private:
  clang::DiagnosticOptions *options_;
  Diagnostics *json_;
  Preamble *preamble_;
  HeldMessages *held_;
  clang::SourceLocation last_error_;
  bool repeated_ = false; // the error before: its notes were told, too
  std::set<std::pair<unsigned, std::string>> seen_;
};

} // namespace bpfcc
