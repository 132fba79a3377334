// SPDX-License-Identifier: MIT OR Apache-2.0
// Chooses encodings. Compressed forms exist for few operands: most want rd = rs1, many want registers x8 ..
// x15 (the reason why BPF's r0 to r6 live in a0 .. a5 and s1).
#include "core/jit/rv64/emit.h"
#include <new>

namespace kbpf::rv64 {
namespace {

bool is_scaled(int32_t offset, int32_t unit, int32_t limit) {
  return offset >= 0 && offset < limit && offset % unit == 0;
}

} // namespace

void Emitter::close_chunk() {
  if (chunk_)
    chunk_->used = static_cast<uint32_t>(cursor_ - chunk_->halves);
}

void Emitter::next_chunk() {
  close_chunk();
  uint32_t position = this->position();
  void *memory = arena_.allocate(sizeof(CodeChunk), alignof(CodeChunk));
  if (memory) {
    CodeChunk *next = new (memory) CodeChunk; // uninitialised: it is filled from its start
    next->next = nullptr;
    (chunk_ ? chunk_->next : first_) = next;
    chunk_ = next;
    cursor_ = next->halves;
    limit_ = next->halves + CodeChunk::kHalves - 4;
  } else { // goes on in vain, so that only the end has to ask
    out_of_memory_ = true;
    cursor_ = sink_;
    limit_ = sink_;
    chunk_ = nullptr;
  }
  bias_ = reinterpret_cast<uintptr_t>(cursor_) - position;
}

CodeBuffer Emitter::finish() {
  close_chunk();
  return {first_, position()};
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

uint32_t Emitter::encode_branch(Condition condition, Reg rs1, Reg rs2, int32_t distance) {
  switch (condition) {
  case Condition::eq:
    return encode::beq(rs1, rs2, distance);
  case Condition::ne:
    return encode::bne(rs1, rs2, distance);
  case Condition::lt:
    return encode::blt(rs1, rs2, distance);
  case Condition::ge:
    return encode::bge(rs1, rs2, distance);
  case Condition::ltu:
    return encode::bltu(rs1, rs2, distance);
  case Condition::geu:
    return encode::bgeu(rs1, rs2, distance);
  }
  return 0;
}

} // namespace kbpf::rv64
