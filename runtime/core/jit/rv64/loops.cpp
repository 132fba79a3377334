// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/jit/rv64/loops.h"

namespace kbpf::rv64 {

using namespace demand;

// The jump leaves an inner loop, for the head of an outer one. What the outer one's next round demands may
// change the inner one as a whole.
[[gnu::noinline]] bool OpenLoops::open_crossing(const uint32_t *jump, const Insn *head) {
  if (innermost_ == loops_ + kMaxDepth || head < loops_[0].head)
    return false;
  OpenLoop crossing{head, jump, jump, 0, 0}, *place = ++innermost_;
  for (; head < place[-1].head; place--) {
    *place = place[-1];
    crossing.end = place->end > crossing.end ? place->end : crossing.end;
  }
  *place = crossing;
  return true;
}

// missing: what the jump's target demands and it did not know of; operands, written: of the loop.
[[gnu::noinline]] void OpenLoops::put_right(const OpenLoop &loop, Demand missing, uint32_t operands,
                                            uint32_t written) {
  const size_t head = static_cast<size_t>(loop.head - plan_.program.insns().data()),
               end = static_cast<size_t>(loop.end - plan_.marks.data());
  // From what the loop does not write, or only moves by constants, nothing else follows.
  if (!(written & (missing | kWritesMore)))
    return demand_throughout(head, end, missing);
  // Where no result gains from it, demands may be more than they are.
  if (!(written & kSpares))
    return demand_throughout(head, end,
                             demand_in(plan_.marks[head]) | (operands & kDst) | (operands >> 16 & kDst));
  walk_again(head, end);
}

void OpenLoops::demand_throughout(size_t head, size_t end, Demand more) {
  for (uint32_t *mark = &plan_.marks[head], *last = &plan_.marks[end]; mark <= last; mark++)
    *mark &= ~more;
}

// As often as a jump back finds more at its target than it was told.
void OpenLoops::walk_again(size_t head, size_t end) {
  std::span<const Insn> insns = plan_.program.insns();
  std::span<const InsnFacts> facts = plan_.program.facts();
  uint32_t *marks = plan_.marks.data();
  const Tables *tables = &kTables;
  forget(tables);
  for (bool again = true; again;) {
    if (budget_ < end - head + 1)
      return demand_everything(head, end);
    budget_ -= end - head + 1;
    again = false;
    Demand after = demand_in(marks[end + 1]);
    for (size_t i = end + 1; i-- > head;) {
      const uint32_t found = marks[i];
      uint32_t before = after;
      if (found & mark::kReachable) [[likely]] {
        const Insn &insn = insns[i];
        uint32_t operands = tables->operands[insn.regs];
        Effect effect = tables->effects[insn.opcode][(after & operands) != 0];
        before = effect.written & kNeedsMore ? demanded_before(insns, marks, i, after)
                                             : demand::before(effect, operands, after);
      }
      after = before & kEverything;
      const uint32_t known = facts[i].zero_extended ? mark::kUpperHalfUnused : 0;
      marks[i] = (found & ~(mark::kUndemanded | mark::kUpperHalfUnused)) | in_mark(before) | known;
      again |= found & mark::kLeader && after & ~demand_in(found);
    }
  }
}

void OpenLoops::demand_everything(size_t head, size_t end) {
  std::span<const InsnFacts> facts = plan_.program.facts();
  for (size_t i = head; i <= end; i++) {
    const uint32_t known = facts[i].zero_extended ? mark::kUpperHalfUnused : 0;
    plan_.marks[i] = (plan_.marks[i] & ~(mark::kUndemanded | mark::kUpperHalfUnused)) | known;
  }
}

} // namespace kbpf::rv64
