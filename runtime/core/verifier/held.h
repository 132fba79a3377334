// SPDX-License-Identifier: MIT OR Apache-2.0
// What a path has taken and must give back: ring-buffer records, iterators, locks. Each has an id; the
// pointers to it carry that as their owner, and become mere numbers when it is given back.
#pragma once
#include "core/verifier/state.h"

namespace kbpf {

enum class ReferenceKind : uint8_t { record, dynptr, iterator, object };

struct Reference {
  uint32_t id;
  uint32_t insn;  // that acquired it
  uint32_t frame; // the innermost callback that it was acquired in; 0: none. There it has to be given back
  ReferenceKind kind;
};

struct Held {
  static constexpr uint32_t kMostReferences = 32;
  uint32_t count = 0;
  Reference references[kMostReferences] = {};
  bool rcu = false; // bpf_rcu_read_lock was called
  // The map value whose bpf_spin_lock is held.
  struct {
    bool is_held;
    bool is_inner;
    uint16_t map;
    uint32_t id; // of the value
    uint32_t insn;
  } lock = {};

  const Reference *find(uint32_t id) const;
  bool add(const Reference &reference); // false: too many
  void remove(uint32_t id);
  bool is_empty() const { return count == 0 && !rcu && !lock.is_held; }
};

// The innermost frame that a helper has called; 0: none.
inline uint32_t callback_frame(const State &state) {
  uint32_t f = state.frame_count - 1;
  while (f > 0 && !state.frames[f]->is_callback)
    f--;
  return f;
}

constexpr uint32_t kSpinLock = 93, kSpinUnlock = 94, kTimerInit = 169, kTimerSetCallback = 170,
                   kLoop = 181; // helpers
// Helpers that give or take objects of any type.
constexpr uint32_t kPerCpuPtr = 153, kThisCpuPtr = 154, kReadOnlyCast = 0x20100,
                   kCastToKernelContext = 0x20101;
constexpr uint32_t kFirstKernelFunction = 0x20000, kLastKernelFunction = 0x201ff;
constexpr uint32_t kRcuReadLock = 0x20003, kRcuReadUnlock = 0x20004; // helpers

inline bool holds_nothing(const State &state) { return !state.held || state.held->is_empty(); }

// The reference is given back: what points to it is a number from now on.
void release_reference(State &state, uint32_t id);

} // namespace kbpf
