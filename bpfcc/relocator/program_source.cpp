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

std::optional<NamedMemory> ProgramSource::memory(uint32_t insn, const kbpf::Value &pointer) const {
  const int64_t offset = pointer.number.r64.smin; // from there on, where it varies
  if (pointer.kind == kbpf::Kind::map_value && !pointer.is_inner && pointer.map < image_.maps.size())
    return global(pointer.map, offset);
  if (pointer.kind != kbpf::Kind::stack)
    return std::nullopt;
  const Place there = place(insn);
  const FunctionDebugInfo *info = debug_info(there);
  if (!info)
    return std::nullopt;
  const auto [variable, begin] = variable_on_stack(*info, there.slot - there.function->first, offset);
  if (!variable || variable->size == 0)
    return std::nullopt;
  return NamedMemory{variable->name, begin, variable->size, variable->element_size};
}

std::optional<NamedMemory> ProgramSource::global(uint32_t map, int64_t offset) const {
  constexpr uint8_t kObject = 1; // STT_OBJECT
  if (image_.maps[map].origin != MapOrigin::data_section || offset < 0)
    return std::nullopt;
  const uint64_t at = static_cast<uint64_t>(offset);
  const auto symbol = std::ranges::find_if(image_.symbols, [&](const Symbol &one) {
    return one.section == image_.maps[map].section && one.type == kObject && at >= one.value &&
           at - one.value < one.size;
  });
  if (symbol == image_.symbols.end() || symbol->name.empty())
    return std::nullopt;
  NamedMemory memory{std::string(symbol->name), static_cast<int64_t>(symbol->value), symbol->size, 0};
  for (uint32_t id = 1; id < image_.btf.count(); id++) {
    const BtfType &variable = image_.btf.type(id);
    if (variable.kind != BtfKind::variable || variable.name != symbol->name)
      continue;
    const BtfType &type = image_.btf.type(image_.btf.strip(variable.size_or_type));
    if (type.kind == BtfKind::array)
      memory.element_size = image_.btf.size_of(image_.btf.array(type).element_type).value_or(0);
    break;
  }
  return memory;
}

} // namespace bpfcc
