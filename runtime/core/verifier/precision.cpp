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
  const uint64_t *at = old.values();
  uint32_t number = 0;
  // What `now` comes from, where the packed value that stands for it is a number that was relied on; null: it
  // is none.
  const auto take = [&](const Value *now) {
    const PackedValue was(at);
    at += was.words();
    if (was.kind() == Kind::scalar && old.relied_on & source_bit(number++) && now)
      sources |= now->sources;
  };
  for (uint32_t f = old.frame_count; f-- > 0;) {
    const FrameRecord &frame = old.frames()[f];
    const Frame &now = *state.frames[f];
    rely_on_slots(state, f, frame.read);
    rely_on_zeroes(state, f, frame.read_zero);
    for (uint32_t reg = 0, live = frame.live; live; reg++, live >>= 1)
      if (live & 1)
        take(&now.regs[reg]);
    uint64_t left = frame.spilled | frame.misc | frame.zero | frame.mixed;
    for (uint32_t slot = 0; left; slot++, left >>= 1) {
      if (!(left & 1))
        continue;
      const ByteKind lowest = static_cast<ByteKind>(frame.bytes_of(slot, at) & 0xff);
      const bool is_spilled =
          lowest == ByteKind::spill && slot < now.slot_count && now.slots[slot].bytes[0] == ByteKind::spill;
      if (lowest >= ByteKind::spill)
        take(is_spilled ? &now.slots[slot].spilled : nullptr);
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

} // namespace kbpf
