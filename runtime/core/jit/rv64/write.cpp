// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes the code of a plan for the address where it will run: copies what the buffer holds, with gaps where
// a transfer has outgrown its room, and then puts distances and addresses into the fixups.
#include "core/jit/rv64/plan.h"
#include <cstring>

namespace kbpf::rv64 {
namespace {

bool in_reach(int64_t distance) { // of auipc and a 12-bit addition
  return distance >= INT32_MIN && distance <= INT32_MAX - 0x800;
}

uint32_t read_insn(const uint16_t *at) { return at[0] | static_cast<uint32_t>(at[1]) << 16; }
void write_insn(uint16_t *at, uint32_t bits) {
  at[0] = static_cast<uint16_t>(bits);
  at[1] = static_cast<uint16_t>(bits >> 16);
}
// Fills in what the instruction has zeros for.
void complete(uint16_t *at, uint32_t bits) {
  at[0] = static_cast<uint16_t>(at[0] | bits);
  at[1] = static_cast<uint16_t>(at[1] | bits >> 16);
}
uint32_t branch_distance(int64_t distance) {
  return encode::beq(zero, zero, static_cast<int32_t>(distance)) ^ encode::beq(zero, zero, 0);
}
uint32_t jump_distance(int64_t distance) {
  return encode::jal(zero, static_cast<int32_t>(distance)) ^ encode::jal(zero, 0);
}

class Writer {
public:
  Writer(const Plan &plan, std::span<uint16_t> out, uint64_t run_address)
      : plan_(plan), run_address_(run_address), code_(out.data()), out_(out.data()), chunk_(plan.code.first),
        from_(chunk_->begin()) {}

  void run() {
    copy();
    for (const Fixup &fixup : plan_.fixups)
      place(fixup);
    while (position(out_) < plan_.constants_offset)
      *out_++ = 0; // an all-zero half-word is no instruction
    for (uint64_t constant : plan_.constants)
      put(constant);
    for (uint64_t callee : plan_.callees)
      put_callee(callee);
  }

private:
  int64_t position(const uint16_t *at) const { return (at - code_) * 2; }

  void copy() {
    uint32_t done = 0; // bytes of the buffer
    if (plan_.fixups.back().growth)
      for (const Fixup &fixup : plan_.fixups) {
        unsigned room = room_size(fixup), size = final_size(fixup);
        if (size == room)
          continue;
        take(fixup.at + room - done);
        done = fixup.at + room;
        if (fixup.room() == FixupForm::compressed)
          expand(fixup.kind(), out_ - 1);
        out_ += (size - room) / 2;
      }
    take(plan_.code.size - done);
  }
  // Bytes from the buffer.
  void take(size_t bytes) {
    for (;;) {
      size_t rest = static_cast<size_t>(chunk_->end() - from_) * 2, here = bytes < rest ? bytes : rest;
      memcpy(out_, from_, here);
      out_ += here / 2;
      from_ += here / 2;
      bytes -= here;
      if (!bytes)
        return;
      chunk_ = chunk_->next;
      from_ = chunk_->begin();
    }
  }

  // The direct form instead of the compressed one.
  static void expand(FixupKind kind, uint16_t *at) {
    Reg rs1 = static_cast<Reg>(s0 + (*at >> 7 & 7));
    constexpr uint16_t kNotZero = encode::c_beqz(s0, 0) ^ encode::c_bnez(s0, 0);
    write_insn(at, kind == FixupKind::jump ? encode::jal(zero, 0)
                   : *at & kNotZero        ? encode::bne(rs1, zero, 0)
                                           : encode::beq(rs1, zero, 0));
  }

  void place(const Fixup &fixup) {
    // The sum is even, but no compiler knows.
    uint16_t *at =
        reinterpret_cast<uint16_t *>(reinterpret_cast<std::byte *>(code_) + size_t{fixup.at} + fixup.growth);
    // Branches, jumps and calls in their direct form.
    constexpr uint32_t kDirect = shape_of(FixupKind{}, FixupForm::direct);
    if ((fixup.shape & ~3u) == kDirect) [[likely]]
      return complete(at, fixup.shape & 2 ? jump_distance(fixup.distance) : branch_distance(fixup.distance));
    place_other(fixup, at);
  }

