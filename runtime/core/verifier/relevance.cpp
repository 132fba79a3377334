// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/relevance.h"
#include "core/isa/encoding.h"
#include "core/verifier/cfg.h"
#include "core/verifier/state.h"
#include <algorithm>

namespace kbpf {
namespace {

constexpr uint16_t kAllRegs = 0x7ff;
constexpr uint16_t kArgRegs = 0x3e;      // r1 to r5
constexpr uint16_t kCallClobbers = 0x3f; // r0 to r5
constexpr int kPasses = 16; // loops nested deeper than anyone writes; then the safe answer is taken

constexpr uint16_t bit(unsigned reg) { return static_cast<uint16_t>(1u << reg); }

bool is_subprogram_call(const Insn &insn) { return insn.is_call() && insn.src() == KBPF_PSEUDO_CALL; }
bool is_jump(const Insn &insn) { return insn.is_jump_class() && !insn.is_call() && !insn.is_exit(); }
bool ends_flow(const Insn &insn) {
  return insn.is_exit() || (insn.is_jump_class() && insn.code() == KBPF_JMP_JA);
}

// The slot that an access through r10 itself is in, as a bit; 0 for any other.
uint64_t fixed_slot(const Insn &insn) {
  bool loads = insn.cls() == KBPF_CLASS_LDX;
  unsigned base = loads ? insn.src() : insn.dst();
  bool accesses =
      loads || insn.cls() == KBPF_CLASS_ST || (insn.cls() == KBPF_CLASS_STX && insn.mode() == KBPF_MODE_MEM);
  if (!accesses || base != KBPF_REG_FP || insn.off >= 0 || insn.off < -KBPF_STACK_SIZE)
    return 0;
  return uint64_t{1} << slot_of(insn.off);
}

class RelevanceAnalysis {
public:
  RelevanceAnalysis(const RawProgram &program, const Cfg &cfg)
      : program_(program), insns_(program.insns), cfg_(cfg) {}

  Result<Relevance> run(Arena &arena) {
    on_stack_ = arena.make_array<uint16_t>(insns_.size());
    relevant_ = arena.make_array<uint16_t>(insns_.size());
    relevant_slots_ = arena.make_array<uint64_t>(insns_.size());
    filled_from_ = arena.make_array<uint64_t>(cfg_.subprograms.size());
    if (!on_stack_.data() || !relevant_.data() || !relevant_slots_.data() || !filled_from_.data())
      return Error::no_memory;
    find_stack_pointers();
    find_fills();
    find_relevant();
    for (size_t s = 0; s < cfg_.subprograms.size(); s++)
      for (uint64_t &slots : relevant_slots_.subspan(cfg_.subprograms[s].first, cfg_.subprograms[s].count))
        slots = filled_from_[s] & ~slots;
    return Relevance{relevant_, relevant_slots_};
  }

private:
  // Forwards: registers that may hold a pointer into the stack before each instruction.
  void find_stack_pointers() {
    for (const Subprogram &subprogram : cfg_.subprograms)
      on_stack_[subprogram.first] = subprogram.first == 0 ? bit(KBPF_REG_FP) : kArgRegs | bit(KBPF_REG_FP);
    for (int pass = 0; pass < kPasses; pass++) {
      changed_ = false;
      for (size_t i = 0; i < insns_.size(); i++) {
        const Insn &insn = insns_[i];
        uint16_t after = stack_pointers_after(insn, on_stack_[i]);
        if (is_jump(insn))
          merge(on_stack_, static_cast<size_t>(jump_target(i, insn)), after);
        size_t next = i + (insn.is_ld_imm64() ? 2 : 1);
        if (!ends_flow(insn) && next < insns_.size())
          merge(on_stack_, next, after);
        i = next - 1;
      }
      if (!changed_)
        return;
    }
    std::fill(on_stack_.begin(), on_stack_.end(), kAllRegs);
  }

  static uint16_t stack_pointers_after(const Insn &insn, uint16_t before) {
    uint16_t dst = bit(insn.dst());
    bool src_on_stack = before >> insn.src() & 1;
    uint16_t without = static_cast<uint16_t>(before & ~dst);
    switch (insn.cls()) {
    case KBPF_CLASS_LD:
    case KBPF_CLASS_ALU:
      return without;
    case KBPF_CLASS_LDX: // only the stack keeps pointers
      return src_on_stack ? before | dst : without;
    case KBPF_CLASS_ALU64:
      if (insn.code() == KBPF_ALU_ADD || insn.code() == KBPF_ALU_SUB)
        return insn.src_is_reg() && src_on_stack ? before | dst : before;
      return insn.code() == KBPF_ALU_MOV && insn.src_is_reg() && src_on_stack ? before | dst : without;
    case KBPF_CLASS_JMP:
      if (is_subprogram_call(insn))
        return static_cast<uint16_t>((before & ~kCallClobbers) | bit(0));
      return insn.is_call() ? before & ~kCallClobbers : before;
    default:
      return before;
    }
  }

  void find_fills() {
    for (size_t s = 0; s < cfg_.subprograms.size(); s++)
      for (const Insn &insn : insns_.subspan(cfg_.subprograms[s].first, cfg_.subprograms[s].count))
        if (insn.cls() == KBPF_CLASS_LDX)
          filled_from_[s] |= fixed_slot(insn);
  }

