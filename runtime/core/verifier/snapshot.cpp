// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/snapshot.h"
#include "core/verifier/held.h"
#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace kbpf {
namespace {

using NumberForm = PackedValue::NumberForm;
constexpr uint32_t kBoundsWords = sizeof(Scalar) / sizeof(uint64_t);
static_assert(sizeof(Scalar) % sizeof(uint64_t) == 0);

// Value, as words.
constexpr size_t kDescriptorWords = offsetof(Value, sources) / sizeof(uint64_t);
static_assert(kDescriptorWords == 3 && offsetof(Value, sources) % sizeof(uint64_t) == 0);
static_assert(offsetof(Value, frame) == 1 && offsetof(Value, map) == 2 && offsetof(Value, id) == 4 &&
              offsetof(Value, part) == 8 && offsetof(Value, range) == 10 && offsetof(Value, delta) == 12 &&
              offsetof(Value, owner) == 16 && offsetof(Value, moved_down) == 20);
constexpr uint64_t kWholePart = static_cast<uint64_t>(Part::Form::whole) | uint64_t{64} << 8;
static_assert(offsetof(Part, bits) == 1 && Part().form == Part::Form::whole && Part().bits == 64);

[[gnu::always_inline]] inline bool are_bounds_of(const Scalar &number, const Scalar &form) {
  uint64_t a[kBoundsWords], b[kBoundsWords], differing = 0;
  __builtin_memcpy(a, &number, sizeof a);
  __builtin_memcpy(b, &form, sizeof b);
  for (uint32_t i = 2; i < kBoundsWords; i++) // behind the bits
    differing |= a[i] ^ b[i];
  return differing == 0;
}

[[gnu::always_inline]] inline NumberForm form_of(const Scalar &number) {
  const uint64_t mask = number.bits.mask;
  if (mask == 0)
    return number.bits.value == 0 ? NumberForm::zero : NumberForm::constant;
  if (number.bits.value != 0)
    return NumberForm::bounds;
  const NumberForm form = ~mask == 0           ? NumberForm::unknown
                          : mask == UINT8_MAX  ? NumberForm::byte
                          : mask == UINT16_MAX ? NumberForm::half
                          : mask == UINT32_MAX ? NumberForm::word
                                               : NumberForm::bounds;
  return form != NumberForm::bounds && are_bounds_of(number, PackedValue::kForms[static_cast<unsigned>(form)])
             ? form
             : NumberForm::bounds;
}

// The head of a value; rest: where its further words go, moved behind them. number: see PackedValue::kNumber.
[[gnu::always_inline]] inline uint64_t pack_value(const Value &value, uint64_t *&rest, const uint64_t *rests,
                                                  uint64_t number) {
  uint64_t words[kDescriptorWords];
  __builtin_memcpy(words, &value, sizeof words);
  const NumberForm form = form_of(value.number);
  uint64_t head = static_cast<uint32_t>(words[0]) | static_cast<uint64_t>(form) << PackedValue::kForm |
                  number << PackedValue::kNumber | static_cast<uint64_t>(rest - rests) << PackedValue::kRest;
  if ((words[0] >> 32 | (words[1] ^ kWholePart) | words[2]) != 0) {
    if (value.id || value.delta) {
      head |= PackedValue::kHasLink;
      *rest++ = value.id | uint64_t{static_cast<uint32_t>(value.delta)} << 32;
    }
    if (value.part != Part()) {
      head |= PackedValue::kHasPart;
      *rest++ = static_cast<uint64_t>(value.part.form) | uint64_t{value.part.bits} << 8;
    }
    if (value.range || value.owner) {
      head |= PackedValue::kHasExtent;
      *rest++ = value.owner | uint64_t{value.range} << 32;
    }
    head |= (value.moved_down ? PackedValue::kMovedDown : 0) | (value.is_inner ? PackedValue::kIsInner : 0) |
            (value.is_read_only ? PackedValue::kIsReadOnly : 0);
  }
  if (form == NumberForm::constant)
    *rest++ = value.number.value();
  else if (form == NumberForm::bounds)
    rest = copy_words(rest, reinterpret_cast<const uint64_t *>(&value.number), kBoundsWords);
  return head;
}

constexpr Scalar any_number_of(unsigned bits) {
  Scalar number;
  number.bits = Tnum::unknown_bits(bits);
  if (bits < 64) {
    const uint64_t most = number.bits.mask;
    number.r64 = {0, most, 0, static_cast<int64_t>(most)};
    if (bits < 32)
      number.r32 = {0, static_cast<uint32_t>(most), 0, static_cast<int32_t>(most)};
  }
  return number;
}

} // namespace

constinit const Scalar PackedValue::kForms[4] = {any_number_of(64), any_number_of(8), any_number_of(16),
                                                 any_number_of(32)};

