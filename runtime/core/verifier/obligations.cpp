// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/obligations.h"

namespace kbpf {
namespace {

using Kind = Obligation::Kind;

void need_initialised(ObligationList &list, unsigned reg) {
  list.add({.kind = Kind::initialised, .reg = static_cast<uint8_t>(reg)});
}
void need_writable(ObligationList &list, unsigned reg) {
  list.add({.kind = Kind::not_r10, .reg = static_cast<uint8_t>(reg)});
}
void need_access(ObligationList &list, const Insn &insn, unsigned base, Access access) {
  list.add({.kind = Kind::access,
            .reg = static_cast<uint8_t>(base),
            .access = access,
            .size = static_cast<uint8_t>(insn.access_bytes()),
            .off = insn.off});
}

void alu(ObligationList &list, const Insn &insn) {
  bool one_operand = insn.code() == KBPF_ALU_END || insn.code() == KBPF_ALU_NEG;
  if (insn.src_is_reg() && !one_operand)
    need_initialised(list, insn.src());
  if (insn.code() != KBPF_ALU_MOV)
    need_initialised(list, insn.dst());
  need_writable(list, insn.dst());
  if (one_operand)
    return;
  if (!insn.src_is_reg())
    list.add({.kind = Kind::constant});
  if (insn.code() != KBPF_ALU_MOV)
    list.add({.kind = Kind::movable, .reg = insn.dst()});
}

void store(ObligationList &list, const Insn &insn) {
  if (insn.is_load_acquire()) {
    list.add({.kind = Kind::feature});
    need_initialised(list, insn.src());
    need_writable(list, insn.dst());
    return need_access(list, insn, insn.src(), Access::acquire);
  }
  need_initialised(list, insn.dst());
  if (insn.cls() == KBPF_CLASS_STX)
    need_initialised(list, insn.src());
  if (insn.cls() != KBPF_CLASS_STX || insn.mode() != KBPF_MODE_ATOMIC)
    return need_access(list, insn, insn.dst(), Access::write);
  list.add({.kind = Kind::feature});
  if (insn.is_store_release())
    return need_access(list, insn, insn.dst(), Access::release);
  if (insn.imm == KBPF_ATOMIC_CMPXCHG)
    need_initialised(list, 0);
  else if (insn.imm & KBPF_ATOMIC_FETCH)
    need_writable(list, insn.src());
  need_access(list, insn, insn.dst(), Access::atomic);
}

void call(ObligationList &list, const Insn &insn, const Profile &profile) {
  if (insn.src() != 0) {
    list.add({.kind = Kind::feature});
    return;
  }
  list.add({.kind = Kind::helper});
  const HelperProto *helper = profile.helper(static_cast<uint32_t>(insn.imm));
  for (uint8_t i = 0; helper && i < 5; i++)
    if (helper->args[i] != KBPF_ARG_NONE)
      list.add({.kind = Kind::argument, .reg = static_cast<uint8_t>(i + 1), .arg = helper->args[i]});
}

void jump(ObligationList &list, const Insn &insn) {
  if (insn.code() == KBPF_JMP_JA)
    return;
  if (insn.is_may_goto())
    return list.add({.kind = Kind::feature});
  need_initialised(list, insn.dst());
  if (insn.src_is_reg())
    need_initialised(list, insn.src());
}

} // namespace

ObligationList obligations(const Insn &insn, const Profile &profile) {
  ObligationList list;
  switch (insn.cls()) {
  case KBPF_CLASS_LD:
    if (insn.is_packet_load()) {
      list.add({.kind = Kind::feature});
      if (insn.mode() == KBPF_MODE_IND)
        need_initialised(list, insn.src());
      list.add({.kind = Kind::packet_load});
      break;
    }
    need_writable(list, insn.dst());
    list.add({.kind = Kind::reference});
    break;
  case KBPF_CLASS_LDX:
    need_initialised(list, insn.src());
    need_writable(list, insn.dst());
    need_access(list, insn, insn.src(), Access::read);
    break;
  case KBPF_CLASS_ST:
  case KBPF_CLASS_STX:
    store(list, insn);
    break;
  case KBPF_CLASS_ALU:
  case KBPF_CLASS_ALU64:
    alu(list, insn);
    break;
  default:
    if (insn.is_call()) {
      call(list, insn, profile);
    } else if (insn.is_exit()) {
      need_initialised(list, 0);
      list.add({.kind = Kind::return_value, .reg = 0});
    } else {
      jump(list, insn);
    }
  }
  return list;
}

} // namespace kbpf
