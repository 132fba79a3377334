// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/relocator/program_source.h"
#include "bpfcc/relocator/report.h"
#include <algorithm>

namespace bpfcc {

ProgramSource::Place ProgramSource::place(uint32_t insn) const {
  auto part = std::find_if(program_.parts.rbegin(), program_.parts.rend(),
                           [&](const Part &candidate) { return candidate.first <= insn; });
  if (part == program_.parts.rend())
    return {nullptr, 0};
  const Function &function = image_.functions[part->function];
  return {&function, function.first + std::min(insn - part->first, function.count - 1)};
}

bool ProgramSource::locate(uint32_t insn, SourceLocation &where) const {
  const Place there = place(insn);
  return there.function && locate_code(image_, there.function->section, there.slot, where);
}

std::string_view ProgramSource::function(uint32_t insn) const {
  const Place there = place(insn);
  return there.function ? there.function->name : std::string_view();
}

const FunctionDebugInfo *ProgramSource::debug_info(const Place &place) const {
  return place.function ? function_debug_info(image_, *place.function) : nullptr;
}

std::string_view ProgramSource::variable(uint32_t insn, uint32_t reg) const {
  const Place there = place(insn);
  const FunctionDebugInfo *info = debug_info(there);
  return info ? variable_in(*info, there.slot - there.function->first, reg) : std::string_view();
}

std::string_view ProgramSource::stack_variable(uint32_t insn, int64_t offset) const {
  const Place there = place(insn);
  const FunctionDebugInfo *info = debug_info(there);
  return info ? variable_on_stack(*info, there.slot - there.function->first, offset) : std::string_view();
}

} // namespace bpfcc