  // Backwards.
  void find_relevant() {
    for (int pass = 0; pass < kPasses; pass++) {
      changed_ = false;
      for (size_t s = cfg_.subprograms.size(); s-- > 0;)
        for (size_t i = cfg_.subprograms[s].first + cfg_.subprograms[s].count;
             i-- > cfg_.subprograms[s].first;)
          step_back(i, filled_from_[s]);
      if (!changed_)
        return;
    }
    std::fill(relevant_.begin(), relevant_.end(), kAllRegs);
    std::fill(relevant_slots_.begin(), relevant_slots_.end(), ~uint64_t{0});
  }

  void step_back(size_t i, uint64_t filled_from) {
    const Insn &insn = insns_[i];
    uint16_t after = 0;
    uint64_t slots = 0;
    if (is_jump(insn)) {
      size_t target = static_cast<size_t>(jump_target(i, insn));
      after |= relevant_[target];
      slots |= relevant_slots_[target];
    }
    if ((insn.opcode == 0 || !ends_flow(insn)) && i + 1 < insns_.size()) {
      after |= relevant_[i + 1];
      slots |= relevant_slots_[i + 1];
    }
    if (insn.opcode == 0) { // second half of ld_imm64
      merge(relevant_, i, after);
      merge(relevant_slots_, i, slots);
      return;
    }
    uint64_t slot = fixed_slot(insn);
    bool kept = slot == 0 || !(slot & filled_from) || slot & slots; // what is stored here matters
    merge(relevant_, i, relevant_before(i, after, kept));
    if (insn.cls() == KBPF_CLASS_LDX && after >> insn.dst() & 1)
      slots |= slot;
    else if (insn.cls() != KBPF_CLASS_LDX && insn.access_bytes() == 8)
      slots &= ~slot;
    merge(relevant_slots_, i, slots);
  }

  uint16_t relevant_before(size_t i, uint16_t after, bool kept) const {
    const Insn &insn = insns_[i];
    uint16_t dst = bit(insn.dst()), src = bit(insn.src());
    switch (insn.cls()) {
    case KBPF_CLASS_LD:
      return insn.is_packet_load() ? static_cast<uint16_t>((after & ~kCallClobbers) | bit(6)) : after & ~dst;
    case KBPF_CLASS_LDX:
      return static_cast<uint16_t>((after & ~dst) | src);
    case KBPF_CLASS_ST:
      return after | dst;
    case KBPF_CLASS_STX: {
      if (insn.is_load_acquire())
        return static_cast<uint16_t>((after & ~dst) | src);
      // The stack remembers numbers of any width; an atomic operation leaves none behind.
      bool remembered = kept && insn.mode() != KBPF_MODE_ATOMIC && on_stack_[i] & dst;
      return static_cast<uint16_t>(after | dst | (remembered ? src : 0));
    }
    case KBPF_CLASS_ALU:
    case KBPF_CLASS_ALU64: {
      bool matters = after & dst;
      bool reads_src = insn.src_is_reg() && insn.code() != KBPF_ALU_END;
      uint16_t kept = insn.code() == KBPF_ALU_MOV ? static_cast<uint16_t>(after & ~dst) : after;
      return static_cast<uint16_t>(kept | (matters && reads_src ? src : 0));
    }
    default:
      if (insn.is_call())
        return static_cast<uint16_t>((after & ~kCallClobbers) | relevant_arguments(insn));
      if (insn.is_exit()) // a result of the program itself is the kernel's to judge
        return cfg_.subprogram_at(static_cast<uint32_t>(i)) == 0 ? 0 : bit(0);
      if (insn.code() == KBPF_JMP_JA || insn.is_may_goto())
        return after;
      return static_cast<uint16_t>(after | dst | (insn.src_is_reg() ? src : 0));
    }
  }

  uint16_t relevant_arguments(const Insn &insn) const {
    const HelperProto *helper =
        insn.src() == 0 ? program_.profile->helper(static_cast<uint32_t>(insn.imm)) : nullptr;
    if (!helper)
      return kArgRegs;
    constexpr uint32_t kLoop = 181;
    uint16_t relevant = helper->number == kLoop ? bit(1) : 0; // how often it calls back
    for (unsigned i = 0; i < 5; i++) {
      kbpf_arg_type arg = helper->args[i];
      if (arg != KBPF_ARG_NONE && arg != KBPF_ARG_OPTIONAL && arg != KBPF_ARG_ANY_SCALAR)
        relevant |= bit(i + 1);
    }
    return relevant;
  }

  template <typename Mask> void merge(std::span<Mask> masks, size_t i, Mask more) {
    changed_ |= (more & ~masks[i]) != 0;
    masks[i] |= more;
  }

  const RawProgram &program_;
  std::span<const Insn> insns_;
  const Cfg &cfg_;
  std::span<uint16_t> on_stack_, relevant_;
  std::span<uint64_t> relevant_slots_;
  std::span<uint64_t> filled_from_; // per function: slots that registers are loaded from by their fixed place
  bool changed_ = false;
};

} // namespace

Result<Relevance> compute_relevance(const RawProgram &program, const Cfg &cfg, Arena &arena) {
  return RelevanceAnalysis(program, cfg).run(arena);
}

} // namespace kbpf
