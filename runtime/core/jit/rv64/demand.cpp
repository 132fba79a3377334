// SPDX-License-Identifier: MIT OR Apache-2.0
// What the unusual instructions do to demands.
#include "core/jit/rv64/demand.h"

namespace kbpf::rv64 {
namespace {

using namespace demand;
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

} // namespace kbpf::rv64
