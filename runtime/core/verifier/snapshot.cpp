// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/snapshot.h"
#include "core/verifier/held.h"
#include <algorithm>
#include <cstring>

namespace kbpf {
namespace {

using NumberForm = PackedValue::NumberForm;
constexpr uint32_t kBoundsWords = sizeof(Scalar) / sizeof(uint64_t);
static_assert(sizeof(Scalar) % sizeof(uint64_t) == 0);

NumberForm form_of(const Scalar &number) {
  if (number.is_constant())
    return number.value() == 0 ? NumberForm::zero : NumberForm::constant;
  if (number.bits.value != 0)
    return NumberForm::bounds;
  switch (number.bits.mask) {
  case ~uint64_t{0}:
    return number == Scalar() ? NumberForm::unknown : NumberForm::bounds;
  case 0xff:
    return number == Scalar::zero_extended(8) ? NumberForm::byte : NumberForm::bounds;
  case 0xffff:
    return number == Scalar::zero_extended(16) ? NumberForm::half : NumberForm::bounds;
  case 0xffffffff:
    return number == Scalar::zero_extended(32) ? NumberForm::word : NumberForm::bounds;
  default:
    return NumberForm::bounds;
  }
}

// Gives the place behind it.
uint64_t *pack_value(uint64_t *at, const Value &value) {
  const NumberForm form = form_of(value.number);
  uint8_t flags = 0;
  if (value.moved_down)
    flags |= PackedValue::kMovedDown;
  if (value.is_inner)
    flags |= PackedValue::kIsInner;
  if (value.is_read_only)
    flags |= PackedValue::kIsReadOnly;
  if (value.id || value.delta)
    flags |= PackedValue::kHasId;
  if (value.range || value.owner)
    flags |= PackedValue::kHasRange;
  *at++ = static_cast<uint64_t>(value.kind) | uint64_t{value.frame} << 8 | uint64_t{value.map} << 16 |
          static_cast<uint64_t>(form) << 32 | static_cast<uint64_t>(value.part.form) << 40 |
          uint64_t{value.part.bits} << 48 | uint64_t{flags} << 56;
  if (flags & PackedValue::kHasId)
    *at++ = value.id | uint64_t{static_cast<uint32_t>(value.delta)} << 32;
  if (flags & PackedValue::kHasRange)
    *at++ = value.owner | uint64_t{value.range} << 32;
  if (form == NumberForm::constant) {
    *at++ = value.number.value();
  } else if (form == NumberForm::bounds) {
    memcpy(at, &value.number, sizeof value.number);
    at += kBoundsWords;
  }
  return at;
}

} // namespace

// Each word of the value is written once.
void unpack_value(const uint64_t *&at, Value &value) {
  const uint64_t word = *at++;
  const uint8_t flags = static_cast<uint8_t>(word >> 56);
  value.kind = static_cast<Kind>(word & 0xff);
  value.frame = static_cast<uint8_t>(word >> 8);
  value.map = static_cast<uint16_t>(word >> 16);
  value.part = {static_cast<Part::Form>(word >> 40 & 0xff), static_cast<uint8_t>(word >> 48)};
  value.moved_down = flags & PackedValue::kMovedDown;
  value.is_read_only = flags & PackedValue::kIsReadOnly;
  value.is_inner = flags & PackedValue::kIsInner;
  value.is_relied_on = false;
  value.sources = 0;
  const uint64_t link = flags & PackedValue::kHasId ? *at++ : 0;
  value.id = static_cast<uint32_t>(link);
  value.delta = static_cast<int32_t>(link >> 32);
  const uint64_t extent = flags & PackedValue::kHasRange ? *at++ : 0;
  value.owner = static_cast<uint32_t>(extent);
  value.range = static_cast<uint16_t>(extent >> 32);
  switch (static_cast<NumberForm>(word >> 32 & 0xff)) {
  case NumberForm::unknown:
    value.number = Scalar();
    break;
  case NumberForm::zero:
    value.number = Scalar::constant(0);
    break;
  case NumberForm::constant:
    value.number = Scalar::constant(*at++);
    break;
  case NumberForm::byte:
    value.number = Scalar::zero_extended(8);
    break;
  case NumberForm::half:
    value.number = Scalar::zero_extended(16);
    break;
  case NumberForm::word:
    value.number = Scalar::zero_extended(32);
    break;
  case NumberForm::bounds:
    memcpy(&value.number, at, sizeof value.number);
    at += kBoundsWords;
  }
}

Snapshot *SnapshotPool::pack(State &state, Use use) {
  if (!buffer_ && !(buffer_ = arena_.make_array<uint64_t>(2 * kMostWords).data()))
    return nullptr;
  // Sources and values are gathered apart, then put behind each other.
  uint64_t *const sources = buffer_,
                  *const values = buffer_ + KBPF_MAX_CALL_FRAMES * (KBPF_REG_COUNT + kMaxSlots), *at = values;
  uint32_t numbers = 0, others = 0;
  const bool starts_anew = use == Use::checkpoint;
  FrameRecord frames[KBPF_MAX_CALL_FRAMES];
  const auto write = [&](Value &value) __attribute__((always_inline)) {
    at = pack_value(at, value);
    if (!value.is_scalar()) {
      others++;
      return;
    }
    sources[numbers] = value.sources;
    if (starts_anew)
      value.sources = source_bit(numbers);
    numbers++;
  };
  for (uint32_t f = state.frame_count; f-- > 0;) {
    Frame &frame = *state.frames[f];
    FrameRecord &record = frames[f];
    record = {};
    record.first_insn = frame.first_insn;
    record.return_to = frame.return_to;
    record.rounds = frame.rounds;
    record.is_callback = frame.is_callback;
    record.slot_count = static_cast<uint8_t>(frame.slot_count);
    record.written = frame.written;
    if (starts_anew)
      frame.written = 0;
    uint32_t live = 0;
    Value *value = frame.regs;
#pragma clang loop unroll(disable)
    for (uint32_t bit = 1; bit != 1u << KBPF_REG_FP; bit <<= 1, value++) {
      if (value->kind == Kind::uninitialised)
        continue;
      live |= bit;
      write(*value);
    }
    record.live = static_cast<uint16_t>(live);
    for (uint32_t s = 0; s < frame.slot_count; s++) {
      StackSlot &slot = frame.slots[s];
      const uint64_t bytes = slot.kinds(), bit = uint64_t{1} << s;
      if (bytes == 0)
        continue;
      if (slot.is_whole(ByteKind::spill)) {
        record.spilled |= bit;
      } else if (slot.is_whole(ByteKind::misc)) {
        record.misc |= bit;
      } else if (slot.is_whole(ByteKind::zero)) {
        record.zero |= bit;
      } else {
        record.mixed |= bit;
        *at++ = bytes;
      }
      if (slot.bytes[0] >= ByteKind::spill)
        write(slot.spilled);
    }
  }
  values_packed_ += numbers + others;
  const size_t value_words = static_cast<size_t>(at - values);
  const size_t bytes =
      sizeof(Snapshot) + state.frame_count * sizeof(FrameRecord) + (numbers + value_words) * sizeof(uint64_t);
  if (bytes > kLargest)
    return nullptr;
  const size_t size_class = SnapshotPool::size_class(bytes);
  void *memory = free_[size_class];
  if (memory)
    free_[size_class] = free_[size_class]->next;
  else
    memory = arena_.allocate(class_bytes(size_class), alignof(Snapshot));
  if (!memory)
    return nullptr;
  Snapshot *snapshot = new (memory) Snapshot{.parent = state.parent,
                                             .next = nullptr,
                                             .held = nullptr,
                                             .relied_on = 0,
                                             .insn = state.insn,
                                             .serial = ++made_,
                                             .depends_on = 0,
                                             .open_paths = 0,
                                             .patience = 0,
                                             .iterations = state.iterations,
                                             .path_length = state.path_length,
                                             .decisions = 0,
                                             .longest_end = 0,
                                             .size_class = static_cast<uint16_t>(size_class),
                                             .number_count = static_cast<uint16_t>(numbers),
                                             .frame_count = static_cast<uint8_t>(state.frame_count),
                                             .takes_jump = false};
  for (uint32_t f = 0; f < state.frame_count; f++)
    copy_inline(snapshot->frames()[f], frames[f]);
  uint64_t *body = reinterpret_cast<uint64_t *>(snapshot->frames() + state.frame_count);
  copy_words(copy_words(body, sources, numbers), values, value_words);
  if (state.held && !state.held->is_empty()) {
    void *place = free_held_ ? free_held_ : arena_.allocate(sizeof(Held), alignof(Held));
    if (!place)
      return nullptr;
    if (free_held_)
      free_held_ = free_held_->next;
    snapshot->held = new (place) Held(*state.held);
  }
  bytes_ += class_bytes(size_class);
  peak_ = std::max(peak_, ++now_);
  return snapshot;
}

bool SnapshotPool::unpack(const Snapshot &snapshot, State &state, StatePool &pool) {
  while (state.frame_count > snapshot.frame_count)
    pool.pop_frame(state);
  state.insn = snapshot.insn;
  state.iterations = snapshot.iterations;
  state.path_length = snapshot.path_length;
  state.parent = snapshot.parent;
  if (state.held)
    *state.held = {};
  if (snapshot.held) {
    Held *held = pool.hold(state);
    if (!held)
      return false;
    *held = *snapshot.held;
  }
  for (uint32_t f = 0; f < snapshot.frame_count; f++) {
    const FrameRecord &record = snapshot.frames()[f];
    Frame *frame = f < state.frame_count ? state.frames[f] : pool.push_frame(state, 0, 0);
    if (!frame)
      return false;
    for (unsigned reg = 0; reg < KBPF_REG_FP; reg++)
      frame->regs[reg].kind = Kind::uninitialised;
    for (uint32_t slot = 0; slot < frame->slot_count; slot++)
      memset(frame->slots[slot].bytes, 0, sizeof frame->slots[slot].bytes);
    frame->slot_count = 0;
    frame->forget_last_constant();
    if (!pool.reserve_slots(*frame, record.slot_count))
      return false;
    frame->first_insn = record.first_insn;
    frame->return_to = record.return_to;
    frame->is_callback = record.is_callback;
    frame->rounds = record.rounds;
    frame->written = record.written;
  }
  SnapshotReader reader(snapshot);
  for (uint32_t f = snapshot.frame_count; f-- > 0;) {
    const FrameRecord &record = snapshot.frames()[f];
    Frame &frame = *state.frames[f];
    for (uint32_t reg = 0, live = record.live; live; reg++, live >>= 1)
      if (live & 1)
        reader.read(frame.regs[reg]);
    uint64_t left = record.spilled | record.misc | record.zero | record.mixed;
    for (uint32_t slot = 0; left; slot++, left >>= 1)
      if (left & 1)
        reader.read(record, slot, frame.slots[slot]);
  }
  return true;
}

void SnapshotPool::release(Snapshot *snapshot) {
  if (snapshot->held)
    free_held_ = new (snapshot->held) FreeBlock{free_held_};
  bytes_ -= class_bytes(snapshot->size_class);
  FreeBlock *&free = free_[snapshot->size_class];
  free = new (snapshot) FreeBlock{free};
  now_--;
}

} // namespace kbpf
