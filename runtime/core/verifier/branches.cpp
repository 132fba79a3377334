// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/branches.h"

namespace kbpf {

uint32_t Branches::bytes(const State &state) {
  size_t bytes = sizeof(State) + state.frame_count * sizeof(Frame);
  for (uint32_t f = 0; f < state.frame_count; f++)
    bytes += state.frames[f]->capacity * sizeof(StackSlot);
  return static_cast<uint32_t>(bytes);
}

void Branches::keep_whole(Branch *branch, State *state, uint32_t bytes) {
  branch->state = state;
  branch->bytes = bytes;
  whole_++;
  whole_bytes_ += bytes;
  snapshots_.note_kept(*state);
}

bool Branches::keep_packed(Branch *branch, const State &state) {
  branch->packed = snapshots_.pack(state);
  return branch->packed != nullptr;
}

bool Branches::push(const State &state, How how) {
  Branch *branch = make(how);
  if (!branch)
    return false;
  const uint32_t bytes = Branches::bytes(state);
  if (!has_room(bytes))
    return keep_packed(branch, state);
  State *copy = states_.copy(state);
  if (!copy)
    return false;
  copy->parent = state.parent;
  keep_whole(branch, copy, bytes);
  return true;
}

bool Branches::push(State *state, How how) {
  Branch *branch = make(how);
  if (!branch)
    return false;
  if (const uint32_t bytes = Branches::bytes(*state); has_room(bytes)) {
    keep_whole(branch, state, bytes);
    return true;
  }
  const bool is_kept = keep_packed(branch, *state);
  states_.release(state);
  return is_kept;
}

Branches::Branch *Branches::take() {
  Branch *branch = first_;
  first_ = branch->next;
  branch->next = free_;
  free_ = branch;
  count_--;
  if (!branch->state)
    return branch;
  whole_--;
  whole_bytes_ -= branch->bytes;
  snapshots_.note_released();
  return branch;
}

bool Branches::pop(State *&current, How &how) {
  const Branch *branch = take();
  how = branch->how;
  if (branch->state) {
    branch->state->longest_demand = current->longest_demand;
    states_.release(current);
    current = branch->state;
    return true;
  }
  if (!snapshots_.unpack(*branch->packed, *current, states_))
    return false;
  snapshots_.release(branch->packed);
  return true;
}

void Branches::drop() {
  const Branch *branch = take();
  if (branch->skip.source)
    snapshots_.note_released();
  else if (branch->state)
    states_.release(branch->state);
  else
    snapshots_.release(branch->packed);
}

} // namespace kbpf
