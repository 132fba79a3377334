// SPDX-License-Identifier: MIT OR Apache-2.0
// Chunks of the code buffer, and what is too long or too rare to be inline.
#include "core/jit/rv64/emit.h"
#include <new>

namespace kbpf::rv64 {
void Emitter::close_chunk() {
  if (chunk_)
    chunk_->last = static_cast<uint32_t>(cursor_ - chunk_->halves);
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
    next->first = position % 8 / 2;
    cursor_ = next->halves + next->first;
    limit_ = next->halves + CodeChunk::kHalves - kMaxRun / 2;
  } else { // goes on in vain, so that only the end has to ask
    out_of_memory_ = true;
    cursor_ = sink_;
    limit_ = sink_ - 1;
    chunk_ = nullptr;
  }
  bias_ = reinterpret_cast<uintptr_t>(cursor_) - position;
}

CodeBuffer Emitter::finish() {
  close_chunk();
  return {first_, position()};
}

bool Emitter::li(Reg rd, uint64_t value) {
  if (fits_signed(static_cast<int64_t>(value), 32)) {
    li_32(rd, static_cast<int32_t>(value));
    return true;
  }
  std::optional<ShiftedConstant> shifted = as_shifted(value, cpu_);
  if (!shifted)
    return false;
  li_32(rd, shifted->start);
  switch (shifted->shift) {
  case ShiftedConstant::Shift::slli:
    slli(rd, rd, shifted->count);
    break;
  case ShiftedConstant::Shift::srli:
    srli(rd, rd, shifted->count);
    break;
  case ShiftedConstant::Shift::zext_w:
    zext_w(rd, rd);
    break;
  }
  return true;
}

void Emitter::add_constant(Reg rd, Reg rs, int64_t imm, Reg temp) {
  for (; !fits_signed(imm, 32); rs = rd) { // by what the distance of the stack from sp adds to 32 bits
    int32_t step = imm > 0 ? 2047 : -2048;
    addi(rd, rs, step);
    imm -= step;
  }
  if (fits_signed(imm, 12))
    return addi(rd, rs, static_cast<int32_t>(imm));
  Reg constant = temp == rs ? t2 : temp;
  li_32(constant, static_cast<int32_t>(imm));
  add(rd, rs, constant);
}

} // namespace kbpf::rv64
