// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/path.h"
#include "core/verifier/cfg.h"
#include "core/verifier/state.h"

namespace kbpf {

PathStep::Kind kind_of_step(const RawProgram &program, uint32_t from, uint32_t frames, const State &after) {
  using Kind = PathStep::Kind;
  const Insn &insn = program.insns[from];
  if (insn.is_exit())
    return Kind::leave;
  if (insn.is_packet_load())
    return after.frame_count < frames ? Kind::no_packet : Kind::plain;
  if (!insn.is_jump_class())
    return Kind::plain;
  if (!insn.is_call())
    return insn.code() == KBPF_JMP_JA ? Kind::plain : Kind::branch;
  if (insn.src() == KBPF_PSEUDO_CALL)
    return after.frame_count > frames ? Kind::call : Kind::plain;
  if (calls_back(insn, *program.profile))
    return Kind::callback;
  if (keeps_function(insn, *program.profile))
    return after.insn == from + 1 ? Kind::plain : Kind::timer;
  return asks_for_next(insn, *program.profile) ? Kind::element : Kind::plain;
}

void Decisions::push(Arena &arena, bool was_put_off) {
  if (is_lost_)
    return;
  const uint32_t block = length_ / kPerBlock;
  if (!blocks_.data())
    blocks_ = arena.make_array<uint64_t *>(kMostBlocks);
  if (block < blocks_.size() && !blocks_[block])
    blocks_[block] = arena.make_array<uint64_t>(kPerBlock / 64).data();
  is_lost_ = block >= blocks_.size() || !blocks_[block];
  if (is_lost_)
    return;
  uint64_t &word = blocks_[block][length_ % kPerBlock / 64];
  const uint64_t bit = uint64_t{1} << length_ % 64;
  word = was_put_off ? word | bit : word & ~bit;
  length_++;
}

} // namespace kbpf
