// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes the code of a plan for the address where it will run: copies what the buffer holds between two
// fixups, and encodes each fixup by the distance that it turned out to have.
#include "core/jit/rv64/plan.h"

namespace kbpf::rv64 {
namespace {

bool in_reach(int64_t distance) { // of auipc and a 12-bit addition
  return distance >= INT32_MIN && distance <= INT32_MAX - 0x800;
}

class Writer {
public:
  Writer(const Plan &plan, std::span<uint16_t> out, uint64_t run_address)
      : plan_(plan), run_address_(run_address), chunk_(plan.code.first), out_(out.data()),
        start_(out.data()) {}

  void run() {
    for (const Fixup &fixup : plan_.fixups) {
      copy(fixup.at - copied_);
      place(fixup);
      skip(smallest_size(fixup.kind));
    }
    while (position() < plan_.literals_offset)
      half(0); // an all-zero half-word is no instruction
    for (const Literal &literal : plan_.literals)
      place(literal);
  }

private:
  int64_t position() const { return (out_ - start_) * 2; }
  void half(uint16_t bits) { *out_++ = bits; }
  void insn(uint32_t bits) {
    half(static_cast<uint16_t>(bits));
    half(static_cast<uint16_t>(bits >> 16));
  }

  // Takes bytes from the buffer, into the code or not.
  void copy(uint32_t bytes) {
    copied_ += bytes;
    for (uint32_t halves = bytes / 2; halves;) {
      uint32_t here = available(halves);
      const uint16_t *__restrict from = chunk_->halves + taken_;
      uint16_t *__restrict to = out_;
#pragma clang loop unroll_count(8)
      for (uint32_t i = 0; i < here; i++)
        to[i] = from[i];
      out_ += here;
      taken_ += here;
      halves -= here;
    }
  }
  void skip(uint32_t bytes) {
    copied_ += bytes;
    for (uint32_t halves = bytes / 2; halves;) {
      uint32_t here = available(halves);
      taken_ += here;
      halves -= here;
    }
  }
  uint32_t available(uint32_t halves) {
    while (taken_ == chunk_->used) {
      chunk_ = chunk_->next;
      taken_ = 0;
    }
    uint32_t rest = chunk_->used - taken_;
    return halves < rest ? halves : rest;
  }

  void place(const Fixup &fixup) {
    switch (fixup.kind) {
    case FixupKind::label:
      return;
    case FixupKind::native_call:
      return address(ra, fixup.target, true);
    case FixupKind::constant:
      return address(fixup.rs1, fixup.target, false);
    case FixupKind::function:
      return function(fixup.rs1, target_offset(plan_, fixup) - position());
    default:
      return transfer(fixup, target_offset(plan_, fixup) - position());
    }
  }

  void transfer(const Fixup &fixup, int64_t distance) {
    int32_t near = static_cast<int32_t>(distance);
    bool is_branch = fixup.kind <= FixupKind::branch;
    Reg link = fixup.kind == FixupKind::call ? ra : zero;
    switch (fixup.form) {
    case FixupForm::compressed:
      if (!is_branch)
        return half(encode::c_j(near));
      return half(fixup.condition == Condition::eq ? encode::c_beqz(fixup.rs1, near)
                                                   : encode::c_bnez(fixup.rs1, near));
    case FixupForm::direct:
      return insn(is_branch ? Emitter::encode_branch(fixup.condition, fixup.rs1, fixup.rs2, near)
                            : encode::jal(link, near));
    case FixupForm::over_jump:
      insn(Emitter::encode_branch(negate(fixup.condition), fixup.rs1, fixup.rs2, 8));
      return insn(encode::jal(zero, near - 4));
    case FixupForm::far:
      if (is_branch) {
        insn(Emitter::encode_branch(negate(fixup.condition), fixup.rs1, fixup.rs2, 12));
        distance -= 4;
      }
      Split parts = split(distance);
      Reg temp = link == ra ? ra : t0;
      insn(encode::auipc(temp, parts.upper));
      return insn(encode::jalr(link, temp, parts.lower));
    }
  }

  // The literal into rd, or a call of it by way of rd. A value that is no address nearby waits behind the
  // code, and a function there has a stub.
  void address(Reg rd, uint32_t index, bool is_call) {
    const Literal &literal = plan_.literals[index];
    int64_t here = position();
    int64_t distance = static_cast<int64_t>(literal.value - run_address_ - static_cast<uint64_t>(here));
    bool is_near = in_reach(distance);
    if (!is_near)
      distance = int64_t{literal.offset} + (is_call ? 8 : 0) - here;
    Split parts = split(distance);
    insn(encode::auipc(rd, parts.upper));
    if (is_call)
      insn(encode::jalr(ra, rd, parts.lower));
    else
      insn(is_near ? encode::addi(rd, rd, parts.lower) : encode::ld(rd, rd, parts.lower));
  }

  void function(Reg rd, int64_t distance) {
    Split parts = split(distance);
    insn(encode::auipc(rd, parts.upper));
    insn(encode::addi(rd, rd, parts.lower));
  }

  void place(const Literal &literal) {
    for (unsigned shift = 0; shift < 64; shift += 16)
      half(static_cast<uint16_t>(literal.value >> shift));
    if (!literal.is_called)
      return;
    insn(encode::auipc(t0, 0)); // the literal is 8 bytes in front of it
    insn(encode::ld(t0, t0, -8));
    insn(encode::jalr(zero, t0, 0));
    insn(0);
  }

  const Plan &plan_;
  uint64_t run_address_;
  const CodeChunk *chunk_;
  uint32_t taken_ = 0;  // halves of the chunk
  uint32_t copied_ = 0; // bytes of the buffer
  uint16_t *out_, *start_;
};

} // namespace

Result<void> emit(const Plan &plan, std::span<std::byte> out, uint64_t run_address) {
  size_t size = code_size(plan);
  uintptr_t address = reinterpret_cast<uintptr_t>(out.data());
  if (out.size() < size || address % 4 || run_address % 8)
    return Error::out_of_range;
  std::span<uint16_t> halves(reinterpret_cast<uint16_t *>(address), size / 2);
  Writer(plan, halves, run_address).run();
  return {};
}

} // namespace kbpf::rv64
