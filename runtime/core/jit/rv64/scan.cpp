// SPDX-License-Identifier: MIT OR Apache-2.0
// The first look at a program: where its jumps go, which registers and how much stack each subprogram needs,
// whose upper half is read.
// Register assignment is decided here and nowhere else.
#include "core/jit/rv64/demand.h"
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
  bool calls = false;
  bool loads_packet = false;
  bool has_exit = false;
  bool compares_and_exchanges = false;
  bool has_loop = false; // a jump backwards
  bool has_may_goto = false;
  uint32_t last_exit = 0;
};

// What an instruction's opcode tells the scan, in one word: the effects on demands, the last register that
// dst can be, and whether there is more to see. Reserved register fields are zero: they name r0.
namespace traits {
constexpr uint32_t kEffects = 0x7f, kIsSpecial = 0x80;
constexpr unsigned kLastDst = 8; // bit
} // namespace traits

constexpr uint32_t traits_of(uint8_t opcode) {
  Insn insn{.opcode = opcode, .regs = 0, .off = 0, .imm = 0};
  uint32_t last_dst = KBPF_REG_FP;
  bool is_special = demand::effects_of(opcode) == demand::kIsSpecial || insn.is_ld_imm64();
  if (insn.is_alu()) {
    is_special |= insn.cls() == KBPF_CLASS_ALU && insn.code() == KBPF_ALU_MOV && !insn.src_is_reg();
    last_dst--;
  } else if (insn.cls() == KBPF_CLASS_LD || insn.cls() == KBPF_CLASS_LDX) {
    last_dst--;
  }
  return last_dst << traits::kLastDst | (is_special ? traits::kIsSpecial : demand::effects_of(opcode));
}

constexpr auto kTraits = [] {
  std::array<uint32_t, 256> all{};
  for (unsigned opcode = 0; opcode < 256; opcode++)
    all[opcode] = traits_of(static_cast<uint8_t>(opcode));
  return all;
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
  bool look_closer(size_t index, size_t end, Uses &uses);
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

// From the end to the start, as demands go.
Result<Uses> Scan::subprogram(size_t first, size_t end) {
  Uses uses;
  const Insn *insn = &insns_[0] + end, *start = &insns_[0] + first;
  const InsnFacts *facts = &facts_[0] + end;
  uint32_t *mark = &plan_.marks[0] + end;
  plan_.marks[first] |= mark::kLeader;
  Demand after = mark::kDemand;
  uint32_t registers = 0, has_bad_register = 0;
  while (insn != start) {
    insn--, facts--, mark--;
    uint32_t other = *mark & ~mark::kDemand;
    if (!facts->reachable) {
      *mark = other | after;
      continue;
    }
    uint32_t traits = kTraits[insn->opcode];
    registers |= uint32_t{1} << insn->dst() | uint32_t{1} << insn->src();
    has_bad_register |= insn->dst() > traits >> traits::kLastDst;
    if (facts->zero_extended || facts->faultable) [[unlikely]] {
      other |= facts->zero_extended ? mark::kUpperHalfUnused : 0;
      faults += facts->faultable;
    }
    uint32_t before;
    if (traits & traits::kIsSpecial) {
      size_t index = static_cast<size_t>(insn - insns_.data());
      if (!look_closer(index, end, uses))
        return Error::not_supported;
      before = demanded_before(insns_, plan_.marks.data(), index, after);
    } else {
      before = demanded_before(*insn, traits & traits::kEffects, after);
    }
    after = before & mark::kDemand;
    *mark = other | before | mark::kReachable;
  }
  uses.registers |= registers;
  // Where a load from a packet is out of bounds, there must be somewhere to go.
  bool has_no_way_out = uses.loads_packet && !uses.has_exit;
  if (registers >> KBPF_REG_COUNT || has_bad_register || has_no_way_out)
    return Error::not_supported;
  return uses;
}

// False: malformed.
bool Scan::look_closer(size_t index, size_t end, Uses &uses) {
  const Insn &insn = insns_[index];
  if (insn.is_jump()) {
    int64_t target = jump_target(index, insn);
    uses.has_loop |= target <= static_cast<int64_t>(index);
    uses.has_may_goto |= insn.is_may_goto();
    fixups++;
    return mark_target(target);
  }
  if (insn.is_ld_imm64()) {
    wide_constants++;
    if (insn.is_function_address()) {
      size_t function = static_cast<uint32_t>(insn.imm);
      if (function >= plan_.layouts.size())
        return false;
      plan_.layouts[function].is_called_from_outside = true;
    }
    return index + 1 < end && insns_[index + 1].opcode == 0;
  }
  if (insn.is_packet_load()) {
    uses.calls = uses.loads_packet = true;
    uses.registers |= 1u << 6;
    native_calls++;
    fixups++;
  } else if (insn.is_exit()) {
    fixups++;
    if (!uses.has_exit)
      uses.last_exit = static_cast<uint32_t>(index);
    uses.has_exit = true;
  } else if (insn.is_callx()) {
    uses.calls = true;
    native_calls++;
  } else if (is_tail_call(insn, plan_.options.environment)) {
    makes_tail_calls = true;
    fixups += 3;
  } else if (insn.is_call()) {
    uses.calls = true;
    native_calls += insn.src() != KBPF_PSEUDO_CALL;
    fixups += insn.src() == KBPF_PSEUDO_CALL;
    return insn.src() != KBPF_PSEUDO_CALL || mark_target(jump_target(index, insn));
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
  for (uint32_t &word : plan.marks) // what a jump backward finds
    word = mark::kDemand;

  Scan scan(plan);
  bool has_loop = false;
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
    has_loop |= uses.has_loop;
    if (uses.has_loop) {
      hoist_constants(plan, subprogram.first, end, std::span(registers).first(count), layout);
      scan.wide_constants += layout.constant_count;
    }
    lay_out(layout, subprogram, uses);
  }
  if (has_loop)
    find_undemanded(plan);
  plan.layouts[0].is_called_from_outside = true;
  plan.makes_tail_calls = scan.makes_tail_calls;
  size_t literals = scan.wide_constants + scan.native_calls;
  if (!allocate(plan.fixups, scan.fixups + literals, arena) || !allocate(plan.literals, literals, arena) ||
      !allocate(plan.faults, scan.faults, arena))
    return Error::no_memory;
  return {};
}

} // namespace kbpf::rv64
