// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/branches.h"

namespace kbpf {

size_t Branches::bytes(const State &state) {
  size_t bytes = sizeof(State);
  for (uint32_t f = 0; f < state.frame_count; f++)
    bytes += sizeof(Frame) + std::bit_ceil(state.frames[f]->slot_count) * sizeof(StackSlot);
  return bytes;
}

Branches::Branch *Branches::make(How how) {
  Branch *branch = free_;
  if (branch)
    free_ = branch->next;
  else if (!(branch = arena_.make<Branch>()))
    return nullptr;
  *branch = {first_, nullptr, nullptr, nullptr, how};
  first_ = branch;
  count_++;
  return branch;
}

void Branches::keep_whole(Branch *branch, State *state) {
  branch->state = state;
  whole_++;
  whole_bytes_ += bytes(*state);
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
  if (!has_room(state))
    return keep_packed(branch, state);
  State *copy = states_.copy(state);
  if (!copy)
    return false;
  copy->parent = state.parent;
  keep_whole(branch, copy);
  return true;
}

bool Branches::push(State *state, How how) {
  Branch *branch = make(how);
  if (!branch)
    return false;
  return keep(branch, state);
}

bool Branches::keep(Branch *branch, State *state) {
  if (has_room(*state)) {
    keep_whole(branch, state);
    return true;
  }
  const bool is_kept = keep_packed(branch, *state);
  states_.release(state);
  return is_kept;
}

Skip *Branches::push_skip(const State &state, uint32_t registers, How how) {
  Skip *skip = free_skips_;
  if (skip)
    free_skips_ = skip->next;
  else if (void *memory = arena_.allocate(Skip::kBytes, alignof(Skip)))
    skip = new (memory) Skip;
  else
    return nullptr;
  Branch *branch = make(how);
  if (!branch)
    return nullptr;
  branch->skip = skip;
  skip->meeting = nullptr;
  skip->parent = state.parent;
  skip->path_length = state.path_length;
  skip->registers = registers;
  Value *value = skip->values();
  for (uint32_t left = registers; left; left &= left - 1)
    new (value++) Value(state.reg(static_cast<unsigned>(std::countr_zero(left))));
  snapshots_.note_kept(static_cast<uint32_t>(std::popcount(registers)));
  return skip;
}

bool Branches::replace_open_skip(State *state) {
  Branch *branch = first_;
  release(branch->skip);
  branch->skip = nullptr;
  branch->how.takes_jump = branch->how.is_narrowed = false;
  snapshots_.note_released();
  return keep(branch, state);
}

void Branches::release(Skip *skip) {
  skip->next = free_skips_;
  free_skips_ = skip;
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
  whole_bytes_ -= bytes(*branch->state);
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
  if (branch->skip) {
    release(branch->skip);
    snapshots_.note_released();
  } else if (branch->state) {
    states_.release(branch->state);
  } else {
    snapshots_.release(branch->packed);
  }
}

} // namespace kbpf
