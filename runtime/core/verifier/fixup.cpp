// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/fixup.h"
#include "core/isa/encoding.h"
#include <algorithm>
#include <bit>
#include <numeric>

namespace kbpf {
namespace {

constexpr uint8_t kMov64Imm = KBPF_CLASS_ALU64 | KBPF_ALU_MOV | KBPF_SRC_K;
constexpr uint8_t kJump = KBPF_CLASS_JMP | KBPF_JMP_JA;

constexpr bool is_branch(const Insn &insn) {
  return insn.is_jump_class() && !insn.is_call() && !insn.is_exit();
}
constexpr bool is_conditional(const Insn &insn) { return is_branch(insn) && insn.code() != KBPF_JMP_JA; }
bool has_target(const Insn &insn) {
  return is_branch(insn) || (insn.is_call() && insn.src() == KBPF_PSEUDO_CALL);
}

bool jumps_by_imm(const Insn &insn) { return insn.cls() == KBPF_CLASS_JMP32 && insn.code() == KBPF_JMP_JA; }

// By opcode: what fix-up asks of an instruction.
struct Flows {
  static constexpr uint8_t kOther = 0, kOn = 1, // to the next instruction, and no constant of 64 bits
      kOnIf = 2,                                // a conditional jump, but for may_goto
      kWide = 3;                                // one of the halves of an ld_imm64
  uint8_t of[256];
  constexpr Flows() : of() {
    for (unsigned opcode = 0; opcode < 256; opcode++) {
      const Insn insn{static_cast<uint8_t>(opcode), 0, 0, 0};
      of[opcode] = insn.cls() == KBPF_CLASS_LD                   ? (insn.is_packet_load() ? kOn : kWide)
                   : !insn.is_jump_class()                       ? kOn
                   : is_conditional(insn) && !insn.is_may_goto() ? kOnIf
                                                                 : kOther;
    }
  }
};
constexpr Flows kFlows;

class Fixup {
public:
  Fixup(const Analysis &analysis, Arena &scratch, Arena &result_arena)
      : analysis_(analysis), program_(analysis.program), scratch_(scratch), result_arena_(result_arena) {}

  Result<FixedProgram> run() {
    KBPF_TRY(look_at_calls());
    if (knows_elements_)
      KBPF_TRY(find_targets());
    KBPF_TRY(place());
    if (grows_ && !all_jumps_reach()) {
      inlines_ = false;
      KBPF_TRY(place());
    }
    KBPF_TRY(allocate());
    KBPF_TRY(write());
    return FixedProgram{insns_, facts_, subprograms_, new_index_};
  }

private:
  // Where each instruction goes: behind the moves that zero arguments of a call. A jump to the call runs them
  // too.
  Result<void> place() {
    size_t count = program_.insns.size();
    if (!new_index_.data())
      new_index_ = scratch_.make_unset_array<uint32_t>(count + 1);
    if (!new_index_.data())
      return Error::no_memory;
    uint32_t next = 0;
    if (!moves_) {
      std::iota(new_index_.begin(), new_index_.end(), 0u);
      return {};
    }
    for (uint32_t i = 0; i < count; i++) {
      new_index_[i] = next;
      if (program_.insns[i].is_call())
        next += length_of(i) + static_cast<uint32_t>(std::popcount(analysis_.zeroed_args[i]));
      else
        next += !is_unneeded(i);
    }
    new_index_[count] = next;
    return {};
  }

  // Only calls of helpers grow, and what they need shrinks.
  Result<void> look_at_calls() {
    for (const uint32_t call : analysis_.cfg.helper_calls) {
      const Insn &insn = program_.insns[call];
      if (!analysis_.facts[call].reachable)
        continue;
      grows_ |= analysis_.zeroed_args[call] != 0;
      std::optional<uint16_t> reads;
      if (std::optional<Replacement> replacement = replacement_of(call)) {
        grows_ = true;
        knows_elements_ |= is_known_element(call);
        reads = replacement->reads;
      } else if (std::optional<CalledHelper> other = called_helper(program_, insn, analysis_.calls[call])) {
        reads = other->reads;
      }
      if (reads)
        KBPF_TRY(find_unneeded_arguments(call, *reads));
    }
    moves_ = grows_ || unneeded_.data();
    return {};
  }