  [[gnu::noinline]] void place_other(const Fixup &fixup, uint16_t *at) const {
    if (is_transfer(fixup.kind()))
      return place_transfer(fixup, at);
    switch (fixup.kind()) {
    case FixupKind::native_call:
      return place_address(at, plan_.callees[fixup.target],
                           plan_.callees_offset + fixup.target * kCalleeSize + sizeof(uint64_t), true);
    case FixupKind::constant:
      return place_address(at, plan_.constants[fixup.target],
                           plan_.constants_offset + fixup.target * kConstantSize, false);
    case FixupKind::function:
      return add_distance(at, target_offset(plan_, fixup) - position(at));
    default:
      return;
    }
  }

  static void place_transfer(const Fixup &fixup, uint16_t *at) {
    if (fixup.form() == FixupForm::compressed) {
      bool is_jump = fixup.kind() == FixupKind::jump;
      *at =
          static_cast<uint16_t>(*at | (is_jump ? encode::c_j(fixup.distance) ^ encode::c_j(0)
                                               : encode::c_beqz(s0, fixup.distance) ^ encode::c_beqz(s0, 0)));
      return;
    }
    // The instruction in its direct form is there.
    constexpr uint32_t kOpposite = encode::beq(zero, zero, 0) ^ encode::bne(zero, zero, 0);
    int64_t distance = fixup.distance;
    Reg link = fixup.kind() == FixupKind::call ? ra : zero;
    if (is_branch(fixup.kind())) {
      uint32_t over = fixup.form() == FixupForm::over_jump ? 8 : 12;
      write_insn(at, (read_insn(at) ^ kOpposite) | branch_distance(over));
      at += 2;
      distance -= 4;
    }
    if (fixup.form() == FixupForm::over_jump)
      return write_insn(at, encode::jal(zero, static_cast<int32_t>(distance)));
    Reg temp = link == ra ? ra : t0;
    write_insn(at, encode::auipc(temp, 0));
    write_insn(at + 2, encode::jalr(link, temp, 0));
    add_distance(at, distance);
  }

  // To auipc and what comes behind it, an addition or a load.
  static void add_distance(uint16_t *at, int64_t distance) {
    Split parts = split(distance);
    complete(at, parts.upper << 12);
    complete(at + 2, static_cast<uint32_t>(parts.lower) << 20);
  }

  // A constant into a register, or a call. A value that is no address nearby waits behind the code, at that
  // offset, and a function there has a stub.
  void place_address(uint16_t *at, uint64_t value, uint32_t offset, bool is_call) const {
    int64_t here = position(at);
    int64_t distance = static_cast<int64_t>(value - run_address_ - static_cast<uint64_t>(here));
    bool is_near = in_reach(distance);
    if (!is_near)
      distance = int64_t{offset} - here;
    else if (!is_call) // the address itself, instead of what is there
      write_insn(at + 2, read_insn(at + 2) ^ encode::ld(zero, zero, 0) ^ encode::addi(zero, zero, 0));
    add_distance(at, distance);
  }

  void put(uint64_t constant) {
    for (unsigned shift = 0; shift < 64; shift += 16)
      *out_++ = static_cast<uint16_t>(constant >> shift);
  }
  void put_callee(uint64_t callee) {
    put(callee);
    const uint32_t stub[] = {encode::auipc(t0, 0), encode::ld(t0, t0, -8), encode::jalr(zero, t0, 0), 0};
    static_assert(sizeof stub == kCalleeSize - sizeof callee);
    for (uint32_t insn : stub) {
      write_insn(out_, insn);
      out_ += 2;
    }
  }

  const Plan &plan_;
  uint64_t run_address_;
  uint16_t *const code_;
  uint16_t *out_;
  const CodeChunk *chunk_;
  const uint16_t *from_; // in the chunk
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
