// SPDX-License-Identifier: MIT OR Apache-2.0
// Lowering of what goes from one place of the code to another: jumps, branches, calls of subprograms and
// helpers. All but the latter are transfers, whose distance nobody knows yet.
#include "core/isa/encoding.h"
#include "core/jit/rv64/lower.h"
#include <utility>

namespace kbpf::rv64 {

uint32_t Lowering::jump_target(size_t index) const {
  return static_cast<uint32_t>(kbpf::jump_target(index, insns_[index]));
}

void Lowering::lower_goto(uint32_t target) {
  if (!is_next(target))
    jump_to(target);
}

// Compilers like to end a loop with a branch over the jump back: together they are the opposite branch.
bool Lowering::skips_goto(size_t index) const {
  if (insns_[index].off != 1 || !follows(index + 1))
    return false;
  const Insn &skipped = insns_[index + 1];
  return skipped.is_jump_class() && skipped.code() == KBPF_JMP_JA;
}

namespace {

struct Comparison {
  Condition condition;
  bool swapped; // RISC-V has no "greater"
};
constexpr std::optional<Comparison> comparison_of(uint8_t code) {
  switch (code) {
  case KBPF_JMP_JEQ:
    return Comparison{Condition::eq, false};
  case KBPF_JMP_JNE:
    return Comparison{Condition::ne, false};
  case KBPF_JMP_JGT:
    return Comparison{Condition::ltu, true};
  case KBPF_JMP_JGE:
    return Comparison{Condition::geu, false};
  case KBPF_JMP_JLT:
    return Comparison{Condition::ltu, false};
  case KBPF_JMP_JLE:
    return Comparison{Condition::geu, true};
  case KBPF_JMP_JSGT:
    return Comparison{Condition::lt, true};
  case KBPF_JMP_JSGE:
    return Comparison{Condition::ge, false};
  case KBPF_JMP_JSLT:
    return Comparison{Condition::lt, false};
  case KBPF_JMP_JSLE:
    return Comparison{Condition::ge, true};
  default:
    return std::nullopt;
  }
}

} // namespace

void Lowering::lower_branch(const Insn &insn, uint32_t target, bool inverted) {
  bool is64 = insn.cls() == KBPF_CLASS_JMP;
  bool by_register = insn.src_is_reg();

  if (insn.code() == KBPF_JMP_JSET) {
    Reg dst = read(insn.dst(), t0);
    if (by_register) {
      emit_.and_(t0, dst, read(insn.src(), t1));
    } else if (fits_signed(insn.imm, 12)) {
      emit_.andi(t0, dst, insn.imm);
    } else {
      emit_.and_(t0, dst, constant_operand(insn.imm, t1));
    }
    bool upper_is_clear = !by_register && insn.imm >= 0;
    if (!is64 && !upper_is_clear)
      emit_.sext_w(t0, t0);
    branch_to(target, inverted ? Condition::eq : Condition::ne, t0, zero);
    return;
  }

  std::optional<Comparison> comparison = comparison_of(insn.code());
  if (!comparison)
    return refuse();
  auto [condition, swapped] = *comparison;
  // Both operands of a 32-bit comparison are extended alike. Sign extension keeps the unsigned order too;
  // where the upper halves are known to be zero already, an unsigned comparison takes them as they are.
  bool is_signed = condition == Condition::lt || condition == Condition::ge;
  bool zero_extended =
      extension(insn.dst()) & kZero && (by_register ? extension(insn.src()) & kZero : insn.imm >= 0);
  bool as_they_are = is64 || (!is_signed && zero_extended);
  Reg a = as_they_are ? read(insn.dst(), t0) : read_sign_extended(insn.dst(), t0);
  Reg b = zero;
  if (by_register) {
    b = as_they_are ? read(insn.src(), t1) : read_sign_extended(insn.src(), t1);
  } else if (insn.imm != 0) {
    b = constant_operand(insn.imm, t1);
  }
  if (inverted)
    condition = negate(condition);
  if (swapped)
    branch_to(target, condition, b, a);
  else
    branch_to(target, condition, a, b);
}

bool Lowering::is_next(uint32_t target) const {
  size_t next = index_ + 1;
  while (next < target && !facts_[next].reachable)
    next++;
  return next == target;
}

void Lowering::branch_to(uint32_t target, Condition condition, Reg rs1, Reg rs2) {
  uint32_t direct = Emitter::encode_branch(condition, rs1, rs2, 0);
  if (!Emitter::branch_is_compressible(condition, rs1, rs2))
    return transfer(FixupKind::branch, target, direct, 0);
  transfer(FixupKind::narrow_branch, target, direct,
           condition == Condition::eq ? encode::c_beqz(rs1, 0) : encode::c_bnez(rs1, 0));
}

// Begins with the form that reaches as far as it is now, backward, or as it will probably be, forward. Either
// may grow.
void Lowering::transfer(FixupKind kind, uint32_t target, uint32_t direct, uint16_t compressed) {
  // Bytes an instruction: of usual code, for the form that is soon outgrown; of the shortest, for the others.
  constexpr uint32_t kUsual = 3, kLeast = 2;
  FixupForm form = smallest_form(kind);
  const uint32_t index = static_cast<uint32_t>(index_), ahead = target - index;
  int64_t distance = target > index ? int64_t{ahead * (kind == FixupKind::narrow_branch ? kUsual : kLeast)}
                                    : int64_t{plan_.offsets[target]} - emit_.position();
  if (!kReaches[shape_of(kind, form)].has(distance)) {
    distance = target > index ? int64_t{ahead * kLeast} : distance;
    do
      form = next_form(kind, form);
    while (!kReaches[shape_of(kind, form)].has(distance));
  }
  add_fixup(kind, target, form);
  if (form == FixupForm::compressed)
    return emit_.half(compressed);
  emit_.insn(direct);
  emit_.room(fixup_size(kind, form) - 4);
}

// Whether relaxation will find a direct call of what lies ahead within reach: where there are about four
// bytes of code an instruction.
static bool is_near_call(uint32_t first, uint32_t index) {
  return first - index < reach_of(FixupKind::call, FixupForm::direct).back / 4;
}

// The usual call: forward, of a function that was called before.
[[gnu::always_inline]] inline void Lowering::call_subprogram(uint32_t first) {
  const uint32_t recent = recent_calls_[first % kRecentCalls], index = static_cast<uint32_t>(index_);
  if (extensions_)
    forget_arguments_and_result();
  if (first <= index || plan_.program.subprograms()[recent].first != first)
    return call_any_subprogram(first);
  call(recent, is_near_call(first, index));
}

// The same function is called again and again here, too.
[[gnu::always_inline]] inline void Lowering::call_helper(uint32_t number) {
  const RecentHelper &recent = recent_helpers_[number % kRecentCalls];
  if (recent.number != number)
    return call_other_helper(number);
  call_callee(recent.callee);
}

[[gnu::noinline]] void Lowering::call_other_helper(uint32_t number) {
  const Environment *environment = plan_.options.environment;
  HelperFunction function = environment ? environment->helper(number) : nullptr;
  if (!function)
    return refuse();
  uint32_t callee = add_callee(reinterpret_cast<uint64_t>(function));
  recent_helpers_[number % kRecentCalls] = {number, callee};
  call_callee(callee);
}

[[gnu::always_inline]] inline void Lowering::call_callee(uint32_t callee) {
  if (extensions_)
    forget_arguments_and_result();
  add_fixup(FixupKind::native_call, callee);
  emit_.insn(encode::auipc(ra, 0));
  emit_.insn(encode::jalr(ra, ra, 0));
  emit_.half(encode::c_mv(kResult, a0));
}

[[gnu::noinline]] void Lowering::call_any_subprogram(uint32_t first) {
  uint32_t number = subprogram_at(first);
  recent_calls_[first % kRecentCalls] = number;
  int64_t back = int64_t{plan_.layouts[number].start} - emit_.position(); // where the function is there
  uint32_t index = static_cast<uint32_t>(index_);
  call(number,
       first > index ? is_near_call(first, index) : reach_of(FixupKind::call, FixupForm::direct).has(back));
}

[[gnu::always_inline]] inline void Lowering::call(uint32_t subprogram, bool is_near) {
  add_fixup(FixupKind::call, subprogram, is_near ? FixupForm::direct : FixupForm::far);
  emit_.insn(encode::jal(ra, 0));
  if (!is_near) [[unlikely]]
    emit_.room(fixup_size(FixupKind::call, FixupForm::far) - 4);
}

uint32_t Lowering::subprogram_at(uint32_t first) const {
  std::span<const Subprogram> subprograms = plan_.program.subprograms();
  size_t low = 0, high = subprograms.size();
  while (high - low > 1) {
    size_t middle = (low + high) / 2;
    (subprograms[middle].first <= first ? low : high) = middle;
  }
  return static_cast<uint32_t>(low);
}

void Lowering::jump(const Insn &insn) {
  uint32_t target = jump_target(index_);
  if (insn.is_exit())
    lower_exit();
  else if (insn.is_callx())
    lower_call(insn);
  else if (insn.code() == KBPF_JMP_JA)
    lower_goto(target);
  else if (insn.code() == KBPF_JMP_JCOND)
    lower_may_goto(insn, target);
  else if (!skips_goto(index_))
    lower_branch(insn, target, false);
  else {
    begin(index_ + 1);
    lower_branch(insn, jump_target(index_), true);
  }
}

// Comparisons of 64 bits that RISC-V has, but for those over a jump: see skips_goto(). Like lower_alu(), it
// calls nothing.
// direct, compressed: as transfer() has them; the latter counts where the branch is a narrow one.
[[gnu::always_inline]] inline void Lowering::branch_by(int16_t off, bool is_narrow, uint32_t direct,
                                                       uint16_t compressed) {
  const uint16_t near = is_narrow ? 80 : 2000; // instructions: the smallest form may well reach them
  FixupKind kind = is_narrow ? FixupKind::narrow_branch : FixupKind::branch;
  uint32_t target = static_cast<uint32_t>(index_ + 1) + static_cast<uint32_t>(off);
  // Back, the distance is there.
  const bool is_near_back = off < 0 && emit_.position() - plan_.offsets[target] <= (is_narrow ? 256u : 4096u);
  if (static_cast<uint16_t>(off) >= near && !is_near_back)
    return transfer(kind, target, direct, is_narrow ? compressed : 0);
  add_fixup(kind, target, smallest_form(kind));
  return is_narrow ? emit_.half(compressed) : emit_.insn(direct);
}

// Comparisons that RISC-V has, but for those over a jump: see skips_goto(). Like lower_alu(), it calls
// nothing in the usual cases.
template <uint8_t opcode> void Lowering::lower_jump(Lowering &self, const Insn &insn) {
  constexpr Insn kForm{.opcode = opcode, .regs = 0, .off = 0, .imm = 0};
  constexpr std::optional<Comparison> kComparison = comparison_of(kForm.code());
  constexpr bool kByRegister = kForm.src_is_reg(), kIs64 = kForm.cls() == KBPF_CLASS_JMP;
  if constexpr (kComparison) {
    constexpr Condition kCondition = kComparison->condition;
    constexpr bool kMayBeNarrow = !kByRegister && kCondition <= Condition::ne;
    constexpr uint32_t kDirect = Emitter::encode_branch(kCondition, zero, zero, 0);
    constexpr uint16_t kCompressed =
        kCondition == Condition::eq ? encode::c_beqz(s0, 0) : encode::c_bnez(s0, 0);
    uint32_t fields = self.assignment_->fields[insn.regs];
    bool is_plain = !(fields & Assignment::kFramePointer) && !(insn.off == 1 && (&insn)[1].is_jump_class());
    if (is_plain && kIs64 && (kByRegister || insn.imm == 0)) [[likely]] {
      uint32_t operands = fields & (Assignment::kRs1 | (kByRegister ? Assignment::kRs2 : 0));
      if constexpr (kComparison->swapped)
        operands = (fields & Assignment::kRs1) << 5 | (kByRegister ? fields >> 5 & Assignment::kRs1 : 0);
      return self.branch_by(insn.off, kMayBeNarrow && fields & Assignment::kNarrow, kDirect | operands,
                            static_cast<uint16_t>(kCompressed | (fields & 7 << 7)));
    }
    if (is_plain) {
      Reg a = static_cast<Reg>(fields >> 15 & 31),
          b = kByRegister ? static_cast<Reg>(fields >> 20 & 31) : zero;
      if constexpr (!kIs64) {
        constexpr bool kIsSigned = kCondition == Condition::lt || kCondition == Condition::ge;
        bool as_they_are = !kIsSigned && self.extension(insn.dst()) & kZero &&
                           (kByRegister ? self.extension(insn.src()) & kZero : insn.imm >= 0);
        if (!as_they_are && !(self.extension(insn.dst()) & kSign)) {
          self.emit_.insn(encode::addiw(t0, a, 0));
          a = t0;
        }
        if (kByRegister && !as_they_are && !(self.extension(insn.src()) & kSign)) {
          self.emit_.insn(encode::addiw(t1, b, 0));
          b = t1;
        }
      }
      if (!kByRegister && insn.imm != 0)
        b = self.immediate_operand(insn.imm);
      bool is_narrow = kMayBeNarrow && Emitter::branch_is_compressible(kCondition, a, b);
      uint16_t compressed = static_cast<uint16_t>(kCompressed | encode::narrow(a) << 7);
      if constexpr (kComparison->swapped)
        std::swap(a, b);
      return self.branch_by(insn.off, is_narrow,
                            kDirect | static_cast<uint32_t>(a) << 15 | static_cast<uint32_t>(b) << 20,
                            compressed);
    }
  }
  if constexpr (kForm.is_call()) {
    if (insn.src() == KBPF_PSEUDO_CALL)
      return self.call_subprogram(static_cast<uint32_t>(self.index_ + 1) + static_cast<uint32_t>(insn.imm));
    if (insn.src() == 0 && insn.imm != KBPF_HELPER_TAIL_CALL)
      return self.call_helper(static_cast<uint32_t>(insn.imm));
    return self.lower_call(insn);
  }
  self.jump(insn);
}
KBPF_INSTANTIATE(lower_jump, KBPF_CLASS_JMP)
KBPF_INSTANTIATE(lower_jump, KBPF_CLASS_JMP32)

} // namespace kbpf::rv64
