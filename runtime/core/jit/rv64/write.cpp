// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes the code of a plan for the address where it will run: copies what the buffer holds between two
// fixups, and encodes each fixup by the distance that it turned out to have.
#include "core/jit/rv64/plan.h"
#include <cstring>

namespace kbpf::rv64 {
namespace {

bool in_reach(int64_t distance) { // of auipc and a 12-bit addition
  return distance >= INT32_MIN && distance <= INT32_MAX - 0x800;
}

class Writer {
public:
  Writer(const Plan &plan, std::span<uint16_t> out, uint64_t run_address)
      : plan_(plan), run_address_(run_address), out_(out.data()), start_(out.data()),
        end_(out.data() + out.size()) {
    enter(plan.code.first);
  }

  void run() {
    uint32_t done = 0; // bytes of the buffer
    for (const Fixup &fixup : plan_.fixups) {
      copy((fixup.at - done) / 2);
      place(fixup);
      uint32_t room = smallest_size(fixup.kind);
      skip(room / 2);
      done = fixup.at + room;
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

  // Takes halves from the buffer into the code.
  void copy(size_t halves) {
    // Mostly little, which is there as a whole, and there is room for four.
    if (halves <= 4 && chunk_end_ - from_ >= static_cast<ptrdiff_t>(halves) && end_ - out_ >= 4) [[likely]] {
      out_[0] = from_[0];
      out_[1] = from_[1];
      out_[2] = from_[2];
      out_[3] = from_[3];
      from_ += halves;
      out_ += halves;
      return;
    }
    while (halves) {
      size_t here = available(halves);
      uint16_t *stop = out_ + here;
      if (stop + 3 <= end_) { // by four: what is too much is written again
        const uint16_t *from = from_;
        uint16_t *to = out_;
        do {
          to[0] = from[0];
          to[1] = from[1];
          to[2] = from[2];
          to[3] = from[3];
          from += 4, to += 4;
        } while (to < stop);
      } else {
        memcpy(out_, from_, here * 2);
      }
      from_ += here;
      out_ = stop;
      halves -= here;
    }
  }
  // The room of a fixup, which lies in one chunk.
  void skip(size_t halves) {
    if (halves)
      available(1);
    from_ += halves;
  }
  // At most so many, and what the chunk has.
  size_t available(size_t halves) {
    while (from_ == chunk_end_) [[unlikely]]
      enter(chunk_->next);
    size_t rest = static_cast<size_t>(chunk_end_ - from_);
    return halves < rest ? halves : rest;
  }
  void enter(const CodeChunk *chunk) {
    chunk_ = chunk;
    from_ = chunk->halves;
    chunk_end_ = from_ + chunk->used;
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
  const CodeChunk *chunk_ = nullptr;
  const uint16_t *from_ = nullptr, *chunk_end_ = nullptr; // in the chunk
  uint16_t *out_, *start_, *end_;
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