void PackedValue::unpack(Value &value) const {
  const uint64_t word = head_ & UINT32_MAX;
  const uint64_t *at = at_;
  uint64_t link = 0, part = kWholePart, extent = 0;
  if (head_ & (kHasLink | kHasPart | kHasExtent)) {
    if (has(kHasLink))
      link = *at++;
    if (has(kHasPart))
      part = *at++;
    if (has(kHasExtent))
      extent = *at++;
  }
  const uint64_t words[kDescriptorWords] = {
      word | link << 32, part | (extent >> 32) << 16 | (link >> 32) << 32,
      (extent & UINT32_MAX) | uint64_t{has(kMovedDown)} << 32 | uint64_t{has(kIsReadOnly)} << 40 |
          uint64_t{has(kIsInner)} << 48};
  static_assert(offsetof(Value, is_read_only) == 21 && offsetof(Value, is_inner) == 22 &&
                offsetof(Value, is_relied_on) == 23);
  __builtin_memcpy(static_cast<void *>(&value), words, sizeof words);
  value.sources = 0;
  if (is_constant())
    value.number = Scalar::constant(form() == NumberForm::zero ? 0 : *at);
  else
    copy_inline(value.number, form() == NumberForm::bounds ? *reinterpret_cast<const Scalar *>(at)
                                                           : kForms[static_cast<unsigned>(form())]);
}

template <bool is_checkpoint, typename AnyState>
Snapshot *SnapshotPool::pack(AnyState &state, const KnownSlots *slots) {
  if (!buffer_ && !(buffer_ = arena_.make_unset_array<uint64_t>(2 * kMostWords).data()))
    return nullptr;
  // All but the header is laid out in the buffer: how much it is shows only then.
  using AnyFrame = std::conditional_t<is_checkpoint, Frame, const Frame>;
  using AnyValue = std::conditional_t<is_checkpoint, Value, const Value>;
  constexpr size_t kMostValues = KBPF_MAX_CALL_FRAMES * (KBPF_REG_COUNT + kMaxSlots);
  AnyValue **const found = reinterpret_cast<AnyValue **>(buffer_ + 2 * kMostWords - kMostValues);
  AnyValue **found_end = found;
  FrameRecord *const frames = reinterpret_cast<FrameRecord *>(buffer_);
  const size_t frame_count = state.frame_count;
  size_t numbers = 0, mixed_slots = 0;
  const auto find = [&](AnyValue &value) {
    *found_end++ = &value;
    numbers += value.is_scalar();
  };
  for (size_t f = frame_count; f-- > 0;) {
    AnyFrame &frame = *state.frames[f];
    AnyValue **const first_value = found_end;
    uint32_t live = 0;
    for (unsigned reg = 0; reg < KBPF_REG_FP; reg++)
      if (frame.regs[reg].kind != Kind::uninitialised) {
        live |= 1u << reg;
        find(frame.regs[reg]);
      }
    SlotKinds kinds{};
    if (frame.slot_count)
      kinds = slots && slots->frames >> f & 1 ? slots->of[f] : SlotKinds::of(frame);
    new (&frames[f]) FrameRecord{.first_insn = frame.first_insn,
                                 .return_to = frame.return_to,
                                 .rounds = frame.rounds,
                                 .live = static_cast<uint16_t>(live),
                                 .slot_count = static_cast<uint8_t>(frame.slot_count),
                                 .is_callback = frame.is_callback,
                                 .first_value = static_cast<uint16_t>(first_value - found),
                                 .first_mixed = static_cast<uint16_t>(mixed_slots),
                                 .first_slot_value = static_cast<uint16_t>(found_end - found),
                                 .written = frame.written,
                                 .read = 0,
                                 .read_zero = 0,
                                 .spilled = kinds.spilled,
                                 .misc = kinds.misc,
                                 .zero = kinds.zero,
                                 .mixed = kinds.mixed,
                                 .valued = kinds.valued};
    mixed_slots += kinds.mixed_count;
    if constexpr (is_checkpoint)
      frame.written = 0;
    auto *slot = frame.slots;
    for (uint64_t left = kinds.valued; left; left >>= 1, slot++)
      if (left & 1)
        find(slot->spilled);
  }
  const size_t values = static_cast<size_t>(found_end - found);
  uint64_t *source = reinterpret_cast<uint64_t *>(frames + frame_count), *head = source + numbers,
           *mixed = head + values;
  uint64_t *const rests = mixed + mixed_slots, *rest = rests;
  for (size_t f = frame_count; mixed != rests;)
    for (uint64_t left = frames[--f].mixed; left; left &= left - 1)
      *mixed++ = state.frames[f]->slots[std::countr_zero(left)].kinds();
  size_t number = 0; // as in its PackedValue
  for (AnyValue **at = found; at != found_end; at++) {
    AnyValue &value = **at;
    if (!value.is_scalar()) {
      *head++ = pack_value(value, rest, rests, 0);
      continue;
    }
    *head++ = pack_value(value, rest, rests, number);
    *source++ = value.sources;
    if constexpr (is_checkpoint)
      value.sources = uint64_t{1} << number; // source_bit()
    number += number < 63;
  }
  values_packed_ += values;
  const size_t words = static_cast<size_t>(rest - buffer_);
  const Held *held = state.held && !state.held->says_nothing() ? state.held : nullptr;
  const size_t bytes = sizeof(Snapshot) + words * sizeof(uint64_t) + (held ? held->packed_bytes() : 0);
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
                                             .waits_for = 0,
                                             .path_length = state.path_length,
                                             .longest = state.path_length,
                                             .longest_end = 0,
                                             .size_class = static_cast<uint16_t>(size_class),
                                             .number_count = static_cast<uint16_t>(numbers),
                                             .value_count = static_cast<uint16_t>(values),
                                             .mixed_count = static_cast<uint16_t>(mixed_slots),
                                             .frame_count = static_cast<uint8_t>(frame_count)};
  uint64_t *body = copy_words(reinterpret_cast<uint64_t *>(snapshot->frames()), buffer_, words);
  if (held)
    snapshot->held = held->pack(body);
  bytes_ += class_bytes(size_class);
  peak_ = std::max(peak_, ++now_);
  return snapshot;
}

