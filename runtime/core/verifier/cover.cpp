// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/cover.h"
#include "core/verifier/held.h"
#include <algorithm>

namespace kbpf {
namespace {

// Ids mean something only within a state: those of two states correspond if one renaming fits everywhere; one
// to one for pointers. Numbers may be linked more closely in the current state than in the old one.
class IdMatch {
public:
  bool match_link(uint32_t old_id, uint32_t current_id) {
    if (current_id == 0)
      current_id = --alone_;
    for (uint32_t i = 0; i < link_count_; i++)
      if (links_[i].old_id == old_id)
        return links_[i].current_id == current_id;
    if (link_count_ == kCapacity)
      return false;
    links_[link_count_++] = {old_id, current_id};
    return true;
  }
  bool match(uint32_t old_id, uint32_t current_id) {
    for (uint32_t i = 0; i < count_; i++)
      if (pairs_[i].old_id == old_id || pairs_[i].current_id == current_id)
        return pairs_[i].old_id == old_id && pairs_[i].current_id == current_id;
    if (count_ == kCapacity)
      return false; // more than this is not worth the time: walk the path
    pairs_[count_++] = {old_id, current_id};
    return true;
  }

private:
  static constexpr uint32_t kCapacity = 64;
  struct Pair {
    uint32_t old_id, current_id;
  };
  Pair pairs_[kCapacity], links_[kCapacity];
  uint32_t count_ = 0, link_count_ = 0;
  uint32_t alone_ = UINT32_MAX; // ids for numbers that are linked to none
};

// 0 is no id.
bool ids_match(uint32_t old_id, uint32_t current_id, IdMatch &ids) {
  return (old_id == 0) == (current_id == 0) && (old_id == 0 || ids.match(old_id, current_id));
}

bool value_covers(const Value &old, const Value &current, Coverage how, IdMatch &ids) {
  if (old.kind != current.kind || current.moved_down > old.moved_down)
    return false;
  if (how == Coverage::same && old.number != current.number)
    return false;
  switch (old.kind) {
  case Kind::uninitialised:
    return true;
  case Kind::scalar:
    if (how == Coverage::relied_on && !old.is_relied_on)
      return true;
    if (how == Coverage::same ? current.number != old.number : !is_subset(current.number, old.number))
      return false;
    // An id in old means that the walk from there may have used that two values are parts of one.
    return old.id == 0 ||
           ((current.id == 0 || old.part == current.part) &&
            (current.id == 0 || old.delta == current.delta) && ids.match_link(old.id, current.id));
  case Kind::stack:
    return old.frame == current.frame && is_subset(current.number, old.number);
  case Kind::context:
    return is_subset(current.number, old.number);
  case Kind::map:
    return old.map == current.map && old.is_inner == current.is_inner;
  case Kind::function:
    return old.function == current.function;
  case Kind::map_key:
  case Kind::map_value:
  case Kind::fd_slot:
    return old.map == current.map && old.is_inner == current.is_inner && ids_match(old.id, current.id, ids) &&
           is_subset(current.number, old.number);
  case Kind::object:
  case Kind::object_or_null:
    return old.object_class == current.object_class && ids_match(old.owner, current.owner, ids) &&
           ids_match(old.id, current.id, ids);
  case Kind::btf_object:
  case Kind::btf_object_or_null:
    return old.type_id == current.type_id && old.trust == current.trust &&
           ids_match(old.owner, current.owner, ids) && ids_match(old.id, current.id, ids) &&
           is_subset(current.number, old.number);
  case Kind::dynptr_argument:
    return ids_match(old.id, current.id, ids);
  case Kind::dynptr:
  case Kind::iterator:
    return old.frame == current.frame && old.range == current.range && ids_match(old.id, current.id, ids);
  case Kind::memory:
  case Kind::memory_or_null:
    return old.size == current.size && old.is_read_only == current.is_read_only &&
           ids_match(old.owner, current.owner, ids) && ids_match(old.id, current.id, ids) &&
           is_subset(current.number, old.number);
  case Kind::packet:
  case Kind::packet_meta:
    return old.delta == current.delta && old.range <= current.range && (old.id == 0) == (current.id == 0) &&
           (old.id == 0 || ids.match(old.id, current.id)) && is_subset(current.number, old.number);
  case Kind::packet_end:
    return true;
  case Kind::map_value_or_null:
  case Kind::map_or_null:
    return old.map == current.map && old.is_inner == current.is_inner && ids.match(old.id, current.id);
  }
  return false;
}

// A byte that was not written is some number too, once the engine clears it.
bool byte_covers(ByteKind old, ByteKind current) {
  switch (old) {
  case ByteKind::uninitialised:
  case ByteKind::misc:
    return current != ByteKind::object;
  case ByteKind::zero:
    return current == ByteKind::zero;
  case ByteKind::spill:
  case ByteKind::object:
    return current == old; // the values are compared as well
  }
  return false;
}

bool slot_covers(const StackSlot &old, const StackSlot &current, Coverage how, IdMatch &ids) {
  const bool old_spills = old.bytes[0] == ByteKind::spill;
  const bool old_keeps_address = old_spills && !old.spilled.is_scalar();
  const bool keeps_address = current.bytes[0] == ByteKind::spill && !current.spilled.is_scalar();
  if (keeps_address != old_keeps_address)
    return false;
  const bool any_number =
      old_spills && !old_keeps_address && how == Coverage::relied_on && !old.spilled.is_relied_on;
  for (unsigned i = 0; i < 8; i++)
    if (!byte_covers(any_number && old.bytes[i] == ByteKind::spill ? ByteKind::misc : old.bytes[i],
                     current.bytes[i]))
      return false;
  if (old.bytes[0] == ByteKind::object)
    return value_covers(old.spilled, current.spilled, how, ids);
  if (!old_spills || any_number)
    return true;
  for (unsigned i = 0; i < 8; i++) // stored in as many bytes
    if ((old.bytes[i] == ByteKind::spill) != (current.bytes[i] == ByteKind::spill))
      return false;
  return value_covers(old.spilled, current.spilled, how, ids);
}

bool reads_unwritten(const StackSlot &old, const StackSlot &current) {
  for (unsigned i = 0; i < 8; i++)
    if (old.bytes[i] != ByteKind::uninitialised && current.bytes[i] == ByteKind::uninitialised)
      return true;
  return false;
}

constexpr StackSlot kUntouched{};

bool frame_covers(const FrameRecord &old, const Frame &current, Coverage how) {
  if (old.first_insn != current.first_insn || old.return_to != current.return_to ||
      old.is_callback != current.is_callback || old.rounds > current.rounds)
    return false;
  const uint64_t kept = old.spilled | old.misc | old.zero | old.mixed;
  for (uint32_t slot = 0; slot < current.slot_count; slot++)
    if (!(kept >> slot & 1) && current.slots[slot].bytes[0] == ByteKind::object)
      return false;
  if (how != Coverage::same)
    return true;
  for (unsigned reg = 0; reg < KBPF_REG_FP; reg++)
    if ((current.regs[reg].kind != Kind::uninitialised) != (old.live >> reg & 1))
      return false;
  return true;
}

// The same references are held, whatever their ids.
bool held_covers(const Held *old, const Held *current, IdMatch &ids) {
  const uint32_t count = old ? old->count : 0;
  if (count != (current ? current->count : 0) || (old && old->rcu) != (current && current->rcu) ||
      (old && old->lock.is_held) != (current && current->lock.is_held))
    return false;
  if (old && old->lock.is_held &&
      (old->lock.map != current->lock.map || old->lock.is_inner != current->lock.is_inner ||
       !ids_match(old->lock.id, current->lock.id, ids)))
    return false;
  for (uint32_t i = 0; i < count; i++)
    if (old->references[i].frame != current->references[i].frame ||
        old->references[i].kind != current->references[i].kind ||
        !ids.match(old->references[i].id, current->references[i].id))
      return false;
  return true;
}

} // namespace

void simplify(State &state, const Cfg &cfg) {
  for (uint32_t f = 0; f < state.frame_count; f++) {
    bool innermost = f + 1 == state.frame_count;
    uint32_t insn = innermost ? state.insn : state.frames[f + 1]->return_to;
    state.frames[f]->forget_last_constant();
    const uint16_t live = cfg.live[insn];
    for (unsigned reg = 0; reg < KBPF_REG_FP; reg++) {
      Value &value = state.frames[f]->regs[reg];
      // A helper that calls back may do so again, with the same arguments.
      bool is_clobbered = !innermost && reg <= 5 && !state.frames[f + 1]->is_callback;
      if (!(live >> reg & 1) || is_clobbered)
        value = Value();
    }
  }
}

void widen(State &current, const Snapshot &old) {
  const auto widen_value = [](Value &now, const Value &was) {
    if (now.is_scalar() && was.is_scalar() && !was.is_relied_on && now.number != was.number) {
      const uint64_t sources = now.sources;
      now = Value::unknown();
      now.sources = sources;
    }
    return true;
  };
  visit(
      old, [&](uint32_t f, const FrameRecord &) { return f < current.frame_count; },
      [&](uint32_t f, uint32_t reg, const Value &was) {
        return widen_value(current.frames[f]->regs[reg], was);
      },
      [&](uint32_t f, uint32_t slot, const StackSlot &was) {
        Frame &now = *current.frames[f];
        return slot >= now.slot_count || now.slots[slot].bytes[7] != ByteKind::spill ||
               was.bytes[7] != ByteKind::spill || widen_value(now.slots[slot].spilled, was.spilled);
      });
}

bool covers(const Snapshot &old, const State &current, Coverage how, CoverResult &result) {
  result.reads_unwritten = false;
  result.work++;
  if (old.frame_count != current.frame_count)
    return false;
  if (old.depends_on && how == Coverage::relied_on)
    how = Coverage::everything;
  IdMatch ids;
  const FrameRecord *frame = nullptr;
  return visit(
             old,
             [&](uint32_t f, const FrameRecord &record) {
               frame = &record;
               return frame_covers(record, *current.frames[f], how);
             },
             [&](uint32_t f, uint32_t reg, PackedValue was, bool is_relied_on) {
               const Value &now = current.frames[f]->regs[reg];
               if (was.kind() != now.kind)
                 return Glance::stop;
               if (was.kind() == Kind::scalar && how == Coverage::relied_on && !is_relied_on)
                 return Glance::pass_over;
               if (!was.is_plain_constant())
                 return Glance::unpack;
               return now.number.is_constant(was.constant()) ? Glance::pass_over : Glance::stop;
             },
             [&](uint32_t f, uint32_t reg, const Value &was) {
               result.work++;
               return value_covers(was, current.frames[f]->regs[reg], how, ids);
             },
             [&](uint32_t f, uint32_t slot, const StackSlot &was) {
               result.work++;
               const Frame &now = *current.frames[f];
               const StackSlot &content = slot < now.slot_count ? now.slots[slot] : kUntouched;
               const bool is_object =
                   was.bytes[0] == ByteKind::object || content.bytes[0] == ByteKind::object;
               if (how == Coverage::relied_on && !(frame->read >> slot & 1) && !is_object)
                 return true;
               result.reads_unwritten |= reads_unwritten(was, content);
               return slot_covers(was, content, how, ids);
             }) &&
         held_covers(old.held, current.held, ids);
}

} // namespace kbpf