  // What sets up arguments that the code in a call's place does not read. Walks backwards from each such call
  // through what leads to nowhere else; a register that is overwritten before anybody reads it is of no use,
  // however this place is reached.
  Result<void> find_unneeded_arguments(uint32_t call, uint32_t read) {
    constexpr uint32_t kFarthest = 32, kArguments = 0x3e; // instructions; r1 to r5
    for (uint32_t i = call; i-- > 0 && call - i < kFarthest && (read & kArguments) != kArguments;) {
      const Insn &insn = program_.insns[i];
      if (insn.is_jump_class() || insn.is_packet_load() || !analysis_.facts[i].reachable)
        break;
      if (insn.opcode == 0 || is_unneeded(i))
        continue;
      const RegisterUse use = register_use(insn, *program_.profile);
      const bool only_computes = insn.is_alu() || insn.is_ld_imm64();
      if (only_computes && use.writes & kArguments && !(use.writes & read)) {
        if (!unneeded_.data())
          unneeded_ = scratch_.make_array<bool>(program_.insns.size());
        if (!unneeded_.data())
          return Error::no_memory;
        unneeded_[i] = true;
        if (insn.is_ld_imm64())
          unneeded_[i + 1] = true;
        continue;
      }
      read = (read & ~uint32_t{use.writes}) | use.reads;
    }
    return {};
  }

  // A lookup that becomes the address of an element never gives null.
  bool is_known_element(uint32_t call) const {
    return program_.insns[call].imm == static_cast<int32_t>(kMapLookup) && analysis_.calls[call].key() &&
           is_replaced(call);
  }

  // Which instructions are jumped to.
  Result<void> find_targets() {
    const uint32_t count = static_cast<uint32_t>(program_.insns.size());
    targets_ = scratch_.make_array<bool>(count);
    if (!targets_.data())
      return Error::no_memory;
    for (uint32_t i = 0; i < count; i++)
      if (is_branch(program_.insns[i]))
        targets_[static_cast<size_t>(jump_target(i, program_.insns[i]))] = true;
    return {};
  }

  // Programs test what such a lookup gives, as the verifier demands.
  bool tests_known_element(uint32_t i) const {
    const Insn &insn = program_.insns[i];
    const bool tests_r0 = insn.cls() == KBPF_CLASS_JMP && !(insn.opcode & KBPF_SRC_X) && insn.dst() == 0 &&
                          insn.imm == 0 && (insn.code() == KBPF_JMP_JEQ || insn.code() == KBPF_JMP_JNE);
    return tests_r0 && targets_.data() && !targets_[i] && i != 0 && is_known_element(i - 1);
  }

  // Code between a jump and its target may have become too long for the distance.
  bool all_jumps_reach() const {
    for (uint32_t i = 0; i < program_.insns.size(); i++) {
      const Insn &insn = program_.insns[i];
      if (!is_branch(insn) || jumps_by_imm(insn))
        continue;
      int64_t distance = new_distance(i, new_index_[i], insn);
      if (distance != static_cast<int16_t>(distance))
        return false;
    }
    return true;
  }

  Result<void> allocate() {
    uint32_t next = new_index_.back();
    insns_ = result_arena_.make_unset_array<Insn>(next);
    facts_ = result_arena_.make_unset_array<InsnFacts>(next);
    subprograms_ = result_arena_.make_array<Subprogram>(analysis_.cfg.subprograms.size());
    if (!insns_.data() || !facts_.data() || !subprograms_.data())
      return Error::no_memory;
    return {};
  }

  Result<void> write() {
    if (moves_)
      KBPF_TRY(write_moved());
    else
      write_in_place();
    for (size_t s = 0; s < subprograms_.size(); s++) {
      Subprogram &subprogram = subprograms_[s];
      subprogram = analysis_.cfg.subprograms[s];
      uint32_t first = new_index_[subprogram.first];
      subprogram.count = new_index_[subprogram.first + subprogram.count] - first;
      subprogram.first = first;
    }
    return {};
  }

  Result<void> write_moved() {
    const uint32_t count = static_cast<uint32_t>(program_.insns.size());
    for (uint32_t i = 0; i < count; i++) {
      i = copy_plain(i, count);
      if (i == count)
        break;
      uint32_t at = new_index_[i];
      if (is_unneeded(i))
        continue;
      for (uint8_t reg = 1; analysis_.zeroed_args[i] >> reg; reg++)
        if (analysis_.zeroed_args[i] >> reg & 1) {
          insns_[at] = Insn{kMov64Imm, reg, 0, 0};
          facts_[at++] = analysis_.facts[i];
        }
      if (std::optional<Replacement> replacement = replacement_of(i)) {
        std::copy_n(replacement->insns.begin(), replacement->count, &insns_[at]);
        InsnFacts fact{};
        fact.reachable = true;
        std::fill_n(&facts_[at], replacement->count, fact);
        continue;
      }
      facts_[at] = analysis_.facts[i];
      insns_[at] = rewritten(i);
      if (has_target(insns_[at]))
        KBPF_TRY(retarget(i, at));
    }
    return {};
  }

