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

// A loop that the kernel ends, while a path is in it. What it still gives only gets less, round by round.
struct Loop {
  enum class Kind : uint8_t {
    iterator, // from where it is made to where it is ended
    may_goto, // those of one call of a function
    callback, // a helper that calls a function, from its call to its return
    timer,    // all of a run of a timer's function
    work,     // of one that runs as work, which may sleep
  } kind;
  uint8_t frame;   // of may_goto, or of the helper's caller
  uint32_t id;     // no two are the same; an iterator's own
  uint32_t rounds; // that were begun
};

struct Held {
  static constexpr uint32_t kMostReferences = 32, kMostLoops = kMostReferences + 2 * KBPF_MAX_CALL_FRAMES + 1;
  uint32_t count = 0;
  uint32_t loop_count = 0;
  Reference *references; // there is room for the most of a state's (HeldOfState), for no more of a snapshot's
  Loop *loops;           // likewise; in the order in which they began
  bool rcu = false;      // bpf_rcu_read_lock was called
  uint32_t preempt_count = 0; // bpf_preempt_disable was called so often,
  uint32_t preempt_insn = 0;  // last by this instruction
  // The map value whose bpf_spin_lock is held.
  struct {
    bool is_held;
    bool is_inner;
    uint16_t map;
    uint32_t id; // of the value
    uint32_t insn;
  } lock = {};

  Held(Reference *references, Loop *loops) : references(references), loops(loops) {}
  Held(const Held &) = delete;
  Held &operator=(const Held &) = delete;
  void assign(const Held &other);
  void clear();
  // Where no more than that will be held: bytes, a multiple of 8, and the copy in as many.
  size_t packed_bytes() const;
  Held *pack(void *memory) const;

  const Reference *find(uint32_t id) const;
  bool add(const Reference &reference); // false: too many
  void remove(uint32_t id);
  bool is_empty() const { return count == 0 && !rcu && preempt_count == 0 && !lock.is_held; }
  bool says_nothing() const { return is_empty() && loop_count == 0; }

  Loop *find_loop(Loop::Kind kind, uint32_t frame); // null: none
  Loop *find_loop(uint32_t id);
  void begin_loop(const Loop &loop) { loops[loop_count++] = loop; } // of those of a frame it has none yet
  void end_loop(uint32_t id);
  void end_loops(uint32_t frame); // of this frame and those that it has called
};

struct HeldOfState : Held {
  HeldOfState() : Held(reference_room, loop_room) {}
  Reference reference_room[kMostReferences];
  Loop loop_room[kMostLoops];
};

// Whether the path is one of a function that runs as work.
inline bool is_work(const Held *held) {
  return held && held->loop_count && held->loops[0].kind == Loop::Kind::work;
}

// Whether a path that comes back to a state that is like an old one of its own can't do so for ever: the
// oldest of the loops that were begun in which they differ is the same, and a round further. Younger ones do
// not matter, for each of its rounds may begin them anew. Says how many loops, the oldest, that takes; 0: it
// may come back for ever. kAnotherRun: of a function that runs later.
constexpr uint32_t kAnotherRun = UINT32_MAX;
uint32_t went_on(const Held *old, const Held *now);
// Whether in the first `loops` of old nothing more is left now than there was.
bool keeps_pace(const Held *old, const Held *now, uint32_t loops);

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
// Linux's; a kernel's own helpers have numbers above them.
constexpr bool is_kernel_function(uint32_t number) {
  return number >= kFirstKernelFunction && number <= kLastKernelFunction;
}
constexpr uint32_t kRcuReadLock = 0x20003, kRcuReadUnlock = 0x20004; // helpers
constexpr uint32_t kPreemptDisable = 0x20124, kPreemptEnable = 0x20125, kCssTaskNew = 0x2011e,
                   kDynptrWrite = 202, kFirstSessionFunction = 0x2014a, kLastSessionFunction = 0x2014b,
                   kSocketDestroy = 0x2014c;

// Functions of lists and trees, those that may be called while their lock is held, with the next.
constexpr uint32_t kPerCpuNew = 0x20156, kPerCpuDrop = 0x20157, kRefcountAcquire = 0x20158,
                   kFirstOfGraphs = kRefcountAcquire, kTreeAdd = 0x2015d, kTreeFirst = 0x2015e,
                   kTreeRemove = 0x2015f, kLastOfGraphs = kTreeRemove;
constexpr uint32_t kWorkInit = 0x20160, kWorkSetCallback = 0x20161;
// In place of a map in Held::lock: that of an allocated object, whose reference is the id.
constexpr uint16_t kObjectLock = UINT16_MAX;

// The program holds it, and it is neither another one's nor one that each CPU has.
inline bool is_owned(const State &state, const Value &value) {
  return value.kind == Kind::allocated && value.trust == 0 && state.held && state.held->find(value.owner);
}

inline bool holds_nothing(const State &state) { return !state.held || state.held->is_empty(); }

// The reference is given back: what points to it is a number from now on.
void release_reference(State &state, uint32_t id);

} // namespace kbpf
