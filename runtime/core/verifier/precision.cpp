// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/precision.h"
#include <algorithm>

namespace kbpf {
namespace {

// Numbers beyond the 63rd share the last bit: relied on together.
constexpr uint32_t kLastBit = 63;

// Calls visit(Value &, bit) for every number of a state, in one order.
template <typename Visitor> void for_each_number(State &state, Visitor visit) {
  uint32_t index = 0;
  for_each_value(state, [&](Value &value) {
    if (value.is_scalar())
      visit(value, uint64_t{1} << std::min(index++, kLastBit));
  });
}

} // namespace

void start_at_checkpoint(State &state) {
  for_each_number(state, [](Value &value, uint64_t bit) { value.sources = bit; });
  for (uint32_t f = 0; f < state.frame_count; f++)
    state.frames[f]->written = 0;
}

void rely_on(const State &state, uint64_t sources) {
  for (State *checkpoint = state.parent; checkpoint; checkpoint = checkpoint->parent) {
    sources &= ~checkpoint->relied_on;
    if (sources == 0)
      return;
    checkpoint->relied_on |= sources;
    uint64_t earlier = 0;
    for_each_number(*checkpoint, [&](Value &value, uint64_t bit) {
      if (sources & bit) {
        value.is_relied_on = true;
        earlier |= value.sources;
      }
    });
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

void rely_on_slots(const State &state, uint32_t frame, uint64_t slots) {
  slots &= ~state.frames[frame]->written;
  for (State *checkpoint = state.parent; checkpoint && frame < checkpoint->frame_count;
       checkpoint = checkpoint->parent) {
    Frame &earlier = *checkpoint->frames[frame];
    slots &= ~earlier.read;
    if (slots == 0)
      return;
    earlier.read |= slots;
    slots &= ~earlier.written;
  }
}

void rely_like(const State &state, const State &old) {
  uint64_t sources = 0;
  const auto both = [&](const Value &was, const Value &now) {
    if (was.is_scalar() && was.is_relied_on)
      sources |= now.sources;
  };
  for (uint32_t f = 0; f < old.frame_count; f++) {
    const Frame &was = *old.frames[f];
    const Frame &now = *state.frames[f];
    for (unsigned reg = 0; reg < KBPF_REG_FP; reg++)
      both(was.regs[reg], now.regs[reg]);
    for (uint32_t slot = 0; slot < std::min(was.slot_count, now.slot_count); slot++)
      if (was.slots[slot].bytes[0] == ByteKind::spill)
        both(was.slots[slot].spilled, now.slots[slot].spilled);
    rely_on_slots(state, f, was.read);
  }
  rely_on(state, sources);
  if (old.open_paths == 0 && old.depends_on)
    depend_on_open(state, old.depends_on);
}

void depend_on_open(const State &state, uint32_t open) {
  for (State *checkpoint = state.parent; checkpoint && checkpoint->serial != open;
       checkpoint = checkpoint->parent)
    checkpoint->depends_on = open;
}

} // namespace kbpf
