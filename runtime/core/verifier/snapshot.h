// SPDX-License-Identifier: MIT OR Apache-2.0
// States that are kept: checkpoints, which later states are compared with, and branches that wait to be
// walked. Thousands of them live at a time, so they are packed: only what holds something, and of numbers
// only what is not implied.
#pragma once
#include "core/verifier/state.h"
#include <algorithm>
#include <bit>

namespace kbpf {

// Slots of a frame by what they hold, bit n for slot n.
struct SlotKinds {
  uint64_t spilled, misc, zero; // as a whole
  uint64_t mixed;               // none of these, nor wholly uninitialised
  uint64_t valued;              // with a value: the spilled ones, and some of the mixed ones
  size_t mixed_count;

  static SlotKinds of(const Frame &frame) {
    uint64_t spilled = 0, misc = 0, zero = 0, mixed = 0, valued = 0;
    constexpr uint64_t kEach = 0x0101010101010101, kMisc = kEach * static_cast<uint64_t>(ByteKind::misc),
                       kZero = kEach * static_cast<uint64_t>(ByteKind::zero),
                       kSpill = kEach * static_cast<uint64_t>(ByteKind::spill);
    size_t mixed_count = 0;
    uint64_t bit = 1;
    for (const StackSlot *slot = frame.slots, *end = slot + frame.slot_count; slot != end;
         slot++, bit <<= 1) {
      const uint64_t kinds = slot->kinds();
      if (kinds == 0)
        continue;
      if (kinds == kMisc) {
        misc |= bit;
      } else if (kinds == kSpill) {
        spilled |= bit;
        valued |= bit;
      } else if (kinds == kZero) {
        zero |= bit;
      } else {
        mixed |= bit;
        mixed_count++;
        if (slot->bytes[0] >= ByteKind::spill)
          valued |= bit;
      }
    }
    return {spilled, misc, zero, mixed, valued, mixed_count};
  }
};

// Those of a state's frames that were looked at.
struct KnownSlots {
  uint32_t frames = 0; // bit n: of[n] says what those of frame n are
  SlotKinds of[KBPF_MAX_CALL_FRAMES];
};

// One frame of a snapshot; slots as bits, bit n for slot n.
struct FrameRecord {
  uint32_t first_insn, return_to;
  uint32_t rounds;
  uint16_t live; // registers that hold something, r10 left out
  uint8_t slot_count;
  bool is_callback;
  // Of the frame's among the snapshot's heads(), mixed(); of its slots' among heads().
  uint16_t first_value, first_mixed, first_slot_value;
  uint64_t written;             // as in Frame
  uint64_t read;                // a checkpoint: slots that may be read behind it
  uint64_t read_zero;           // of these, those whose bytes of zero are known to be 0 behind it
  uint64_t spilled, misc, zero; // slots that are so as a whole
  uint64_t mixed;               // slots that are none of these, nor wholly uninitialised
  uint64_t valued;              // slots with a value: the spilled ones, and some of the mixed ones