template Snapshot *SnapshotPool::pack<false>(const State &, const KnownSlots *);
template Snapshot *SnapshotPool::pack<true>(State &, const KnownSlots *);

void SnapshotPool::note_kept(const State &state) {
  uint32_t values = 0;
  for (uint32_t f = 0; f < state.frame_count; f++)
    values += KBPF_REG_COUNT + state.frames[f]->slot_count;
  note_kept(values);
}

bool SnapshotPool::unpack(const Snapshot &snapshot, State &state, StatePool &pool) {
  while (state.frame_count > snapshot.frame_count)
    pool.pop_frame(state);
  state.insn = snapshot.insn;
  state.path_length = snapshot.path_length;
  state.parent = snapshot.parent;
  if (snapshot.held) {
    Held *held = pool.hold(state);
    if (!held)
      return false;
    held->assign(*snapshot.held);
  } else if (state.held) {
    state.held->clear();
  }
  for (uint32_t f = state.frame_count; f < snapshot.frame_count; f++)
    if (!pool.push_frame(state, 0, 0))
      return false;
  SnapshotReader reader(snapshot);
  for (uint32_t f = snapshot.frame_count; f-- > 0;) {
    const FrameRecord &record = snapshot.frames()[f];
    Frame &frame = *state.frames[f];
    if (!pool.reserve_slots(frame, record.slot_count))
      return false;
    frame.first_insn = record.first_insn;
    frame.return_to = record.return_to;
    frame.is_callback = record.is_callback;
    frame.rounds = record.rounds;
    frame.written = record.written;
    frame.forget_last_constant();
    uint32_t live = record.live;
    for (Value *value = frame.regs, *end = value + KBPF_REG_FP; value != end; value++, live >>= 1) {
      if (live & 1)
        reader.read(*value);
      else
        value->kind = Kind::uninitialised;
    }
    const uint64_t kept = record.kept();
    uint64_t bit = 1;
    for (StackSlot *slot = frame.slots, *end = slot + record.slot_count; slot != end; slot++, bit <<= 1) {
      if (kept & bit)
        reader.read(record, bit, *slot);
      else
        slot->fill(ByteKind::uninitialised);
    }
    frame.slot_count = record.slot_count;
  }
  return true;
}

bool SnapshotPool::unpack_passed(Snapshot &checkpoint, State &state, StatePool &pool) {
  if (!unpack(checkpoint, state, pool))
    return false;
  state.parent = &checkpoint;
  uint32_t number = 0; // in the order of pack()
  const auto pass = [&](Value &value) {
    if (value.is_scalar())
      value.sources = source_bit(number++);
  };
  for (uint32_t f = state.frame_count; f-- > 0;) {
    Frame &frame = *state.frames[f];
    frame.written = 0;
    for (unsigned reg = 0; reg < KBPF_REG_FP; reg++)
      pass(frame.regs[reg]);
    for (uint32_t slot = 0; slot < frame.slot_count; slot++)
      if (frame.slots[slot].bytes[0] >= ByteKind::spill)
        pass(frame.slots[slot].spilled);
  }
  return true;
}

void SnapshotPool::release(Snapshot *snapshot) {
  bytes_ -= class_bytes(snapshot->size_class);
  FreeBlock *&free = free_[snapshot->size_class];
  free = new (snapshot) FreeBlock{free};
  now_--;
}

} // namespace kbpf
