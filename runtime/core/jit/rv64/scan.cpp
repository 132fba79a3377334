// SPDX-License-Identifier: MIT OR Apache-2.0
// The first look at a program: where its jumps go, which registers and how much stack each subprogram needs.
// Register assignment is decided here and nowhere else.
#include "core/jit/rv64/hoist.h"
#include <array>

namespace kbpf::rv64 {
namespace {

// r0 to r5 as Linux has them: r1 to r5 already are where the calling convention wants a helper's arguments.
constexpr Reg kCommon[] = {a5, a0, a1, a2, a3, a4};
// r6 to r9 must survive calls, in registers that the prologue saves; where there are no calls, any others
// will do.
constexpr Reg kSurviving[] = {s1, s2, s3, s4};
constexpr Reg kLeaf[] = {a6, a7, t3, t4};
// For constants, where calls must not change them.
constexpr Reg kSavedConstants[] = {s5, s6, s7, s8};

constexpr size_t kMasksPerSwap = 2;

struct Uses {
  uint32_t registers = 0; // one bit each
  uint32_t written = 0;   // of arithmetic and loads
  bool calls = false;
  bool loads_packet = false;
  bool has_exit = false;
  bool compares_and_exchanges = false;
  bool has_loop = false; // a jump backwards
  bool has_may_goto = false;
  uint32_t last_exit = 0;
};

// What an instruction's opcode tells the scan.
struct Traits {
  bool names_dst : 1;
  bool names_src : 1;
  bool writes_dst : 1;
  bool is_special : 1; // there is more to see
  uint8_t fixups : 3;  // at most, but for wide constants
};

constexpr Traits traits_of(uint8_t opcode) {
  Insn insn{.opcode = opcode, .regs = 0, .off = 0, .imm = 0};
  switch (insn.cls()) {
  case KBPF_CLASS_ALU:
  case KBPF_CLASS_ALU64: {
    bool is_end = insn.code() == KBPF_ALU_END;
    bool is_short_move = insn.cls() == KBPF_CLASS_ALU && insn.code() == KBPF_ALU_MOV && !insn.src_is_reg();
    return {true, insn.src_is_reg() && !is_end, true, is_end || is_short_move, 0};
  }
  case KBPF_CLASS_JMP:
  case KBPF_CLASS_JMP32:
    if (insn.is_callx())
      return {true, false, false, true, 0};
    if (insn.is_call())
      return {false, false, false, true, 1};
    if (insn.code() == KBPF_JMP_JA || insn.is_exit() || insn.is_may_goto())
      return {false, false, false, true, 1};
    return {true, insn.src_is_reg(), false, true, 1};
  case KBPF_CLASS_LD:
    if (insn.is_packet_load())
      return {false, insn.mode() == KBPF_MODE_IND, false, true, 1};
    return {true, false, true, true, 0};
  case KBPF_CLASS_LDX:
    return {true, true, true, false, 0};
  case KBPF_CLASS_ST:
    return {true, false, false, false, 0};
  default:
    return {true, true, false, insn.mode() == KBPF_MODE_ATOMIC, 0};
  }
}

constexpr auto kTraits = [] {
  std::array<Traits, 256> traits{};
  for (unsigned opcode = 0; opcode < 256; opcode++)
    traits[opcode] = traits_of(static_cast<uint8_t>(opcode));
  return traits;
}();

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

// Counting may_gotos takes a register of its own, the last one of those that are free; where there is none,
// the function saves registers as if it made calls. Returns how many are left.
unsigned reserve_may_goto_register(Layout &layout, Uses &uses, std::span<Reg, kMaxConstants> free) {
  unsigned count = free_registers(layout, uses, free);
  if (!uses.has_may_goto)
    return count;
  if (count == 0) {
    uses.calls = true;
    choose_registers(layout, uses);
    count = free_registers(layout, uses, free);
  }
  layout.may_gotos = free[count - 1];
  return count - 1;
}

void lay_out(Layout &layout, const Subprogram &subprogram, const Uses &uses) {
  layout.last_exit = uses.last_exit;
  // Without r10 nobody can touch the stack.
  unsigned bpf_stack = uses.registers >> KBPF_REG_FP & 1 ? (subprogram.stack_depth + 7u) & ~7u : 0;
  layout.bpf_stack = bpf_stack;
  layout.frame_size = (bpf_stack + saved_bytes(layout) + 15u) & ~15u;
  layout.clears_stack = subprogram.zero_stack;
}

} // namespace

namespace {

class Scan {
public:
  explicit Scan(Plan &plan) : plan_(plan), insns_(plan.program.insns()), facts_(plan.program.facts()) {}

  Result<Uses> subprogram(size_t first, size_t end);
  size_t fixups = 1; // the one at the end
  size_t wide_constants = 0;
  size_t native_calls = 0;
  size_t faults = 0;
  bool makes_tail_calls = false;

private:
  bool look_closer(size_t &index, size_t end, Uses &uses);
  bool mark_target(int64_t target) {
    if (target < 0 || static_cast<uint64_t>(target) >= insns_.size())
      return false;
    plan_.marks[static_cast<size_t>(target)] |= mark::kLeader;
    return true;
  }

