// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/debug_info.h"
#include <algorithm>

namespace bpfcc {
namespace {

bool covers(const std::vector<FunctionDebugInfo::Range> &ranges, uint32_t slot) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const FunctionDebugInfo::Range &range) {
    return slot >= range.begin && slot < range.end;
  });
}

// The deepest scope at an instruction. A scope stands behind its parent.
uint32_t scope_at(const FunctionDebugInfo &function, uint32_t slot) {
  uint32_t scope = 0;
  for (uint32_t i = 1; i < function.scopes.size(); i++)
    if (function.scopes[i].parent == scope && covers(function.scopes[i].slots, slot))
      scope = i;
  return scope;
}

// The variable of the innermost scope for which is_there says so of one of its places.
template <typename IsThere> const FunctionDebugInfo::Variable *
find_variable(const FunctionDebugInfo &function, uint32_t slot, IsThere is_there) {
  if (function.scopes.empty())
    return nullptr;
  for (uint32_t scope = scope_at(function, slot);; scope = function.scopes[scope].parent) {
    for (const FunctionDebugInfo::Variable &variable : function.variables)
      if (variable.scope == scope && std::any_of(variable.places.begin(), variable.places.end(),
                                                 [&](const FunctionDebugInfo::Place &place) {
                                                   return slot >= place.slots.begin &&
                                                          slot < place.slots.end && is_there(variable, place);
                                                 }))
        return &variable;
    if (scope == 0)
      return nullptr;
  }
}

} // namespace

void DebugInfo::add(const std::string &name, FunctionDebugInfo function) {
  auto [place, is_new] = functions_.try_emplace(name, std::move(function));
  if (!is_new)
    place->second.slot_count = 0;
}

const FunctionDebugInfo *DebugInfo::find(std::string_view function, uint32_t slot_count) const {
  auto found = functions_.find(function);
  return found == functions_.end() || found->second.slot_count != slot_count ? nullptr : &found->second;
}

std::vector<InlinedCall> inlining_at(const FunctionDebugInfo &function, uint32_t slot) {
  std::vector<InlinedCall> chain;
  if (!function.scopes.empty())
    for (uint32_t scope = scope_at(function, slot); scope != 0; scope = function.scopes[scope].parent)
      chain.push_back({function.scopes[scope].function, &function.scopes[scope].call});
  return chain;
}

std::string_view variable_in(const FunctionDebugInfo &function, uint32_t slot, uint32_t reg) {
  const FunctionDebugInfo::Variable *variable = find_variable(
      function, slot, [&](const FunctionDebugInfo::Variable &, const FunctionDebugInfo::Place &place) {
        return place.kind == FunctionDebugInfo::Place::Kind::reg && place.reg == reg;
      });
  return variable ? std::string_view(variable->name) : std::string_view();
}

FunctionDebugInfo::StackVariable variable_on_stack(const FunctionDebugInfo &function, uint32_t slot,
                                                   int64_t offset) {
  int64_t begin = 0;
  const FunctionDebugInfo::Variable *found =
      find_variable(function, slot,
                    [&](const FunctionDebugInfo::Variable &variable, const FunctionDebugInfo::Place &place) {
                      begin = place.offset;
                      return place.kind == FunctionDebugInfo::Place::Kind::stack && offset >= begin &&
                             offset - begin < static_cast<int64_t>(std::max<uint64_t>(variable.size, 1));
                    });
  return {found, begin};
}

} // namespace bpfcc
