// SPDX-License-Identifier: MIT OR Apache-2.0
// A slot of an object describes it: Value::frame is the kind, Value::object_type the type of an iterator,
// Value::range which slot of it this is, from the lowest.
#include "core/verifier/stack_object.h"
#include "core/verifier/held.h"
#include <algorithm>

namespace kbpf {

std::optional<StackObject> object_at(const State &state, uint32_t frame, int64_t offset) {
  if (offset >= 0 || byte_at(*state.frames[frame], offset) != ByteKind::object)
    return std::nullopt;
  const Value &part = state.frames[frame]->slots[slot_of(offset)].spilled;
  const int64_t slot_start = -8 * (static_cast<int64_t>(slot_of(offset)) + 1);
  return StackObject{static_cast<StackObjectKind>(part.frame), part.id, slot_start - 8 * part.range, frame,
                     part.object_type};
}

std::optional<StackObject> object_at(const State &state, const Value &pointer) {
  if (pointer.kind == Kind::dynptr_argument) // in a frame that is not to be seen
    return StackObject{StackObjectKind::local_dynptr, pointer.id, 0, 0};
  if (pointer.kind != Kind::stack || !pointer.number.is_constant())
    return std::nullopt;
  const int64_t offset = static_cast<int64_t>(pointer.number.value());
  if (offset < -KBPF_STACK_SIZE)
    return std::nullopt;
  std::optional<StackObject> object = object_at(state, pointer.frame, offset);
  return object && object->offset == offset ? object : std::nullopt;
}

void put_object(State &state, const StackObject &object) {
  for (uint32_t i = 0; i < object.size() / 8; i++) {
    StackSlot &slot = state.frames[object.frame]->slots[slot_of(object.offset + 8 * i)];
    std::fill(std::begin(slot.bytes), std::end(slot.bytes), ByteKind::object);
    slot.spilled = Value();
    slot.spilled.kind = object.is_dynptr() ? Kind::dynptr : Kind::iterator;
    slot.spilled.frame = static_cast<uint8_t>(object.kind);
    slot.spilled.object_type = object.type;
    slot.spilled.range = static_cast<uint16_t>(i);
    slot.spilled.id = object.id;
  }
}

void remove_object(State &state, const StackObject &object) {
  for (uint32_t f = 0; f < state.frame_count; f++) // clones may be anywhere
    for (uint32_t s = 0; s < state.frames[f]->slot_count; s++) {
      StackSlot &slot = state.frames[f]->slots[s];
      if (slot.bytes[0] != ByteKind::object || slot.spilled.id != object.id)
        continue;
      slot.fill(state.hides_addresses ? ByteKind::uninitialised : ByteKind::misc); // it may tell addresses
      slot.spilled = Value();
    }
  release_reference(state, object.id);
}

bool has_object(const Frame &frame, int64_t first, int64_t end) {
  if (first >= end)
    return false;
  const uint32_t last = slot_of(first);
  for (uint32_t slot = slot_of(end - 1); slot <= last && slot < frame.slot_count; slot++)
    if (frame.slots[slot].bytes[0] == ByteKind::object)
      return true;
  return false;
}

void remove_objects(State &state, uint32_t frame, int64_t first, int64_t end) {
  if (!has_object(*state.frames[frame], first, end))
    return;
  for (int64_t offset = first; offset < end; offset++)
    if (std::optional<StackObject> object = object_at(state, frame, offset))
      remove_object(state, *object);
}

} // namespace kbpf
