// SPDX-License-Identifier: MIT OR Apache-2.0
// What can be said of a program before its values are known: where its functions are, where control can go,
// which registers may still be read at each instruction, and where paths join (the places worth comparing
// states at).
#pragma once
#include "core/base/arena.h"
#include "core/verifier/reject.h"
#include <algorithm>

namespace kbpf {

struct Cfg {
  std::span<Subprogram> subprograms; // by ascending first; stack depths are filled in by the walk
  std::span<uint16_t> live;          // per instruction: bit n, register n may be read from here on
  // Per instruction: not 0 where it is a jump target, the start of a called function, behind a call, or an
  // iteration; kIteration too for the last.
  std::span<const uint8_t> is_join;
  static constexpr uint8_t kJoin = 1, kIteration = 2;
  static constexpr uint8_t kFromBefore = 4; // besides: a jump or call before it leads here
  static constexpr uint8_t kBehindCall = 8; // alone: of a helper, and nothing else

  std::span<const uint32_t> back_jumps;  // instructions that jump to themselves or back, ascending
  std::span<const uint32_t> loop_starts; // of each of these, the first that it or a later one jumps to
  // Whether it lies between the ends of such a jump.
  bool is_in_loop(uint32_t insn) const {
    const auto later = std::lower_bound(back_jumps.begin(), back_jumps.end(), insn);
    return later != back_jumps.end() && loop_starts[static_cast<size_t>(later - back_jumps.begin())] <= insn;
  }
  std::span<const uint32_t> helper_calls; // instructions that call a helper, ascending
  bool cuts_parts = false; // a part of a number is cut off behind a branch (keep_compared_parts)
  bool has_may_goto = false;
  uint32_t function_calls = 0; // places that call a function of the program, or name it for a helper

  // Index in subprograms of the function that holds insn.
  uint32_t subprogram_at(uint32_t insn) const { return subprogram_of.empty() ? 0 : subprogram_of[insn]; }
  std::span<const uint32_t> subprogram_of; // per instruction; empty: there is one
};

// The encoding was checked. Errors: no_memory, or a refusal.
Result<Cfg> build_cfg(const RawProgram &program, Arena &arena, Rejection &rejection);

// Nobody reads what those functions return whose callers all leave r0 alone: it is not live before their
// ends. wanted: by function, whether something else than these calls asks for its result; filled in for the
// rest.
void forget_unused_results(Cfg &cfg, const RawProgram &program, std::span<bool> wanted);

// Registers that an instruction reads and writes, as bits.
struct RegisterUse {
  uint16_t reads, writes;
};
RegisterUse register_use(const Insn &insn, const Profile &profile);

inline bool is_helper_call(const Insn &insn) { return insn.is_call() && insn.src() == 0; }
// A call of a helper that does one of the following.
bool opens_paths(const Insn &insn, const Profile &profile);
// A call of a helper that calls a function of the program back, any number of times.
bool takes_callback(const Insn &call, const Profile &profile);
inline bool calls_back(const Insn &insn, const Profile &profile) {
  return insn.is_call() && takes_callback(insn, profile);
}
// A call of a helper that keeps a function of the program for later.
bool keeps_function(const Insn &insn, const Profile &profile);
// A call for the next element of an iterator.
bool asks_for_next(const Insn &insn, const Profile &profile);
// Where rounds of a loop begin that the kernel counts, and ends: they need not end by themselves.
inline bool is_iteration(const Insn &insn, const Profile &profile) {
  return insn.is_call() ? opens_paths(insn, profile) && !keeps_function(insn, profile) : insn.is_may_goto();
}
// The function that an ld_imm64 with src KBPF_PSEUDO_FUNC names begins at this instruction.
constexpr int64_t function_target(size_t index, const Insn &insn) {
  return static_cast<int64_t>(index) + 1 + insn.imm;
}

} // namespace kbpf
