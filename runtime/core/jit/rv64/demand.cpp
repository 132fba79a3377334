// SPDX-License-Identifier: MIT OR Apache-2.0
// Which 32-bit results need no zero extension, because nobody reads their upper half: a backward walk that
// keeps, for each register, whether its upper half is demanded. Forward jumps find what their target demands;
// a loop's back edge starts from "everything", and the next walk uses what this one found at the loop's
// head. Any number of walks is sound, since demands only shrink from one to the next; each nesting of loops
// takes one more.
#include "core/jit/rv64/plan.h"

namespace kbpf::rv64 {
namespace {

using Demand = uint16_t; // one bit a register
constexpr int kMaxWalks = 4;
constexpr Demand kAll = (1u << KBPF_REG_COUNT) - 1;
constexpr Demand kArguments = 0x3e; // r1 .. r5
constexpr Demand kScratch = 0x3f;   // r0 .. r5
constexpr Demand bit(uint8_t reg) { return static_cast<Demand>(1u << reg); }

// Whether the low half of the result depends on the operands' low halves only.
bool keeps_halves_apart(uint8_t code) {
  switch (code) {
  case KBPF_ALU_ADD:
  case KBPF_ALU_SUB:
  case KBPF_ALU_MUL:
  case KBPF_ALU_OR:
  case KBPF_ALU_AND:
  case KBPF_ALU_XOR:
  case KBPF_ALU_NEG:
  case KBPF_ALU_MOV:
    return true;
  default:
    return false;
  }
}

Demand before_alu(const Insn &insn, Demand after) {
  Demand dst = bit(insn.dst()), src = insn.src_is_reg() ? bit(insn.src()) : 0;
  bool result_demanded = after & dst;
  Demand before = static_cast<Demand>(after & ~dst);
  if (insn.code() == KBPF_ALU_END)
    return insn.imm == 64 ? static_cast<Demand>(before | dst) : before;
  if (insn.cls() == KBPF_CLASS_ALU)
    return before;
  bool clears_upper_half = insn.code() == KBPF_ALU_AND && !insn.src_is_reg() && insn.imm >= 0;
  bool shifts_it_out = insn.code() == KBPF_ALU_LSH && !insn.src_is_reg() && (insn.imm & 63) >= 32;
  if (clears_upper_half || shifts_it_out)
    return before;
  if (insn.code() == KBPF_ALU_MOV) // a sign-extending move reads at most the low half
    return result_demanded && insn.off == 0 ? static_cast<Demand>(before | src) : before;
  if (keeps_halves_apart(insn.code()) && !result_demanded)
    return before;
  return static_cast<Demand>(before | dst | src);
}

Demand before_atomic(const Insn &insn, Demand after) {
  Demand dst = bit(insn.dst()), src = bit(insn.src());
  if (insn.imm == KBPF_ATOMIC_LOAD_ACQ)
    return static_cast<Demand>((after & ~dst) | src);
  bool is64 = insn.size() == KBPF_SIZE_DW;
  Demand before = after;
  if (insn.imm == KBPF_ATOMIC_CMPXCHG)
    before = static_cast<Demand>((before & ~bit(0)) | (is64 ? bit(0) : 0));
  else if (insn.imm & KBPF_ATOMIC_FETCH)
    before = static_cast<Demand>(before & ~src);
  return static_cast<Demand>(before | dst | (is64 ? src : 0));
}

} // namespace

Result<void> find_undemanded(Plan &plan, Arena &arena) {
  std::span<const Insn> insns = plan.program.insns();
  std::span<const InsnFacts> facts = plan.program.facts();
  Arena::Mark mark = arena.mark();
  std::span<Demand> demanded = arena.make_array<Demand>(insns.size() + 1); // in front of each instruction
  if (!demanded.data())
    return Error::no_memory;
  for (Demand &demand : demanded)
    demand = kAll;
  bool again = true; // another walk may find less demanded
  for (int walk = 0; walk < kMaxWalks && again; walk++) {
    again = false;
    for (size_t i = insns.size(); i-- > 0;) {
      const Insn &insn = insns[i];
      if (!facts[i].reachable || insn.opcode == 0) { // the second half of ld_imm64 does nothing
        demanded[i] = demanded[i + 1];
        continue;
      }
      Demand after = demanded[i + 1], before = kAll;
      uint8_t written = KBPF_REG_COUNT;
      switch (insn.cls()) {
      case KBPF_CLASS_ALU:
      case KBPF_CLASS_ALU64:
        before = before_alu(insn, after);
        written = insn.dst();
        break;
      case KBPF_CLASS_LD:
        if (insn.is_packet_load())
          before = static_cast<Demand>((after & ~kScratch) | bit(6));
        else
          before = static_cast<Demand>(after & ~bit(insn.dst()));
        break;
      case KBPF_CLASS_LDX:
        before = static_cast<Demand>((after & ~bit(insn.dst())) | bit(insn.src()));
        written = insn.dst();
        break;
      case KBPF_CLASS_ST:
        before = static_cast<Demand>(after | bit(insn.dst()));
        break;
      case KBPF_CLASS_STX:
        if (insn.mode() == KBPF_MODE_ATOMIC) {
          before = before_atomic(insn, after);
          if (insn.imm == KBPF_ATOMIC_CMPXCHG)
            written = 0;
          else if (insn.imm & KBPF_ATOMIC_FETCH)
            written = insn.src();
        } else {
          Demand value = insn.size() == KBPF_SIZE_DW ? bit(insn.src()) : 0;
          before = static_cast<Demand>(after | bit(insn.dst()) | value);
        }
        break;
      default: // jumps
        if (insn.is_exit()) {
          before = bit(0);
        } else if (insn.is_call() || insn.is_callx()) {
          before = static_cast<Demand>((after & ~kScratch) | kArguments);
        } else {
          bool is_always = insn.code() == KBPF_JMP_JA;
          bool is_long = is_always && insn.cls() == KBPF_CLASS_JMP32;
          size_t target = i + 1 + static_cast<size_t>(static_cast<int64_t>(is_long ? insn.imm : insn.off));
          Demand operands = 0;
          if (!is_always && insn.cls() == KBPF_CLASS_JMP)
            operands = static_cast<Demand>(bit(insn.dst()) | (insn.src_is_reg() ? bit(insn.src()) : 0));
          before = static_cast<Demand>(demanded[target] | operands | (is_always ? 0 : after));
          again |= walk == 0 && target <= i;
        }
      }
      again |= walk != 0 && demanded[i] != before;
      demanded[i] = before;
      plan.upper_half_unused[i] = written < KBPF_REG_COUNT && !(after & bit(written));
    }
  }
  arena.release(mark);
  return {};
}

} // namespace kbpf::rv64
