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
    for (uint64_t left = sources & ~kRest; left; left &= left - 1)
      earlier |= checkpoint->sources()[std::countr_zero(left)];
    if (sources & kRest)
      for (uint32_t number = 63; number < checkpoint->number_count; number++)
        earlier |= checkpoint->sources()[number];
    sources = earlier;
  }
}

void rely_on_linked(const State &state, const Value &value) {
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

void rely_like(const State &state, const Snapshot &old) {
  uint64_t sources = 0;
  visit(
      old,
      [&](uint32_t f, const FrameRecord &frame) {
        rely_on_slots(state, f, frame.read);
        rely_on_zeroes(state, f, frame.read_zero);
        return true;
      },
      [&](uint32_t f, uint32_t reg, const Value &was) {
        if (was.is_scalar() && was.is_relied_on)
          sources |= state.frames[f]->regs[reg].sources;
        return true;
      },
      [&](uint32_t f, uint32_t slot, const StackSlot &was) {
        const Frame &now = *state.frames[f];
        if (was.bytes[0] == ByteKind::spill && was.spilled.is_scalar() && was.spilled.is_relied_on &&
            slot < now.slot_count && now.slots[slot].bytes[0] == ByteKind::spill)
          sources |= now.slots[slot].spilled.sources;
        return true;
      });
  rely_on(state, sources);
  if (old.open_paths == 0 && old.depends_on)
    depend_on_open(state, old.depends_on);
}

void depend_on_open(const State &state, uint32_t open) {
  for (Snapshot *checkpoint = state.parent; checkpoint && checkpoint->serial != open;
       checkpoint = checkpoint->parent)
    checkpoint->depends_on = open;
}

} // namespace kbpf
