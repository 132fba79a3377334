// SPDX-License-Identifier: MIT OR Apache-2.0
// Chunks of the code buffer, and what is too long or too rare to be inline.
#include "core/jit/rv64/emit.h"
#include <new>

namespace kbpf::rv64 {
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
