// SPDX-License-Identifier: MIT OR Apache-2.0
// The first look at a program: where its jumps go, which registers and how much stack each subprogram needs,
// whose upper half is read.
// Register assignment is decided here and nowhere else.
#include "core/jit/rv64/hoist.h"
#include "core/jit/rv64/loops.h"
#include <algorithm>
#include <bit>
#include <cstring>

namespace kbpf::rv64 {
namespace {

// r0 to r5 as Linux has them: r1 to r5 already are where the calling convention wants a helper's arguments.
// r6 to r9 are given: they must survive calls, in registers that the prologue saves; where there are no
// calls, any others will do.
constexpr Assignment assign(Reg r6, Reg r7, Reg r8, Reg r9) {
  Assignment all{.registers = {kResult, a0, a1, a2, a3, a4, r6, r7, r8, r9, zero}, .fields = {}, .moves = {}};
  for (unsigned regs = 0; regs < 256; regs++) {
    unsigned dst = regs & 15, src = regs >> 4;
    Reg rd = all.registers[dst < KBPF_REG_FP ? dst : +KBPF_REG_FP];
    Reg rs2 = all.registers[src < KBPF_REG_FP ? src : +KBPF_REG_FP];
    if (dst < KBPF_REG_FP && src < KBPF_REG_FP && dst != src)
      all.moves[regs] = encode::c_mv(rd, rs2);
    all.fields[regs] = static_cast<uint32_t>(rd) << 7 | static_cast<uint32_t>(rd) << 15 |
                       static_cast<uint32_t>(rs2) << 20 | (is_narrow(rd, rs2) ? Assignment::kNarrow : 0) |
                       (dst >= KBPF_REG_FP || src >= KBPF_REG_FP ? Assignment::kFramePointer : 0);
  }
  return all;
}
// For constants, where calls must not change them.
constexpr Reg kSavedConstants[] = {s5, s6, s7, s8};

constexpr size_t kMasksPerSwap = 2;
constexpr size_t kConstantsOfTime = 2;

struct Uses {
  uint32_t registers = 0; // one bit each
  bool calls = false;
  bool loads_packet = false;
  bool has_exit = false;
  bool compares_and_exchanges = false;
  LoopConstants constants;
  bool has_may_goto = false;
  uint32_t last_exit = 0;
};

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
      add(layout.assignment->registers[reg]);
  if (!uses.compares_and_exchanges) { // which takes t5 and t6 itself
    add(t5);
    add(t6);
  }
  return count;
}

void choose_registers(Layout &layout, const Uses &uses) {
  layout.assignment = uses.calls ? &kCallingAssignment : &kLeafAssignment;
  for (unsigned i = 0; i < 4; i++)
    if (uses.calls && uses.registers >> (6 + i) & 1)
      layout.saved_count = static_cast<uint8_t>(i + 1);
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
  explicit Scan(Plan &plan) : plan_(plan), insns_(plan.program.insns()) {}

  void facts(); // first of all
  Result<Uses> subprogram(size_t first, size_t end);
  size_t fixups = 1; // the one at the end
  size_t wide_constants = 0;
  size_t native_calls = 0;
  size_t faults = 0;
  bool makes_tail_calls = false;

private:
  bool note(size_t index, size_t first, Uses &uses);

  Plan &plan_;
  std::span<const Insn> insns_;
};

// Marks begin with what verification has found, mostly nothing but that the instruction is reachable.
void Scan::facts() {
  static_assert(sizeof(InsnFacts) == 1);
  auto byte_of = [](bool reachable, bool others) {
    return std::bit_cast<uint8_t>(InsnFacts{.reachable = reachable,
                                            .zero_extended = others,
                                            .faultable = others,
                                            .loads_packet_address = false,
                                            .follows_context = false,
                                            .follows_other = false});
  };
  constexpr uint64_t kOfEach = UINT64_MAX / 0xff;
  const uint64_t in_use = kOfEach * byte_of(true, true), just_reachable = kOfEach * byte_of(true, false);
  const InsnFacts *from = plan_.program.facts().data();
  const size_t size = insns_.size();
  uint32_t *marks = plan_.marks.data();
  for (size_t i = 0; i < size;) {
    if (size - i >= 8 && reinterpret_cast<uintptr_t>(from + i) % 8 == 0) {
      uint64_t eight;
      memcpy(&eight, __builtin_assume_aligned(from + i, 8), 8);
      if ((eight & in_use) == just_reachable) {
#pragma clang loop unroll(full)
        for (unsigned n = 0; n < 8; n++)
          marks[i + n] = mark::kReachable;
        i += 8;
        continue;
      }
    }
    const InsnFacts fact = from[i];
    marks[i++] = !fact.reachable ? 0
                                 : mark::kReachable | (fact.zero_extended ? mark::kUpperHalfUnused : 0) |
                                       (fact.faultable ? mark::kMayFault : 0);
    faults += fact.reachable && fact.faultable;
  }
  marks[size] = 0;
}

// From the end to the start, as demands go. What most instructions do is in a table; the others are looked at
// elsewhere, so that this loop keeps everything in registers.
Result<Uses> Scan::subprogram(size_t first, size_t end) {
  using namespace demand;
  Uses uses;
  const Insn *const insns = insns_.data(), *insn = insns + end, *start = insns + first, *stop = start;
  const size_t bytes = insns_.size() * sizeof(uint32_t); // of marks
  uint32_t *const marks = plan_.marks.data(), *mark = marks + end;
  marks[first] |= mark::kLeader;
  size_t jumps = 0, calls = 0, helper_calls = 0;
  const Tables *tables = &kTables;
  forget(tables);
  Demand after = kEverything;
  uint32_t operands_of_all = 0, written = 0;
  OpenLoops loops(plan_, start, end - first);
  auto note_constant = [&](uint32_t flags) __attribute__((always_inline)) {
    if (!(flags & kBuilds))
      return;
    const bool builds = flags & kUnlessZero    ? insn->imm != 0
                        : flags & kUnlessShort ? !fits_signed(insn->imm, 12)
                                               : true;
    if (builds) [[unlikely]]
      uses.constants.add(insns_, static_cast<size_t>(mark - marks), loops.depth());
  };
  // Of the mark so many instructions behind this one: bytes from the first one, or more than there are.
  auto offset_behind = [&](int32_t distance) __attribute__((always_inline)) {
    return static_cast<size_t>(reinterpret_cast<std::byte *>(mark + 1) -
                               reinterpret_cast<std::byte *>(marks)) +
           static_cast<size_t>(ptrdiff_t{distance}) * sizeof *mark;
  };
  auto mark_at = [&](size_t offset) __attribute__((always_inline)) -> uint32_t & {
    return *reinterpret_cast<uint32_t *>(reinterpret_cast<std::byte *>(marks) + offset);
  };
  const Insn *head = nullptr; // where a jump back goes
  // Down to stop, or to a jump back, taken for one whose target demands nothing. False: malformed.
  auto walk = [&]<bool in_loop>(std::bool_constant<in_loop>) __attribute__((always_inline)) {
    do {
      insn--, mark--;
      forget(insn), forget(mark);
      uint32_t found = *mark;
      if (!(found & mark::kReachable)) [[unlikely]] {
        *mark = found | in_mark(after);
        continue;
      }
      uint32_t operands = tables->operands[insn->regs];
      Effect effect = tables->effects[insn->opcode][(after & operands) != 0];
      operands_of_all |= operands;
      written |= operands & effect.written;
      if (effect.written & kNeedsMore) {
        if (effect.written & kHasConstant) {
          effect = with_constant(effect, *insn);
        } else if (effect.written & kIsJump) {
          const size_t target = offset_behind(insn->off);
          if (target >= bytes)
            return false;
          jumps++;
          const uint32_t there = mark_at(target);
          mark_at(target) = there | mark::kLeader;
          if (insn->off < 0) [[unlikely]] {
            head = insn + 1 + insn->off;
            stop = insn;
            forget(stop); // a branch, so that others do not pay for it
          } else {
            after |= demand_in(there);
          }
          found = *mark; // which may be the target
        } else if (effect.written & kIsAtomic && static_cast<uint32_t>(insn->imm) <= KBPF_ATOMIC_CMPXCHG) {
          if (insn->imm & KBPF_ATOMIC_FETCH) {
            bool compares = insn->imm == KBPF_ATOMIC_CMPXCHG; // with r0, which gets the old value
            const Demand old = compares ? kResultBit : operands >> 16 & kEverything;
            effect.demanded |= after & old ? 0 : mark::kUpperHalfUnused;
            after &= ~old;
            if (compares) [[unlikely]] {
              uses.compares_and_exchanges = true;
              after |= insn->size() == KBPF_SIZE_DW ? kResultBit : 0;
            }
          }
        } else {
          uint32_t before = after;
          const size_t index = static_cast<size_t>(mark - marks);
          if (insn->opcode == KBPF_OP_CALL && insn->src() == 0 && insn->imm != KBPF_HELPER_TAIL_CALL) {
            helper_calls++;
            before = before_call(after);
          } else if (insn->opcode == KBPF_OP_CALL && insn->src() == KBPF_PSEUDO_CALL) {
            const size_t target = offset_behind(insn->imm);
            if (target >= bytes)
              return false;
            calls++;
            mark_at(target) |= mark::kLeader;
            before = before_call(after);
          } else if (insn->opcode == 0 && insn != start && insn[-1].is_ld_imm64() && insn[-1].src() == 0) {
            wide_constants++; // its second half
          } else {
            if (!note(index, first, uses))
              return false;
            if (insn->is_jump() && jump_target(index, *insn) <= static_cast<int64_t>(index)) {
              head = insns + jump_target(index, *insn);
              stop = insn;
              before = before_special(*insn, after, 0);
            } else {
              before = demanded_before(insns_, marks, index, after);
            }
          }
          after = before & kEverything;
          *mark |= in_mark(before);
          continue;
        }
      }
      if constexpr (in_loop)
        note_constant(effect.demanded);
      uint32_t before = demand::before(effect, operands, after);
      after = before & kEverything;
      *mark = found | in_mark(before);
    } while (insn != stop);
    return true;
  };
  while (insn != start) {
    stop = loops.head();
    if (loops.any() ? !walk(std::true_type{}) : !walk(std::false_type{}))
      return Error::not_supported;
    if (head) {
      const bool in_loop = loops.any();
      if (!loops.open(mark, head, operands_of_all, written))
        *mark &= ~(after = kEverything);
      else if (!in_loop && insn->imm)
        note_constant(tables->effects[insn->opcode][0].demanded);
      head = nullptr;
    }
    for (; loops.any() && insn == loops.head(); after = demand_in(*mark))
      loops.close(after, operands_of_all, written);
  }
  fixups += jumps + calls;
  native_calls += helper_calls;
  uses.calls |= calls || helper_calls;
  uint32_t registers = (operands_of_all | operands_of_all >> 16) & kEverything;
  uses.registers |= registers;
  // Where a load from a packet is out of bounds, there must be somewhere to go.
  bool has_no_way_out = uses.loads_packet && !uses.has_exit;
  if (operands_of_all & kInvalid || written >> KBPF_REG_FP & 1 || has_no_way_out)
    return Error::not_supported;
  return uses;
}

// False: malformed.
[[gnu::noinline]] bool Scan::note(size_t index, size_t first, Uses &uses) {
  const Insn &insn = insns_[index];
  if (insn.opcode == KBPF_OP_CALL && !is_tail_call(insn, plan_.options.environment)) { // of no subprogram
    uses.calls = true;
    native_calls++;
  } else if (insn.opcode == 0) { // the second half of an ld_imm64 that is no number
    if (index == first || !insns_[index - 1].is_function_address())
      return false;
    wide_constants++;
    size_t function = static_cast<uint32_t>(insns_[index - 1].imm);
    if (function >= plan_.layouts.size())
      return false;
    plan_.layouts[function].is_called_from_outside = true;
  } else if (insn.is_jump()) { // without a comparison
    const size_t target = static_cast<size_t>(jump_target(index, insn));
    if (target >= insns_.size())
      return false;
    fixups++;
    uses.has_may_goto |= insn.is_may_goto();
    plan_.marks[target] |= mark::kLeader;
  } else if (insn.is_told()) {
    wide_constants += kConstantsOfTime;
  } else if (insn.is_packet_load()) {
    uses.calls = uses.loads_packet = true;
    uses.registers |= 1u << 6;
    native_calls++;
    fixups++;
  } else if (insn.is_exit()) {
    fixups++;
    if (!uses.has_exit) {
      uses.last_exit = static_cast<uint32_t>(index);
      plan_.marks[index] |= mark::kIsTarget;
    }
    uses.has_exit = true;
  } else if (insn.is_callx()) {
    uses.calls = true;
    native_calls++;
  } else if (is_tail_call(insn, plan_.options.environment)) {
    makes_tail_calls = true;
    fixups += 3;
    plan_.marks[index + 1] |= mark::kIsTarget;
  } else if (insn.is_alu()) {
    wide_constants += kMasksPerSwap; // END
    return insn.dst() < KBPF_REG_FP;
  }
  return true;
}

template <typename T> bool allocate(std::span<T> &array, size_t count, Arena &arena) {
  array = arena.make_array<T>(count);
  return array.data() != nullptr;
}
// The same without a value in it: each element is written before anybody reads it.
template <typename T> bool allocate_raw(std::span<T> &array, size_t count, Arena &arena) {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
  void *memory =
      count < SIZE_MAX / sizeof(T) ? arena.allocate((count ? count : 1) * sizeof(T), alignof(T)) : nullptr;
  array = {static_cast<T *>(memory), memory ? count : 0};
  return memory != nullptr;
}

} // namespace

