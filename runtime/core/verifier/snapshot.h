// SPDX-License-Identifier: MIT OR Apache-2.0
// States that are kept: checkpoints, which later states are compared with, and branches that wait to be
// walked. Thousands of them live at a time, so they are packed: only what holds something, and of numbers
// only what is not implied.
#pragma once
#include "core/verifier/state.h"
#include <bit>

namespace kbpf {

// One frame of a snapshot; slots as bits, bit n for slot n.
struct FrameRecord {
  uint32_t first_insn, return_to;
  uint32_t rounds;
  uint16_t live; // registers that hold something, r10 left out
  uint8_t slot_count;
  bool is_callback;
  uint64_t written;             // as in Frame
  uint64_t read;                // a checkpoint: slots that may be read behind it
  uint64_t read_zero;           // of these, those whose bytes of zero are known to be 0 behind it
  uint64_t spilled, misc, zero; // slots that are so as a whole
  uint64_t mixed;               // slots that are none of these, nor wholly uninitialised

  // Kinds of the bytes of a slot that is one of these, as in StackSlot; of a mixed one they are packed next.
  uint64_t bytes_of(uint32_t slot, const uint64_t *&packed) const {
    if (mixed >> slot & 1)
      return *packed++;
    constexpr uint64_t kEach = 0x0101010101010101;
    return kEach * static_cast<uint64_t>(spilled >> slot & 1 ? ByteKind::spill
                                         : zero >> slot & 1  ? ByteKind::zero
                                                             : ByteKind::misc);
  }
};

struct Snapshot {
  Snapshot *parent;   // the checkpoint that the path last passed
  Snapshot *next;     // in a list
  Held *held;         // null: nothing
  uint64_t relied_on; // a checkpoint: its numbers that were relied on, as bits of Value::sources
  uint32_t insn;
  uint32_t serial;     // no two of a walk have the same; from 1
  uint32_t depends_on; // a checkpoint: serial of an open one that paths from here have ended at; 0: none
  uint32_t open_paths; // a checkpoint: paths from here that have not come to their end
  int32_t patience;    // a checkpoint: how often it may be compared in vain, until it saves a walk again
  uint32_t iterations;
  uint32_t path_length; // as in State
  union {
    uint32_t decisions = 0; // a branch: made on the path before it
    uint32_t longest;       // a checkpoint: path_length where the longest path through it has ended
  };
  uint32_t longest_end; // a checkpoint: the last instruction of that path
  uint16_t size_class;  // SnapshotPool's
  uint16_t number_count;
  uint8_t frame_count;
  bool takes_jump; // a branch: the conditional jump at insn is taken
  // A checkpoint: the register of the innermost frame by which it, or at first another one of its place, last
  // did not cover a state, and most likely does not cover the next one (r10: there is none, as it is the same
  // in all); what it holds, and of a number its place among the numbers, and its bounds.
  mutable uint8_t distinct_reg = KBPF_REG_FP;
  mutable Kind distinct_kind = Kind::stack;
  mutable uint8_t distinct_number = 0;
  mutable uint64_t distinct_min = 0, distinct_max = ~uint64_t{0};

  FrameRecord *frames() { return reinterpret_cast<FrameRecord *>(this + 1); }
  const FrameRecord *frames() const { return reinterpret_cast<const FrameRecord *>(this + 1); }
  // What each number came from, in the order in which they are packed.
  const uint64_t *sources() const { return reinterpret_cast<const uint64_t *>(frames() + frame_count); }
  const uint64_t *values() const { return sources() + number_count; }
};

// Numbers beyond the 63rd share the last bit: they are relied on together.
constexpr uint64_t source_bit(uint32_t number) { return uint64_t{1} << (number < 63 ? number : 63); }

// A packed value: a word that says what it is, and what that word announces.
class PackedValue {
public:
  enum class NumberForm : uint8_t {
    unknown,
    zero,
    constant, // one word
    byte,     // any number of so many bits
    half,
    word,
    bounds, // all that is known
  };
  enum Flag : uint8_t { kMovedDown = 1, kIsInner = 2, kHasId = 4, kHasRange = 8, kIsReadOnly = 16 };

