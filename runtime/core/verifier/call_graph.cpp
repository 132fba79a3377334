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
    if (analysis_.cfg.function_calls)
      KBPF_TRY(find_calls());
    for (bool changed = !calls_.empty(); changed;)
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
  std::optional<uint32_t> callee(uint32_t i) const {
    const Insn &insn = analysis_.insn(i);
    if (!analysis_.facts[i].reachable)
      return std::nullopt;
    if (insn.is_call() && insn.src() == KBPF_PSEUDO_CALL)
      return analysis_.cfg.subprogram_at(static_cast<uint32_t>(jump_target(i, insn)));
    if (insn.is_function_address()) {
      const uint32_t index = analysis_.cfg.subprogram_at(static_cast<uint32_t>(function_target(i, insn)));
      const Subprogram &function = subprograms()[index];
      return function.is_called_back || !function.runs_later ? std::optional(index) : std::nullopt;
    }
    return std::nullopt;
  }

  Result<void> find_calls() {
    const uint32_t count = static_cast<uint32_t>(analysis_.program.insns.size());
    calls_ = scratch_.make_unset_array<Call>(analysis_.cfg.function_calls);
    if (!calls_.data())
      return Error::no_memory;
    size_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
      const Insn &insn = analysis_.insn(i);
      if (!(insn.is_call() && insn.src() == KBPF_PSEUDO_CALL) && !insn.is_function_address())
        continue;
      if (const std::optional<uint32_t> called = callee(i))
        calls_[found++] = {i, analysis_.cfg.subprogram_at(i), *called};
    }
    calls_ = calls_.first(found);
    return {};
  }

  Result<bool> lengthen() {
    bool changed = false;
    for (const Call &call : calls_) {
      const uint32_t caller_stack = subprograms()[call.caller].stack_depth;
      Paths &own = paths_[call.caller], &below = paths_[call.called];
      Paths longer = {std::max(own.frames, below.frames + 1), std::max(own.stack, below.stack + caller_stack),
                      own.above};
      const uint32_t above = std::max(below.above, longer.above + caller_stack);
      if (longer.frames > KBPF_MAX_CALL_FRAMES)
        return reject(analysis_.rejection, RejectionId::recursion, call.insn,
                      "the calls from here make a chain of more than {} functions", KBPF_MAX_CALL_FRAMES);
      changed |= longer.frames != own.frames || longer.stack != own.stack || above != below.above;
      own = longer;
      below.above = above;
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

  struct Call {
    uint32_t insn, caller, called;
  };

  const Analysis &analysis_;
  Arena &scratch_;
  std::span<Call> calls_;
  std::span<Paths> paths_;
};

} // namespace

Result<uint32_t> check_call_graph(const Analysis &analysis, Arena &scratch) {
  return CallGraph(analysis, scratch).run();
}

} // namespace kbpf
