// SPDX-License-Identifier: MIT OR Apache-2.0
// What must hold before an instruction may run, read off the instruction alone. Whether it holds in a given
// state is the checker's decision; what the instruction then does is the transformer's business.
#pragma once
#include "core/isa/insn.h"
#include "core/profile/profile.h"

namespace kbpf {

enum class Access : uint8_t {
  read,
  write,
  atomic,
  acquire,
  release
}; // the last two: ordered atomic loads, stores

struct Obligation {
  enum class Kind : uint8_t {
    initialised,  // reg holds something
    not_r10,      // reg may be written
    movable,      // if one operand is an address, the instruction may compute with it
    constant,     // the constant operand is one that the operation can have
    access,       // size bytes at reg + off may be accessed so
    reference,    // the ld_imm64 names something that exists
    feature,      // the profile has this kind of instruction
    helper,       // the called helper exists, may be called, and gets what it takes
    packet_load,  // classic BPF's load from the packet of the context in r6
    return_value, // r0 may leave the function
  };
  Kind kind;
  uint8_t reg = 0;
  Access access = Access::read;
  uint8_t size = 0;
  int16_t off = 0;
};

namespace obligation_of { // the kinds of instruction

using Kind = Obligation::Kind;

template <typename Sink> void need_initialised(Sink &sink, unsigned reg) {
  sink.add({.kind = Kind::initialised, .reg = static_cast<uint8_t>(reg)});
}
template <typename Sink> void need_writable(Sink &sink, unsigned reg) {
  sink.add({.kind = Kind::not_r10, .reg = static_cast<uint8_t>(reg)});
}
template <typename Sink> void need_access(Sink &sink, const Insn &insn, unsigned base, Access access) {
  sink.add({.kind = Kind::access,
            .reg = static_cast<uint8_t>(base),
            .access = access,
            .size = static_cast<uint8_t>(insn.access_bytes()),
            .off = insn.off});
}

inline bool
has_bad_constants(const Insn &insn) { // operations that are not defined, or no use, with some of them
  switch (insn.code()) {
  case KBPF_ALU_DIV:
  case KBPF_ALU_MOD:
  case KBPF_ALU_LSH:
  case KBPF_ALU_RSH:
  case KBPF_ALU_ARSH:
    return true;
  default:
    return false;
  }
}

template <typename Sink> void alu(Sink &sink, const Insn &insn) {
  bool one_operand = insn.code() == KBPF_ALU_END || insn.code() == KBPF_ALU_NEG;
  if (insn.src_is_reg() && !one_operand)
    need_initialised(sink, insn.src());
  if (insn.code() != KBPF_ALU_MOV)
    need_initialised(sink, insn.dst());
  need_writable(sink, insn.dst());
  if (one_operand)
    return;
  if (!insn.src_is_reg() && has_bad_constants(insn))
    sink.add({.kind = Kind::constant});
  if (insn.code() != KBPF_ALU_MOV)
    sink.add({.kind = Kind::movable, .reg = insn.dst()});
}

template <typename Sink> void store(Sink &sink, const Insn &insn) {
  if (insn.is_load_acquire()) {
    sink.add({.kind = Kind::feature});
    need_initialised(sink, insn.src());
    need_writable(sink, insn.dst());
    return need_access(sink, insn, insn.src(), Access::acquire);
  }
  need_initialised(sink, insn.dst());
  if (insn.cls() == KBPF_CLASS_STX)
    need_initialised(sink, insn.src());
  if (insn.cls() != KBPF_CLASS_STX || insn.mode() != KBPF_MODE_ATOMIC)
    return need_access(sink, insn, insn.dst(), Access::write);
  sink.add({.kind = Kind::feature});
  if (insn.is_store_release())
    return need_access(sink, insn, insn.dst(), Access::release);
  if (insn.imm == KBPF_ATOMIC_CMPXCHG)
    need_initialised(sink, 0);
  else if (insn.imm & KBPF_ATOMIC_FETCH)
    need_writable(sink, insn.src());
  need_access(sink, insn, insn.dst(), Access::atomic);
}

template <typename Sink> void call(Sink &sink, const Insn &insn) {
  sink.add({.kind = insn.src() != 0 ? Kind::feature : Kind::helper});
}

template <typename Sink> void jump(Sink &sink, const Insn &insn) {
  if (insn.code() == KBPF_JMP_JA)
    return;
  if (insn.is_may_goto())
    return sink.add({.kind = Kind::feature});
  need_initialised(sink, insn.dst());
  if (insn.src_is_reg())
    need_initialised(sink, insn.src());
}

} // namespace obligation_of

// Tells the sink, by add(const Obligation &), of every obligation of an instruction, in the order in which
// they are to be checked. A template, so that the kind of each is a constant where it is checked: a walk does
// little else.
template <typename Sink> void for_each_obligation(const Insn &insn, Sink &sink) {
  using namespace obligation_of;
  switch (insn.cls()) {
  case KBPF_CLASS_LD:
    if (insn.is_packet_load()) {
      sink.add({.kind = Obligation::Kind::feature});
      sink.add({.kind = Obligation::Kind::packet_load});
      if (insn.mode() == KBPF_MODE_IND)
        need_initialised(sink, insn.src());
      break;
    }
    need_writable(sink, insn.dst());
    sink.add({.kind = Obligation::Kind::reference});
    break;
  case KBPF_CLASS_LDX:
    need_initialised(sink, insn.src());
    need_writable(sink, insn.dst());
    need_access(sink, insn, insn.src(), Access::read);
    break;
  case KBPF_CLASS_ST:
  case KBPF_CLASS_STX:
    store(sink, insn);
    break;
  case KBPF_CLASS_ALU:
  case KBPF_CLASS_ALU64:
    alu(sink, insn);
    break;
  default:
    if (insn.is_call()) {
      call(sink, insn);
    } else if (insn.is_exit()) {
      sink.add({.kind = Obligation::Kind::return_value, .reg = 0});
    } else {
      jump(sink, insn);
    }
  }
}

} // namespace kbpf
