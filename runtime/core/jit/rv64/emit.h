// SPDX-License-Identifier: MIT OR Apache-2.0
// Appends machine instructions to a code buffer. Where an instruction has a compressed form that does the
// same, it is chosen here, so that lowering need not know of it.
#pragma once
#include "core/base/arena.h"
#include "core/jit/rv64/constant.h"
#include "core/jit/rv64/encode.h"
#include "core/jit/rv64/jit.h"
#include <cstddef>

namespace kbpf::rv64 {

// Ordered so that flipping bit 0 negates.
enum class Condition : uint8_t { eq, ne, lt, ge, ltu, geu };
constexpr Condition negate(Condition condition) {
  return static_cast<Condition>(static_cast<uint8_t>(condition) ^ 1);
}

enum class Width : uint8_t { b, h, w, d };

constexpr bool fits_signed(int64_t value, unsigned bits) {
  return value >= -(int64_t{1} << (bits - 1)) && value < int64_t{1} << (bits - 1);
}
constexpr bool is_narrow(Reg reg) { return reg >= s0 && reg <= a5; } // compressed forms can name it
constexpr bool is_narrow(Reg a, Reg b) { return is_narrow(a) && is_narrow(b); }

// The halves of a 32-bit displacement for auipc or lui and a 12-bit addition that sign-extends.
struct Split {
  uint32_t upper;
  int32_t lower;
};
constexpr Split split(int64_t value) {
  uint32_t bits = static_cast<uint32_t>(value);
  uint32_t upper = (bits + 0x800) >> 12;
  return {upper, static_cast<int32_t>(bits - (upper << 12))};
}

// Code in the order of its making, in chunks, as nobody knows its length beforehand.
struct CodeChunk {
  static constexpr size_t kHalves = 2040;
  CodeChunk *next;
  uint32_t first, last; // halves in use. The first one lies as its position does to words of 8 bytes, to be
                        // copied fast.
  uint16_t halves[kHalves];
  const uint16_t *begin() const { return halves + first; }
  const uint16_t *end() const { return halves + last; }
};
static_assert(sizeof(CodeChunk) == 4096 && offsetof(CodeChunk, halves) % 8 == 0);
struct CodeBuffer {
  CodeChunk *first = nullptr;
  uint32_t size = 0; // bytes
};

class Emitter {
public:
  static constexpr size_t kMaxRun = 512;

  Emitter(CpuFeatures cpu, Arena &arena) : arena_(arena), cpu_(cpu) { next_chunk(); }
  // Where the next instruction goes, in bytes from the start.
  uint32_t position() const { return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(cursor_) - bias_); }
  CpuFeatures cpu() const { return cpu_; }
  CodeBuffer finish(); // Nothing may be emitted afterwards.
  bool out_of_memory() const { return out_of_memory_; }

  // Room for the code of any BPF instruction, or of a prologue: kMaxRun bytes. What follows does not ask.
  void make_room() {
    if (cursor_ > limit_) [[unlikely]]
      next_chunk();
  }

  void insn(uint32_t encoded) { // one that has no compressed form
    cursor_[0] = static_cast<uint16_t>(encoded);
    cursor_[1] = static_cast<uint16_t>(encoded >> 16);
    cursor_ += 2;
  }
  void half(uint16_t encoded) { *cursor_++ = encoded; }
  void room(unsigned bytes) { // for what is written later
    cursor_ += bytes / 2;
  }

  // An operation on rd and rs2 that gives rd, with registers from an Assignment's fields. The encodings are
  // those for registers zero, and s0 in the compressed one; 0: there is none.
  void operate(uint32_t encoded, uint16_t compressed, uint32_t fields, bool is_compressible) {
    if (compressed && is_compressible)
      half(static_cast<uint16_t>(compressed | (fields & 7 << 7) | (fields >> 18 & 7 << 2)));
    else
      insn(encoded | fields);
  }

  enum class Shift { left, right, right_signed };
  // Of rd in an Assignment's fields, whose flag tells whether it is a narrow one; not by 0.
  [[gnu::always_inline]] void shift_in_place(Shift shift, bool is64, uint32_t fields, unsigned count) {
    if (is64 && (shift == Shift::left || fields & kNarrowField)) {
      uint16_t base = shift == Shift::left    ? encode::c_slli(zero, 0)
                      : shift == Shift::right ? encode::c_srli(s0, 0)
                                              : encode::c_srai(s0, 0);
      uint32_t rd = fields & (shift == Shift::left ? 31 << 7 : 7 << 7);
      return half(static_cast<uint16_t>(base | rd | (count & 31) << 2 | (count & 32) << 7));
    }
    uint32_t base = shift == Shift::left    ? encode::slliw(zero, zero, 0)
                    : shift == Shift::right ? encode::srliw(zero, zero, 0)
                                            : encode::sraiw(zero, zero, 0);
    constexpr uint32_t kWord = encode::slliw(zero, zero, 0) ^ encode::slli(zero, zero, 0);
    insn((is64 ? base ^ kWord : base) | (fields & (31 << 7 | 31 << 15)) | count << 20);
  }
  static constexpr uint32_t kNarrowField = 1;

