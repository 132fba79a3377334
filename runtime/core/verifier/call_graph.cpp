// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/call_graph.h"
#include "core/isa/encoding.h"
#include <algorithm>

namespace kbpf {
namespace {

// Longest paths. A graph with a cycle has none, and shows by growing on.
class CallGraph {
public:
  CallGraph(const Analysis &analysis, Arena &scratch) : analysis_(analysis), scratch_(scratch) {}

  Result<uint32_t> run() {
    paths_ = scratch_.make_array<Paths>(subprograms().size());
    if (!paths_.data())
      return Error::no_memory;
    for (size_t s = 0; s < subprograms().size(); s++)
      paths_[s] = {1, subprograms()[s].stack_depth, 0};
    for (bool changed = analysis_.cfg.calls_functions; changed;)
      changed = KBPF_TRY(lengthen());
    uint32_t deepest = paths_[0].stack;
    for (size_t s = 1; s < subprograms().size(); s++)
      if (subprograms()[s].runs_later)
        deepest = std::max(deepest, paths_[s].stack);
    const uint32_t limit = analysis_.program.profile->stack_size;
    if (deepest > limit)
      return reject(analysis_.rejection, RejectionId::stack_depth, 0,
                    "the deepest chain of calls takes {} bytes of stack, {} are there", deepest, limit);
    KBPF_TRY(check_tail_calls());
    return deepest;
  }

private:
  struct Paths {
    uint32_t frames, stack; // from the function downwards, itself included
    uint32_t above;         // bytes of stack of its callers
  };

  std::span<const Subprogram> subprograms() const { return analysis_.cfg.subprograms; }

  // The function that the instruction calls, or hands to a helper to call.
  const Subprogram *callee(uint32_t i) const {
    const Insn &insn = analysis_.insn(i);
    if (!analysis_.facts[i].reachable)
      return nullptr;
    if (insn.is_call() && insn.src() == KBPF_PSEUDO_CALL)
      return &subprograms()[analysis_.cfg.subprogram_at(static_cast<uint32_t>(jump_target(i, insn)))];
    if (insn.is_function_address()) {
      const Subprogram &function =
          subprograms()[analysis_.cfg.subprogram_at(static_cast<uint32_t>(function_target(i, insn)))];
      return function.is_called_back || !function.runs_later ? &function : nullptr;
    }
    return nullptr;
  }

  Result<bool> lengthen() {
    bool changed = false;
    for (size_t s = 0; s < subprograms().size(); s++) {
      const Subprogram &caller = subprograms()[s];
      for (uint32_t i = caller.first; i < caller.first + caller.count; i++) {
        if (!analysis_.insn(i).is_call() && !analysis_.insn(i).is_ld_imm64())
          continue;
        const Subprogram *called = callee(i);
        if (!called)
          continue;
        Paths &below = paths_[static_cast<size_t>(called - subprograms().data())];
        Paths longer = {std::max(paths_[s].frames, below.frames + 1),
                        std::max(paths_[s].stack, below.stack + caller.stack_depth), paths_[s].above};
        const uint32_t above = std::max(below.above, longer.above + caller.stack_depth);
        if (longer.frames > KBPF_MAX_CALL_FRAMES)
          return reject(analysis_.rejection, RejectionId::recursion, i,
                        "the calls from here make a chain of more than {} functions", KBPF_MAX_CALL_FRAMES);
        changed |=
            longer.frames != paths_[s].frames || longer.stack != paths_[s].stack || above != below.above;
        paths_[s] = longer;
        below.above = above;
      }
    }
    return changed;
  }

  Result<void> check_tail_calls() {
    for (size_t s = 1; s < subprograms().size(); s++) {
      const Subprogram &subprogram = subprograms()[s];
      if (paths_[s].above < kMostAboveTailCall)
        continue;
      for (uint32_t i = subprogram.first; i < subprogram.first + subprogram.count; i++)
        if (analysis_.insn(i).is_tail_call() && analysis_.facts[i].reachable)
          return reject(
              analysis_.rejection, RejectionId::tail_call, i,
              "the callers of this function have {} bytes of stack; where it makes tail calls, less than "
              "{} are allowed",
              paths_[s].above, kMostAboveTailCall);
    }
    return {};
  }

  const Analysis &analysis_;
  Arena &scratch_;
  std::span<Paths> paths_;
};

} // namespace

Result<uint32_t> check_call_graph(const Analysis &analysis, Arena &scratch) {
  return CallGraph(analysis, scratch).run();
}

} // namespace kbpf
