// SPDX-License-Identifier: MIT OR Apache-2.0
// Errors, warnings and notes in clang's form: file:line:col: severity: message, source line, caret. Passes
// report and go on with a sound dummy value; main stops at the next checkpoint. Knows neither LLVM nor
// libelf.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace bpfcc {

// line 0: nothing is known beyond the file. column 0: the line only. text: the source line, where it is
// known.
struct SourceLocation {
  std::string file;
  unsigned line = 0;
  unsigned column = 0;
  std::string text;
};

// What to write in a line instead of length characters from column on. column 0: nothing is known to be right.
struct FixIt {
  unsigned column = 0, length = 0;
  std::string text;
};

enum class Severity { note, warning, error };

// What becomes of one kind of warning: -Wno-KIND, -WKIND, -Werror=KIND.
enum class WarningLevel { off, on, error };

// json: one object a line. sarif: one SARIF 2.1.0 log when the Diagnostics end; notes belong to what they
// follow.
enum class DiagnosticFormat { text, json, sarif };

std::string json_string(std::string_view text); // with its quotes

class Diagnostics {
public:
  // tool stands before what is about no file.
  explicit Diagnostics(bool color, std::string_view tool = "bpfcc") : color_(color), tool_(tool) {}
  ~Diagnostics();
  Diagnostics(const Diagnostics &) = delete;

  // fix: of where's line.
  void report(Severity severity, const SourceLocation &where, std::string_view message, const FixIt &fix = {});
  void error(const SourceLocation &where, std::string_view message) {
    report(Severity::error, where, message);
  }
  void warning(const SourceLocation &where, std::string_view message) {
    report(Severity::warning, where, message);
  }
  void note(const SourceLocation &where, std::string_view message) { report(Severity::note, where, message); }

  // A step of what led to the error before it: a note that SARIF has in a code flow.
  void path_note(const SourceLocation &where, std::string_view message);

  // Prints, but counts nothing.
  void print(Severity severity, const SourceLocation &where, std::string_view message, const FixIt &fix = {});
  void set_format(DiagnosticFormat format) { format_ = format; }

  // What a front end printed itself.
  void count_errors(unsigned errors) { errors_ += errors; }
  unsigned errors() const { return errors_; }
  void set_warnings_are_errors(bool on) { warnings_are_errors_ = on; }
  void set_warnings_off(bool on) { warnings_off_ = on; }
  void set_silent() { is_silent_ = true; } // counts, prints nothing

  // What SARIF would say at the end is kept apart instead, for another Diagnostics to print.
  struct Recorded {
    Severity severity;
    SourceLocation where;
    std::string message;
    FixIt fix;
  };
  void record() { is_recording_ = format_ == DiagnosticFormat::sarif; }
  const std::vector<Recorded> &recorded() const { return recorded_; }

private:
  bool color_;
  std::string_view tool_;
  DiagnosticFormat format_ = DiagnosticFormat::text;
  struct SarifResult {
    std::string head;                       // what is known at once, without its closing bracket
    std::string end;                        // of a code flow: the error itself
    std::vector<std::string> related, flow; // notes
    std::string fix;                        // empty: none
  };
  std::vector<SarifResult> sarif_results_;
  bool warnings_are_errors_ = false;
  bool warnings_off_ = false;
  bool is_silent_ = false;
  bool is_recording_ = false;
  std::vector<Recorded> recorded_;
  unsigned errors_ = 0;
};

// The candidate nearest to name in edit distance, empty where none is near enough to be a likely slip of the
// pen.
template <typename Range> std::string_view nearest_name(std::string_view name, const Range &candidates);
unsigned edit_distance(std::string_view a, std::string_view b);

template <typename Range> std::string_view nearest_name(std::string_view name, const Range &candidates) {
  std::string_view best;
  unsigned limit = static_cast<unsigned>(name.size()) / 3 + 1;
  for (std::string_view candidate : candidates) {
    unsigned distance = edit_distance(name, candidate);
    if (distance <= limit) {
      best = candidate;
      limit = distance ? distance - 1 : 0;
    }
    if (distance == 0)
      break;
  }
  return best;
}

} // namespace bpfcc
