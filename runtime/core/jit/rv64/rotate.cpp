// SPDX-License-Identifier: MIT OR Apache-2.0
// BPF has no rotation: compilers write x << n | x >> (64 - n) in four or five instructions, that begin with a
// copy of x. With Zbb they are one, and another for the half that is left in the other register, unless that
// is overwritten soon.
#include "core/jit/rv64/lower.h"
#include <algorithm>
#include <utility>

namespace kbpf::rv64 {
namespace {

constexpr unsigned kLookAhead = 12; // instructions

bool is_copy(const Insn &insn) {
  return insn.is_alu() && insn.code() == KBPF_ALU_MOV && insn.src_is_reg() && insn.off == 0;
}
bool is_constant_shift(const Insn &insn) {
  return insn.is_alu() && !insn.src_is_reg() && (insn.code() == KBPF_ALU_LSH || insn.code() == KBPF_ALU_RSH);
}

// Reads the pattern one instruction at a time.
class Reader {
public:
  Reader(std::span<const Insn> insns, const uint32_t *marks, size_t first)
      : insns_(insns), marks_(marks), next_(first) {}

  // The instruction that comes next, where nobody jumps to it.
  const Insn *peek() const {
    bool follows =
        next_ < insns_.size() &&
        (next_ == first_ || (marks_[next_] & (mark::kReachable | mark::kLeader)) == mark::kReachable);
    return follows ? &insns_[next_] : nullptr;
  }
  template <typename Test> const Insn *take(Test test) {
    const Insn *insn = peek();
    if (!insn || !test(*insn))
      return nullptr;
    next_++;
    return insn;
  }
  size_t position() const { return next_; }

private:
  std::span<const Insn> insns_;
  const uint32_t *marks_;
  size_t next_;
  size_t first_ = next_;
};

} // namespace

std::optional<Lowering::Rotation> Lowering::find_rotation() const {
  Reader reader(insns_, marks_, index_);
  // copy, shift, [copy,] shift, or: the copies, or the copy and x itself, are what is shifted.
  const Insn *copy = reader.take(is_copy);
  const Insn *first = copy ? reader.take(is_constant_shift) : nullptr;
  if (!first)
    return std::nullopt;
  uint8_t x = copy->src();
  const Insn *other_copy = reader.take(is_copy);
  const Insn *second = reader.take(is_constant_shift);
  auto is_or = [](const Insn &insn) {
    return insn.is_alu() && insn.code() == KBPF_ALU_OR && insn.src_is_reg();
  };
  const Insn *both = second ? reader.take(is_or) : nullptr;
  if (!both)
    return std::nullopt;
  // Which registers are shifted: the copy's, and x or the other copy's.
  uint8_t a = copy->dst(), b = other_copy ? other_copy->dst() : x;
  bool copies_x = !other_copy || (other_copy->src() == x && first->dst() == a);
  bool shifts_both = (first->dst() == a && second->dst() == b) || (first->dst() == b && second->dst() == a);
  bool joins_both = (both->dst() == a && both->src() == b) || (both->dst() == b && both->src() == a);
  if (!copies_x || !shifts_both || !joins_both || a == b || a == x || b >= KBPF_REG_FP || a >= KBPF_REG_FP ||
      x >= KBPF_REG_FP)
    return std::nullopt;
  bool is64 = first->cls() == KBPF_CLASS_ALU64;
  int32_t bits = is64 ? 64 : 32;
  bool is_whole = first->cls() == second->cls() && first->code() != second->code() && first->imm > 0 &&
                  second->imm > 0 && first->imm + second->imm == bits;
  // Narrower copies and unions would cut a 64-bit value; 32-bit shifts see and give the low half anyway.
  bool is_wide = copy->cls() == KBPF_CLASS_ALU64 && both->cls() == KBPF_CLASS_ALU64 &&
                 (!other_copy || other_copy->cls() == KBPF_CLASS_ALU64);
  if (!is_whole || (is64 && !is_wide))
    return std::nullopt;
  const Insn *left_over = both->src() == first->dst() ? first : second;
  return Rotation{.x = x,
                  .dst = both->dst(),
                  .right = static_cast<uint8_t>((first->code() == KBPF_ALU_RSH ? first : second)->imm),
                  .is64 = is64,
                  .left_over = *left_over,
                  .insns = static_cast<uint32_t>(reader.position() - index_)};
}

// Whether the register is written before anybody reads it.
bool Lowering::is_overwritten(uint8_t reg, size_t index) const {
  for (size_t end = std::min(index + kLookAhead, insns_.size()); index < end; index++) {
    const Insn &insn = insns_[index];
    if (insn.is_exit())
      return reg != 0;
    bool reads_src = insn.cls() == KBPF_CLASS_LDX || insn.cls() == KBPF_CLASS_STX ||
                     (insn.is_alu() && insn.src_is_reg() && insn.code() != KBPF_ALU_END);
    if (insn.is_jump_class() || insn.cls() == KBPF_CLASS_LD ||
        (insn.cls() == KBPF_CLASS_STX && insn.mode() == KBPF_MODE_ATOMIC) || (reads_src && insn.src() == reg))
      return false;
    if (insn.dst() != reg)
      continue;
    return insn.cls() == KBPF_CLASS_LDX || (insn.is_alu() && insn.code() == KBPF_ALU_MOV);
  }
  return false;
}

void Lowering::rotate(const Rotation &rotation) {
  size_t last = index_ + rotation.insns - 1;
  while (index_ < last)
    begin(index_ + 1);
  auto shift_other = [&] {
    Insn shift = rotation.left_over;
    if (is_overwritten(shift.dst(), last + 1))
      return;
    uint32_t mark = std::exchange(mark_, 0); // which speaks of the rotation
    any_alu(shift, rotation.x);
    mark_ = mark;
  };
  if (rotation.dst == rotation.x)
    shift_other();
  Reg rd = native(rotation.dst), rs = native(rotation.x);
  emit_.insn(rotation.is64 ? encode::rori(rd, rs, rotation.right) : encode::roriw(rd, rs, rotation.right));
  bool clears = !rotation.is64 && !upper_half_unused();
  if (clears)
    emit_.zext_w(rd, rd);
  if (rotation.dst != rotation.x)
    shift_other();
  set_extension(rotation.dst, clears ? kZero : rotation.is64 ? kUnknown : kSign);
}

} // namespace kbpf::rv64
