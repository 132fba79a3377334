// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/held.h"
#include <algorithm>
#include <new>

namespace kbpf {

void Held::assign(const Held &other) {
  count = other.count;
  loop_count = other.loop_count;
  rcu = other.rcu;
  preempt_count = other.preempt_count;
  preempt_insn = other.preempt_insn;
  lock = other.lock;
  std::copy_n(other.references, count, references);
  std::copy_n(other.loops, loop_count, loops);
}

void Held::clear() { assign(Held(nullptr, nullptr)); }

size_t Held::packed_bytes() const {
  static_assert(alignof(Reference) <= alignof(Held) && alignof(Loop) <= alignof(Reference));
  const size_t bytes = sizeof(Held) + count * sizeof(Reference) + loop_count * sizeof(Loop);
  return (bytes + 7) & ~size_t{7};
}

Held *Held::pack(void *memory) const {
  Reference *references = reinterpret_cast<Reference *>(static_cast<std::byte *>(memory) + sizeof(Held));
  Held *packed = new (memory) Held(references, reinterpret_cast<Loop *>(references + count));
  packed->assign(*this);
  return packed;
}

const Reference *Held::find(uint32_t id) const {
  const Reference *found =
      std::find_if(references, references + count, [&](const Reference &r) { return r.id == id; });
  return found == references + count ? nullptr : found;
}

bool Held::add(const Reference &reference) {
  if (count == kMostReferences)
    return false;
  references[count++] = reference;
  return true;
}

void Held::remove(uint32_t id) {
  Reference *end =
      std::remove_if(references, references + count, [&](const Reference &r) { return r.id == id; });
  count = static_cast<uint32_t>(end - references);
}

Loop *Held::find_loop(Loop::Kind kind, uint32_t frame) {
  Loop *found = std::find_if(loops, loops + loop_count,
                             [&](const Loop &loop) { return loop.kind == kind && loop.frame == frame; });
  return found == loops + loop_count ? nullptr : found;
}

Loop *Held::find_loop(uint32_t id) {
  Loop *found = std::find_if(loops, loops + loop_count, [&](const Loop &loop) { return loop.id == id; });
  return found == loops + loop_count ? nullptr : found;
}

void Held::end_loop(uint32_t id) {
  Loop *end = std::remove_if(loops, loops + loop_count, [&](const Loop &loop) { return loop.id == id; });
  loop_count = static_cast<uint32_t>(end - loops);
}

void Held::end_loops(uint32_t frame) {
  Loop *end = std::remove_if(loops, loops + loop_count, [&](const Loop &loop) {
    return (loop.kind == Loop::Kind::may_goto || loop.kind == Loop::Kind::callback) && loop.frame >= frame;
  });
  loop_count = static_cast<uint32_t>(end - loops);
}

uint32_t went_on(const Held *old, const Held *now) {
  if (!old || !now)
    return 0;
  const auto is_run = [](const Loop &loop) {
    return loop.kind == Loop::Kind::timer || loop.kind == Loop::Kind::work;
  };
  if (old->loop_count && now->loop_count && is_run(old->loops[0]) &&
      old->loops[0].kind == now->loops[0].kind && old->loops[0].id != now->loops[0].id)
    return kAnotherRun;
  for (uint32_t i = 0; i < old->loop_count && i < now->loop_count; i++) {
    if (old->loops[i].id != now->loops[i].id)
      return 0;
    if (old->loops[i].rounds != now->loops[i].rounds)
      return i + 1;
  }
  return 0;
}

bool keeps_pace(const Held *old, const Held *now, uint32_t loops) {
  for (uint32_t i = 0; i < loops; i++)
    if (!old || !now || i >= old->loop_count || i >= now->loop_count ||
        old->loops[i].id != now->loops[i].id || now->loops[i].rounds < old->loops[i].rounds)
      return false;
  return true;
}

void release_reference(State &state, uint32_t id) {
  if (state.held) {
    state.held->remove(id);
    state.held->end_loop(id);
  }
  forget_addresses(state, [&](const Value &value) { return value.owner == id; });
}

} // namespace kbpf