  // Most are there already, and so is all that jumps lead to; no call becomes plain instructions.
  void write_in_place() {
    const uint32_t count = static_cast<uint32_t>(program_.insns.size());
    std::copy_n(program_.insns.begin(), count, insns_.begin());
    std::copy_n(analysis_.facts.begin(), count, facts_.begin());
    for (uint32_t i = pass_plain(0, count); i < count; i = pass_plain(i + 1, count)) {
      if (program_.insns[i].is_ld_imm64() && analysis_.facts[i].reachable &&
          !program_.insns[i].is_function_address()) {
        const uint64_t constant = wide_constant(i);
        insns_[i].set_regs(insns_[i].dst(), 0);
        insns_[i++].imm = static_cast<int32_t>(constant);
        insns_[i].imm = static_cast<int32_t>(constant >> 32);
        continue;
      }
      insns_[i] = rewritten(i);
    }
  }

  // Most instructions: nothing in them depends on where they or others are.
  [[gnu::always_inline]] static bool stays(const Insn &insn, const InsnFacts &facts) {
    return kFlows.of[insn.opcode] == Flows::kOn && facts.reachable && !facts.loads_packet_address;
  }
  // What is where it was stays as it is, but for branches that go one way only, and wide constants that are
  // none.
  bool stays_in_place(uint32_t i) const {
    const Insn &insn = program_.insns[i];
    const InsnFacts *facts = analysis_.facts.data();
    if (!facts[i].reachable)
      return false;
    switch (kFlows.of[insn.opcode]) {
    case Flows::kOnIf:
      return analysis_.branches[i] == (Analysis::kJumps | Analysis::kPasses) && facts[i + 1].reachable &&
             facts[static_cast<int64_t>(i) + 1 + insn.off].reachable;
    case Flows::kWide:
      return program_.insns[insn.opcode != 0 ? i : i - 1].src() == 0;
    case Flows::kOn: // it loads the address of the packet
      return false;
    default:
      return !is_helper_call(insn);
    }
  }
  uint32_t pass_plain(uint32_t i, uint32_t count) const {
    const Insn *insns = program_.insns.data();
    const InsnFacts *facts = analysis_.facts.data();
    while (i < count && (stays(insns[i], facts[i]) || stays_in_place(i)))
      i++;
    return i;
  }

  // Copies them. Gives the first that is not one of these.
  uint32_t copy_plain(uint32_t i, uint32_t count) {
    const Insn *from = program_.insns.data();
    const InsnFacts *facts = analysis_.facts.data();
    const uint32_t *new_index = new_index_.data();
    Insn *to = insns_.data();
    InsnFacts *new_facts = facts_.data();
    for (; i < count; i++) {
      if (!stays(from[i], facts[i]) || is_unneeded(i))
        break;
      to[new_index[i]] = from[i];
      new_facts[new_index[i]] = facts[i];
    }
    return i;
  }

  // Whether a call is to become plain instructions; and those.
  bool is_replaced(uint32_t i) const {
    const Insn &insn = program_.insns[i];
    return inlines_ && is_helper_call(insn) && analysis_.facts[i].reachable &&
           kbpf::is_replaced(program_, insn, analysis_.calls[i]);
  }
  std::optional<Replacement> replacement_of(uint32_t i) const {
    if (!is_replaced(i))
      return std::nullopt;
    return replace_call(program_, program_.insns[i], analysis_.calls[i]);
  }
  bool is_unneeded(uint32_t i) const { return inlines_ && unneeded_.data() && unneeded_[i]; }
  uint32_t length_of(uint32_t i) const {
    if (is_unneeded(i))
      return 0;
    std::optional<Replacement> replacement = replacement_of(i);
    return replacement ? replacement->count : 1;
  }

  int64_t new_distance(uint32_t i, uint32_t at, const Insn &insn) const {
    return int64_t{new_index_[static_cast<size_t>(jump_target(i, insn))]} - at - 1;
  }

