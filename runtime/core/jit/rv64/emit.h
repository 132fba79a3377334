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
  static constexpr size_t kHalves = 1016;
  CodeChunk *next;
  uint32_t used; // halves
  uint16_t halves[kHalves];
};
struct CodeBuffer {
  CodeChunk *first = nullptr;
  uint32_t size = 0; // bytes
};

class Emitter {
public:
  Emitter(CpuFeatures cpu, Arena &arena) : arena_(arena), cpu_(cpu) { next_chunk(); }
  // Where the next instruction goes, in bytes from the start.
  uint32_t position() const { return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(cursor_) - bias_); }
  CpuFeatures cpu() const { return cpu_; }
  CodeBuffer finish(); // Nothing may be emitted afterwards.
  bool out_of_memory() const { return out_of_memory_; }

  void insn(uint32_t encoded) { // one that has no compressed form
    make_room();
    cursor_[0] = static_cast<uint16_t>(encoded);
    cursor_[1] = static_cast<uint16_t>(encoded >> 16);
    cursor_ += 2;
  }
  void half(uint16_t encoded) {
    make_room();
    *cursor_++ = encoded;
  }
  void room(unsigned bytes) { // for what is written later; at most 8
    make_room();
    cursor_ += bytes / 2;
  }

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
  void zext_h(Reg rd, Reg rs);
  void sext_b(Reg rd, Reg rs);
  void sext_h(Reg rd, Reg rs);
  void li(Reg rd, const ConstantSequence &sequence);
  void li(Reg rd, uint64_t value) {
    if (fits_signed(static_cast<int64_t>(value), 32))
      li_32(rd, static_cast<int32_t>(value));
    else
      li(rd, build_constant(value, cpu_));
  }
  void li_32(Reg rd, int32_t value) { // sign-extended: at most two instructions
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
  static bool branch_is_compressible(Condition condition, Reg rs1, Reg rs2) {
    return (condition == Condition::eq || condition == Condition::ne) && is_narrow(rs1) && rs2 == zero;
  }
  void branch(Condition condition, Reg rs1, Reg rs2, int32_t distance) {
    insn(encode_branch(condition, rs1, rs2, distance));
  }
  static uint32_t encode_branch(Condition condition, Reg rs1, Reg rs2, int32_t distance);

private:
  void arithmetic(uint32_t (*full)(Reg, Reg, Reg), uint16_t (*compressed)(Reg, Reg), bool commutes, Reg rd,
                  Reg rs1, Reg rs2);
  void make_room() { // for 8 bytes
    if (cursor_ > limit_) [[unlikely]]
      next_chunk();
  }
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
  uint16_t sink_[8]; // takes what there is no memory for
};

} // namespace kbpf::rv64
