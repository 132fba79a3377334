// SPDX-License-Identifier: MIT OR Apache-2.0
// From a place in the object to a place in the source. Code has line records; a variable has only the
// declaration that the front end saw; an object made elsewhere may have neither.
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/text.h"
#include <cctype>
#include <elf.h>

namespace bpfcc {
namespace {

const SourceLocation *declaration(const Image &image, std::string_view name) {
  if (!image.options.declarations)
    return nullptr;
  auto found = image.options.declarations->find(std::string(name));
  return found == image.options.declarations->end() ? nullptr : &found->second;
}

// What a function does before its first statement has a line only: show its name there.
unsigned column_of_function(const Image &image, uint32_t section, uint32_t slot,
                            const SourceLocation &where) {
  const uint32_t index = image.function_at(section, slot);
  if (index == kNone)
    return 0;
  const std::string_view name = image.functions[index].name;
  const SourceLocation *declared = declaration(image, name);
  if (declared && declared->line == where.line && declared->file == where.file)
    return declared->column;
  const size_t at = where.text.find(name);
  return at == std::string::npos ? 0 : static_cast<unsigned>(at) + 1;
}

} // namespace

bool locate_code(const Image &image, uint32_t section, uint32_t slot, SourceLocation &where) {
  const LineInfo *line = image.btf_ext.line_at(section, slot);
  if (!line)
    return false;
  // BTF joins the compilation directory, which is ".", and the name that the user gave: show the latter.
  std::string_view file = image.btf.string(line->file);
  where.file = file.substr(file.starts_with("./") ? 2 : 0);
  where.line = line->line();
  where.column = line->column();
  where.text = image.btf.string(line->text);
  if (!where.column)
    where.column = column_of_function(image, section, slot, where);
  return true;
}

namespace {

SourceLocation object_location(const Image &image) { return {image.options.input_name, 0, 0, {}}; }

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

FixIt fix_of(const SourceLocation &where, const Correction &correction) {
  const std::string &line = where.text;
  const std::string_view wrong = correction.wrong;
  if (wrong.empty() || wrong == correction.right || (correction.right.empty() && wrong.back() != ' '))
    return {};
  auto stands_at = [&](size_t at) {
    return line.compare(at, wrong.size(), wrong) == 0 &&
           !(at > 0 && is_word(wrong.front()) && is_word(line[at - 1])) &&
           !(at + wrong.size() < line.size() && is_word(wrong.back()) && is_word(line[at + wrong.size()]));
  };
  size_t found = line.npos;
  if (where.column && where.column <= line.size() && stands_at(where.column - 1)) {
    found = where.column - 1;
  } else {
    for (size_t at = line.find(wrong); at != line.npos; at = line.find(wrong, at + 1)) {
      if (!stands_at(at))
        continue;
      if (found != line.npos)
        return {};
      found = at;
    }
  }
  if (found == line.npos)
    return {};
  return {static_cast<unsigned>(found) + 1, static_cast<unsigned>(wrong.size()), std::string(correction.right)};
}

// False: not shown, there are too many.
bool report(const Image &image, Severity severity, const SourceLocation &where, std::string_view message,
            const Correction &correction = {}) {
  if (severity == Severity::error && image.diag.errors() >= kMaxErrors) {
    image.diag.count_errors(1);
    return false;
  }
  image.diag.report(severity, where, message, fix_of(where, correction));
  if (severity == Severity::error && image.diag.errors() == kMaxErrors)
    image.diag.note(object_location(image), "too many errors; further ones are not shown");
  return true;
}

// The text of a line, where some instruction has it.
std::string line_text(const Image &image, const SourceLocation &where) {
  for (const LineInfo &line : image.btf_ext.lines)
    if (line.line() == where.line) {
      std::string_view file = image.btf.string(line.file);
      if (file.substr(file.starts_with("./") ? 2 : 0) == where.file)
        return std::string(image.btf.string(line.text));
    }
  return {};
}

void note_inlining(const Image &image, uint32_t section, uint32_t slot) {
  const uint32_t index = image.function_at(section, slot);
  if (index == kNone)
    return;
  const Function &function = image.functions[index];
  const FunctionDebugInfo *info = function_debug_info(image, function);
  if (!info)
    return;
  for (const InlinedCall &inlined : inlining_at(*info, slot - function.first)) {
    SourceLocation call = *inlined.call;
    call.text = line_text(image, call);
    image.diag.note(call, concat(quoted(inlined.function), " is inlined here"));
  }
}

} // namespace

const FunctionDebugInfo *function_debug_info(const Image &image, const Function &function) {
  const DebugInfo *info = image.options.debug_info ? image.options.debug_info() : nullptr;
  return info ? info->find(function.name, function.count) : nullptr;
}

std::vector<std::string_view> inlined_at(const Image &image, uint32_t section, uint32_t slot) {
  std::vector<std::string_view> names;
  const uint32_t index = image.function_at(section, slot);
  if (index == kNone)
    return names;
  const Function &function = image.functions[index];
  if (const FunctionDebugInfo *info = function_debug_info(image, function))
    for (const InlinedCall &inlined : inlining_at(*info, slot - function.first))
      names.push_back(inlined.function);
  names.push_back(function.name);
  return names;
}

void report_in_object(const Image &image, Severity severity, std::string_view message) {
  report(image, severity, object_location(image), message);
}

void report_at(const Image &image, Severity severity, uint32_t section, uint32_t slot,
               std::string_view message, const Correction &correction) {
  SourceLocation where;
  if (locate_code(image, section, slot, where)) {
    if (report(image, severity, where, message, correction) && severity == Severity::error)
      note_inlining(image, section, slot);
    return;
  }
  std::string place = concat(image.sections[section].name, "+", hex(uint64_t(slot) * 8));
  uint32_t function = image.function_at(section, slot);
  if (function != kNone) {
    place = concat("in function ", quoted(image.functions[function].name), ", ", place);
    if (const SourceLocation *declared = declaration(image, image.functions[function].name))
      return void(report(image, severity, *declared, concat(message, " (", place, ")")));
  }
  report(image, severity, object_location(image), concat(message, " (", place, ")"));
}

void report_at_symbol(const Image &image, Severity severity, std::string_view name,
                      std::string_view message, const Correction &correction) {
  const SourceLocation *declared = declaration(image, name);
  report(image, severity, declared ? *declared : object_location(image), message, correction);
}

void report_at_data(const Image &image, Severity severity, uint32_t section, uint64_t offset,
                    std::string_view message) {
  if (!image.options.declarations)
    return void(report(image, severity, object_location(image), message));
  for (const Symbol &symbol : image.symbols) {
    if (symbol.section != section || symbol.type != STT_OBJECT || offset < symbol.value ||
        offset - symbol.value >= symbol.size)
      continue;
    if (const SourceLocation *declared = declaration(image, symbol.name))
      return void(report(image, severity, *declared, message));
  }
  report(image, severity, object_location(image), message);
}

void report_at_function(const Image &image, Severity severity, const Function &function,
                        std::string_view message, const Correction &correction) {
  SourceLocation where;
  if (const SourceLocation *declared = declaration(image, function.name))
    report(image, severity, *declared, message, correction);
  else if (locate_code(image, function.section, function.first, where))
    report(image, severity, where, message, correction);
  else
    report(image, severity, object_location(image), message);
}

std::string_view nearest(const Image &image, std::string_view name,
                         const std::vector<std::string_view> &candidates) {
  constexpr size_t kMaxLength = 64; // edit distance takes the product of both lengths
  if (image.diag.errors() >= kMaxErrors || name.size() > kMaxLength)
    return {};
  std::vector<std::string_view> similar;
  for (std::string_view candidate : candidates)
    if (candidate.size() <= kMaxLength)
      similar.push_back(candidate);
  return nearest_name(name, similar);
}

std::string suggestion(const Image &image, std::string_view name,
                       const std::vector<std::string_view> &candidates) {
  std::string_view found = nearest(image, name, candidates);
  return found.empty() ? std::string() : concat("; did you mean ", quoted(found), "?");
}

} // namespace bpfcc
