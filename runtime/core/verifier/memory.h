// SPDX-License-Identifier: MIT OR Apache-2.0
// Places in memory: which bytes an access may touch, and what the stack holds there.
#pragma once
#include "core/verifier/state.h"
#include <optional>

namespace kbpf {

// The bytes that an access of some size touches, over all values that its base pointer may have.
struct OffsetRange {
  bool is_bounded; // else nothing is known, and the numbers are meaningless
  int64_t first;   // the lowest
  int64_t end;     // one after the highest
  Tnum start;      // bits of the offset at which the access starts

  // Whether every start is a multiple of size, a power of two.
  bool is_aligned(uint64_t size) const { return ((start.value | start.mask) & (size - 1)) == 0; }
  bool is_exact(uint64_t size) const { return is_bounded && end - first == static_cast<int64_t>(size); }
};
OffsetRange varying_offsets(const Value &base, int64_t off, uint64_t size);
inline OffsetRange offsets(const Value &base, int64_t off, uint64_t size) {
  if (!base.number.is_constant())
    return varying_offsets(base, off, size);
  constexpr int64_t kFar = int64_t{1} << 31; // beyond every object; keeps the sums from overflowing
  const int64_t at = static_cast<int64_t>(base.number.value());
  if (at < -kFar || at > kFar)
    return {};
  return {true, at + off, at + off + static_cast<int64_t>(size),
          Tnum::constant(static_cast<uint64_t>(at + off))};
}

// A known place of the stack.
struct StackPlace {
  uint32_t frame, slot;
  int32_t offset; // from the frame's r10
  uint32_t size;  // bytes, within the slot
};

// What a load of size bytes at a known, aligned offset gives, zero-extended.
Value read_stack(const Frame &frame, int64_t offset, unsigned size);
// The constant in the u32 that an address of the stack points to, which it is known to be on this path since
// its value was stored. What it relies on is the Value's (rely_on).
std::optional<Value> known_u32(const State &state, const Value &address);
// A store of size bytes at a known, aligned offset. The slots exist. True: it relies on the value being 0.
bool write_stack(Frame &frame, int64_t offset, unsigned size, const Value &value);
enum class Overwritten : uint8_t { all, perhaps, perhaps_by_zero };
// Bytes first to end - 1 are overwritten by numbers, all of them or perhaps some. Slots that do not exist
// stay uninitialised. True: something is still known to be 0, which relies on the numbers being 0.
bool overwrite_stack(Frame &frame, int64_t first, int64_t end, Overwritten how);

// Whether helpers and global functions may get it where they take memory, if what it points to suffices.
constexpr bool may_be_memory(Kind kind) {
  return kind != Kind::scalar && kind != Kind::map && kind != Kind::function && kind != Kind::packet_end &&
         kind != Kind::dynptr_argument && kind != Kind::object && kind != Kind::allocated &&
         kind != Kind::allocated_or_null;
}

} // namespace kbpf