  void add(Reg rd, Reg rs1, Reg rs2);
  void sub(Reg rd, Reg rs1, Reg rs2);
  void addw(Reg rd, Reg rs1, Reg rs2);
  void subw(Reg rd, Reg rs1, Reg rs2);
  void and_(Reg rd, Reg rs1, Reg rs2);
  void or_(Reg rd, Reg rs1, Reg rs2);
  void xor_(Reg rd, Reg rs1, Reg rs2);
  void mv(Reg rd, Reg rs) { // nothing where rd is rs
    if (rd != rs)
      half(rs == zero ? encode::c_li(rd, 0) : encode::c_mv(rd, rs));
  }
  void addi(Reg rd, Reg rs, int32_t imm);
  void addiw(Reg rd, Reg rs, int32_t imm);
  void andi(Reg rd, Reg rs, int32_t imm);
  void slli(Reg rd, Reg rs, unsigned count);
  void srli(Reg rd, Reg rs, unsigned count);
  void srai(Reg rd, Reg rs, unsigned count);
  void lui(Reg rd, int32_t upper);
  void load(Width width, bool is_signed, Reg rd, Reg base, int32_t offset);
  void store(Width width, Reg rs2, Reg base, int32_t offset);
  void ret() { half(encode::c_jr(ra)); }

  // What the base instruction set has no single instruction for, by the best that the CPU has.
  void sext_w(Reg rd, Reg rs) { addiw(rd, rs, 0); }
  void zext_w(Reg rd, Reg rs);
  void zext_in_place(uint32_t fields); // of rd in an Assignment's fields
  void zext_h(Reg rd, Reg rs);
  void sext_b(Reg rd, Reg rs);
  void sext_h(Reg rd, Reg rs);
  // Where two instructions build the value; else false, and nothing is emitted.
  bool li(Reg rd, uint64_t value);
  void li_32(Reg rd, int32_t value) { load_immediate(rd, value); }
  [[gnu::always_inline]] void load_immediate(Reg rd,
                                             int32_t value) { // sign-extended: at most two instructions
    if (fits_signed(value, 12))
      return addi(rd, zero, value);
    Split parts = split(value);
    lui(rd, static_cast<int32_t>(parts.upper));
    if (parts.lower)
      addiw(rd, rd, parts.lower);
  }
  // rd = rs + imm for any imm. Where imm does not fit, temp (not rs) is spoiled; rd may be temp.
  void add_constant(Reg rd, Reg rs, int64_t imm, Reg temp);

  // distance is from this position.
  static constexpr bool branch_is_compressible(Condition condition, Reg rs1, Reg rs2) {
    return (condition == Condition::eq || condition == Condition::ne) && is_narrow(rs1) && rs2 == zero;
  }
  void branch(Condition condition, Reg rs1, Reg rs2, int32_t distance) {
    insn(encode_branch(condition, rs1, rs2, distance));
  }
  static constexpr uint32_t encode_branch(Condition condition, Reg rs1, Reg rs2, int32_t distance) {
    constexpr uint32_t kEncodings[] = {encode::beq(zero, zero, 0),  encode::bne(zero, zero, 0),
                                       encode::blt(zero, zero, 0),  encode::bge(zero, zero, 0),
                                       encode::bltu(zero, zero, 0), encode::bgeu(zero, zero, 0)};
    static_assert(encode::beq(zero, zero, 0) < 1 << 7); // the fields that it leaves to the others are empty
    return kEncodings[static_cast<uint8_t>(condition)] | encode::beq(rs1, rs2, distance);
  }

private:
  void arithmetic(uint32_t (*full)(Reg, Reg, Reg), uint16_t (*compressed)(Reg, Reg), bool commutes, Reg rd,
                  Reg rs1, Reg rs2);
  void next_chunk();
  void close_chunk();

  uint16_t *cursor_ = nullptr;
  uint16_t *limit_ = nullptr;
  uintptr_t bias_ = 0; // address of the cursor, less its position
  CodeChunk *chunk_ = nullptr;
  CodeChunk *first_ = nullptr;
  Arena &arena_;
  CpuFeatures cpu_;
  bool out_of_memory_ = false;
  uint16_t sink_[kMaxRun / 2]; // takes what there is no memory for
};

// The choice of encodings, inline: much of it is known where they are called. Compressed forms exist for few
// operands: most want rd = rs1, many want registers x8 .. x15 (the reason why BPF's r0 to r6 live in a0 .. a5
// and s1).

constexpr bool is_scaled(int32_t offset, int32_t unit, int32_t limit) {
  return offset >= 0 && offset < limit && offset % unit == 0;
}

