// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/frontend/diagnostic_printer.h"
#include "bpfcc/frontend/back_end_messages.h"
#include "bpfcc/frontend/embedded_fs.h"
#include "bpfcc/frontend/frontend.h"
#include "clang/Basic/DiagnosticDriver.h"
#include "clang/Basic/DiagnosticFrontend.h"
#include "clang/Basic/DiagnosticSema.h"
#include "clang/Driver/Options.h"
#include "clang/Lex/Lexer.h"
#include "llvm/Option/OptTable.h"

namespace bpfcc {
namespace {
using namespace llvm;

// What clang's driver would say of its own options, and its compiler proper does not.
std::string unknown_flag_hint(const clang::Diagnostic &info) {
  if (info.getID() != clang::diag::err_drv_unknown_argument)
    return {};
  constexpr unsigned kShortest = 4, kFarthest = 2;
  std::string nearest;
  const unsigned distance = clang::driver::getDriverOptTable().findNearest(
      info.getArgStdStr(0), nearest, opt::Visibility(clang::driver::options::ClangOption), kShortest,
      kFarthest);
  return distance > kFarthest || nearest.empty() ? std::string() : "; did you mean '" + nearest + "'?";
}

// Where the text was written; what a macro repeats is of one place.
clang::SourceLocation place_of(const clang::Diagnostic &info) {
  const clang::SourceLocation where = info.getLocation();
  return where.isMacroID() && info.hasSourceManager() ? info.getSourceManager().getFileLoc(where) : where;
}

// Through macros of our own headers alone: their definitions tell the user nothing.
bool is_inside_our_macros(const clang::Diagnostic &info) {
  clang::SourceLocation where = info.getLocation();
  if (!where.isMacroID() || !info.hasSourceManager())
    return false;
  const clang::SourceManager &sources = info.getSourceManager();
  for (; where.isMacroID(); where = sources.getImmediateMacroCallerLoc(where)) {
    const clang::SourceLocation body = sources.getSpellingLoc(
        sources.isMacroArgExpansion(where) ? sources.getImmediateExpansionRange(where).getBegin() : where);
    if (!is_embedded(sources.getFilename(body)))
      return false;
  }
  return true;
}

static std::string undeclared_function_hint(const clang::Diagnostic &info) {
  const bool library = info.getID() == clang::diag::ext_implicit_lib_function_decl_c99;
  if (!library && info.getID() != clang::diag::ext_implicit_function_decl_c99)
    return {};
  StringRef name = library ? StringRef(info.getArgStdStr(0)) : info.getArgIdentifier(0)->getName();
  std::string hint = helper_hint({name.data(), name.size()});
  return library && hint.empty() ? "; BPF has no C library" : hint;
}

static SourceLocation location_of(const clang::Diagnostic &info) {
  if (!info.hasSourceManager() || info.getLocation().isInvalid())
    return {};
  const clang::SourceManager &sources = info.getSourceManager();
  clang::PresumedLoc where = sources.getPresumedLoc(sources.getFileLoc(info.getLocation()));
  if (where.isInvalid())
    return {};
  return {where.getFilename(), where.getLine(), where.getColumn(), {}};
}

// Where clang knows one change, of the message's own line.
static FixIt fix_of(const clang::Diagnostic &info) {
  if (info.getNumFixItHints() != 1 || !info.hasSourceManager() || info.getLocation().isInvalid())
    return {};
  const clang::FixItHint &hint = info.getFixItHint(0);
  const clang::SourceManager &sources = info.getSourceManager();
  const clang::SourceLocation begin = hint.RemoveRange.getBegin();
  clang::SourceLocation end = hint.RemoveRange.getEnd();
  if (begin.isInvalid() || begin.isMacroID() || end.isMacroID())
    return {};
  if (hint.RemoveRange.isTokenRange())
    end = end.getLocWithOffset(
        static_cast<int>(clang::Lexer::MeasureTokenLength(end, sources, clang::LangOptions())));
  const clang::PresumedLoc from = sources.getPresumedLoc(begin), to = sources.getPresumedLoc(end),
                           where = sources.getPresumedLoc(sources.getFileLoc(info.getLocation()));
  if (from.isInvalid() || to.isInvalid() || where.isInvalid() || from.getFileID() != where.getFileID() ||
      from.getLine() != where.getLine() || to.getLine() != from.getLine())
    return {};
  return {from.getColumn(), to.getColumn() - from.getColumn(), hint.CodeToInsert};
}

} // namespace

void DiagnosticPrinter::HandleDiagnostic(clang::DiagnosticsEngine::Level level,
                                         const clang::Diagnostic &info) {
  if (info.getID() == clang::diag::note_fe_backend_invalid_loc || (preamble_ && preamble_->swallow_message()))
    return;
  if (held_ && (held_->failed |= level >= clang::DiagnosticsEngine::Error))
    return;
  if (info.getID() == clang::diag::note_include_header_or_declare)
    return; // there is no such header: the error says so
  SmallString<128> text;
  info.FormatDiagnostic(text);
  std::string message = explain_back_end_message(text.str().rtrim());
  // A library call that the back end invented was reported; this is the same one.
  if (message == "only small returns supported" && info.getLocation() == last_error_)
    return;
  if (level >= clang::DiagnosticsEngine::Error)
    last_error_ = info.getLocation();
  message += undeclared_function_hint(info);
  message += unknown_flag_hint(info);
  if (level == clang::DiagnosticsEngine::Note && repeated_)
    return;
  repeated_ = level >= clang::DiagnosticsEngine::Error &&
              !seen_.emplace(place_of(info).getRawEncoding(), message).second;
  if (repeated_)
    return;
  if (!json_) {
    const unsigned limit = options_->MacroBacktraceLimit;
    if (limit == clang::DiagnosticOptions::DefaultMacroBacktraceLimit && is_inside_our_macros(info))
      options_->MacroBacktraceLimit = 1;
    TextDiagnosticPrinter::HandleDiagnostic(level, clang::Diagnostic(info.getDiags(), message));
    options_->MacroBacktraceLimit = limit;
    return;
  }
  clang::DiagnosticConsumer::HandleDiagnostic(level, info); // counts
  Severity severity = level >= clang::DiagnosticsEngine::Error     ? Severity::error
                      : level == clang::DiagnosticsEngine::Warning ? Severity::warning
                                                                   : Severity::note;
  if (held_)
    held_->recorded.push_back({severity, location_of(info), message, fix_of(info)});
  else
    json_->print(severity, location_of(info), message, fix_of(info));
}

} // namespace bpfcc