  explicit PackedValue(const uint64_t *at) : at_(at) {}
  Kind kind() const { return static_cast<Kind>(*at_ & 0xff); }
  NumberForm form() const { return static_cast<NumberForm>(*at_ >> 32 & 0xff); }
  uint8_t flags() const { return static_cast<uint8_t>(*at_ >> 56); }
  // A number that is one word and linked to none.
  bool is_plain_constant() const {
    return kind() == Kind::scalar && flags() == 0 &&
           (form() == NumberForm::zero || form() == NumberForm::constant);
  }
  uint64_t constant() const { return form() == NumberForm::zero ? 0 : at_[1]; } // where is_plain_constant()
  // Of a number.
  void unsigned_bounds(uint64_t &min, uint64_t &max) const {
    switch (form()) {
    case NumberForm::unknown:
      min = 0, max = ~uint64_t{0};
      return;
    case NumberForm::zero:
      min = max = 0;
      return;
    case NumberForm::constant:
      min = max = *bounds();
      return;
    case NumberForm::byte:
      min = 0, max = UINT8_MAX;
      return;
    case NumberForm::half:
      min = 0, max = UINT16_MAX;
      return;
    case NumberForm::word:
      min = 0, max = UINT32_MAX;
      return;
    case NumberForm::bounds: {
      Scalar number;
      __builtin_memcpy(&number, bounds(), sizeof number);
      min = number.r64.umin, max = number.r64.umax;
    }
    }
  }
  const uint64_t *bounds() const {
    return at_ + 1 + !!(flags() & kHasId) + !!(flags() & kHasRange);
  } // a Scalar
  uint32_t words() const {
    return 1 + !!(flags() & kHasId) + !!(flags() & kHasRange) +
           (form() == NumberForm::constant ? 1
            : form() == NumberForm::bounds ? sizeof(Scalar) / sizeof(uint64_t)
                                           : 0);
  }

private:
  const uint64_t *at_;
};

// Reads one packed value and moves on to the next.
void unpack_value(const uint64_t *&at, Value &value);

// Reads the packed values of a snapshot, one after the other.
class SnapshotReader {
public:
  explicit SnapshotReader(const Snapshot &snapshot) : snapshot_(snapshot), at_(snapshot.values()) {}
  void read(Value &value) {
    unpack_value(at_, value);
    if (!value.is_scalar())
      return;
    value.is_relied_on = snapshot_.relied_on & source_bit(number_);
    value.sources = snapshot_.sources()[number_++];
  }
  // The kinds of a slot's bytes, and what is spilled there.
  void read(const FrameRecord &frame, uint32_t number, StackSlot &slot) {
    const uint64_t bytes = frame.bytes_of(number, at_);
    __builtin_memcpy(slot.bytes, &bytes, sizeof bytes);
    if (slot.bytes[0] >= ByteKind::spill)
      read(slot.spilled);
  }

private:
  const Snapshot &snapshot_;
  const uint64_t *at_;
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
    for (uint64_t left = frame.spilled | frame.misc | frame.zero | frame.mixed; left; left &= left - 1) {
      reader.read(frame, static_cast<uint32_t>(std::countr_zero(left)), slot);
      if (!on_slot(f, static_cast<uint32_t>(std::countr_zero(left)), slot))
        return false;
    }
  }
  return true;
}

class SnapshotPool {
public:
  explicit SnapshotPool(Arena &arena) : arena_(arena) {}

  enum class Use : uint8_t {
    branch,
    checkpoint, // from now on the state's sources and written slots are counted from it
  };
  Snapshot *pack(State &state, Use use); // null: no memory
  // Makes the state what the snapshot holds. False: no memory.
  [[nodiscard]] bool unpack(const Snapshot &snapshot, State &state, StatePool &pool);
  void release(Snapshot *snapshot);

  uint32_t made() const { return made_; }
  uint32_t peak() const { return peak_; }
  uint64_t values_packed() const { return values_packed_; }
  size_t bytes() const { return bytes_; } // of all that live

private:
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
  FreeBlock *free_held_ = nullptr;
  FreeBlock *free_[kClasses] = {}; // by size class
  uint32_t made_ = 0, now_ = 0, peak_ = 0;
  uint64_t values_packed_ = 0;
  size_t bytes_ = 0;
};

} // namespace kbpf