  // The instruction as it will be, its jump distance still the old one.
  Insn rewritten(uint32_t i) const {
    Insn insn = program_.insns[i];
    if (!analysis_.facts[i].reachable)
      return Insn{KBPF_OP_EXIT, 0, 0, 0};
    if (is_helper_call(insn)) {
      if (std::optional<CalledHelper> other = called_helper(program_, insn, analysis_.calls[i]))
        insn.imm = static_cast<int32_t>(other->number);
    } else if (insn.opcode == 0) { // second half of ld_imm64
      insn.imm = static_cast<int32_t>(wide_constant(i - 1) >> 32);
    } else if (insn.is_function_address()) {
      insn.imm =
          static_cast<int32_t>(analysis_.cfg.subprogram_at(static_cast<uint32_t>(function_target(i, insn))));
    } else if (analysis_.facts[i].loads_packet_address) {
      return packet_address_load(insn);
    } else if (insn.is_ld_imm64()) {
      insn.imm = static_cast<int32_t>(wide_constant(i));
      insn.set_regs(insn.dst(), 0);
    } else if (is_conditional(insn) && !insn.is_may_goto()) {
      // Where one side is never taken, its code may be gone: the branch becomes certain.
      if (tests_known_element(i))
        return Insn{kJump, 0, insn.code() == KBPF_JMP_JNE ? insn.off : int16_t{0}, 0};
      const uint8_t sides = analysis_.branches[i];
      if (!(sides & Analysis::kPasses) || !analysis_.facts[i + 1].reachable)
        return Insn{kJump, 0, insn.off, 0};
      if (!(sides & Analysis::kJumps) ||
          !analysis_.facts[static_cast<size_t>(jump_target(i, insn))].reachable)
        return Insn{kJump, 0, 0, 0};
    }
    return insn;
  }

  // The base is the context's start.
  Insn packet_address_load(const Insn &insn) const {
    const ContextInfo &context = *program_.type->context;
    size_t slot = 0;
    switch (context.field_at(static_cast<uint64_t>(int64_t{insn.off}))->access.kind) {
    case FieldAccess::Kind::packet_end:
      slot = offsetof(PacketAddresses, data_end);
      break;
    case FieldAccess::Kind::packet_meta:
      slot = offsetof(PacketAddresses, data_meta);
      break;
    default:
      slot = offsetof(PacketAddresses, data);
    }
    return Insn{KBPF_CLASS_LDX | KBPF_MODE_MEM | KBPF_SIZE_DW, insn.regs,
                static_cast<int16_t>(context.size + slot), 0};
  }

  uint64_t wide_constant(uint32_t i) const {
    const Insn &insn = program_.insns[i];
    uint32_t low = static_cast<uint32_t>(insn.imm), high = static_cast<uint32_t>(program_.insns[i + 1].imm);
    switch (insn.src()) {
    case KBPF_PSEUDO_FUNC:
      return 0;
    case KBPF_PSEUDO_BTF_ID:
      return program_.variable_address(low);
    case KBPF_PSEUDO_MAP_IDX:
      return program_.maps[low].handle;
    case KBPF_PSEUDO_MAP_IDX_VALUE:
      return program_.maps[low].value_address + high;
    case KBPF_PSEUDO_ZCORE_FD_SLOT:
      return program_.maps[low].fd_slot;
    default:
      return uint64_t{high} << 32 | low;
    }
  }

  Result<void> retarget(uint32_t i, uint32_t at) {
    Insn &insn = insns_[at];
    int64_t distance = new_distance(i, at, insn);
    if (insn.is_call() || jumps_by_imm(insn)) {
      insn.imm = static_cast<int32_t>(distance);
      return {};
    }
    if (distance != static_cast<int16_t>(distance))
      return reject(analysis_.rejection, RejectionId::program_too_long, i,
                    "the jump over {} instructions is too far", distance);
    insn.off = static_cast<int16_t>(distance);
    return {};
  }

  const Analysis &analysis_;
  const RawProgram &program_;
  Arena &scratch_;
  Arena &result_arena_;
  bool inlines_ = true;
  bool grows_ = false, moves_ = false; // some code does; what follows it then has another place
  bool knows_elements_ = false;        // some call is_known_element()
  std::span<bool> unneeded_;           // per instruction; empty: all are needed
  std::span<bool> targets_;            // null where no test of a known element can be
  std::span<uint32_t> new_index_;
  std::span<Insn> insns_;
  std::span<InsnFacts> facts_;
  std::span<Subprogram> subprograms_;
};

} // namespace

Result<FixedProgram> fix_up(const Analysis &analysis, Arena &scratch, Arena &result_arena) {
  return Fixup(analysis, scratch, result_arena).run();
}

} // namespace kbpf