constexpr Assignment kLeafAssignment = assign(a6, a7, t3, t4);
constexpr Assignment kCallingAssignment = assign(s1, s2, s3, s4);

Result<void> scan(Plan &plan, Arena &arena) {
  std::span<const Insn> insns = plan.program.insns();
  std::span<const Subprogram> subprograms = plan.program.subprograms();
  if (insns.empty() || plan.program.facts().size() < insns.size() || subprograms.empty() ||
      subprograms[0].first != 0)
    return Error::not_supported;
  if (insns.size() >= kMaxTargets)
    return Error::too_big;
  const Insn &last = insns.back();
  bool ends = last.is_exit() || (last.is_jump() && last.code() == KBPF_JMP_JA);
  if (!ends && plan.program.facts()[insns.size() - 1].reachable) // would fall out of the program
    return Error::not_supported;
  if (!allocate(plan.layouts, subprograms.size(), arena) ||
      !allocate_raw(plan.marks, insns.size() + 1, arena) ||
      !allocate_raw(plan.fixups_before, insns.size() + 1, arena))
    return Error::no_memory;
  plan.offsets = plan.marks;

  Scan scan(plan);
  scan.facts();
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
    uses.constants.choose(std::span(registers).first(count), layout);
    scan.wide_constants += layout.constant_count;
    lay_out(layout, subprogram, uses);
  }
  plan.layouts[0].is_called_from_outside = true;
  plan.makes_tail_calls = scan.makes_tail_calls;
  size_t addresses = scan.wide_constants + scan.native_calls;
  if (addresses >= kMaxTargets)
    return Error::too_big;
  if (!allocate_raw(plan.fixups, scan.fixups + addresses, arena) ||
      !allocate_raw(plan.constants, scan.wide_constants, arena) ||
      !allocate_raw(plan.faults, scan.faults, arena))
    return Error::no_memory;
  return {};
}

} // namespace kbpf::rv64