  uint64_t kept() const { return spilled | misc | zero | mixed; }
  // Its place among heads().
  uint32_t value_of_register(uint32_t reg) const {
    return first_value + static_cast<uint32_t>(std::popcount(live & ((uint32_t{1} << reg) - 1)));
  }
  uint32_t value_of_slot(uint32_t slot) const {
    return first_slot_value + static_cast<uint32_t>(std::popcount(valued & ((uint64_t{1} << slot) - 1)));
  }
};

// The register, or slot if it keeps a spilled one, by which a checkpoint, or at first another one of its
// place, last did not cover a state, and most likely does not cover the next one; and what it holds there.
struct Distinct {
  static constexpr uint8_t kFirstSlot = KBPF_REG_COUNT;
  static constexpr uint16_t kElsewhere = UINT16_MAX;
  // At first it is r10, which is the same in all.
  uint16_t offset =
      KBPF_REG_FP * sizeof(Value); // of a register of the innermost frame, in Frame::regs; else kElsewhere
  uint8_t place = KBPF_REG_FP;     // a register, or kFirstSlot + a slot
  uint8_t frame = 0;
  Kind kind = Kind::stack;
  uint8_t number = 0; // PackedValue::number()
  bool is_in_packet = false;
  bool has_id = false; // of a pointer into the packet, like the next two
  uint16_t range = 0;
  int32_t delta = 0;
  uint64_t min = 0, max = ~uint64_t{0}; // bounds of the number, where that counts
};

struct Snapshot {
  Snapshot *parent; // the checkpoint that the path last passed
  Snapshot *next;   // in a list
  Held *held;       // null: nothing
  // A checkpoint: its numbers that were relied on, as bits of Value::sources, and the same of skips
  // (skips.h).
  uint64_t relied_on;
  uint32_t insn;
  uint32_t serial;     // no two of a walk have the same; from 1
  uint32_t depends_on; // a checkpoint: serial of an open one that paths from here have ended at; 0: none
  uint32_t open_paths; // a checkpoint: paths from here that have not come to their end
  int32_t patience;    // a checkpoint: how often it may be compared in vain, until it saves a walk again
  // A checkpoint: serial of the shallowest open one that paths from here ended at because the kernel ends the
  // loop; 0: none. What is counted on for that are the oldest loops of Held.
  uint32_t waits_for;
  uint32_t path_length; // as in State
  uint32_t longest;     // a checkpoint: path_length where the longest path through it has ended
  uint32_t longest_end; // a checkpoint: the last instruction of that path
  uint16_t size_class;  // SnapshotPool's
  uint16_t number_count, value_count, mixed_count;
  uint8_t frame_count;
  uint8_t loops_counted_on = 0;
  mutable Distinct distinct = {}; // a checkpoint

  FrameRecord *frames() { return reinterpret_cast<FrameRecord *>(this + 1); }
  const FrameRecord *frames() const { return reinterpret_cast<const FrameRecord *>(this + 1); }
  // What each number came from, in the order in which they are packed.
  const uint64_t *sources() const { return reinterpret_cast<const uint64_t *>(frames() + frame_count); }
  // A word for each value: frame by frame from the innermost, registers first (PackedValue).
  const uint64_t *heads() const { return sources() + number_count; }
  const uint64_t *mixed() const { return heads() + value_count; } // the kinds of the bytes of mixed slots
  const uint64_t *rest() const { return mixed() + mixed_count; }  // words that heads announce

  // Kinds of the bytes of a slot that the frame keeps, as in StackSlot.
  uint64_t bytes_of(const FrameRecord &frame, uint32_t slot) const {
    const uint64_t bit = uint64_t{1} << slot;
    if (frame.mixed & bit)
      return mixed()[frame.first_mixed + static_cast<uint32_t>(std::popcount(frame.mixed & (bit - 1)))];
    constexpr uint64_t kEach = 0x0101010101010101;
    return kEach * static_cast<uint64_t>(frame.spilled & bit ? ByteKind::spill
                                         : frame.zero & bit  ? ByteKind::zero
                                                             : ByteKind::misc);
  }
};

// Numbers beyond the 63rd share the last bit: they are relied on together.
constexpr uint64_t source_bit(uint32_t number) { return uint64_t{1} << (number < 63 ? number : 63); }

// A packed value: a word that says what it is, and where further words that it announces are.
class PackedValue {
public:
  enum class NumberForm : uint8_t {
    unknown,
    byte, // any number of so many bits
    half,
    word,
    zero,
    constant, // one word
    bounds,   // all that is known
  };
  // The lower half of a head is that of Value's first word: kind, frame, map. Above it:
  static constexpr unsigned kForm = 32;
  static constexpr uint64_t kHasLink = uint64_t{1} << 35, // a word: id, delta
      kHasPart = uint64_t{1} << 36,                       // a word: form, bits
      kHasExtent = uint64_t{1} << 37,                     // a word: owner, range
      kMovedDown = uint64_t{1} << 38, kIsInner = uint64_t{1} << 39, kIsReadOnly = uint64_t{1} << 40;
  static constexpr unsigned kNumber = 41, kNumberBits = 6; // a number: min(its place among them, 63)
  static constexpr unsigned kRest = 47;                    // where its further words begin

