// SPDX-License-Identifier: MIT OR Apache-2.0
// What is kept of the path to a refusal, to tell it in terms of the source: the steps that decided something,
// of a long path the first and the last ones, and the registers at its end.
#pragma once
#include "core/verifier/path.h"
#include "core/verifier/state.h"
#include <deque>
#include <vector>

namespace bpfcc {

struct TracedStep {
  kbpf::PathStep step;
  kbpf::Value dst, src; // of a branch, behind it; r0 behind a call that returns
};

class PathTrace final : public kbpf::PathObserver {
public:
  static constexpr size_t kMostFirst = 200, kMostLast = 2000;

  explicit PathTrace(const kbpf::RawProgram &program) : program_(program), times_(program.insns.size()) {}

  void begin(uint32_t length) override;
  void instruction(const kbpf::State &state) override;
  void step(const kbpf::PathStep &step, const kbpf::State &state) override;

  uint32_t length() const { return length_; } // instructions, the refused one included; 0: there is no path
  uint32_t times(uint32_t insn) const { return times_[insn]; }             // that a step was made there
  std::vector<TracedStep> steps() const;                                   // first ones, then last ones
  const std::vector<kbpf::Value> &registers() const { return registers_; } // r0 to r10 at the refusal
  uint32_t depth() const { return depth_; }                                // frames there
  // The last call that took away what a register, of r6 to r9, pointed to; nothing: none, or another value
  // has come since.
  const uint32_t *taken_away(uint32_t reg) const;
  // The instruction that a pointer of this id came from; nothing: none of the path.
  const uint32_t *origin(uint32_t id) const;

private:
  const kbpf::RawProgram &program_;
  uint32_t length_ = 0, told_ = 0, depth_ = 0;
  std::vector<uint32_t> times_;
  std::vector<TracedStep> first_;
  std::deque<TracedStep> last_;
  std::vector<kbpf::Value> registers_;
  struct Origin {
    uint32_t id, insn;
  };
  std::deque<Origin> origins_; // the last ones
  static constexpr uint32_t kNever = UINT32_MAX, kFirstSaved = 6, kLastSaved = 9;
  bool was_pointer_[kLastSaved + 1] = {};
  uint32_t taken_away_[kLastSaved + 1] = {kNever, kNever, kNever, kNever, kNever,
                                          kNever, kNever, kNever, kNever, kNever};
};

} // namespace bpfcc
