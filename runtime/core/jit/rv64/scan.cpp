// SPDX-License-Identifier: MIT OR Apache-2.0
// The first look at a program: where its jumps go, which registers and how much stack each subprogram needs.
// Register assignment is decided here and nowhere else.
#include "core/jit/rv64/hoist.h"

namespace kbpf::rv64 {
namespace {

constexpr unsigned kMaxFrame = 2032; // of one subprogram; sp moves by it in one instruction

// r0 to r5 as Linux has them: r1 to r5 already are where the calling convention wants a helper's arguments.
constexpr Reg kCommon[] = {a5, a0, a1, a2, a3, a4};
// r6 to r9 must survive calls, in registers that the prologue saves; where there are no calls, any others
// will do.
constexpr Reg kSurviving[] = {s1, s2, s3, s4};
constexpr Reg kLeaf[] = {a6, a7, t3, t4};
// For constants, where calls must not change them.
constexpr Reg kSavedConstants[] = {s5, s6, s7, s8};

struct Uses {
  uint16_t registers = 0; // one bit each
  bool calls = false;
  bool loads_packet = false;
  bool has_exit = false;
  bool compares_and_exchanges = false;
  uint32_t last_exit = 0;
};

// The BPF registers that an instruction names.
uint16_t named_registers(const Insn &insn) {
  unsigned dst = 1u << insn.dst(), src = 1u << insn.src();
  switch (insn.cls()) {
  case KBPF_CLASS_ALU:
  case KBPF_CLASS_ALU64:
    return static_cast<uint16_t>(insn.src_is_reg() && insn.code() != KBPF_ALU_END ? dst | src : dst);
  case KBPF_CLASS_JMP:
  case KBPF_CLASS_JMP32:
    if (insn.is_callx())
      return static_cast<uint16_t>(dst);
    if (insn.code() == KBPF_JMP_JA || insn.code() == KBPF_JMP_CALL || insn.code() == KBPF_JMP_EXIT)
      return 0;
    return static_cast<uint16_t>(insn.src_is_reg() ? dst | src : dst);
  case KBPF_CLASS_LD:
    if (insn.is_packet_load())
      return static_cast<uint16_t>(1u << 6 | (insn.mode() == KBPF_MODE_IND ? src : 0));
    return static_cast<uint16_t>(dst);
  case KBPF_CLASS_ST:
    return static_cast<uint16_t>(dst);
  default:
    return static_cast<uint16_t>(dst | src);
  }
}

bool writes_frame_pointer(const Insn &insn) {
  bool writes_dst = insn.is_alu() || insn.cls() == KBPF_CLASS_LD || insn.cls() == KBPF_CLASS_LDX;
  return writes_dst && insn.dst() == KBPF_REG_FP;
}

// Registers that nothing else in the function uses. Returns how many.
unsigned free_registers(const Layout &layout, const Uses &uses, std::span<Reg, kMaxConstants> out) {
  unsigned count = 0;
  auto add = [&](Reg reg) {
    if (count < out.size())
      out[count++] = reg;
  };
  if (uses.calls) {
    for (Reg reg : kSavedConstants)
      add(reg);
    return count;
  }
  for (unsigned reg = 2; reg < KBPF_REG_FP; reg++)
    if (!(uses.registers >> reg & 1))
      add(layout.registers[reg]);
  if (!uses.compares_and_exchanges) { // which takes t5 and t6 itself
    add(t5);
    add(t6);
  }
  return count;
}

void choose_registers(Layout &layout, const Uses &uses) {
  for (unsigned i = 0; i < 6; i++)
    layout.registers[i] = kCommon[i];
  for (unsigned i = 0; i < 4; i++) {
    layout.registers[6 + i] = uses.calls ? kSurviving[i] : kLeaf[i];
    if (uses.calls && uses.registers >> (6 + i) & 1)
      layout.saved_count = static_cast<uint8_t>(i + 1);
  }
  layout.registers[KBPF_REG_FP] = zero;
  layout.saves_ra = uses.calls;
}

Result<void> lay_out(Layout &layout, const Subprogram &subprogram, const Uses &uses, bool is_entry) {
  layout.is_entry = is_entry;
  layout.last_exit = uses.last_exit;
  // Without r10 nobody can touch the stack.
  unsigned bpf_stack = uses.registers >> KBPF_REG_FP & 1 ? (subprogram.stack_depth + 7u) & ~7u : 0;
  unsigned saved_constants = layout.saves_ra ? layout.constant_count : 0u;
  unsigned frame = (bpf_stack + 8u * (layout.saves_ra + layout.saved_count + saved_constants) + 15u) & ~15u;
  if (frame > kMaxFrame)
    return Error::too_big;
  layout.bpf_stack = static_cast<uint16_t>(bpf_stack);
  layout.frame_size = static_cast<uint16_t>(frame);
  return {};
}

} // namespace

bool is_near(CodeRegion region, uint64_t address) {
  constexpr int64_t kReach = 0x7fff0000; // of auipc and a 12-bit addition, a little less than it could
  int64_t from_low = static_cast<int64_t>(address - region.low);
  int64_t from_high = static_cast<int64_t>(address - region.high);
  return region.low < region.high && from_low >= -kReach && from_low <= kReach && from_high >= -kReach &&
         from_high <= kReach;
}

Result<void> scan(Plan &plan, Arena &arena) {
  std::span<const Insn> insns = plan.program.insns();
  std::span<const InsnFacts> facts = plan.program.facts();
  std::span<const Subprogram> subprograms = plan.program.subprograms();
  if (insns.empty() || facts.size() < insns.size() || subprograms.empty() || subprograms[0].first != 0)
    return Error::not_supported;
  plan.layouts = arena.make_array<Layout>(subprograms.size());
  plan.leaders = arena.make_array<uint64_t>((insns.size() + 63) / 64);
  if (!plan.layouts.data() || !plan.leaders.data())
    return Error::no_memory;

  size_t transfers = 0, faults = 0;
  auto add_transfer = [&](int64_t target) {
    if (target < 0 || static_cast<size_t>(target) >= insns.size())
      return false;
    plan.leaders[static_cast<size_t>(target) / 64] |= uint64_t{1} << (target % 64);
    transfers++;
    return true;
  };
  for (size_t number = 0; number < subprograms.size(); number++) {
    const Subprogram &subprogram = subprograms[number];
    size_t end = number + 1 < subprograms.size() ? subprograms[number + 1].first : insns.size();
    if (subprogram.first >= end || end > insns.size())
      return Error::not_supported;
    plan.leaders[subprogram.first / 64] |= uint64_t{1} << (subprogram.first % 64);
    Uses uses;
    for (uint32_t i = subprogram.first; i < end; i++) {
      const Insn &insn = insns[i];
      if (!facts[i].reachable)
        continue;
      uint16_t named = named_registers(insn);
      if (named >> KBPF_REG_COUNT || writes_frame_pointer(insn))
        return Error::not_supported;
      uses.registers |= named;
      faults += facts[i].faultable;
      uses.compares_and_exchanges |= insn.cls() == KBPF_CLASS_STX && insn.imm == KBPF_ATOMIC_CMPXCHG;
      if (insn.is_ld_imm64()) {
        if (i + 1 >= end || insns[i + 1].opcode != 0)
          return Error::not_supported;
        i++;
      } else if (insn.is_packet_load()) {
        uses.calls = uses.loads_packet = true;
        transfers++;
      } else if (insn.is_exit()) {
        uses.has_exit = true;
        uses.last_exit = i;
        transfers++;
      } else if (insn.is_callx()) {
        uses.calls = true;
      } else if (insn.is_call()) {
        uses.calls = true;
        if (insn.src() == KBPF_PSEUDO_CALL && !add_transfer(int64_t{i} + 1 + insn.imm))
          return Error::not_supported;
      } else if (insn.is_jump_class()) {
        bool is_long = insn.cls() == KBPF_CLASS_JMP32 && insn.code() == KBPF_JMP_JA;
        if (!add_transfer(int64_t{i} + 1 + (is_long ? insn.imm : insn.off)))
          return Error::not_supported;
      }
    }
    if (uses.loads_packet && !uses.has_exit) // there is nowhere to go where the load is out of bounds
      return Error::not_supported;
    Layout &layout = plan.layouts[number];
    choose_registers(layout, uses);
    Reg registers[kMaxConstants];
    unsigned count = free_registers(layout, uses, registers);
    KBPF_TRY(hoist_constants(plan, subprogram.first, end, std::span(registers).first(count), layout, arena));
    KBPF_TRY(lay_out(layout, subprogram, uses, number == 0));
  }
  plan.transfers = arena.make_array<Transfer>(transfers);
  plan.faults = arena.make_array<FaultEntry>(faults);
  plan.offsets = arena.make_array<uint32_t>(insns.size() + 1);
  plan.sizes = arena.make_array<uint16_t>(insns.size());
  plan.upper_half_unused = arena.make_array<bool>(insns.size());
  if (!plan.upper_half_unused.data() || !plan.transfers.data() || !plan.faults.data() ||
      !plan.offsets.data() || !plan.sizes.data())
    return Error::no_memory;
  return {};
}

} // namespace kbpf::rv64