  PackedValue(const uint64_t *rest, uint64_t head) : head_(head), at_(rest + (head >> kRest)) {}
  PackedValue(const Snapshot &snapshot, uint32_t value)
      : PackedValue(snapshot.rest(), snapshot.heads()[value]) {}

  Kind kind() const { return static_cast<Kind>(head_ & 0xff); }
  uint8_t frame() const { return static_cast<uint8_t>(head_ >> 8); }
  uint16_t map() const { return static_cast<uint16_t>(head_ >> 16); } // or what else Value has there
  NumberForm form() const { return static_cast<NumberForm>(head_ >> kForm & 7); }
  bool has(uint64_t flag) const { return head_ & flag; }
  uint32_t number() const { return static_cast<uint32_t>(head_ >> kNumber) & ((1u << kNumberBits) - 1); }
  uint32_t id() const { return has(kHasLink) ? static_cast<uint32_t>(at_[0]) : 0; }
  uint32_t delta() const {
    return has(kHasLink) ? static_cast<uint32_t>(at_[0] >> 32) : 0;
  } // or size, type_id
  Part part() const {
    if (!has(kHasPart))
      return {};
    const uint64_t word = at_[has(kHasLink)];
    return {static_cast<Part::Form>(word & 0xff), static_cast<uint8_t>(word >> 8)};
  }
  uint32_t owner() const { return has(kHasExtent) ? static_cast<uint32_t>(*extent()) : 0; }
  uint16_t range() const { return has(kHasExtent) ? static_cast<uint16_t>(*extent() >> 32) : 0; }
  bool is_constant() const { return form() == NumberForm::zero || form() == NumberForm::constant; }
  uint64_t constant() const { return form() == NumberForm::zero ? 0 : *words(); } // where is_constant()
  // What is known of the number, where that is not a constant.
  const Scalar &bounds() const {
    return form() == NumberForm::bounds ? *reinterpret_cast<const Scalar *>(words())
                                        : kForms[static_cast<unsigned>(form())];
  }
  void unpack(Value &value) const; // each word of it is written once

  static const Scalar kForms[4]; // unknown, byte, half, word

private:
  const uint64_t *extent() const { return at_ + has(kHasLink) + has(kHasPart); }
  const uint64_t *words() const { return extent() + has(kHasExtent); }

  uint64_t head_;
  const uint64_t *at_;
};

// Reads the packed values of a snapshot, one after the other.
class SnapshotReader {
public:
  explicit SnapshotReader(const Snapshot &snapshot)
      : snapshot_(snapshot), head_(snapshot.heads()), mixed_(snapshot.mixed()), rest_(snapshot.rest()) {}
  void read(Value &value) {
    PackedValue(rest_, *head_++).unpack(value);
    if (!value.is_scalar())
      return;
    value.is_relied_on = snapshot_.relied_on & source_bit(number_);
    value.sources = snapshot_.sources()[number_++];
  }
  // The kinds of a slot's bytes, and what is spilled there. The slots of a frame in their order.
  void read(const FrameRecord &frame, uint64_t bit, StackSlot &slot) {
    if (frame.misc & bit)
      return slot.fill(ByteKind::misc);
    if (frame.mixed & bit)
      __builtin_memcpy(slot.bytes, mixed_++, sizeof slot.bytes);
    else
      slot.fill(frame.spilled & bit ? ByteKind::spill : ByteKind::zero);
    if (frame.valued & bit)
      read(slot.spilled);
  }

private:
  const Snapshot &snapshot_;
  const uint64_t *head_, *mixed_, *rest_;
  uint32_t number_ = 0;
};

// Calls on_frame(index, FrameRecord), on_register(frame, register, Value) and on_slot(frame, slot,
// StackSlot), frame by frame from the innermost, until one returns false. Slots that are wholly uninitialised
// are left out.
template <typename OnFrame, typename OnRegister, typename OnSlot>
bool visit(const Snapshot &snapshot, OnFrame on_frame, OnRegister on_register, OnSlot on_slot) {
  SnapshotReader reader(snapshot);
  Value value;
  StackSlot slot;
  for (uint32_t f = snapshot.frame_count; f-- > 0;) {
    const FrameRecord &frame = snapshot.frames()[f];
    if (!on_frame(f, frame))
      return false;
    for (uint32_t left = frame.live; left; left &= left - 1) {
      const uint32_t reg = static_cast<uint32_t>(std::countr_zero(left));
      reader.read(value);
      if (!on_register(f, reg, value))
        return false;
    }
    for (uint64_t left = frame.kept(); left; left &= left - 1) {
      reader.read(frame, left & (~left + 1), slot);
      if (!on_slot(f, static_cast<uint32_t>(std::countr_zero(left)), slot))
        return false;
    }
  }
  return true;
}

class SnapshotPool {
public:
  explicit SnapshotPool(Arena &arena) : arena_(arena) {}

