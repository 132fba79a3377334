// SPDX-License-Identifier: MIT OR Apache-2.0
// Paths that open elsewhere than at a conditional jump: functions that helpers call, elements of iterators,
// rounds of may_goto.
#include "core/verifier/walk.h"

namespace kbpf {

Result<void> Verifier::before_helper(const Insn &insn) {
  current_subprogram().calls_helper = true;
  if (!opens_paths(insn, *program_.profile))
    return {};
  if (calls_back(insn, *program_.profile))
    KBPF_TRY(call_back());
  if (keeps_function(insn, *program_.profile))
    KBPF_TRY(keep_function());
  if (asks_for_next(insn, *program_.profile))
    KBPF_TRY(next_element());
  return {};
}

Result<void> Verifier::begin_function(State &state) {
  return analysis_.cfg.has_may_goto ? begin_loop(state, Loop::Kind::may_goto) : Result<void>();
}

Result<void> Verifier::begin_loop(State &state, Loop::Kind kind) {
  Held *held = pool_.hold(state);
  if (!held)
    return Error::no_memory;
  const uint8_t frame = static_cast<uint8_t>(state.frame_count - 1);
  if (!held->find_loop(kind, frame))
    held->begin_loop({kind, frame, analysis_.new_id(), 0});
  return {};
}

Result<void> Verifier::may_goto(const Insn &insn) {
  current_subprogram().uses_may_goto = true;
  State *round = pool_.copy(*current_);
  if (!round)
    return Error::no_memory;
  round->held->find_loop(Loop::Kind::may_goto, current_->frame_count - 1)->rounds++;
  round->insn++;
  current_->insn = static_cast<uint32_t>(jump_target(current_->insn, insn));
  return postpone(round);
}

Result<void> Verifier::call_back() {
  if (current_->frame_count == KBPF_MAX_CALL_FRAMES)
    return reject(rejection_, RejectionId::call_depth, current_->insn, "calls are nested more than {} deep",
                  KBPF_MAX_CALL_FRAMES);
  KBPF_TRY(begin_loop(*current_, Loop::Kind::callback));
  const uint32_t id = current_->held->find_loop(Loop::Kind::callback, current_->frame_count - 1)->id;
  State *round = pool_.copy(*current_);
  if (!round)
    return Error::no_memory;
  current_->frame().rounds = 0;
  current_->held->end_loop(id);
  round->held->find_loop(id)->rounds++;
  if (!KBPF_TRY(transformer_.enter_callback(*round))) {
    pool_.release(round);
    return {};
  }
  KBPF_TRY(begin_function(*round));
  analysis_.cfg.subprograms[analysis_.cfg.subprogram_at(round->insn)].is_called_back = true;
  return postpone(round);
}

Result<void> Verifier::keep_function() {
  State *later = pool_.make_state();
  if (!later)
    return Error::no_memory;
  later->path_length = current_->path_length;
  KBPF_TRY(transformer_.enter_timer_function(*current_, *later));
  const bool is_work = analysis_.insn(current_->insn).imm == static_cast<int32_t>(kWorkSetCallback);
  KBPF_TRY(begin_loop(*later, is_work ? Loop::Kind::work : Loop::Kind::timer));
  KBPF_TRY(begin_function(*later));
  analysis_.cfg.subprograms[analysis_.cfg.subprogram_at(later->insn)].runs_later = true;
  return postpone(later);
}

Result<void> Verifier::next_element() {
  State *round = pool_.copy(*current_);
  if (!round)
    return Error::no_memory;
  const uint32_t id = object_at(*current_, current_->reg(1))->id;
  round->held->find_loop(id)->rounds++;
  if (!KBPF_TRY(transformer_.next_element(*round))) {
    pool_.release(round);
    return {};
  }
  return postpone(round);
}

Result<void> Verifier::end_without_packet() {
  if (current_->frame_count == 1)
    return {};
  State *ended = pool_.copy(*current_);
  if (!ended)
    return Error::no_memory;
  ended->reg(0) = Value::constant(0);
  transformer_.leave(*ended);
  return postpone(ended);
}

Result<void> Verifier::postpone(State *state) {
  state->parent = current_->parent;
  KBPF_TRY(before_branch());
  if (!branches_.push(state, {false, decisions_.length()}))
    return Error::no_memory;
  forks_since_checkpoint_++;
  goes_straight_ = false;
  note_branch(*current_);
  return {};
}

} // namespace kbpf
