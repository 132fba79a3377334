// SPDX-License-Identifier: MIT OR Apache-2.0
#include "claims.h"
#include "core/isa/arithmetic.h"
#include "core/verifier/held.h"
#include <cstring>

namespace kbpf::soundness {

void Claims::begin(size_t insns) {
  used_ = 0;
  is_complete_ = true;
  first_.assign(insns, nullptr);
  last_.assign(insns, nullptr);
  hint_.assign(insns, nullptr);
  fault_.clear();
}

void *Claims::take(size_t size) {
  size = (size + 15) / 16 * 16;
  if (used_ + size > kBytes) {
    is_complete_ = false;
    return nullptr;
  }
  void *at = room_.get() + used_;
  used_ += size;
  return at;
}

void Claims::walked(const State &state) {
  Record *record = static_cast<Record *>(take(sizeof(Record)));
  if (!record)
    return;
  *record = {nullptr, state.frame_count, state.held ? state.held->count : 0};
  for (uint32_t f = state.frame_count; f-- > 0;) { // the innermost differs soonest
    const Frame &frame = *state.frames[f];
    auto *to = static_cast<FrameRecord *>(take(sizeof(FrameRecord) + frame.slot_count * sizeof(StackSlot)));
    if (!to)
      return;
    to->first_insn = frame.first_insn;
    to->return_to = frame.return_to;
    to->is_callback = frame.is_callback;
    to->slot_count = frame.slot_count;
    memcpy(static_cast<void *>(to->regs), frame.regs, sizeof to->regs);
    if (frame.slot_count != 0)
      memcpy(static_cast<void *>(to->slots), frame.slots, frame.slot_count * sizeof(StackSlot));
  }
  Record *&last = last_[state.insn];
  (last ? last->next : first_[state.insn]) = record;
  last = record;
}

void Claims::before(const Machine &machine, uint32_t insn) {
  if (!fault_.empty())
    return;
  const char *why = "it is not reached at all";
  // Runs come by in the order of the walk, mostly.
  Record *start = hint_[insn] ? hint_[insn] : first_[insn];
  for (Record *record = start; record; record = record->next)
    if (!(why = contradiction(*record, machine))) {
      hint_[insn] = record->next;
      return;
    }
  for (Record *record = first_[insn]; record != start; record = record->next)
    if (!(why = contradiction(*record, machine))) {
      hint_[insn] = record->next;
      return;
    }
  fault_ = "at instruction " + std::to_string(insn) +
           " no state of the walk is this one; of the last that was looked at, " + why;
  const MachineFrame &frame = machine.frame(machine.frame_count() - 1);
  for (unsigned reg = 0; reg < KBPF_REG_COUNT; reg++)
    if (frame.regs[reg].is_written)
      fault_ += " r" + std::to_string(reg) + "=" + std::to_string(frame.regs[reg].value) + "/" +
                std::to_string(frame.regs[reg].region);
}

// Two parts of one number agree in the bits that both have.
const char *Claims::link_contradiction(const Value &value, uint64_t word) {
  const bool is_pointer = value.is_pointer();
  if (value.id == 0 || (is_pointer && !value.may_be_null()))
    return nullptr;
  Link now = {value.id, 64, word, is_pointer};
  if (value.is_scalar()) {
    now.bits = value.part.bits;
    now.number = word - static_cast<uint64_t>(int64_t{value.delta});
    if (value.part.form == Part::Form::shifted_up)
      now.number >>= 64 - value.part.bits;
    if (value.part.form == Part::Form::sign_extended &&
        sign_extend(now.number, value.part.bits) != now.number)
      return "a sign extension is none";
    if (value.part.form == Part::Form::zero_extended && truncate(now.number, value.part.bits) != now.number)
      return "a zero extension is none";
  }
  for (unsigned i = 0; i < link_count_; i++)
    if (links_[i].id == value.id && links_[i].is_pointer == is_pointer) {
      const unsigned bits = std::min(links_[i].bits, now.bits);
      if (is_pointer ? (links_[i].number == 0) != (word == 0)
                     : ((links_[i].number ^ now.number) << (64 - bits)) != 0)
        return "values of one id differ";
      if (now.bits > links_[i].bits)
        links_[i] = now;
      return nullptr;
    }
  if (link_count_ < std::size(links_))
    links_[link_count_++] = now;
  return nullptr;
}

const char *Claims::value_contradiction(const Value &value, const Word &word, const World &world,
                                        uint32_t frame_count) {
  compared_++;
  const Region &region = world.region(word.region);
  const uint64_t offset = word.value - region.base;
  const auto points_into = [&](Region::Kind kind) {
    return region.kind == kind && region.is_alive && value.number.contains(offset);
  };
  const auto is_of_map = [&] { return region.map == value.map && region.is_inner == value.is_inner; };
  switch (value.kind) {
  case Kind::uninitialised:
    return nullptr;
  case Kind::scalar:
    return value.number.contains(word.value) ? nullptr : "a number is outside of its bounds";
  case Kind::context:
    return points_into(Region::Kind::context) ? nullptr : "the context's address is none";
  case Kind::stack: {
    if (region.kind != Region::Kind::stack || region.frame != value.frame || value.frame >= frame_count)
      return "the stack's address is none";
    return value.number.contains(word.value - (region.base + region.size))
               ? nullptr
               : "an offset in the stack is outside of its bounds";
  }
  case Kind::map_value_or_null:
    if (word.value == 0)
      return nullptr;
    [[fallthrough]];
  case Kind::map_value:
    return points_into(Region::Kind::value) && is_of_map() ? nullptr : "a map value's address is none";
  case Kind::map_or_null:
    if (word.value == 0)
      return nullptr;
    [[fallthrough]];
  case Kind::map:
    return region.kind == Region::Kind::map && offset == 0 && is_of_map() ? nullptr : "a map is none";
  case Kind::map_key:
    return points_into(Region::Kind::key) && region.map == value.map ? nullptr : "a key's address is none";
  case Kind::function:
    return word.region == world.function_region(value.function) ? nullptr : "a function is none";
  case Kind::object_or_null:
    if (word.value == 0)
      return nullptr;
    [[fallthrough]];
  case Kind::object:
    return region.kind == Region::Kind::object ? nullptr : "an object is none";
  case Kind::memory_or_null:
    if (word.value == 0)
      return nullptr;
    [[fallthrough]];
  case Kind::memory: {
    const bool fits = points_into(Region::Kind::record) || points_into(Region::Kind::slice) ||
                      points_into(Region::Kind::element);
    return fits && value.size == region.size && value.is_read_only != region.is_writable
               ? nullptr
               : "memory's address is none";
  }
  case Kind::packet:
  case Kind::packet_meta: {
    const bool is_meta = value.kind == Kind::packet_meta;
    if (word.region != (is_meta ? World::kMetaRegion : World::kPacketRegion))
      return "a packet's address is none";
    const uint64_t base = offset - static_cast<uint64_t>(int64_t{value.delta});
    if (!value.number.contains(base))
      return "an offset in the packet is outside of its bounds";
    return value.range == 0 || base + value.range <= region.size ? nullptr
                                                                 : "bytes of the packet do not exist";
  }
  case Kind::packet_end:
    return word.region == World::kEndRegion && offset == 0 ? nullptr : "the packet's end is none";
  case Kind::fd_slot:
  case Kind::dynptr_argument:
  case Kind::dynptr:
  case Kind::iterator:
  case Kind::btf_object: // no kernel's types are given
  case Kind::btf_object_or_null:
  case Kind::allocated: // nor the program's
  case Kind::allocated_or_null:
    break;
  }
  return "what is claimed can't be";
}

const char *Claims::contradiction(const Record &record, const Machine &machine) {
  if (record.frame_count != machine.frame_count())
    return "frames are as many";
  const World &world = machine.world();
  if (world.held() > record.held)
    return "less is held";
  link_count_ = 0;
  const std::byte *at = reinterpret_cast<const std::byte *>(&record) + sizeof(Record);
  for (uint32_t f = record.frame_count; f-- > 0;) {
    const auto &claimed = *reinterpret_cast<const FrameRecord *>(at);
    at += (sizeof(FrameRecord) + claimed.slot_count * sizeof(StackSlot) + 15) / 16 * 16;
    const MachineFrame &frame = machine.frame(f);
    if (claimed.first_insn != frame.first_insn || claimed.return_to != frame.return_to ||
        claimed.is_callback != frame.is_callback)
      return "the functions differ";
    for (unsigned reg = 0; reg < KBPF_REG_COUNT; reg++) {
      const Value &value = claimed.regs[reg];
      if (value.kind == Kind::uninitialised)
        continue;
      if (!frame.regs[reg].is_written)
        return "a register holds nothing";
      if (const char *why = value_contradiction(value, frame.regs[reg], world, record.frame_count))
        return why;
      if (const char *why = link_contradiction(value, frame.regs[reg].value))
        return why;
    }
    for (uint32_t s = 0; s < claimed.slot_count; s++) {
      const StackSlot &slot = claimed.slots[s];
      constexpr uint64_t kAllMisc = 0x0101010101010101 * static_cast<uint64_t>(ByteKind::misc);
      uint64_t kinds;
      memcpy(&kinds, slot.bytes, 8);
      if (kinds == 0 || kinds == kAllMisc)
        continue;
      const uint64_t place = frame.top - 8 * (s + 1);
      uint8_t bytes[8];
      memcpy(bytes, reinterpret_cast<const void *>(place), 8);
      unsigned spilled = 0;
      for (unsigned i = 0; i < 8; i++) {
        if (slot.bytes[i] == ByteKind::zero && bytes[i] != 0)
          return "a byte is not zero";
        spilled += slot.bytes[i] == ByteKind::spill;
      }
      if (slot.bytes[0] == ByteKind::object) {
        if (slot.spilled.range == 0 && !world.object_at(place))
          return "an object on the stack is none";
        continue;
      }
      if (slot.bytes[0] != ByteKind::spill)
        continue;
      Word word{0, spilled == 8 ? frame.slots[s] : uint16_t{0}, true};
      memcpy(&word.value, bytes, spilled);
      if (const char *why = value_contradiction(slot.spilled, word, world, record.frame_count))
        return why;
      if (const char *why = link_contradiction(slot.spilled, word.value))
        return why;
    }
  }
  return nullptr;
}

} // namespace kbpf::soundness
