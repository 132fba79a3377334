// SPDX-License-Identifier: MIT OR Apache-2.0
// Where paths join: states are compared with those that came there before, and kept for those that will.
#include "core/verifier/walk.h"

namespace kbpf {

Result<bool> Verifier::join(uint8_t kind) {
  bool needs_none = false; // no checkpoint
  if (kind == Cfg::kBehindCall) {
    const Checkpoints &here = checkpoints_[current_->insn];
    if (forks_since_checkpoint_ == 0 && !here.open && !here.closed && current_->parent &&
        analysis_.cfg.is_join[current_->parent->insn] == Cfg::kBehindCall) {
      simplify(*current_, analysis_.cfg);
      return false;
    }
    // Paths come here by way of the last checkpoint only, and those that did saved nothing.
    needs_none = !was_joined_ && goes_straight_ && here.closed &&
                 here.closed->patience <= here.most_misses() && insns_since_checkpoint_ < 64;
  } else if (Skip *const skip = branches_.open_skip()) [[unlikely]] {
    meet(*skip, *current_);
    needs_none = goes_on_as_one();
    const Checkpoints &here = checkpoints_[current_->insn];
    if (needs_none && !here.open && !here.closed) {
      simplify(*current_, analysis_.cfg);
      return false;
    }
  }
  return is_known(kind, needs_none);
}

[[gnu::always_inline]] inline Result<bool> Verifier::is_known(uint8_t kind, bool needs_none) {
  Checkpoints &here = checkpoints_[current_->insn];
  const bool iterates = kind & Cfg::kIteration;
  KBPF_TRY(limit_work());
  if (iterates && calls_back(analysis_.insn(current_->insn), *program_.profile))
    KBPF_TRY(begin_loop(*current_, Loop::Kind::callback));
  simplify(*current_, analysis_.cfg);
  // A checkpoint costs memory and comparisons. In straight code it is seldom needed; in a running loop it
  // is of use only where paths have parted, which then meet here again round by round.
  const bool forked = forks_since_checkpoint_ != 0 || skips_since_checkpoint_ != 0;
  const uint32_t spacing = checkpoint_spacing();
  bool worthwhile = (spacing == 1 && (iterates || (!here.open && (!here.closed || !here.closed->next)))) ||
                    forks_since_checkpoint_ >= spacing || jumps_since_checkpoint_ >= 2 * spacing ||
                    insns_since_checkpoint_ >= 4 * spacing;
  uint32_t rounds = 0;
  if (here.open && KBPF_TRY(is_like_round(here.open, iterates, rounds)))
    return true;
  if (rounds != 0 && !iterates && !forked && jumps_since_checkpoint_ < 20 * spacing &&
      insns_since_checkpoint_ < 100 * spacing)
    worthwhile = false;
  worthwhile &= !needs_none;
  const Coverage how = options_.compares_everything ? Coverage::everything : Coverage::relied_on;
  const Comparand current(*current_, how);
  uint32_t looked_at = 0;
  for (Snapshot **link = &here.closed; *link; looked_at++) {
    Snapshot &old = **link;
    if (!differs_again(old, current) && covers(old, current, compared_values_) && ends_like(old)) {
      old.patience += here.most_misses();
      here.vain -= kMostMisses;
      end_at(old);
      ended_at_ = &old;
      log_.note("   known to be safe from instruction {} on\n", current_->insn);
      return true;
    }
    if (worthwhile && --old.patience < 0) { // costs more than it saves
      *link = old.next;
      snapshots_.release(&old);
      here.count--;
    } else {
      link = &old.next;
    }
  }
  compared_values_.work += looked_at;
  if (worthwhile && (iterates || !here.leaves_out()))
    KBPF_TRY(make_checkpoint(here, current.known_slots()));
  else if (kind != Cfg::kBehindCall)
    was_joined_ = true;
  return false;
}

[[gnu::always_inline]] inline Result<bool> Verifier::is_like_round(const Snapshot *old, bool iterates,
                                                                   uint32_t &rounds) {
  const uint32_t most_rounds = iterates ? 128 : 4; // that are compared
  const Comparand current(*current_, Coverage::everything);
  for (; old && rounds < most_rounds; old = old->next, rounds++) {
    if (!iterates && differs_again(*old, current))
      continue;
    const uint32_t loops = went_on(old->held, current_->held);
    if (iterates && loops && rounds == 0)
      widen(*current_, *old);
    const bool covered = !differs_again(*old, current) && covers(*old, current, compared_values_);
    // The kernel ends it, and this round, or run, does what the earlier one does.
    if (covered && (iterates ? loops != 0 : loops == kAnotherRun)) {
      log_.note("   another round of what instruction {} begins\n", current_->insn);
      end_at(*old);
      depend_on_open(*current_, old->serial);
      if (loops != kAnotherRun)
        count_on_loops(*current_, old->serial, loops);
      return true;
    }
    if (covered && !loops && covers(*old, Comparand(*current_, Coverage::same), compared_values_))
      return reject(rejection_, RejectionId::infinite_loop, current_->insn,
                    "the loop comes back here in the same state, so it need not end");
  }
  return false;
}

bool Verifier::ends_like(const Snapshot &old) const {
  if (!old.waits_for || !is_on_path(*current_, old.waits_for))
    return true;
  if (!keeps_pace(old.held, current_->held, old.loops_counted_on))
    return false;
  count_on_loops(*current_, old.waits_for, old.loops_counted_on);
  return true;
}

uint32_t Verifier::checkpoint_spacing() const {
  constexpr size_t kFewBytes = 16u << 20, kStep = 4u << 20, kMostSteps = 10;
  const size_t bytes = snapshots_.bytes();
  return bytes < kFewBytes ? 1 : 2u << std::min((bytes - kFewBytes) / kStep, kMostSteps);
}

void Verifier::end_at(const Snapshot &old) {
  rely_like(*current_, old, compared_values_.sources);
  if (!compared_values_.reads_unwritten)
    return;
  analysis_.note_unwritten_read({true, current_->insn, 0, 0});
  for (uint32_t f = 0; f < current_->frame_count; f++)
    analysis_.cfg.subprograms[analysis_.cfg.subprogram_at(current_->frames[f]->first_insn)].zero_stack = true;
}

Result<void> Verifier::make_checkpoint(Checkpoints &here, const KnownSlots &slots) {
  Snapshot *checkpoint = snapshots_.pack_checkpoint(*current_, slots);
  if (!checkpoint)
    return Error::no_memory;
  checkpoint->open_paths = 1;
  if (here.count == 0)
    here.is_in_loop = analysis_.cfg.is_in_loop(current_->insn);
  checkpoint->patience = here.most_misses();
  if (const Snapshot *other = here.closed ? here.closed : here.open)
    expect_to_differ(*checkpoint, *current_, *other);
  here.count++;
  stats_.max_states_per_insn = std::max(stats_.max_states_per_insn, uint32_t{here.count});
  checkpoint->next = here.open;
  here.open = checkpoint;
  current_->parent = checkpoint;
  jumps_since_checkpoint_ = insns_since_checkpoint_ = forks_since_checkpoint_ = 0;
  skips_since_checkpoint_ = 0;
  goes_straight_ = true;
  was_joined_ = false;
  return {};
}

} // namespace kbpf
