// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/precision.h"
#include <algorithm>

namespace kbpf {

void rely_on(const State &state, uint64_t sources) {
  constexpr uint64_t kRest = uint64_t{1} << 63;
  uint32_t handed_back = 0;
  for (Snapshot *checkpoint = state.parent; checkpoint; checkpoint = checkpoint->parent) {
    sources &= ~checkpoint->relied_on;
    if (sources == 0)
      return;
    state.longest_demand = std::max(state.longest_demand, ++handed_back);
    checkpoint->relied_on |= sources;
    uint64_t earlier = 0;
    const uint32_t numbers = std::min(checkpoint->number_count, uint16_t{63}); // sources beyond: of skips
    for (uint64_t left = sources & ((uint64_t{1} << numbers) - 1); left; left &= left - 1)
      earlier |= checkpoint->sources()[std::countr_zero(left)];
    if (sources & kRest)
      for (uint32_t number = 63; number < checkpoint->number_count; number++)
        earlier |= checkpoint->sources()[number];
    sources = earlier;
  }
}

void rely_on(const State &state, const Value &value) {
  if (value.is_scalar() && value.sources)
    rely_on(state, value.sources);
}

void rely_on_contradiction(const State &state, const Value &value) {
  if (!value.is_scalar())
    return;
  uint64_t sources = value.sources;
  if (value.id)
    for_each_value(state, [&](const Value &other) {
      if (other.is_scalar() && other.id == value.id)
        sources |= other.sources;
    });
  if (sources)
    rely_on(state, sources);
}

namespace {

void rely_on_slots(const State &state, uint32_t frame, uint64_t slots, uint64_t FrameRecord::*what) {
  slots &= ~state.frames[frame]->written;
  uint32_t handed_back = 0;
  for (Snapshot *checkpoint = state.parent; checkpoint && frame < checkpoint->frame_count;
       checkpoint = checkpoint->parent) {
    FrameRecord &earlier = checkpoint->frames()[frame];
    slots &= ~(earlier.*what);
    if (slots == 0)
      return;
    state.longest_demand = std::max(state.longest_demand, ++handed_back);
    earlier.*what |= slots;
    slots &= ~earlier.written;
  }
}

} // namespace

void rely_on_slots(const State &state, uint32_t frame, uint64_t slots) {
  rely_on_slots(state, frame, slots, &FrameRecord::read);
}

void rely_on_zeroes(const State &state, uint32_t frame, uint64_t slots) {
  rely_on_slots(state, frame, slots, &FrameRecord::read_zero);
}

void rely_like(const State &state, const Snapshot &old, uint64_t sources) {
  const uint64_t *const heads = old.heads();
  const uint64_t relied_on = old.relied_on;
  for (size_t f = old.frame_count; f-- > 0;) {
    const FrameRecord &frame = old.frames()[f];
    const Frame &now = *state.frames[f];
    if (frame.read)
      rely_on_slots(state, static_cast<uint32_t>(f), frame.read);
    if (frame.read_zero)
      rely_on_zeroes(state, static_cast<uint32_t>(f), frame.read_zero);
    if (relied_on == 0)
      continue;
    const uint64_t *head = heads + frame.first_slot_value;
    const StackSlot *slot = now.slots, *const end = slot + now.slot_count;
    for (uint64_t left = frame.valued; left && slot != end; left >>= 1, slot++) {
      if (!(left & 1))
        continue;
      const uint64_t word = *head++;
      if (static_cast<Kind>(word & 0xff) == Kind::scalar &&
          relied_on >> (word >> PackedValue::kNumber & ((1u << PackedValue::kNumberBits) - 1)) & 1 &&
          slot->bytes[0] == ByteKind::spill)
        sources |= slot->spilled.sources;
    }
  }
  rely_on(state, sources);
  if (old.open_paths == 0 && old.depends_on)
    depend_on_open(state, old.depends_on);
}

void depend_on_open(const State &state, uint32_t open) {
  for (Snapshot *checkpoint = state.parent; checkpoint && checkpoint->serial != open;
       checkpoint = checkpoint->parent)
    checkpoint->depends_on = open;
}

bool is_on_path(const State &state, uint32_t serial) {
  const Snapshot *checkpoint = state.parent;
  while (checkpoint && checkpoint->serial > serial) // those before it are older
    checkpoint = checkpoint->parent;
  return checkpoint && checkpoint->serial == serial;
}

void count_on_loops(const State &state, uint32_t open, uint32_t loops) {
  for (Snapshot *checkpoint = state.parent; checkpoint && checkpoint->serial > open;
       checkpoint = checkpoint->parent) {
    checkpoint->waits_for = checkpoint->waits_for ? std::min(checkpoint->waits_for, open) : open;
    checkpoint->loops_counted_on = std::max(checkpoint->loops_counted_on, static_cast<uint8_t>(loops));
  }
}

} // namespace kbpf
