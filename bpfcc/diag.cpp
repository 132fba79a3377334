// SPDX-License-Identifier: MIT OR Apache-2.0
// Prints diagnostics in clang's form, so that editors and build tools which parse clang's output parse ours.
#include "bpfcc/diag.h"
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <vector>

namespace bpfcc {
namespace {

struct Style {
  const char *name;
  const char *color;
};

constexpr Style kStyles[] = {
    {"note", "\033[0;1;36m"}, {"warning", "\033[0;1;35m"}, {"error", "\033[0;1;31m"}};
constexpr const char *kBold = "\033[1m";
constexpr const char *kGreen = "\033[0;1;32m";
constexpr const char *kReset = "\033[0m";

// The caret stands under the column of the source text; tabs before it are kept so that both lines indent
// alike.
std::string indent_to(std::string_view text, unsigned column) {
  std::string indent;
  for (unsigned i = 0; i + 1 < column; ++i)
    indent += i < text.size() && text[i] == '\t' ? '\t' : ' ';
  return indent;
}

// What a fix-it removes is underlined.
std::string caret_line(std::string_view text, unsigned column, const FixIt &fix) {
  std::string line = indent_to(text, column) + '^';
  if (fix.column && fix.length) {
    const size_t end = fix.column - 1 + fix.length;
    if (line.size() < end)
      line += indent_to(text.substr(std::min(line.size(), text.size())),
                        static_cast<unsigned>(end - line.size()) + 1);
    for (size_t i = fix.column - 1; i < end; i++)
      if (line[i] != '^' && line[i] != '\t')
        line[i] = '~';
  }
  return line;
}

} // namespace

// Control characters and what is no ASCII go through as they are, but for those that JSON refuses.
std::string json_string(std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      out.append(1, '\\').append(1, c);
    else if (static_cast<unsigned char>(c) < 0x20)
      out.append("\\u00").append(1, kDigits[c >> 4]).append(1, kDigits[c & 15]);
    else
      out += c;
  }
  return out + '"';
}

namespace {

std::string json_line(std::string_view severity, const SourceLocation &where, std::string_view message,
                      const FixIt &fix) {
  std::string out = "{\"severity\":" + json_string(severity) + ",\"message\":" + json_string(message);
  if (!where.file.empty())
    out += ",\"file\":" + json_string(where.file);
  if (where.line)
    out += ",\"line\":" + std::to_string(where.line);
  if (where.column)
    out += ",\"column\":" + std::to_string(where.column);
  if (!where.text.empty())
    out += ",\"source\":" + json_string(where.text);
  if (fix.column)
    out += ",\"fix\":{\"column\":" + std::to_string(fix.column) + ",\"length\":" + std::to_string(fix.length) +
           ",\"text\":" + json_string(fix.text) + "}";
  return out + "}\n";
}

// A path as a relative or absolute URI reference.
std::string uri(std::string_view path) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (char c : path) {
    auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || std::string_view("/-._~").find(c) != std::string_view::npos)
      out += c;
    else
      out.append(1, '%').append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
  }
  return out;
}

std::string sarif_location(const SourceLocation &where) {
  std::string out =
      "\"physicalLocation\":{\"artifactLocation\":{\"uri\":" + json_string(uri(where.file)) + "}";
  if (where.line) {
    out += ",\"region\":{\"startLine\":" + std::to_string(where.line);
    if (where.column)
      out += ",\"startColumn\":" + std::to_string(where.column);
    if (!where.text.empty())
      out += ",\"snippet\":{\"text\":" + json_string(where.text) + "}";
    out += "}";
  }
  return out + "}";
}

// "[V023 possibly-null]" at a message's end is the rule that it states.
std::string_view rule_of(std::string_view message) {
  size_t open = message.rfind('[');
  if (open == message.npos || !message.ends_with(']'))
    return {};
  std::string_view rule = message.substr(open + 1, message.size() - open - 2);
  return rule.substr(0, rule.find(' '));
}

std::string sarif_message(std::string_view message) {
  return "\"message\":{\"text\":" + json_string(message) + "}";
}

// A place with what is said of it.
std::string sarif_note(const SourceLocation &where, std::string_view message) {
  return "{" + sarif_message(message) + (where.file.empty() ? "}" : "," + sarif_location(where) + "}");
}

std::string sarif_fix(const SourceLocation &where, const FixIt &fix) {
  if (!fix.column || !where.line || where.file.empty())
    return {};
  return "{\"artifactChanges\":[{\"artifactLocation\":{\"uri\":" + json_string(uri(where.file)) +
         "},\"replacements\":[{\"deletedRegion\":{\"startLine\":" + std::to_string(where.line) +
         ",\"startColumn\":" + std::to_string(fix.column) +
         ",\"endColumn\":" + std::to_string(fix.column + fix.length) +
         "},\"insertedContent\":{\"text\":" + json_string(fix.text) + "}}]}]}";
}