  // Null: no memory. The second one for a checkpoint: from now on the state's sources and written slots are
  // counted from it.
  Snapshot *pack(const State &state) { return pack<false>(state, nullptr); }
  Snapshot *pack_checkpoint(State &state, const KnownSlots &slots) { return pack<true>(state, &slots); }
  // Makes the state what the snapshot holds. False: no memory.
  [[nodiscard]] bool unpack(const Snapshot &snapshot, State &state, StatePool &pool);
  // Makes the state what it was once the checkpoint had been made of it.
  [[nodiscard]] bool unpack_passed(Snapshot &checkpoint, State &state, StatePool &pool);
  void release(Snapshot *snapshot);

  // A state that is kept whole counts like one that is packed.
  void note_kept(const State &state);
  void note_kept(uint32_t values) {
    made_++;
    peak_ = std::max(peak_, ++now_);
    values_packed_ += values;
  }
  void note_released() { now_--; }

  uint32_t made() const { return made_; }
  uint32_t peak() const { return peak_; }
  uint64_t values_packed() const { return values_packed_; }
  size_t bytes() const { return bytes_; } // of all that live

private:
  template <bool is_checkpoint, typename AnyState> Snapshot *pack(AnyState &state, const KnownSlots *slots);
  struct FreeBlock {
    FreeBlock *next;
  };
  // Snapshots of one size class take as much memory each: few bytes are left over in small ones, and there
  // are few classes of large ones.
  static constexpr size_t kSmallUnit = 32, kSmall = 2048, kLargeUnit = 1024;
  static constexpr size_t kLargest = 64 * 1024; // a state of full frames fits
  static constexpr size_t kClasses = kSmall / kSmallUnit + kLargest / kLargeUnit + 1;
  static constexpr size_t size_class(size_t bytes) {
    return bytes <= kSmall ? (bytes + kSmallUnit - 1) / kSmallUnit
                           : kSmall / kSmallUnit + (bytes + kLargeUnit - 1) / kLargeUnit;
  }
  static constexpr size_t class_bytes(size_t size_class) {
    return size_class <= kSmall / kSmallUnit ? size_class * kSmallUnit
                                             : (size_class - kSmall / kSmallUnit) * kLargeUnit;
  }
  static constexpr size_t kMostWords = kLargest / sizeof(uint64_t);
  static_assert(sizeof(Snapshot) + KBPF_MAX_CALL_FRAMES * sizeof(FrameRecord) +
                    KBPF_MAX_CALL_FRAMES * (KBPF_REG_COUNT + kMaxSlots) * 13 * sizeof(uint64_t) <=
                kLargest * 2);

  Arena &arena_;
  uint64_t *buffer_ = nullptr;
  FreeBlock *free_[kClasses] = {}; // by size class
  uint32_t made_ = 0, now_ = 0, peak_ = 0;
  uint64_t values_packed_ = 0;
  size_t bytes_ = 0;
};

} // namespace kbpf
