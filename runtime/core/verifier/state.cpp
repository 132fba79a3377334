// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/state.h"
#include "core/verifier/held.h"
#include <bit>

namespace kbpf {

const char *kind_name(Kind kind) {
  switch (kind) {
  case Kind::uninitialised:
    return "uninitialised";
  case Kind::scalar:
    return "number";
  case Kind::context:
    return "context pointer";
  case Kind::stack:
    return "stack pointer";
  case Kind::map_value:
    return "map value pointer";
  case Kind::map_value_or_null:
    return "map value pointer or null";
  case Kind::map:
    return "map";
  case Kind::map_or_null:
    return "map or null";
  case Kind::map_key:
    return "map key pointer";
  case Kind::function:
    return "function";
  case Kind::dynptr_argument:
    return "pointer to a dynptr";
  case Kind::dynptr:
    return "dynptr";
  case Kind::iterator:
    return "iterator";
  case Kind::object:
    return "object of the kernel";
  case Kind::object_or_null:
    return "object of the kernel or null";
  case Kind::btf_object:
    return "pointer to an object of the kernel";
  case Kind::btf_object_or_null:
    return "pointer to an object of the kernel, or null";
  case Kind::memory:
    return "memory pointer";
  case Kind::memory_or_null:
    return "memory pointer or null";
  case Kind::fd_slot:
    return "map fd pointer";
  case Kind::packet:
    return "packet pointer";
  case Kind::packet_meta:
    return "packet metadata pointer";
  case Kind::packet_end:
    return "packet end";
  }
  return "";
}

void forget_spill(StackSlot &slot) {
  for (ByteKind &kind : slot.bytes)
    if (kind == ByteKind::spill)
      kind = ByteKind::misc;
  slot.spilled = Value();
}

unsigned spilled_bytes(const StackSlot &slot) {
  unsigned count = 0;
  while (count < 8 && slot.bytes[count] == ByteKind::spill)
    count++;
  return count;
}

ByteKind byte_at(const Frame &frame, int64_t offset) {
  uint32_t slot = slot_of(offset);
  return slot < frame.slot_count ? frame.slots[slot].bytes[byte_of(offset)] : ByteKind::uninitialised;
}

State *StatePool::make_state() {
  State *state = free_states_;
  if (state) {
    free_states_ = state->next;
    *state = State{};
  } else {
    state = arena_.make<State>();
  }
  if (state)
    state->hides_addresses = hides_addresses_;
  return state;
}

void StatePool::release(State *state) {
  while (state->frame_count)
    pop_frame(*state);
  if (state->held)
    free_held_ = new (state->held) FreeBlock{free_held_};
  state->next = free_states_;
  free_states_ = state;
}

State *StatePool::copy(const State &state) {
  State *result = make_state();
  if (!result)
    return nullptr;
  result->insn = state.insn;
  result->path_length = state.path_length;
  result->iterations = state.iterations;
  for (uint32_t f = 0; f < state.frame_count; f++) {
    const Frame &from = *state.frames[f];
    Frame *to = push_frame(*result, from.first_insn, from.return_to);
    if (!to || !reserve_slots(*to, from.slot_count)) {
      release(result);
      return nullptr;
    }
    to->is_callback = from.is_callback;
    to->rounds = from.rounds;
    to->written = from.written;
    std::copy(std::begin(from.regs), std::end(from.regs), to->regs);
    std::copy(from.slots, from.slots + from.slot_count, to->slots);
  }
  if (state.held) {
    if (!hold(*result)) {
      release(result);
      return nullptr;
    }
    *result->held = *state.held;
  }
  return result;
}

Held *StatePool::hold(State &state) {
  if (state.held)
    return state.held;
  if (!free_held_)
    return state.held = arena_.make<Held>();
  void *memory = free_held_;
  free_held_ = free_held_->next;
  return state.held = new (memory) Held{};
}

Frame *StatePool::push_frame(State &state, uint32_t first_insn, uint32_t return_to) {
  Frame *frame = make_frame();
  if (!frame)
    return nullptr;
  frame->first_insn = first_insn;
  frame->return_to = return_to;
  Value &fp = frame->regs[KBPF_REG_FP];
  fp.kind = Kind::stack;
  fp.frame = static_cast<uint8_t>(state.frame_count);
  fp.number = Scalar::constant(0);
  state.frames[state.frame_count++] = frame;
  return frame;
}

void StatePool::pop_frame(State &state) { release_frame(state.frames[--state.frame_count]); }

// Only what says whether there is anything is cleared: a frame is large.
Frame *StatePool::make_frame() {
  Frame *frame = free_frames_;
  if (!frame)
    return arena_.make<Frame>();
  free_frames_ = frame->next;
  frame->is_callback = false;
  frame->rounds = 0;
  frame->written = 0;
  frame->slot_count = frame->capacity = 0;
  frame->slots = nullptr;
  frame->forget_last_constant();
  for (Value &value : frame->regs)
    value.kind = Kind::uninitialised;
  return frame;
}

void StatePool::release_frame(Frame *frame) {
  release_slots(frame->slots, frame->capacity);
  frame->next = free_frames_;
  free_frames_ = frame;
}

StackSlot *StatePool::make_slots(uint32_t capacity) {
  FreeBlock *&free = free_slots_[std::countr_zero(capacity)];
  void *memory = free;
  if (memory)
    free = free->next;
  else
    memory = arena_.allocate(capacity * sizeof(StackSlot), alignof(StackSlot));
  if (!memory)
    return nullptr;
  StackSlot *slots = static_cast<StackSlot *>(memory);
  for (uint32_t i = 0; i < capacity; i++)
    new (slots + i) StackSlot();
  return slots;
}

void StatePool::release_slots(StackSlot *slots, uint32_t capacity) {
  if (!slots)
    return;
  FreeBlock *&free = free_slots_[std::countr_zero(capacity)];
  free = new (slots) FreeBlock{free};
}

bool StatePool::reserve_slots(Frame &frame, uint32_t count) {
  if (count > frame.capacity) {
    uint32_t capacity = std::bit_ceil(count);
    StackSlot *slots = make_slots(capacity);
    if (!slots)
      return false;
    std::copy(frame.slots, frame.slots + frame.slot_count, slots);
    release_slots(frame.slots, frame.capacity);
    frame.slots = slots;
    frame.capacity = capacity;
  }
  frame.slot_count = std::max(frame.slot_count, count);
  return true;
}

} // namespace kbpf
