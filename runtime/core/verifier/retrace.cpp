// SPDX-License-Identifier: MIT OR Apache-2.0
// Tells the path that led to a refusal, by walking it once more.
#include "core/verifier/walk.h"

namespace kbpf {

void Verifier::name_global_function() {
  const uint32_t first = current_ && current_->frame_count ? current_->frames[0]->first_insn : 0;
  if (analysis_.global_functions.types.empty() || first == 0)
    return;
  const uint32_t function = analysis_.cfg.subprogram_at(first);
  const size_t used = strlen(rejection_.message);
  TextBuffer rest(rejection_.message + used, sizeof(rejection_.message) - used);
  if (analysis_.is_global(function))
    print(rest, " (global function {} is checked on its own, with any arguments)",
          function_name(program_, function));
}

void Verifier::explain() {
  if (!current_ || !wants_path() || decisions_.is_lost())
    return;
  const Rejection refusal = rejection_;
  while (!branches_.is_empty())
    branches_.drop();
  decisions_made_ = decisions_.length();
  Snapshot *passed = nullptr; // checkpoints of the path, the first one first
  for (Snapshot *checkpoint = current_->parent, *parent; checkpoint; checkpoint = parent) {
    parent = checkpoint->parent;
    checkpoint->parent = passed;
    passed = checkpoint;
  }
  pool_.release(current_);
  current_ = nullptr;
  log_.path_was_told(retrace(passed, length_before_).ok());
  rejection_ = refusal;
}

Result<void> Verifier::retrace(Snapshot *passed, uint32_t length) {
  KBPF_TRY(begin(walked_function_));
  tell([&](PathObserver &to) { to.begin(length + 1); });
  for (uint32_t fork = 0;;) {
    if (analysis_.cfg.is_join[current_->insn])
      simplify(*current_, analysis_.cfg);
    if (passed && passed->path_length == current_->path_length) {
      if (!snapshots_.unpack(*passed, *current_, pool_))
        return Error::no_memory;
      passed = passed->parent;
      current_->parent = nullptr;
    }
    tell([&](PathObserver &to) { to.instruction(*current_); });
    if (current_->path_length == length)
      return {};
    PathStep step{};
    step.number = current_->path_length++;
    step.insn = current_->insn;
    step.depth = current_->frame_count;
    bool ended = KBPF_TRY(go_on(Jumps::fork));
    step.is_forced = branches_.is_empty();
    if (!step.is_forced) {
      if (fork == decisions_made_)
        return Error::invalid;
      step.taken = decisions_.at(fork++);
      if (step.taken) {
        Branches::How how;
        if (!branches_.pop(current_, how))
          return Error::no_memory;
        ended = how.takes_jump && !KBPF_TRY(go(true, how.is_narrowed));
      } else {
        branches_.drop();
      }
    }
    if (ended)
      return Error::invalid;
    step.next = current_->insn;
    step.kind = kind_of_step(program_, step.insn, step.depth, *current_);
    if (step.kind == PathStep::Kind::branch && (step.is_forced || program_.insns[step.insn].is_may_goto()))
      step.taken = step.next != step.insn + 1;
    tell([&](PathObserver &to) { to.step(step, *current_); });
  }
}

template <typename Telling> void Verifier::tell(Telling telling) {
  if (options_.observer)
    telling(*options_.observer);
  if (log_.wants_path())
    telling(log_);
}

} // namespace kbpf
