// SPDX-License-Identifier: MIT OR Apache-2.0
// Appends machine instructions to a buffer, or only measures them: the same calls do both. Where an
// instruction has a compressed form that does the same, it is chosen here, so that lowering need not know of
// it.
#pragma once
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

class Emitter {
public:
  // Without a buffer, measures. Never writes beyond the buffer; position() still tells how much there would
  // be.
  Emitter(CpuFeatures cpu, std::span<std::byte> out) : out_(out), cpu_(cpu) {}
  uint32_t position() const { return position_; }
  CpuFeatures cpu() const { return cpu_; }

  void insn(uint32_t encoded) { put(encoded, 4); } // one that has no compressed form

  void add(Reg rd, Reg rs1, Reg rs2);
  void sub(Reg rd, Reg rs1, Reg rs2);
  void addw(Reg rd, Reg rs1, Reg rs2);
  void subw(Reg rd, Reg rs1, Reg rs2);
  void and_(Reg rd, Reg rs1, Reg rs2);
  void or_(Reg rd, Reg rs1, Reg rs2);
  void xor_(Reg rd, Reg rs1, Reg rs2);
  void mv(Reg rd, Reg rs); // nothing where rd is rs
  void addi(Reg rd, Reg rs, int32_t imm);
  void addiw(Reg rd, Reg rs, int32_t imm);
  void andi(Reg rd, Reg rs, int32_t imm);
  void slli(Reg rd, Reg rs, unsigned count);
  void srli(Reg rd, Reg rs, unsigned count);
  void srai(Reg rd, Reg rs, unsigned count);
  void lui(Reg rd, int32_t upper);
  void load(Width width, bool is_signed, Reg rd, Reg base, int32_t offset);
  void store(Width width, Reg rs2, Reg base, int32_t offset);
  void ret();

  // What the base instruction set has no single instruction for, by the best that the CPU has.
  void sext_w(Reg rd, Reg rs) { addiw(rd, rs, 0); }
  void zext_w(Reg rd, Reg rs);
  void zext_h(Reg rd, Reg rs);
  void sext_b(Reg rd, Reg rs);
  void sext_h(Reg rd, Reg rs);
  void li(Reg rd, const ConstantSequence &sequence);
  void li(Reg rd, uint64_t value) { li(rd, build_constant(value, cpu_)); }
  // rd = rs + imm for any imm. Where imm does not fit, temp (not rs) is spoiled; rd may be temp.
  void add_constant(Reg rd, Reg rs, int64_t imm, Reg temp);

  // Relative to pc; distance is from this position, and always takes 8 bytes.
  void address(Reg rd, int64_t distance);
  void call_relative(int64_t distance);
  void call_absolute(uint64_t target); // any address; spoils t0

  void padding() { half(0); }

  // Transfers of each size that relaxation chooses among. distance is from this position.
  static bool branch_is_compressible(Condition condition, Reg rs1, Reg rs2);
  void branch_compressed(Condition condition, Reg rs1, int32_t distance); // eq or ne, with zero
  void branch(Condition condition, Reg rs1, Reg rs2, int32_t distance);
  void jump_compressed(int32_t distance);
  void jump(Reg link, int32_t distance);
  void jump_far(Reg link, Reg temp, int64_t distance);

private:
  void arithmetic(uint32_t (*full)(Reg, Reg, Reg), uint16_t (*compressed)(Reg, Reg), bool commutes, Reg rd,
                  Reg rs1, Reg rs2);
  void put(uint32_t bits, unsigned bytes);
  void half(uint16_t encoded) { put(encoded, 2); }

  std::span<std::byte> out_;
  uint32_t position_ = 0;
  CpuFeatures cpu_;
};

} // namespace kbpf::rv64
