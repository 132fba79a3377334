// SPDX-License-Identifier: MIT OR Apache-2.0
// Calls of helpers as plain instructions, so that both engines do without them: lookups in arrays, whose
// elements lie side by side and stay where they are for as long as the map lives (and a program keeps its
// maps alive), and what the engines find out themselves (KBPF_OP_TOLD). Other calls go to a function for that
// very kind of map instead of the general one.
#pragma once
#include "core/verifier/program.h"
#include <array>
#include <optional>

namespace kbpf {

// Helpers by number, in every profile where the first argument is a map, or where the loader asked for it.
constexpr uint32_t kMapLookup = 1, kMapUpdate = 2, kMapDelete = 3;

// Helpers that are called in place of general ones: a variant from 1 on in the upper bits of the number,
// above those of kernel functions and of a kernel's own helpers, the general one in the lower.
constexpr uint32_t kVariantShift = 22;
static_assert(KBPF_LAST_KERNEL_HELPER < 1u << kVariantShift);
constexpr uint32_t special_helper(uint32_t general, uint32_t variant) {
  return variant << kVariantShift | general;
}
constexpr uint32_t general_helper(uint32_t number) {
  return number >> kVariantShift ? number & 0xffff : number;
}
// The ring buffer's, which have no flags to look at: for reserve where they are 0 (a ring's
// MapRef::lookup_call names it), for submit where they are BPF_RB_NO_WAKEUP (where RawProgram::told has
// kQuietSubmit).
constexpr uint32_t kRingReserve = 131, kRingSubmit = 132;
constexpr uint32_t kRingReserveWithoutFlags = special_helper(kRingReserve, 1);
constexpr uint32_t kRingSubmitQuietly = special_helper(kRingSubmit, 1);
constexpr uint32_t kQuietSubmit = 1; // there is no helper 0

// Of one call of a helper, over all paths that came by: the map that it is about, and the number that decides
// what it does, a lookup's key or the ring buffer's flags, where each is always the same.
class SeenCall {
public:
  void meet_map(uint16_t map, bool is_inner) {
    uint32_t met = is_inner ? kSeveral : map + 2u;
    map_ = map_ == kNone || map_ == met ? met : kSeveral;
  }
  // Whether the key is the only one until now. None: it has no single value on this path.
  bool meet_key(std::optional<uint32_t> key) {
    const bool is_only = key && (key_state_ == kNone || (key_state_ == kOne && key_ == *key));
    key_state_ = is_only ? kOne : kSeveral;
    key_ = is_only ? *key : 0;
    return is_only;
  }
  // Index in RawProgram::maps, or below 0.
  int32_t map() const { return map_ > kSeveral ? static_cast<int32_t>(map_ - 2) : -1; }
  std::optional<uint32_t> key() const { return key_state_ == kOne ? std::optional(key_) : std::nullopt; }

private:
  static constexpr uint32_t kNone = 0, kSeveral = 1, kOne = 2;
  uint32_t map_ : 30 = kNone;
  uint32_t key_state_ : 2 = kNone;
  uint32_t key_ = 0;
};
static_assert(sizeof(SeenCall) == 8);

// Whether a lookup in the map finds an element whatever the key, where that is below max_entries.
bool has_every_element(const MapRef &map);

// What stands for a call: arguments in r1 to r5, of which it reads some (bits), the result in r0; r1 to r5
// are overwritten as a call may do.
struct Replacement {
  std::array<Insn, 12> insns;
  uint8_t count = 0;
  uint16_t reads = 0;
  void add(const Insn &insn) { insns[count++] = insn; }
  void add_wide(uint8_t dst, uint64_t value);
};
// Nothing: the call stays one, as is_replaced() says at less cost.
bool is_replaced(const RawProgram &program, const Insn &call, const SeenCall &seen);
std::optional<Replacement> replace_call(const RawProgram &program, const Insn &call, const SeenCall &seen);
// The helper that is called in place of that one; and the arguments that it reads, as bits. Nothing: that
// one.
struct CalledHelper {
  uint32_t number;
  uint16_t reads;
};
std::optional<CalledHelper> called_helper(const RawProgram &program, const Insn &call, const SeenCall &seen);

} // namespace kbpf