  Plan &plan_;
  std::span<const Insn> insns_;
  std::span<const InsnFacts> facts_;
};

Result<Uses> Scan::subprogram(size_t first, size_t end) {
  Uses uses;
  plan_.marks[first] |= mark::kLeader;
  for (size_t i = first; i < end; i++) {
    InsnFacts facts = facts_[i];
    if (!facts.reachable)
      continue;
    plan_.marks[i] |= mark::kReachable | (facts.zero_extended ? mark::kUpperHalfUnused : 0);
    const Insn &insn = insns_[i];
    Traits traits = kTraits[insn.opcode];
    uint32_t dst = uint32_t{1} << insn.dst(), src = uint32_t{1} << insn.src();
    uses.registers |= (traits.names_dst ? dst : 0) | (traits.names_src ? src : 0);
    uses.written |= traits.writes_dst ? dst : 0;
    fixups += traits.fixups;
    faults += facts.faultable;
    if (traits.is_special && !look_closer(i, end, uses))
      return Error::not_supported;
  }
  bool has_bad_register = uses.registers >> KBPF_REG_COUNT || uses.written >> KBPF_REG_FP;
  // Where a load from a packet is out of bounds, there must be somewhere to go.
  if (has_bad_register || (uses.loads_packet && !uses.has_exit))
    return Error::not_supported;
  return uses;
}

// False: malformed. Steps over the second half of an ld_imm64.
bool Scan::look_closer(size_t &index, size_t end, Uses &uses) {
  const Insn &insn = insns_[index];
  if (insn.is_ld_imm64()) {
    wide_constants++;
    if (insn.is_function_address()) {
      size_t function = static_cast<uint32_t>(insn.imm);
      if (function >= plan_.layouts.size())
        return false;
      plan_.layouts[function].is_called_from_outside = true;
    }
    return ++index < end && insns_[index].opcode == 0;
  }
  if (insn.is_packet_load()) {
    uses.calls = uses.loads_packet = true;
    uses.registers |= 1u << 6;
    native_calls++;
  } else if (insn.is_exit()) {
    uses.has_exit = true;
    uses.last_exit = static_cast<uint32_t>(index);
  } else if (insn.is_callx()) {
    uses.calls = true;
    native_calls++;
  } else if (is_tail_call(insn, plan_.options.environment)) {
    makes_tail_calls = true;
    fixups += 2;
  } else if (insn.is_call()) {
    uses.calls = true;
    native_calls += insn.src() != KBPF_PSEUDO_CALL;
    return insn.src() != KBPF_PSEUDO_CALL || mark_target(jump_target(index, insn));
  } else if (insn.is_jump_class()) {
    int64_t target = jump_target(index, insn);
    uses.has_loop |= target <= static_cast<int64_t>(index);
    uses.has_may_goto |= insn.is_may_goto();
    return mark_target(target);
  } else if (insn.is_alu()) {
    bool swaps = insn.code() == KBPF_ALU_END;
    wide_constants += swaps ? kMasksPerSwap : insn.imm < 0;
  } else {
    uses.compares_and_exchanges |= insn.imm == KBPF_ATOMIC_CMPXCHG;
  }
  return true;
}

template <typename T> bool allocate(std::span<T> &array, size_t count, Arena &arena) {
  array = arena.make_array<T>(count);
  return array.data() != nullptr;
}

} // namespace

Result<void> scan(Plan &plan, Arena &arena) {
  std::span<const Insn> insns = plan.program.insns();
  std::span<const Subprogram> subprograms = plan.program.subprograms();
  if (insns.empty() || plan.program.facts().size() < insns.size() || subprograms.empty() ||
      subprograms[0].first != 0)
    return Error::not_supported;
  if (!allocate(plan.layouts, subprograms.size(), arena) || !allocate(plan.marks, insns.size() + 1, arena) ||
      !allocate(plan.fixups_before, insns.size() + 1, arena))
    return Error::no_memory;
  plan.offsets = plan.marks;

  Scan scan(plan);
  for (size_t number = 0; number < subprograms.size(); number++) {
    const Subprogram &subprogram = subprograms[number];
    size_t end = number + 1 < subprograms.size() ? subprograms[number + 1].first : insns.size();
    if (subprogram.first >= end || end > insns.size())
      return Error::not_supported;
    Uses uses = KBPF_TRY(scan.subprogram(subprogram.first, end));
    Layout &layout = plan.layouts[number];
    choose_registers(layout, uses);
    Reg registers[kMaxConstants];
    unsigned count = reserve_may_goto_register(layout, uses, registers);
    if (uses.has_loop) {
      hoist_constants(plan, subprogram.first, end, std::span(registers).first(count), layout);
      scan.wide_constants += layout.constant_count;
    }
    lay_out(layout, subprogram, uses);
  }
  plan.layouts[0].is_called_from_outside = true;
  plan.makes_tail_calls = scan.makes_tail_calls;
  size_t literals = scan.wide_constants + scan.native_calls;
  if (!allocate(plan.fixups, scan.fixups + literals, arena) || !allocate(plan.literals, literals, arena) ||
      !allocate(plan.faults, scan.faults, arena))
    return Error::no_memory;
  return {};
}

} // namespace kbpf::rv64
