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
  case Kind::allocated:
    return "pointer to an allocated object";
  case Kind::allocated_or_null:
    return "pointer to an allocated object, or null";
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

State *StatePool::take_state() {
  State *state = free_states_;
  if (!state)
    return arena_.make<State>();
  free_states_ = state->next;
  return state;
}

State *StatePool::make_state() {
  State *state = take_state();
  if (!state)
    return nullptr;
  *state = State{};
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
  State *result = take_state();
  if (!result)
    return nullptr;
  result->insn = state.insn;
  result->path_length = state.path_length;
  result->frame_count = 0; // frames beyond them are unset
  result->parent = nullptr;
  result->next = nullptr;
  result->held = nullptr;
  result->hides_addresses = hides_addresses_;
  result->longest_demand = 0;
  for (uint32_t f = 0; f < state.frame_count; f++) {
    Frame *to = take_frame();
    if (!to) {
      release(result);
      return nullptr;
    }
    result->frames[result->frame_count++] = to;
    if (!copy_frame(*state.frames[f], *to)) {
      release(result);
      return nullptr;
    }
  }
  if (state.held && !state.held->says_nothing()) {
    if (!hold(*result)) {
      release(result);
      return nullptr;
    }
    result->held->assign(*state.held);
  }
  return result;
}

// Only what holds something: a frame is large.
bool StatePool::copy_frame(const Frame &from, Frame &to) {
  to.first_insn = from.first_insn;
  to.return_to = from.return_to;
  to.is_callback = from.is_callback;
  to.rounds = from.rounds;
  to.written = from.written;
  to.slots = nullptr;
  to.slot_count = to.capacity = 0;
  to.forget_last_constant();
  Value *reg = to.regs;
  for (const Value &value : from.regs) {
    if (value.kind == Kind::uninitialised)
      reg->kind = Kind::uninitialised;
    else
      copy_inline(*reg, value);
    reg++;
  }
  if (from.slot_count == 0)
    return true;
  to.slots = make_slots(to.capacity = std::bit_ceil(from.slot_count));
  if (!to.slots)
    return false;
  to.slot_count = from.slot_count;
  StackSlot *slot = to.slots;
  for (const StackSlot *was = from.slots, *end = was + from.slot_count; was != end; was++, slot++) {
    copy_inline(slot->bytes, was->bytes);
    if (was->bytes[0] >= ByteKind::spill)
      copy_inline(slot->spilled, was->spilled);
  }
  return true;
}

Held *StatePool::hold(State &state) {
  if (state.held)
    return state.held;
  if (!free_held_)
    return state.held = arena_.make<HeldOfState>();
  void *memory = free_held_;
  free_held_ = free_held_->next;
  return state.held = new (memory) HeldOfState;
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

Frame *StatePool::take_frame() {
  Frame *frame = free_frames_;
  if (!frame)
    return arena_.make<Frame>();
  free_frames_ = frame->next;
  return frame;
}

// Only what says whether there is anything is cleared: a frame is large.
Frame *StatePool::make_frame() {
  Frame *frame = take_frame();
  if (!frame)
    return nullptr;
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

// What they hold is unset.
StackSlot *StatePool::make_slots(uint32_t capacity) {
  FreeBlock *&free = free_slots_[std::countr_zero(capacity)];
  if (void *memory = free) {
    free = free->next;
    return static_cast<StackSlot *>(memory);
  }
  void *memory = arena_.allocate(capacity * sizeof(StackSlot), alignof(StackSlot));
  return memory ? new (memory) StackSlot[capacity] : nullptr;
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
    for (uint32_t slot = 0; slot < frame.slot_count; slot++)
      copy_inline(slots[slot], frame.slots[slot]);
    release_slots(frame.slots, frame.capacity);
    frame.slots = slots;
    frame.capacity = capacity;
  }
  for (; frame.slot_count < count; frame.slot_count++)
    frame.slots[frame.slot_count].fill(ByteKind::uninitialised);
  return true;
}

} // namespace kbpf
