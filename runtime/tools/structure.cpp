// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tools/structure.h"
#include <algorithm>

namespace kbpf {
namespace {

class Checker {
public:
  Checker(std::span<const Insn> insns, std::span<const Subprogram> functions, const Environment &environment)
      : insns_(insns), functions_(functions), environment_(environment) {}

  std::optional<EncodingFault> run() {
    for (size_t i = 0; i < insns_.size(); i++) {
      if (const char *reason = check_insn(insns_[i]))
        return EncodingFault{i, reason};
      if (insns_[i].is_ld_imm64())
        i++;
    }
    for (size_t function = 0; function < functions_.size(); function++) {
      if (auto fault = check_paths(function))
        return fault;
      if (call_depth(function, 0) > KBPF_MAX_CALL_FRAMES)
        return EncodingFault{functions_[function].first, "calls nest too deep, or without end"};
    }
    return std::nullopt;
  }

private:
  const char *check_insn(const Insn &insn) const {
    if (insn.is_ld_imm64() && insn.src() != 0)
      return "there are no maps to refer to";
    if (insn.is_call() && insn.src() == KBPF_PSEUDO_KFUNC_CALL &&
        !(environment_.kernel_function && environment_.kernel_function(static_cast<uint32_t>(insn.imm))))
      return "there is no kernel function of this number";
    if (insn.is_call() && insn.src() == 0 && !environment_.helper(static_cast<uint32_t>(insn.imm)))
      return "there is no helper of this number";
    return writes_frame_pointer(insn) ? "r10 is written" : nullptr;
  }

  static bool writes_frame_pointer(const Insn &insn) {
    if (insn.is_alu() || insn.cls() == KBPF_CLASS_LD || insn.cls() == KBPF_CLASS_LDX)
      return insn.dst() == KBPF_REG_FP;
    bool is_atomic = insn.cls() == KBPF_CLASS_STX && insn.mode() == KBPF_MODE_ATOMIC;
    bool fetches = (insn.imm & KBPF_ATOMIC_FETCH) && insn.imm != KBPF_ATOMIC_CMPXCHG;
    return is_atomic && fetches && insn.src() == KBPF_REG_FP;
  }

  size_t end_of(size_t function) const {
    return function + 1 < functions_.size() ? functions_[function + 1].first : insns_.size();
  }

  // Walks every path of a function once. pending_ holds places that a path was seen to go to.
  std::optional<EncodingFault> check_paths(size_t function) {
    size_t first = functions_[function].first, end = end_of(function), pending = 0;
    auto go_to = [&](int64_t place) {
      if (place < static_cast<int64_t>(first) || place >= static_cast<int64_t>(end))
        return false;
      if (!seen_[static_cast<size_t>(place)]) {
        seen_[static_cast<size_t>(place)] = true;
        pending_[pending++] = static_cast<uint32_t>(place);
      }
      return true;
    };
    go_to(static_cast<int64_t>(first));
    while (pending) {
      size_t i = pending_[--pending];
      const Insn &insn = insns_[i];
      if (insn.is_exit())
        continue;
      bool is_jump = insn.is_jump_class() && !insn.is_call() && !insn.is_callx();
      if (is_jump && !go_to(jump_target(i, insn)))
        return EncodingFault{i, "jumps out of its function"};
      if (is_jump && insn.code() == KBPF_JMP_JA)
        continue;
      if (!go_to(static_cast<int64_t>(i) + (insn.is_ld_imm64() ? 2 : 1)))
        return EncodingFault{i, "the function goes on behind its last instruction"};
    }
    return std::nullopt;
  }

  // Frames that a call of the function needs, its own included; gives up beyond the limit.
  unsigned call_depth(size_t function, unsigned frames_above) {
    if (frames_above >= KBPF_MAX_CALL_FRAMES)
      return frames_above + 1;
    if (depth_[function])
      return frames_above + depth_[function];
    unsigned deepest = frames_above + 1;
    for (size_t i = functions_[function].first; i < end_of(function); i++) {
      const Insn &insn = insns_[i];
      if (insn.is_ld_imm64())
        i++;
      else if (insn.is_call() && insn.src() == KBPF_PSEUDO_CALL && deepest <= KBPF_MAX_CALL_FRAMES)
        deepest = std::max(deepest, call_depth(function_at(jump_target(i, insn)), frames_above + 1));
    }
    if (deepest <= KBPF_MAX_CALL_FRAMES)
      depth_[function] = static_cast<uint8_t>(deepest - frames_above);
    return deepest;
  }

  size_t function_at(int64_t first) const {
    size_t function = 0;
    while (functions_[function].first != first)
      function++;
    return function;
  }

  std::span<const Insn> insns_;
  std::span<const Subprogram> functions_;
  const Environment &environment_;
  bool seen_[UnverifiedProgram::kMaxInsns] = {};
  uint32_t pending_[UnverifiedProgram::kMaxInsns];
  uint8_t depth_[UnverifiedProgram::kMaxSubprograms] = {}; // 0: not known yet
};

size_t count_functions(std::span<const Insn> insns) {
  static bool starts[UnverifiedProgram::kMaxInsns];
  std::fill_n(starts, insns.size(), false);
  starts[0] = true;
  for (size_t i = 0; i < insns.size(); i++) {
    if (insns[i].is_call() && insns[i].src() == KBPF_PSEUDO_CALL)
      starts[jump_target(i, insns[i])] = true;
    if (insns[i].is_ld_imm64())
      i++;
  }
  return static_cast<size_t>(std::count(starts, starts + insns.size(), true));
}

} // namespace

std::optional<EncodingFault> check_structure(const UnverifiedProgram &program, std::span<const Insn> insns,
                                             const Environment &environment) {
  if (insns.empty())
    return EncodingFault{0, "the program has no instructions"};
  if (insns.size() > UnverifiedProgram::kMaxInsns)
    return EncodingFault{UnverifiedProgram::kMaxInsns, "the program is too long"};
  if (auto fault = check_encoding(insns, true))
    return fault;
  if (count_functions(insns) > UnverifiedProgram::kMaxSubprograms)
    return EncodingFault{0, "the program has too many functions"};
  return Checker(insns, program.program().subprograms(), environment).run();
}

} // namespace kbpf
