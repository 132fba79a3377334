// SPDX-License-Identifier: MIT OR Apache-2.0
// The one door past the verifier, for what tests the engines themselves: the conformance plugins, unit tests,
// fuzzers. Kernel and compiler don't include it (scripts/check_dependencies.py).
#pragma once
#include "core/verifier/program.h"
#include <algorithm>
#include <array>
#include <cstddef>

namespace kbpf {

// A program made of the caller's instructions, without any check but that it fits. Every instruction counts
// as reachable, nothing as proven; each target of a BPF-to-BPF call starts a subprogram, and so do the given
// callbacks, which only handles name; each has a full frame.
class UnverifiedProgram {
public:
  static constexpr size_t kMaxInsns = 1 << 20;
  static constexpr size_t kMaxSubprograms = 256;
  static constexpr size_t kStackSize = KBPF_STACK_SIZE * KBPF_MAX_CALL_FRAMES;

  // callbacks: indices of their first instructions.
  explicit UnverifiedProgram(std::span<const Insn> insns, std::span<const uint32_t> callbacks = {}) {
    if (insns.empty() || insns.size() > kMaxInsns)
      return;
    find_subprograms(insns, callbacks);
    for (size_t i = 0; i < insns.size(); i++)
      (facts_[i] = {}).reachable = true;
    program_.insns_ = insns;
    program_.facts_ = std::span(facts_).first(insns.size());
    program_.subprograms_ = std::span(subprograms_).first(subprogram_count_);
    program_.stack_depth_ = kStackSize;
  }
  UnverifiedProgram(const UnverifiedProgram &) = delete;
  UnverifiedProgram &operator=(const UnverifiedProgram &) = delete;

  InsnFacts &facts(size_t insn) { return facts_[insn]; }
  Subprogram &subprogram(size_t number) { return subprograms_[number]; }
  const VerifiedProgram &program() const { return program_; } // empty where the instructions did not fit

private:
  void find_subprograms(std::span<const Insn> insns, std::span<const uint32_t> callbacks) {
    std::fill_n(starts_.begin(), insns.size(), false);
    starts_[0] = true;
    for (uint32_t callback : callbacks)
      if (callback < insns.size())
        starts_[callback] = true;
    for (size_t i = 0; i < insns.size(); i++) {
      size_t target = i + 1 + static_cast<size_t>(static_cast<ptrdiff_t>(insns[i].imm));
      if (insns[i].is_call() && insns[i].src() == KBPF_PSEUDO_CALL && target < insns.size())
        starts_[target] = true;
      if (insns[i].is_ld_imm64())
        i++;
    }
    for (size_t i = 0; i < insns.size() && subprogram_count_ < kMaxSubprograms; i++) {
      if (!starts_[i])
        continue;
      size_t end = i + 1;
      while (end < insns.size() && !starts_[end])
        end++;
      subprograms_[subprogram_count_++] = {
          .first = static_cast<uint32_t>(i),
          .count = static_cast<uint32_t>(end - i),
          .stack_depth = KBPF_STACK_SIZE,
          .calls_helper = true,
          .calls_subprogram = true,
          .zero_stack = false,
          .uses_may_goto = std::any_of(insns.begin() + i, insns.begin() + end,
                                       [](const Insn &insn) { return insn.is_may_goto(); })};
    }
  }

  std::array<bool, kMaxInsns> starts_;
  std::array<InsnFacts, kMaxInsns> facts_;
  std::array<Subprogram, kMaxSubprograms> subprograms_;
  size_t subprogram_count_ = 0;
  VerifiedProgram program_;
};

} // namespace kbpf