[[gnu::always_inline]] inline void Emitter::add(Reg rd, Reg rs1, Reg rs2) {
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
[[gnu::always_inline]] inline void Emitter::arithmetic(uint32_t (*full)(Reg, Reg, Reg),
                                                       uint16_t (*compressed)(Reg, Reg), bool commutes,
                                                       Reg rd, Reg rs1, Reg rs2) {
  if (commutes && rd == rs2)
    rs2 = rs1, rs1 = rd;
  if (rd == rs1 && is_narrow(rd, rs2))
    half(compressed(rd, rs2));
  else
    insn(full(rd, rs1, rs2));
}

[[gnu::always_inline]] inline void Emitter::sub(Reg rd, Reg rs1, Reg rs2) {
  arithmetic(encode::sub, encode::c_sub, false, rd, rs1, rs2);
}
[[gnu::always_inline]] inline void Emitter::subw(Reg rd, Reg rs1, Reg rs2) {
  arithmetic(encode::subw, encode::c_subw, false, rd, rs1, rs2);
}
[[gnu::always_inline]] inline void Emitter::addw(Reg rd, Reg rs1, Reg rs2) {
  arithmetic(encode::addw, encode::c_addw, true, rd, rs1, rs2);
}
[[gnu::always_inline]] inline void Emitter::and_(Reg rd, Reg rs1, Reg rs2) {
  arithmetic(encode::and_, encode::c_and, true, rd, rs1, rs2);
}
[[gnu::always_inline]] inline void Emitter::or_(Reg rd, Reg rs1, Reg rs2) {
  arithmetic(encode::or_, encode::c_or, true, rd, rs1, rs2);
}
[[gnu::always_inline]] inline void Emitter::xor_(Reg rd, Reg rs1, Reg rs2) {
  arithmetic(encode::xor_, encode::c_xor, true, rd, rs1, rs2);
}

[[gnu::always_inline]] inline void Emitter::addi(Reg rd, Reg rs, int32_t imm) {
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

[[gnu::always_inline]] inline void Emitter::addiw(Reg rd, Reg rs, int32_t imm) {
  if (rd == rs && fits_signed(imm, 6))
    half(encode::c_addiw(rd, imm));
  else
    insn(encode::addiw(rd, rs, imm));
}

[[gnu::always_inline]] inline void Emitter::andi(Reg rd, Reg rs, int32_t imm) {
  if (rd == rs && is_narrow(rd) && fits_signed(imm, 6))
    half(encode::c_andi(rd, imm));
  else
    insn(encode::andi(rd, rs, imm));
}

[[gnu::always_inline]] inline void Emitter::slli(Reg rd, Reg rs, unsigned count) {
  if (count == 0)
    mv(rd, rs);
  else if (rd == rs)
    half(encode::c_slli(rd, count));
  else
    insn(encode::slli(rd, rs, count));
}

[[gnu::always_inline]] inline void Emitter::srli(Reg rd, Reg rs, unsigned count) {
  if (count == 0)
    mv(rd, rs);
  else if (rd == rs && is_narrow(rd))
    half(encode::c_srli(rd, count));
  else
    insn(encode::srli(rd, rs, count));
}

[[gnu::always_inline]] inline void Emitter::srai(Reg rd, Reg rs, unsigned count) {
  if (count == 0)
    mv(rd, rs);
  else if (rd == rs && is_narrow(rd))
    half(encode::c_srai(rd, count));
  else
    insn(encode::srai(rd, rs, count));
}

[[gnu::always_inline]] inline void Emitter::lui(Reg rd, int32_t upper) {
  int32_t sign_extended = static_cast<int32_t>(static_cast<uint32_t>(upper) << 12) >> 12;
  if (sign_extended == 0)
    mv(rd, zero);
  else if (fits_signed(sign_extended, 6))
    half(encode::c_lui(rd, sign_extended));
  else
    insn(encode::lui(rd, static_cast<uint32_t>(upper)));
}

[[gnu::always_inline]] inline void Emitter::load(Width width, bool is_signed, Reg rd, Reg base,
                                                 int32_t offset) {
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

[[gnu::always_inline]] inline void Emitter::store(Width width, Reg rs2, Reg base, int32_t offset) {
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

inline void Emitter::zext_w(Reg rd, Reg rs) {
  if (cpu_.zba)
    return insn(encode::add_uw(rd, rs, zero));
  slli(rd, rs, 32);
  srli(rd, rd, 32);
}

[[gnu::always_inline]] inline void Emitter::zext_in_place(uint32_t fields) {
  if (cpu_.zba)
    return insn(encode::add_uw(zero, zero, zero) | (fields & (31 << 7 | 31 << 15)));
  Reg rd = static_cast<Reg>(fields >> 7 & 31);
  zext_w(rd, rd);
}

inline void Emitter::zext_h(Reg rd, Reg rs) {
  if (cpu_.zbb)
    return insn(encode::zext_h(rd, rs));
  slli(rd, rs, 48);
  srli(rd, rd, 48);
}

inline void Emitter::sext_b(Reg rd, Reg rs) {
  if (cpu_.zbb)
    return insn(encode::sext_b(rd, rs));
  slli(rd, rs, 56);
  srai(rd, rd, 56);
}

inline void Emitter::sext_h(Reg rd, Reg rs) {
  if (cpu_.zbb)
    return insn(encode::sext_h(rd, rs));
  slli(rd, rs, 48);
  srai(rd, rd, 48);
}

} // namespace kbpf::rv64
