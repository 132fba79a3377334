// SPDX-License-Identifier: MIT OR Apache-2.0
// Chooses encodings. Compressed forms exist for few operands: most want rd = rs1, many want registers x8 ..
// x15 (the reason why BPF's r0 to r6 live in a0 .. a5 and s1).
#include "core/jit/rv64/emit.h"
#include <cstring>

namespace kbpf::rv64 {
namespace {

bool is_narrow(Reg reg) { return reg >= s0 && reg <= a5; }
bool is_narrow(Reg a, Reg b) { return is_narrow(a) && is_narrow(b); }
bool is_scaled(int32_t offset, int32_t unit, int32_t limit) {
  return offset >= 0 && offset < limit && offset % unit == 0;
}

// The halves of a 32-bit displacement for auipc or lui and a 12-bit addition that sign-extends.
struct Split {
  uint32_t upper;
  int32_t lower;
};
Split split(int64_t value) {
  uint32_t bits = static_cast<uint32_t>(value);
  uint32_t upper = (bits + 0x800) >> 12;
  return {upper, static_cast<int32_t>(bits - (upper << 12))};
}

} // namespace

void Emitter::put(uint32_t bits, unsigned bytes) {
  if (position_ <= out_.size() && bytes <= out_.size() - position_) {
    memcpy(out_.data() + position_, &bits, 2); // of constant size, so that it is no call
    if (bytes == 4) {
      uint32_t upper = bits >> 16;
      memcpy(out_.data() + position_ + 2, &upper, 2);
    }
  }
  position_ += bytes;
}

void Emitter::add(Reg rd, Reg rs1, Reg rs2) {
  if (rd == rs2)
    rs2 = rs1, rs1 = rd;
  if (rs2 == zero)
    mv(rd, rs1);
  else if (rd == rs1)
    half(encode::c_add(rd, rs2));
  else
    insn(encode::add(rd, rs1, rs2));
}

// An operation whose compressed form has rd = rs1 and wants narrow registers.
void Emitter::arithmetic(uint32_t (*full)(Reg, Reg, Reg), uint16_t (*compressed)(Reg, Reg), bool commutes,
                         Reg rd, Reg rs1, Reg rs2) {
  if (commutes && rd == rs2)
    rs2 = rs1, rs1 = rd;
  if (rd == rs1 && is_narrow(rd, rs2))
    half(compressed(rd, rs2));
  else
    insn(full(rd, rs1, rs2));
}

void Emitter::sub(Reg rd, Reg rs1, Reg rs2) { arithmetic(encode::sub, encode::c_sub, false, rd, rs1, rs2); }
void Emitter::subw(Reg rd, Reg rs1, Reg rs2) {
  arithmetic(encode::subw, encode::c_subw, false, rd, rs1, rs2);
}
void Emitter::addw(Reg rd, Reg rs1, Reg rs2) { arithmetic(encode::addw, encode::c_addw, true, rd, rs1, rs2); }
void Emitter::and_(Reg rd, Reg rs1, Reg rs2) { arithmetic(encode::and_, encode::c_and, true, rd, rs1, rs2); }
void Emitter::or_(Reg rd, Reg rs1, Reg rs2) { arithmetic(encode::or_, encode::c_or, true, rd, rs1, rs2); }
void Emitter::xor_(Reg rd, Reg rs1, Reg rs2) { arithmetic(encode::xor_, encode::c_xor, true, rd, rs1, rs2); }

void Emitter::mv(Reg rd, Reg rs) {
  if (rd == rs)
    return;
  half(rs == zero ? encode::c_li(rd, 0) : encode::c_mv(rd, rs));
}

void Emitter::addi(Reg rd, Reg rs, int32_t imm) {
  if (imm == 0 && rs != zero)
    mv(rd, rs);
  else if (rs == zero && fits_signed(imm, 6))
    half(encode::c_li(rd, imm));
  else if (rd == rs && fits_signed(imm, 6))
    half(encode::c_addi(rd, imm));
  else if (rd == sp && rs == sp && imm % 16 == 0 && fits_signed(imm, 10))
    half(encode::c_addi16sp(imm));
  else if (rs == sp && is_narrow(rd) && is_scaled(imm, 4, 1024))
    half(encode::c_addi4spn(rd, imm));
  else
    insn(encode::addi(rd, rs, imm));
}

void Emitter::addiw(Reg rd, Reg rs, int32_t imm) {
  if (rd == rs && fits_signed(imm, 6))
    half(encode::c_addiw(rd, imm));
  else
    insn(encode::addiw(rd, rs, imm));
}

void Emitter::andi(Reg rd, Reg rs, int32_t imm) {
  if (rd == rs && is_narrow(rd) && fits_signed(imm, 6))
    half(encode::c_andi(rd, imm));
  else
    insn(encode::andi(rd, rs, imm));
}

void Emitter::slli(Reg rd, Reg rs, unsigned count) {
  if (count == 0)
    mv(rd, rs);
  else if (rd == rs)
    half(encode::c_slli(rd, count));
  else
    insn(encode::slli(rd, rs, count));
}

void Emitter::srli(Reg rd, Reg rs, unsigned count) {
  if (count == 0)
    mv(rd, rs);
  else if (rd == rs && is_narrow(rd))
    half(encode::c_srli(rd, count));
  else
    insn(encode::srli(rd, rs, count));
}

void Emitter::srai(Reg rd, Reg rs, unsigned count) {
  if (count == 0)
    mv(rd, rs);
  else if (rd == rs && is_narrow(rd))
    half(encode::c_srai(rd, count));
  else
    insn(encode::srai(rd, rs, count));
}

void Emitter::lui(Reg rd, int32_t upper) {
  int32_t sign_extended = static_cast<int32_t>(static_cast<uint32_t>(upper) << 12) >> 12;
  if (sign_extended == 0)
    mv(rd, zero);
  else if (fits_signed(sign_extended, 6))
    half(encode::c_lui(rd, sign_extended));
  else
    insn(encode::lui(rd, static_cast<uint32_t>(upper)));
}

void Emitter::load(Width width, bool is_signed, Reg rd, Reg base, int32_t offset) {
  switch (width) {
  case Width::b:
    return insn(is_signed ? encode::lb(rd, base, offset) : encode::lbu(rd, base, offset));
  case Width::h:
    return insn(is_signed ? encode::lh(rd, base, offset) : encode::lhu(rd, base, offset));
  case Width::w:
    if (!is_signed)
      return insn(encode::lwu(rd, base, offset));
    if (base == sp && is_scaled(offset, 4, 256))
      return half(encode::c_lwsp(rd, offset));
    if (is_narrow(rd, base) && is_scaled(offset, 4, 128))
      return half(encode::c_lw(rd, base, offset));
    return insn(encode::lw(rd, base, offset));
  case Width::d:
    if (base == sp && is_scaled(offset, 8, 512))
      return half(encode::c_ldsp(rd, offset));
    if (is_narrow(rd, base) && is_scaled(offset, 8, 256))
      return half(encode::c_ld(rd, base, offset));
    return insn(encode::ld(rd, base, offset));
  }
}

void Emitter::store(Width width, Reg rs2, Reg base, int32_t offset) {
  switch (width) {
  case Width::b:
    return insn(encode::sb(rs2, base, offset));
  case Width::h:
    return insn(encode::sh(rs2, base, offset));
  case Width::w:
    if (base == sp && is_scaled(offset, 4, 256))
      return half(encode::c_swsp(rs2, offset));
    if (is_narrow(rs2, base) && is_scaled(offset, 4, 128))
      return half(encode::c_sw(rs2, base, offset));
    return insn(encode::sw(rs2, base, offset));
  case Width::d:
    if (base == sp && is_scaled(offset, 8, 512))
      return half(encode::c_sdsp(rs2, offset));
    if (is_narrow(rs2, base) && is_scaled(offset, 8, 256))
      return half(encode::c_sd(rs2, base, offset));
    return insn(encode::sd(rs2, base, offset));
  }
}

void Emitter::ret() { half(encode::c_jr(ra)); }

void Emitter::zext_w(Reg rd, Reg rs) {
  if (cpu_.zba)
    return insn(encode::add_uw(rd, rs, zero));
  slli(rd, rs, 32);
  srli(rd, rd, 32);
}

void Emitter::zext_h(Reg rd, Reg rs) {
  if (cpu_.zbb)
    return insn(encode::zext_h(rd, rs));
  slli(rd, rs, 48);
  srli(rd, rd, 48);
}

void Emitter::sext_b(Reg rd, Reg rs) {
  if (cpu_.zbb)
    return insn(encode::sext_b(rd, rs));
  slli(rd, rs, 56);
  srai(rd, rd, 56);
}

void Emitter::sext_h(Reg rd, Reg rs) {
  if (cpu_.zbb)
    return insn(encode::sext_h(rd, rs));
  slli(rd, rs, 48);
  srai(rd, rd, 48);
}

void Emitter::li(Reg rd, const ConstantSequence &sequence) {
  for (unsigned i = 0; i < sequence.count; i++) {
    ConstantStep step = sequence.steps[i];
    switch (step.op) {
    case ConstantStep::Op::lui:
      lui(rd, step.imm);
      break;
    case ConstantStep::Op::addi:
      addi(rd, i ? rd : zero, step.imm);
      break;
    case ConstantStep::Op::addiw:
      addiw(rd, rd, step.imm);
      break;
    case ConstantStep::Op::slli:
      slli(rd, rd, static_cast<unsigned>(step.imm));
      break;
    case ConstantStep::Op::srli:
      srli(rd, rd, static_cast<unsigned>(step.imm));
      break;
    case ConstantStep::Op::zext_w:
      zext_w(rd, rd);
      break;
    }
  }
}

void Emitter::add_constant(Reg rd, Reg rs, int64_t imm, Reg temp) {
  if (fits_signed(imm, 12))
    return addi(rd, rs, static_cast<int32_t>(imm));
  li(temp, static_cast<uint64_t>(imm));
  add(rd, rs, temp);
}

void Emitter::address(Reg rd, int64_t distance) {
  Split parts = split(distance);
  insn(encode::auipc(rd, parts.upper));
  insn(encode::addi(rd, rd, parts.lower));
}

void Emitter::call_relative(int64_t distance) { jump_far(ra, ra, distance); }

void Emitter::call_absolute(uint64_t target) {
  if (fits_signed(static_cast<int64_t>(target), 32)) {
    Split parts = split(static_cast<int64_t>(target));
    bool wraps = target <= INT64_MAX && parts.upper == 0x80000; // just below 2^31: lui would make it negative
    if (!wraps) {
      lui(ra, static_cast<int32_t>(parts.upper));
      return insn(encode::jalr(ra, ra, parts.lower));
    }
  }
  li(t0, target);
  half(encode::c_jalr(t0));
}

bool Emitter::branch_is_compressible(Condition condition, Reg rs1, Reg rs2) {
  return (condition == Condition::eq || condition == Condition::ne) && is_narrow(rs1) && rs2 == zero;
}

void Emitter::branch_compressed(Condition condition, Reg rs1, int32_t distance) {
  half(condition == Condition::eq ? encode::c_beqz(rs1, distance) : encode::c_bnez(rs1, distance));
}

void Emitter::branch(Condition condition, Reg rs1, Reg rs2, int32_t distance) {
  switch (condition) {
  case Condition::eq:
    return insn(encode::beq(rs1, rs2, distance));
  case Condition::ne:
    return insn(encode::bne(rs1, rs2, distance));
  case Condition::lt:
    return insn(encode::blt(rs1, rs2, distance));
  case Condition::ge:
    return insn(encode::bge(rs1, rs2, distance));
  case Condition::ltu:
    return insn(encode::bltu(rs1, rs2, distance));
  case Condition::geu:
    return insn(encode::bgeu(rs1, rs2, distance));
  }
}

void Emitter::jump_compressed(int32_t distance) { half(encode::c_j(distance)); }
void Emitter::jump(Reg link, int32_t distance) { insn(encode::jal(link, distance)); }

void Emitter::jump_far(Reg link, Reg temp, int64_t distance) {
  Split parts = split(distance);
  insn(encode::auipc(temp, parts.upper));
  insn(encode::jalr(link, temp, parts.lower));
}

} // namespace kbpf::rv64