std::string joined(const std::vector<std::string> &parts) {
  std::string out;
  for (const std::string &part : parts)
    out.append(&part == &parts.front() ? "" : ",").append(part);
  return out;
}

std::string sarif_head(std::string_view level, const SourceLocation &where, std::string_view message) {
  std::string out = "{\"level\":" + json_string(level);
  if (std::string_view rule = rule_of(message); !rule.empty())
    out += ",\"ruleId\":" + json_string(rule);
  out += "," + sarif_message(message);
  if (!where.file.empty())
    out += ",\"locations\":[{" + sarif_location(where) + "}]";
  return out;
}

} // namespace

void Diagnostics::report(Severity severity, const SourceLocation &where, std::string_view message,
                         const FixIt &fix) {
  if (severity == Severity::warning) {
    if (warnings_off_)
      return;
    if (warnings_are_errors_)
      severity = Severity::error;
  }
  if (severity == Severity::error)
    ++errors_;
  print(severity, where, message, fix);
}

void Diagnostics::path_note(const SourceLocation &where, std::string_view message) {
  if (format_ == DiagnosticFormat::sarif && !sarif_results_.empty())
    sarif_results_.back().flow.push_back("{\"location\":" + sarif_note(where, message) + "}");
  else
    note(where, message);
}

void Diagnostics::print(Severity severity, const SourceLocation &where, std::string_view message,
                        const FixIt &fix) {
  if (is_silent_)
    return;
  if (is_recording_) {
    recorded_.push_back({severity, where, std::string(message), fix});
    return;
  }
  if (format_ == DiagnosticFormat::sarif) {
    if (severity != Severity::note || sarif_results_.empty())
      sarif_results_.push_back({sarif_head(kStyles[static_cast<unsigned>(severity)].name, where, message),
                                sarif_note(where, message),
                                {},
                                {},
                                sarif_fix(where, fix)});
    else
      sarif_results_.back().related.push_back(sarif_note(where, message));
    return;
  }
  if (format_ == DiagnosticFormat::json) {
    std::string line = json_line(kStyles[static_cast<unsigned>(severity)].name, where, message, fix);
    std::fwrite(line.data(), 1, line.size(), stderr);
    return;
  }
  std::string position = where.file.empty() ? std::string(tool_) : where.file;
  if (where.line) {
    position += ':' + std::to_string(where.line);
    if (where.column)
      position += ':' + std::to_string(where.column);
  }
  const Style &style = kStyles[static_cast<unsigned>(severity)];
  std::string out;
  if (color_)
    out.append(kBold).append(position).append(": ").append(style.color).append(style.name).append(": ");
  else
    out.append(position).append(": ").append(style.name).append(": ");
  if (color_)
    out.append(kReset).append(kBold);
  out.append(message);
  if (color_)
    out.append(kReset);
  out += '\n';

  if (where.line && !where.text.empty()) {
    std::string number = std::to_string(where.line);
    number.insert(0, number.size() < 5 ? 5 - number.size() : 0, ' ');
    out.append(number).append(" | ").append(where.text) += '\n';
    if (where.column) {
      out.append(number.size(), ' ').append(" | ");
      if (color_)
        out.append(kGreen);
      out.append(caret_line(where.text, where.column, fix));
      if (color_)
        out.append(kReset);
      out += '\n';
      if (fix.column && !fix.text.empty())
        out.append(number.size(), ' ').append(" | ").append(indent_to(where.text, fix.column)).append(fix.text) += '\n';
    }
  }
  std::fwrite(out.data(), 1, out.size(), stderr);
}

Diagnostics::~Diagnostics() {
  if (format_ != DiagnosticFormat::sarif)
    return;
  std::string out = "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\","
                    "\"runs\":[{\"tool\":{\"driver\":{\"name\":\"bpfcc\"}},\"results\":[";
  for (SarifResult &result : sarif_results_) {
    out.append(&result == &sarif_results_.front() ? "" : ",").append(result.head);
    out.append(",\"relatedLocations\":[").append(joined(result.related)).append("]");
    if (!result.fix.empty())
      out.append(",\"fixes\":[").append(result.fix).append("]");
    if (!result.flow.empty()) {
      result.flow.push_back("{\"location\":" + result.end + "}");
      out.append(",\"codeFlows\":[{\"threadFlows\":[{\"locations\":[")
          .append(joined(result.flow))
          .append("]}]}]");
    }
    out += "}";
  }
  out += "]}]}\n";
  std::fwrite(out.data(), 1, out.size(), stderr);
}

// Levenshtein distance, one row at a time.
unsigned edit_distance(std::string_view a, std::string_view b) {
  std::vector<unsigned> row(b.size() + 1);
  for (unsigned j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    unsigned diagonal = row[0];
    row[0] = static_cast<unsigned>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      unsigned substitute = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

} // namespace bpfcc
