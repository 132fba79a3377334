// SPDX-License-Identifier: MIT OR Apache-2.0
// Which 32-bit results need no zero extension, because nobody reads their upper half: a backward walk that
// keeps, for each register, whether its upper half is demanded. Forward jumps find what their target demands;
// a loop's back edge starts from "everything", and the next walk uses what this one found at the loop's
// head. Any number of walks is sound, since demands only shrink from one to the next; each nesting of loops
// takes one more.
#include "core/isa/encoding.h"
#include "core/jit/rv64/plan.h"
#include <array>

namespace kbpf::rv64 {
namespace {

using Demand = uint32_t; // one bit a register
constexpr int kMaxWalks = 4;
constexpr Demand kAll = mark::kDemand;
constexpr Demand kArguments = 0x3e; // r1 .. r5
constexpr Demand kScratch = 0x3f;   // r0 .. r5
constexpr Demand bit(uint8_t reg) { return static_cast<Demand>(1u << reg); }

// What an operation does with demands, by its opcode. "If demanded": where the result's upper half is.
struct Traits {
  bool writes_dst : 1 = false;
  bool demands_dst : 1 = false;
  bool demands_src : 1 = false;
  bool demands_dst_if_demanded : 1 = false;
  bool demands_src_if_demanded : 1 = false;
  bool is_special : 1 = false; // the fields matter, too
};

// Whether the low half of the result depends on the operands' low halves only.
constexpr bool keeps_halves_apart(uint8_t code) {
  switch (code) {
  case KBPF_ALU_ADD:
  case KBPF_ALU_SUB:
  case KBPF_ALU_MUL:
  case KBPF_ALU_OR:
  case KBPF_ALU_AND:
  case KBPF_ALU_XOR:
  case KBPF_ALU_NEG:
    return true;
  default:
    return false;
  }
}

constexpr Traits traits_of(uint8_t opcode) {
  Insn insn{.opcode = opcode, .regs = 0, .off = 0, .imm = 0};
  bool by_register = insn.src_is_reg();
  switch (insn.cls()) {
  case KBPF_CLASS_ALU:
    return {.writes_dst = true, .is_special = insn.code() == KBPF_ALU_END};
  case KBPF_CLASS_ALU64:
    if (insn.code() == KBPF_ALU_MOV)
      return {.writes_dst = true, .demands_src_if_demanded = by_register, .is_special = by_register};
    if (keeps_halves_apart(insn.code()))
      return {.writes_dst = true,
              .demands_dst_if_demanded = true,
              .demands_src_if_demanded = by_register,
              .is_special = insn.code() == KBPF_ALU_AND && !by_register};
    return {.writes_dst = true,
            .demands_dst = true,
            .demands_src = by_register && insn.code() != KBPF_ALU_END,
            .is_special = insn.code() == KBPF_ALU_END || (insn.code() == KBPF_ALU_LSH && !by_register)};
  case KBPF_CLASS_LD:
    return {.writes_dst = true, .is_special = insn.is_packet_load()};
  case KBPF_CLASS_LDX:
    return {.writes_dst = true, .demands_src = true};
  case KBPF_CLASS_ST:
    return {.demands_dst = true};
  case KBPF_CLASS_STX:
    return {.demands_dst = true,
            .demands_src = insn.size() == KBPF_SIZE_DW,
            .is_special = insn.mode() == KBPF_MODE_ATOMIC};
  default:
    return {.is_special = true};
  }
}

constexpr auto kTraits = [] {
  std::array<Traits, 256> traits{};
  for (unsigned opcode = 0; opcode < 256; opcode++)
    traits[opcode] = traits_of(static_cast<uint8_t>(opcode));
  return traits;
}();

// Demands in front of an instruction, and which register's result may go without its upper half.
struct Effect {
  Demand before;
  Demand written;
};

Effect of_atomic(const Insn &insn, Demand after) {
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

Effect of_alu(const Insn &insn, Demand after) {
  Demand dst = bit(insn.dst()), src = bit(insn.src());
  Demand before = after & ~dst;
  bool reads_upper_half;
  switch (insn.code()) {
  case KBPF_ALU_END:
    reads_upper_half = insn.imm == 64;
    break;
  case KBPF_ALU_AND: // with a constant: clears the upper half, or keeps it
    reads_upper_half = insn.imm < 0 && (after & dst);
    break;
  case KBPF_ALU_LSH: // by a constant: shifts it out, or not
    reads_upper_half = (insn.imm & 63) < 32 && (after & dst);
    break;
  default: // a sign-extending move reads the low half at most
    return {before | (insn.off == 0 && (after & dst) ? src : 0), dst};
  }
  return {before | (reads_upper_half ? dst : 0), dst};
}

// target: demands at the target of a jump.
Effect of_special(const Insn &insn, Demand after, const uint32_t *target) {
  switch (insn.cls()) {
  case KBPF_CLASS_ALU:
  case KBPF_CLASS_ALU64:
    return of_alu(insn, after);
  case KBPF_CLASS_LD: // from a packet
    return {(after & ~kScratch) | bit(6), 0};
  case KBPF_CLASS_STX:
    return of_atomic(insn, after);
  default:
    break;
  }
  if (insn.is_exit())
    return {bit(0), 0};
  if (insn.is_call() || insn.is_callx())
    return {(after & ~kScratch) | kArguments, 0};
  Demand at_target = *target & kAll;
  if (insn.code() == KBPF_JMP_JA)
    return {at_target, 0};
  if (insn.code() == KBPF_JMP_JCOND)
    return {at_target | after, 0};
  Demand operands = insn.cls() == KBPF_CLASS_JMP32 ? 0 : bit(insn.dst());
  if (insn.cls() == KBPF_CLASS_JMP && insn.src_is_reg())
    operands |= bit(insn.src());
  return {at_target | operands | after, 0};
}

} // namespace

void find_undemanded(Plan &plan) {
  std::span<const Insn> insns = plan.program.insns();
  uint32_t *marks = plan.marks.data();
  for (uint32_t &word : plan.marks)
    word |= kAll;
  bool again = true; // another walk may find less demanded
  for (int walk = 0; walk < kMaxWalks && again; walk++) {
    again = false;
    for (size_t i = insns.size(); i-- > 0;) {
      const Insn &insn = insns[i];
      Demand after = marks[i + 1] & kAll;
      uint32_t found = marks[i] & ~kAll; // an earlier walk's finding holds
      if (!(found & mark::kReachable)) { // the second half of an ld_imm64, too
        marks[i] = found | after;
        continue;
      }
      Traits traits = kTraits[insn.opcode];
      Demand dst = bit(insn.dst()), src = bit(insn.src());
      Effect effect;
      if (traits.is_special) {
        bool jumps = insn.is_jump_class();
        size_t target = jumps ? static_cast<size_t>(jump_target(i, insn)) : i;
        bool is_transfer = jumps && !insn.is_exit() && !insn.is_call() && !insn.is_callx();
        effect = of_special(insn, after, is_transfer ? &marks[target] : nullptr);
        again |= walk == 0 && is_transfer && target <= i;
      } else {
        effect.written = traits.writes_dst ? dst : 0;
        bool is_demanded = after & dst;
        bool demands_dst = traits.demands_dst || (traits.demands_dst_if_demanded && is_demanded);
        bool demands_src = traits.demands_src || (traits.demands_src_if_demanded && is_demanded);
        effect.before = (after & ~effect.written) | (demands_dst ? dst : 0) | (demands_src ? src : 0);
      }
      again |= walk != 0 && (marks[i] & kAll) != effect.before;
      if (effect.written && !(effect.written & after))
        found |= mark::kUpperHalfUnused;
      marks[i] = found | effect.before;
    }
  }
}

} // namespace kbpf::rv64
