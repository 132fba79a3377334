// SPDX-License-Identifier: MIT OR Apache-2.0
// The short way through a program. Most of most programs asks for little: arithmetic on numbers, jumps that
// can go one way only, registers that go to the stack and come back, numbers of the context, of the packet
// and of maps' values, lookups in maps by a key in the stack. What the checker, the transformer and the driver would say of such instructions in
// turn is said here at once; all else is theirs.
#pragma once
#include "core/verifier/checker.h"
#include "core/verifier/transformer.h"

namespace kbpf {

class ShortWay {
public:
  ShortWay(Analysis &analysis, Checker &checker, Transformer &transformer)
      : analysis_(analysis), checker_(checker), transformer_(transformer) {}

  struct Walk {
    uint32_t insns, jumps; // of these
    bool joined;           // it ends where paths join
  };
  // Walks from state.insn up to the first instruction that asks for more, or to where paths join, at most so
  // many instructions. The counts of the path are the caller's.
  Walk walk(State &state, uint32_t most);

private:
  bool compute(State &state, Value *regs, const Insn &insn);
  bool jump(const State &state, const Value *regs, const Insn &insn, size_t at, size_t &next);
  bool use_stack(State &state, Frame &frame, const Insn &insn, InsnFacts &facts);
  bool access_stack(State &state, const Insn &insn);
  bool use_memory(Value *regs, const Insn &insn, InsnFacts &facts);
  bool move_address(const State &state, const Insn &insn, Value &dst, const Value &src);
  bool load_wide(Value *regs, const Insn *insn);
  bool use(State &state, Frame &frame, const Insn &insn, size_t at, const Value &base, InsnFacts &facts);
  bool look_up(State &state, Frame &frame, const Insn &insn);

  Analysis &analysis_;
  Checker &checker_;
  Transformer &transformer_;
};

} // namespace kbpf
