// SPDX-License-Identifier: MIT OR Apache-2.0
// Upper halves that a loop's next round reads. The walk that finds demands goes backward, so it meets the
// jump back first, and takes what its target demands for nothing; at the head of the loop it knows better.
// Where that was not enough, what the jump leads to is put right before the walk goes on.
#pragma once
#include "core/jit/rv64/demand.h"

namespace kbpf::rv64 {

// A loop whose jump back the walk has met, and whose head it has not.
struct OpenLoop {
  const Insn *head;
  const uint32_t *jump; // its mark
  const uint32_t *end;  // the same, or the mark of a later jump back, of a loop that this one crosses
  // Operands and written registers of what was walked before the jump, as demand::Tables has them: from there
  // on, both begin anew.
  uint32_t operands, written;
};

class OpenLoops {
public:
  // Of the function from first on, with so many instructions: no loop's head is in front of it.
  OpenLoops(Plan &plan, const Insn *first, size_t count) : plan_(plan), budget_(kMaxWalks * count) {
    loops_[0].head = first;
  }
  OpenLoops(const OpenLoops &) = delete;
  OpenLoops &operator=(const OpenLoops &) = delete;
  bool any() const { return innermost_ != loops_; }
  unsigned depth() const { return static_cast<unsigned>(innermost_ - loops_); }
  // Where the walk has to stop next: of the innermost loop, or where the function begins.
  const Insn *head() const { return innermost_->head; }

  // A jump back, with its mark. False: its target has to be taken for one that demands everything.
  // operands, written: begin anew.
  [[gnu::always_inline]] bool open(const uint32_t *jump, const Insn *head, uint32_t &operands,
                                   uint32_t &written) {
    if (innermost_ == loops_ + kMaxDepth || head < innermost_->head) [[unlikely]]
      return open_crossing(jump, head);
    *++innermost_ = {head, jump, jump, operands, written};
    operands = written = 0;
    return true;
  }
  // At head(), when what it demands is in its mark. operands, written: what was in front of the loop joins.
  [[gnu::always_inline]] void close(Demand at_head, uint32_t &operands, uint32_t &written) {
    const OpenLoop &loop = *innermost_--;
    if (const Demand missing = at_head & ~demand_in(*loop.jump)) [[unlikely]]
      put_right(loop, missing, operands, written);
    operands |= loop.operands;
    written |= loop.written;
  }

private:
  static constexpr unsigned kMaxDepth = 8, kMaxWalks = 3;

  bool open_crossing(const uint32_t *jump, const Insn *head);
  void put_right(const OpenLoop &loop, Demand missing, uint32_t operands, uint32_t written);
  void demand_throughout(size_t head, size_t end, Demand more);
  void walk_again(size_t head, size_t end);
  void demand_everything(size_t head, size_t end);

  Plan &plan_;
  size_t budget_;                 // instructions that may be walked again
  OpenLoop loops_[kMaxDepth + 1]; // from the outermost on; the first one is the function
  OpenLoop *innermost_ = loops_;
};

} // namespace kbpf::rv64
