// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/relocator/path_trace.h"
#include <algorithm>

namespace bpfcc {

void PathTrace::begin(uint32_t length) { length_ = length; }

void PathTrace::instruction(const kbpf::State &state) {
  for (uint32_t reg = kFirstSaved; reg <= kLastSaved; reg++)
    was_pointer_[reg] = state.reg(reg).is_pointer();
  if (++told_ < length_)
    return;
  registers_.assign(std::begin(state.frame().regs), std::end(state.frame().regs));
  depth_ = state.frame_count;
}

void PathTrace::step(const kbpf::PathStep &step, const kbpf::State &state) {
  using Kind = kbpf::PathStep::Kind;
  const kbpf::Insn &insn = program_.insns[step.insn];
  if (step.kind == Kind::plain) {
    for (uint32_t reg = kFirstSaved; reg <= kLastSaved; reg++)
      if (insn.is_call() && was_pointer_[reg] && state.reg(reg).is_scalar())
        taken_away_[reg] = step.insn;
      else if (!insn.is_call() && insn.dst() == reg && insn.cls() != KBPF_CLASS_ST &&
               insn.cls() != KBPF_CLASS_STX)
        taken_away_[reg] = kNever;
    if (insn.is_call() && state.reg(0).id) {
      origins_.push_back({state.reg(0).id, step.insn});
      if (origins_.size() > kMostLast)
        origins_.pop_front();
    }
    return;
  }
  times_[step.insn]++;
  TracedStep traced{step, {}, {}};
  if (step.kind == Kind::branch && !insn.is_may_goto()) {
    traced.dst = state.reg(insn.dst());
    if (insn.src_is_reg())
      traced.src = state.reg(insn.src());
  } else if (step.kind == Kind::leave) {
    traced.dst = state.reg(0);
  }
  if (first_.size() < kMostFirst)
    return first_.push_back(traced);
  last_.push_back(traced);
  if (last_.size() > kMostLast)
    last_.pop_front();
}

std::vector<TracedStep> PathTrace::steps() const {
  std::vector<TracedStep> all = first_;
  all.insert(all.end(), last_.begin(), last_.end());
  return all;
}

const uint32_t *PathTrace::taken_away(uint32_t reg) const {
  return reg < kFirstSaved || reg > kLastSaved || taken_away_[reg] == kNever ? nullptr : &taken_away_[reg];
}

const uint32_t *PathTrace::origin(uint32_t id) const {
  auto found =
      std::find_if(origins_.rbegin(), origins_.rend(), [&](const Origin &origin) { return origin.id == id; });
  return id == 0 || found == origins_.rend() ? nullptr : &found->insn;
}

} // namespace bpfcc
