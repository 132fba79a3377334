// SPDX-License-Identifier: MIT OR Apache-2.0
// Lowering of arithmetic. BPF's 32-bit results are zero-extended, those of RISC-V's "w" instructions
// sign-extended: finish_alu() mends that once for all, unless the value is zero-extended anyway or nobody
// reads its upper half.
#include "core/isa/insn.h"
#include "core/jit/rv64/lower.h"
#include <bit>

namespace kbpf::rv64 {
namespace {

constexpr bool is_64(const Insn &insn) { return insn.cls() == KBPF_CLASS_ALU64; }
constexpr unsigned shift_count(const Insn &insn, int32_t imm) {
  return static_cast<unsigned>(imm) & (is_64(insn) ? 63u : 31u);
}

} // namespace

[[gnu::always_inline]] inline void Lowering::finish_alu(const Insn &insn, Extension extension) {
  if (!is_64(insn) && !(extension & kZero) && !upper_half_unused()) {
    set_extension(insn.dst(), kZero);
    emit_.zext_w(native(insn.dst()), native(insn.dst()));
  } else {
    set_extension(insn.dst(), extension);
  }
}

[[gnu::always_inline]] inline void Lowering::add(const Insn &insn, uint8_t source) {
  bool subtract = insn.code() == KBPF_ALU_SUB;
  Reg rd = native(insn.dst());
  int64_t imm = subtract ? -int64_t{insn.imm} : int64_t{insn.imm};
  if (is_64(insn)) {
    if (insn.src_is_reg()) {
      Reg rs1 = read(source, t0), rs2 = read(insn.src(), t1);
      subtract ? emit_.sub(rd, rs1, rs2) : emit_.add(rd, rs1, rs2);
    } else if (source == KBPF_REG_FP) {
      emit_.add_constant(rd, sp, int64_t{imm} + layout_->bpf_stack, t1);
    } else {
      add_constant(rd, native(source), imm);
    }
    return finish_alu(insn, kUnknown);
  }
  Reg rs1 = read(source, t0);
  if (insn.src_is_reg()) {
    Reg rs2 = read(insn.src(), t1);
    subtract ? emit_.subw(rd, rs1, rs2) : emit_.addw(rd, rs1, rs2);
  } else if (fits_signed(imm, 12)) {
    emit_.addiw(rd, rs1, static_cast<int32_t>(imm));
  } else {
    emit_.addw(rd, rs1, constant_operand(imm, t1));
  }
  finish_alu(insn, kSign);
}

[[gnu::always_inline]] inline void Lowering::add_constant(Reg rd, Reg rs, int64_t value) {
  if (fits_signed(value, 12))
    emit_.addi(rd, rs, static_cast<int32_t>(value));
  else
    emit_.add(rd, rs, constant_operand(value, t1));
}

[[gnu::always_inline]] inline void Lowering::multiply(const Insn &insn, uint8_t source) {
  Reg rd = native(insn.dst()), rs1 = read(source, t0), rs2 = t1;
  if (insn.src_is_reg()) {
    rs2 = read(insn.src(), t1);
  } else if (insn.imm > 0 && std::has_single_bit(static_cast<uint32_t>(insn.imm))) {
    Insn shift_by = insn;
    shift_by.opcode = static_cast<uint8_t>(insn.cls() | KBPF_ALU_LSH | KBPF_SRC_K);
    shift_by.imm = std::countr_zero(static_cast<uint32_t>(insn.imm));
    return shift(shift_by, source);
  } else if (emit_.cpu().zba && (insn.imm == 3 || insn.imm == 5 || insn.imm == 9)) {
    emit_.insn(insn.imm == 3   ? encode::sh1add(rd, rs1, rs1)
               : insn.imm == 5 ? encode::sh2add(rd, rs1, rs1)
                               : encode::sh3add(rd, rs1, rs1));
    return finish_alu(insn, kUnknown);
  } else {
    rs2 = constant_operand(insn.imm, t1);
  }
  emit_.insn(is_64(insn) ? encode::mul(rd, rs1, rs2) : encode::mulw(rd, rs1, rs2));
  finish_alu(insn, is_64(insn) ? kUnknown : kSign);
}

// Computed on all 64 bits: the low half of the result is right in any case, and its upper half often known.
[[gnu::always_inline]] inline void Lowering::bitwise(const Insn &insn, uint8_t source) {
  Reg rd = native(insn.dst()), rs1 = read(source, t0);
  Extension a = extension(source);
  Extension b = insn.src_is_reg() ? extension(insn.src()) : of_number(insn.imm);
  Extension result = of_bitwise(insn.code(), a, b);
  bool is_low_mask = insn.imm > 0 && std::has_single_bit(static_cast<uint32_t>(insn.imm) + 1);
  if (!insn.src_is_reg() && fits_signed(insn.imm, 12)) {
    switch (insn.code()) {
    case KBPF_ALU_AND:
      emit_.andi(rd, rs1, insn.imm);
      break;
    case KBPF_ALU_OR:
      emit_.insn(encode::ori(rd, rs1, insn.imm));
      break;
    default:
      emit_.insn(encode::xori(rd, rs1, insn.imm));
    }
  } else if (!insn.src_is_reg() && insn.code() == KBPF_ALU_AND && is_low_mask) {
    unsigned above = static_cast<unsigned>(std::countl_zero(static_cast<uint64_t>(insn.imm)));
    if (above == 48) {
      emit_.zext_h(rd, rs1);
    } else {
      emit_.slli(rd, rs1, above);
      emit_.srli(rd, rd, above);
    }
  } else {
    Reg rs2 = t1;
    if (insn.src_is_reg())
      rs2 = read(insn.src(), t1);
    else
      rs2 = constant_operand(insn.imm, t1);
    switch (insn.code()) {
    case KBPF_ALU_AND:
      emit_.and_(rd, rs1, rs2);
      break;
    case KBPF_ALU_OR:
      emit_.or_(rd, rs1, rs2);
      break;
    default:
      emit_.xor_(rd, rs1, rs2);
    }
  }
  finish_alu(insn, result);
}

// RISC-V masks counts in registers as BPF does.
[[gnu::always_inline]] inline void Lowering::shift(const Insn &insn, uint8_t source) {
  Reg rd = native(insn.dst()), rs1 = read(source, t0);
  Extension before = extension(source), after = is_64(insn) ? kUnknown : kSign;
  if (insn.src_is_reg()) {
    Reg rs2 = read(insn.src(), t1);
    bool is64 = is_64(insn);
    switch (insn.code()) {
    case KBPF_ALU_LSH:
      emit_.insn(is64 ? encode::sll(rd, rs1, rs2) : encode::sllw(rd, rs1, rs2));
      break;
    case KBPF_ALU_RSH:
      emit_.insn(is64 ? encode::srl(rd, rs1, rs2) : encode::srlw(rd, rs1, rs2));
      break;
    default:
      emit_.insn(is64 ? encode::sra(rd, rs1, rs2) : encode::sraw(rd, rs1, rs2));
    }
    return finish_alu(insn, after);
  }
  unsigned count = shift_count(insn, insn.imm);
  after = of_shift(insn.code(), is_64(insn), count, before);
  bool whole = is_64(insn) || (count && before & (insn.code() == KBPF_ALU_RSH ? kZero : kSign));
  switch (insn.code()) {
  case KBPF_ALU_LSH:
    if (is_64(insn)) {
      emit_.slli(rd, rs1, count);
    } else if (count == 0) {
      emit_.sext_w(rd, rs1);
    } else if (emit_.cpu().zba || upper_half_unused()) {
      emit_.insn(encode::slliw(rd, rs1, count));
    } else { // shifts the upper half out on the way, instead of clearing it afterwards
      emit_.slli(rd, rs1, 32 + count);
      emit_.srli(rd, rd, 32);
      after = kZero;
    }
    break;
  case KBPF_ALU_RSH:
    if (whole)
      emit_.srli(rd, rs1, count);
    else if (count == 0)
      emit_.sext_w(rd, rs1);
    else
      emit_.insn(encode::srliw(rd, rs1, count));
    break;
  default:
    if (whole)
      emit_.srai(rd, rs1, count);
    else if (count == 0)
      emit_.sext_w(rd, rs1);
    else
      emit_.insn(encode::sraiw(rd, rs1, count));
  }
  finish_alu(insn, after);
}

// RISC-V gives the remainder of a division by zero as BPF wants it, and the quotient as -1 where BPF wants 0:
// adding "divisor == 0" mends that without a branch. The most negative number divided by -1 is the same in
// both.
void Lowering::divide(const Insn &insn, uint8_t source) {
  bool is64 = is_64(insn), is_signed = insn.off == 1, quotient = insn.code() == KBPF_ALU_DIV;
  Reg rd = native(insn.dst());
  if (!insn.src_is_reg()) {
    uint64_t divisor = is64 ? static_cast<uint64_t>(int64_t{insn.imm}) : static_cast<uint32_t>(insn.imm);
    Insn simpler = insn;
    simpler.off = 0;
    if (divisor == 0) {
      simpler.opcode =
          static_cast<uint8_t>(insn.cls() | (quotient ? KBPF_ALU_AND : KBPF_ALU_OR) | KBPF_SRC_K);
      return bitwise(simpler, source); // x & 0, or x | 0
    }
    if (!is_signed && std::has_single_bit(divisor) && insn.imm > 0) {
      simpler.imm = quotient ? std::countr_zero(divisor) : insn.imm - 1;
      simpler.opcode =
          static_cast<uint8_t>(insn.cls() | (quotient ? KBPF_ALU_RSH : KBPF_ALU_AND) | KBPF_SRC_K);
      return quotient ? shift(simpler, source) : bitwise(simpler, source);
    }
  }
  Reg rs1 = read(source, t0), rs2 = t1;
  bool may_be_zero = insn.src_is_reg() && quotient;
  if (insn.src_is_reg())
    rs2 = read(insn.src(), t1);
  else
    rs2 = constant_operand(insn.imm, t1);
  if (may_be_zero) {
    Reg tested = is64 || extension(insn.src()) & kZero ? rs2 : read_sign_extended(insn.src(), t2);
    emit_.insn(encode::sltiu(t2, tested, 1));
  }
  if (is64 && is_signed)
    emit_.insn(quotient ? encode::div(rd, rs1, rs2) : encode::rem(rd, rs1, rs2));
  else if (is64)
    emit_.insn(quotient ? encode::divu(rd, rs1, rs2) : encode::remu(rd, rs1, rs2));
  else if (is_signed)
    emit_.insn(quotient ? encode::divw(rd, rs1, rs2) : encode::remw(rd, rs1, rs2));
  else
    emit_.insn(quotient ? encode::divuw(rd, rs1, rs2) : encode::remuw(rd, rs1, rs2));
  if (may_be_zero)
    is64 ? emit_.add(rd, rd, t2) : emit_.addw(rd, rd, t2);
  finish_alu(insn, is64 ? kUnknown : kSign);
}

[[gnu::always_inline]] inline void Lowering::move(const Insn &insn) {
  bool is64 = is_64(insn);
  Reg rd = native(insn.dst());
  if (!insn.src_is_reg()) {
    bool negative = insn.imm < 0;
    if (is64 || !negative || upper_half_unused()) {
      if (auto held = held_constant(static_cast<uint64_t>(int64_t{insn.imm})))
        emit_.mv(rd, *held);
      else
        emit_.li_32(rd, insn.imm);
      set_extension(insn.dst(), of_number(insn.imm));
    } else {
      if (!emit_.li(rd, static_cast<uint32_t>(insn.imm))) {
        emit_.li_32(rd, insn.imm);
        emit_.zext_w(rd, rd);
      }
      set_extension(insn.dst(), kZero);
    }
    return;
  }
  Extension source = extension(insn.src());
  switch (insn.off) {
  case 0:
    if (!is64 && !(source & kZero) && !upper_half_unused()) {
      emit_.zext_w(rd, read(insn.src(), t0));
      source = kZero;
    } else {
      emit_.mv(rd, read(insn.src(), rd));
    }
    set_extension(insn.dst(), source);
    return;
  case 8:
    emit_.sext_b(rd, read(insn.src(), t0));
    break;
  case 16:
    emit_.sext_h(rd, read(insn.src(), t0));
    break;
  case 32:
    if (!is64)
      return refuse();
    emit_.sext_w(rd, read(insn.src(), t0));
    break;
  default:
    return refuse();
  }
  finish_alu(insn, kSign);
}

void Lowering::convert_endianness(const Insn &insn) {
  if (insn.imm != 16 && insn.imm != 32 && insn.imm != 64)
    return refuse();
  Reg rd = native(insn.dst());
  bool swaps = is_64(insn) || insn.src_is_reg(); // else to little-endian, which numbers in registers are
  if (!swaps) {
    if (insn.imm == 16)
      emit_.zext_h(rd, rd);
    else if (insn.imm == 32 && !(extension(insn.dst()) & kZero))
      emit_.zext_w(rd, rd);
    if (insn.imm == 64)
      return;
  } else if (emit_.cpu().zbb) {
    emit_.insn(encode::rev8(rd, rd));
    emit_.srli(rd, rd, 64 - static_cast<unsigned>(insn.imm));
  } else if (insn.imm == 16) {
    swap_bytes_16(rd);
  } else if (insn.imm == 32) {
    swap_bytes_32(rd);
  } else {
    swap_bytes_64(rd);
  }
  set_extension(insn.dst(), insn.imm == 16 ? kZeroAndSign : insn.imm == 32 ? kZero : kUnknown);
}

void Lowering::swap_bytes_16(Reg rd) {
  emit_.slli(t0, rd, 56);
  emit_.srli(t0, t0, 48);
  emit_.slli(rd, rd, 48);
  emit_.srli(rd, rd, 56);
  emit_.or_(rd, rd, t0);
}

// Swaps neighbouring groups of `shift` bits, which mask selects every other of.
void Lowering::swap_groups(Reg rd, unsigned shift, uint64_t mask) {
  constant(t1, mask);
  emit_.srli(t0, rd, shift);
  emit_.and_(t0, t0, t1);
  emit_.and_(rd, rd, t1);
  emit_.slli(rd, rd, shift);
  emit_.or_(rd, rd, t0);
}

void Lowering::swap_bytes_32(Reg rd) {
  swap_groups(rd, 8, 0x00ff00ff);
  emit_.srli(t0, rd, 16);
  emit_.slli(rd, rd, 48);
  emit_.srli(rd, rd, 32);
  emit_.or_(rd, rd, t0);
}

void Lowering::swap_bytes_64(Reg rd) {
  swap_groups(rd, 8, 0x00ff00ff00ff00ff);
  swap_groups(rd, 16, 0x0000ffff0000ffff);
  emit_.srli(t0, rd, 32);
  emit_.slli(rd, rd, 32);
  emit_.or_(rd, rd, t0);
}

// With insn.opcode known at compile time, little of this is left.
[[gnu::always_inline]] inline void Lowering::alu(const Insn &insn, uint8_t source) {
  switch (insn.code()) {
  case KBPF_ALU_ADD:
  case KBPF_ALU_SUB:
    add(insn, source);
    return;
  case KBPF_ALU_MUL:
    multiply(insn, source);
    return;
  case KBPF_ALU_OR:
  case KBPF_ALU_AND:
  case KBPF_ALU_XOR:
    bitwise(insn, source);
    return;
  case KBPF_ALU_LSH:
  case KBPF_ALU_RSH:
  case KBPF_ALU_ARSH:
    shift(insn, source);
    return;
  case KBPF_ALU_DIV:
  case KBPF_ALU_MOD:
    if (insn.off != 0 && insn.off != 1)
      return refuse();
    divide(insn, source);
    return;
  case KBPF_ALU_NEG: {
    Reg rd = native(insn.dst()), rs = read(source, t0);
    is_64(insn) ? emit_.sub(rd, zero, rs) : emit_.subw(rd, zero, rs);
    finish_alu(insn, is_64(insn) ? kUnknown : kSign);
    return;
  }
  case KBPF_ALU_MOV:
    return move(insn);
  case KBPF_ALU_END:
    return convert_endianness(insn);
  default:
    return refuse();
  }
}

[[gnu::noinline]] void Lowering::any_alu(const Insn &insn, uint8_t source) {
  if (insn.dst() >= KBPF_REG_FP)
    return refuse();
  alu(insn, source);
}

namespace {

// A form with two registers that one RISC-V instruction does: its encodings as Emitter::operate() wants them.
// 0: there is none.
struct Plain {
  uint32_t encoded;
  uint16_t compressed;
};
constexpr Plain plain_form(uint8_t code, bool is64) {
  using namespace encode;
  auto both = [](uint32_t encoded, uint16_t compressed) { return Plain{encoded, compressed}; };
  switch (code) {
  case KBPF_ALU_ADD:
    return is64 ? both(add(zero, zero, zero), c_add(zero, zero))
                : both(addw(zero, zero, zero), c_addw(s0, s0));
  case KBPF_ALU_SUB:
    return is64 ? both(sub(zero, zero, zero), c_sub(s0, s0)) : both(subw(zero, zero, zero), c_subw(s0, s0));
  case KBPF_ALU_MUL:
    return both(is64 ? mul(zero, zero, zero) : mulw(zero, zero, zero), 0);
  case KBPF_ALU_OR:
    return both(or_(zero, zero, zero), c_or(s0, s0));
  case KBPF_ALU_AND:
    return both(and_(zero, zero, zero), c_and(s0, s0));
  case KBPF_ALU_XOR:
    return both(xor_(zero, zero, zero), c_xor(s0, s0));
  case KBPF_ALU_LSH:
    return both(is64 ? sll(zero, zero, zero) : sllw(zero, zero, zero), 0);
  case KBPF_ALU_RSH:
    return both(is64 ? srl(zero, zero, zero) : srlw(zero, zero, zero), 0);
  case KBPF_ALU_ARSH:
    return both(is64 ? sra(zero, zero, zero) : sraw(zero, zero, zero), 0);
  default:
    return {};
  }
}

constexpr bool is_shift(uint8_t code) {
  return code == KBPF_ALU_LSH || code == KBPF_ALU_RSH || code == KBPF_ALU_ARSH;
}
constexpr bool is_bitwise(uint8_t code) {
  return code == KBPF_ALU_AND || code == KBPF_ALU_OR || code == KBPF_ALU_XOR;
}

} // namespace

// divide() where a constant is not 0, nor a power of two, and no operand is r10.
template <uint8_t opcode> [[gnu::always_inline]] inline void Lowering::divide_in_place(const Insn &insn) {
  using namespace encode;
  constexpr Insn kForm{.opcode = opcode, .regs = 0, .off = 0, .imm = 0};
  constexpr bool kIs64 = is_64(kForm), kByRegister = kForm.src_is_reg(),
                 kQuotient = kForm.code() == KBPF_ALU_DIV;
  constexpr uint32_t kUnsigned = kQuotient ? kIs64 ? divu(zero, zero, zero) : divuw(zero, zero, zero)
                                 : kIs64 ? remu(zero, zero, zero)
                                           : remuw(zero, zero, zero);
  constexpr uint32_t kSigned = kQuotient ? kIs64 ? div(zero, zero, zero) : divw(zero, zero, zero)
                               : kIs64 ? rem(zero, zero, zero)
                                         : remw(zero, zero, zero);
  const uint32_t fields = assignment_->fields[insn.regs], rd = fields & (Assignment::kRd | Assignment::kRs1);
  bool is_simpler = !kByRegister && !(insn.imm & (insn.imm - int64_t{1}));
  if (is_simpler || fields & Assignment::kFramePointer || insn.off & ~1) [[unlikely]]
    return any_alu(insn, insn.dst());
  const uint32_t operation = (insn.off ? kSigned : kUnsigned) | rd;
  if constexpr (!kByRegister) {
    emit_.insn(operation | static_cast<uint32_t>(immediate_operand(insn.imm)) << 20);
  } else if constexpr (kQuotient) {
    uint32_t tested = fields >> 5 & Assignment::kRs1;
    if (!kIs64 && !extension(insn.src())) {
      emit_.insn(addiw(t2, zero, 0) | tested);
      tested = t2 << 15;
    }
    emit_.insn(sltiu(t2, zero, 1) | tested);
    emit_.insn(operation | (fields & Assignment::kRs2));
    kIs64 ? emit_.half(static_cast<uint16_t>(c_add(zero, t2) | (fields & Assignment::kRd)))
          : emit_.insn(addw(zero, zero, t2) | rd);
  } else {
    emit_.insn(operation | (fields & Assignment::kRs2));
  }
  if (kIs64 || upper_half_unused())
    return set_extension(insn.dst(), kIs64 ? kUnknown : kSign);
  set_extension(insn.dst(), kZero);
  emit_.zext_in_place(fields);
}

// Most instructions take one of the short ways, which call nothing, so that they have nothing to save. r10 is
// no destination.
template <uint8_t opcode> void Lowering::lower_alu(Lowering &self, const Insn &insn) {
  constexpr Insn kForm{.opcode = opcode, .regs = 0, .off = 0, .imm = 0};
  constexpr uint8_t kCode = kForm.code();
  constexpr bool kIs64 = is_64(kForm), kByRegister = kForm.src_is_reg();
  constexpr Plain kPlain = plain_form(kCode, kIs64);
  uint8_t dst = insn.dst();
  if constexpr (kCode == KBPF_ALU_MOV && kByRegister) {
    uint16_t encoded = self.assignment_->moves[insn.regs];
    if (insn.off != 0 || encoded == 0 || self.may_fuse(insn))
      return self.move_or_more(insn);
    if (!kIs64 && !(self.extension(insn.src()) & kZero) && !self.upper_half_unused()) {
      self.set_extension(dst, kZero);
      if (!self.emit_.cpu().zba)
        return self.emit_.zext_w(self.native(dst), self.native(insn.src()));
      uint32_t fields = self.assignment_->fields[insn.regs];
      return self.emit_.insn(encode::add_uw(zero, zero, zero) | (fields & Assignment::kRd) |
                             (fields >> 5 & Assignment::kRs1));
    }
    self.emit_.half(encoded);
    if (self.extensions_) // mostly, nothing is known
      self.set_extension(dst, self.extension(insn.src()));
  } else if constexpr (kCode == KBPF_ALU_MOV) { // a constant
    bool is_plain = (kIs64 || insn.imm >= 0 || self.upper_half_unused()) &&
                    (fits_signed(insn.imm, 12) || !self.layout_->constant_count);
    if (!is_plain || dst >= KBPF_REG_FP)
      return self.any_alu(insn, dst);
    self.emit_.load_immediate(self.native(dst), insn.imm);
    self.set_extension(dst, of_number(insn.imm));
  } else if constexpr (kPlain.encoded && (kByRegister || kCode == KBPF_ALU_MUL)) {
    uint32_t fields = self.assignment_->fields[insn.regs];
    if constexpr (kByRegister) {
      if (fields & Assignment::kFramePointer) [[unlikely]]
        return self.any_alu(insn, dst);
      if constexpr (kCode == KBPF_ALU_ADD && kIs64)
        self.emit_.half(
            static_cast<uint16_t>(kPlain.compressed | (fields & Assignment::kRd) | (fields >> 18 & 31 << 2)));
      else
        self.emit_.operate(kPlain.encoded, kPlain.compressed, fields & -128u, fields & Assignment::kNarrow);
    } else {
      bool is_simpler = insn.imm > 0 && (insn.imm <= 32 || insn.imm % 64 == 0); // maybe: powers of 2, 3, 5, 9
      if (is_simpler)
        return self.any_alu(insn, dst);
      const uint32_t factor = self.immediate_operand(insn.imm);
      self.emit_.insn(kPlain.encoded | (fields & (Assignment::kRd | Assignment::kRs1)) | factor << 20);
    }
    Extension result = kIs64 ? kUnknown : kSign;
    if constexpr (is_bitwise(kCode))
      result = self.of_bitwise(kCode, self.extension(dst), self.extension(insn.src()));
    if (kIs64 || result & kZero || self.upper_half_unused())
      return self.set_extension(dst, result);
    self.set_extension(dst, kZero);
    self.emit_.zext_in_place(fields);
  } else if constexpr (kCode == KBPF_ALU_ADD || kCode == KBPF_ALU_SUB || kCode == KBPF_ALU_AND) {
    int64_t imm = kCode == KBPF_ALU_SUB ? -int64_t{insn.imm} : int64_t{insn.imm};
    if (!fits_signed(imm, 12) || dst >= KBPF_REG_FP)
      return self.any_alu(insn, dst);
    Reg rd = self.native(dst);
    Extension result = kIs64 ? kUnknown : kSign;
    if constexpr (kCode == KBPF_ALU_AND) {
      self.emit_.andi(rd, rd, insn.imm);
      result = of_bitwise(kCode, self.extension(dst), of_number(insn.imm));
    } else if constexpr (kIs64) {
      self.emit_.addi(rd, rd, static_cast<int32_t>(imm));
    } else {
      self.emit_.addiw(rd, rd, static_cast<int32_t>(imm));
    }
    if (kIs64 || result & kZero || self.upper_half_unused())
      return self.set_extension(dst, result);
    self.set_extension(dst, kZero);
    self.emit_.zext_in_place(self.assignment_->fields[insn.regs]);
  } else if constexpr (is_shift(kCode)) { // by a constant
    unsigned count = shift_count(kForm, insn.imm);
    Extension before = self.extension(dst), after = of_shift(kCode, kIs64, count, before);
    bool is_left = kCode == KBPF_ALU_LSH;
    if (count == 0 || (is_left && !kIs64 && !self.emit_.cpu().zba && !self.upper_half_unused()))
      return self.any_alu(insn, dst);
    bool whole =
        kIs64 || (!is_left && before & (kCode == KBPF_ALU_RSH ? kZero : kSign)); // all 64 bits will do
    self.emit_.shift_in_place(kCode == KBPF_ALU_LSH   ? Emitter::Shift::left
                              : kCode == KBPF_ALU_RSH ? Emitter::Shift::right
                                                      : Emitter::Shift::right_signed,
                              whole, self.assignment_->fields[insn.regs], count);
    if (kIs64 || after & kZero || self.upper_half_unused())
      return self.set_extension(dst, after);
    self.set_extension(dst, kZero);
    self.emit_.zext_in_place(self.assignment_->fields[insn.regs]);
  } else if constexpr (kCode == KBPF_ALU_DIV || kCode == KBPF_ALU_MOD) {
    self.divide_in_place<opcode>(insn);
  } else {
    if constexpr (kCode == KBPF_ALU_OR || kCode == KBPF_ALU_XOR) // with a constant of two instructions
      if (!fits_signed(insn.imm, 12)) {
        uint32_t fields = self.assignment_->fields[insn.regs];
        const uint32_t constant = self.immediate_operand(insn.imm);
        self.emit_.insn(kPlain.encoded | (fields & (Assignment::kRd | Assignment::kRs1)) | constant << 20);
        Extension result = of_bitwise(kCode, self.extension(dst), of_number(insn.imm));
        if (kIs64 || result & kZero || self.upper_half_unused())
          return self.set_extension(dst, result);
        self.set_extension(dst, kZero);
        return self.emit_.zext_in_place(fields);
      }
    bool is_short = !kByRegister && fits_signed(insn.imm, 11);
    if (!is_short && kCode != KBPF_ALU_NEG && kCode != KBPF_ALU_END)
      return self.any_alu(insn, dst);
    self.short_alu<opcode>(insn);
  }
}

// With a constant of 11 bits or none. Apart, as it keeps many registers.
template <uint8_t opcode> [[gnu::noinline]] void Lowering::short_alu(const Insn &insn) {
  Insn known = insn;
  known.opcode = opcode;
  if (known.dst() >= KBPF_REG_FP)
    __builtin_unreachable();
  alu(known, known.dst());
}
KBPF_INSTANTIATE(lower_alu, KBPF_CLASS_ALU)
KBPF_INSTANTIATE(lower_alu, KBPF_CLASS_ALU64)

} // namespace kbpf::rv64
