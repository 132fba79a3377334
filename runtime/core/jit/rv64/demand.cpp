// SPDX-License-Identifier: MIT OR Apache-2.0
// Which 32-bit results need no zero extension, because nobody reads their upper half: a backward walk that
// keeps, for each register, whether its upper half is demanded. Forward jumps find what their target demands;
// a loop's back edge starts from "everything", and the next walk uses what this one found at the loop's
// head. Any number of walks is sound, since demands only shrink from one to the next; each nesting of loops
// takes one more.
#include "core/jit/rv64/demand.h"

namespace kbpf::rv64 {
namespace {

using namespace demand;
constexpr int kMaxWalks = 4; // scan()'s included

constexpr Demand bit(uint8_t reg) { return Demand{1} << reg; }

// Demands in front of an instruction, and which register's result may go without its upper half.
struct Special {
  Demand before;
  Demand written;
};

Special of_atomic(const Insn &insn, Demand after) {
  Demand dst = bit(insn.dst()), src = bit(insn.src());
  if (insn.imm == KBPF_ATOMIC_LOAD_ACQ)
    return {(after & ~dst) | src, 0};
  bool is64 = insn.size() == KBPF_SIZE_DW;
  Demand operands = dst | (is64 ? src : 0);
  if (insn.imm == KBPF_ATOMIC_CMPXCHG)
    return {(after & ~bit(0)) | operands | (is64 ? bit(0) : 0), bit(0)};
  if (insn.imm != KBPF_ATOMIC_STORE_REL && insn.imm & KBPF_ATOMIC_FETCH)
    return {(after & ~src) | operands, src};
  return {after | operands, 0};
}

Special of_alu(const Insn &insn, Demand after) {
  Demand dst = bit(insn.dst());
  Demand before = after & ~dst;
  bool reads_upper_half;
  switch (insn.code()) {
  case KBPF_ALU_END:
    reads_upper_half = insn.imm == 64;
    break;
  default:
    return {after, 0};
  }
  return {before | (reads_upper_half ? dst : 0), dst};
}

Special of_special(const Insn &insn, Demand after, Demand at_target) {
  switch (insn.cls()) {
  case KBPF_CLASS_ALU:
  case KBPF_CLASS_ALU64:
    return of_alu(insn, after);
  case KBPF_CLASS_LD:
    if (insn.is_told())
      return {after & ~bit(insn.dst()), 0};
    if (!insn.is_packet_load()) // the second half of ld_imm64 does nothing
      return {after, 0};
    return {(after & ~kScratch) | bit(6), 0};
  case KBPF_CLASS_STX:
    return of_atomic(insn, after);
  default:
    break;
  }
  if (insn.is_exit())
    return {bit(0), 0};
  if (insn.is_callx())
    return {before_call(after), 0};
  return {insn.code() == KBPF_JMP_JA ? at_target : at_target | after, 0}; // or may_goto
}

} // namespace

uint32_t demand::before_special(const Insn &insn, Demand after, Demand at_target) {
  if (insn.opcode == KBPF_OP_CALL)
    return before_call(after);
  Special effect = of_special(insn, after, at_target);
  bool is_unused = effect.written && !(effect.written & after);
  return effect.before | (is_unused ? mark::kUpperHalfUnused : 0);
}

void find_undemanded(Plan &plan, size_t first, const Loops &loops) {
  std::span<const Insn> insns = plan.program.insns();
  uint32_t *marks = plan.marks.data();
  const Tables *tables = &kTables;
  forget(tables);
  bool again = true; // another walk may find less demanded
  for (int walk = 1; walk < kMaxWalks && again; walk++) {
    again = false;
    Demand after = demand_in(marks[loops.end]);
    for (size_t i = loops.end; i-- > first;) {
      const uint32_t found = marks[i];
      const Insn &insn = insns[i];
      uint32_t before = after;
      if (found & mark::kReachable) [[likely]] {
        uint32_t operands = tables->operands[insn.regs];
        Effect effect = tables->effects[insn.opcode][(after & operands) != 0];
        before = effect.written & kNeedsMore ? demanded_before(insns, marks, i, after)
                                             : demand::before(effect, operands, after);
      }
      after = before & kEverything;
      // Of unused upper halves, what an earlier walk has found holds.
      marks[i] = (found & ~mark::kUndemanded) | in_mark(before);
      if (demand_in(found) != after)
        again |= (found & mark::kLeader) != 0; // where a jump from behind may find less, too
      else if (i < loops.begin)                // so nothing does in front of it
        break;
    }
  }
}

} // namespace kbpf::rv64
