// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/skips.h"
#include "core/isa/encoding.h"
#include "core/verifier/precision.h"

namespace kbpf {

namespace {

[[gnu::always_inline]] inline bool computes(const Insn &insn) {
  constexpr uint32_t kComputing = 1u << KBPF_CLASS_ALU | 1u << KBPF_CLASS_ALU64 | 1u << KBPF_CLASS_LDX;
  return kComputing >> insn.cls() & 1;
}
// The register that a move links to its copy, as a bit.
[[gnu::always_inline]] inline uint32_t links(const Insn &insn) {
  constexpr uint8_t kNarrow = KBPF_CLASS_ALU | KBPF_ALU_MOV | KBPF_SRC_X,
                    kWide = KBPF_CLASS_ALU64 | KBPF_ALU_MOV | KBPF_SRC_X;
  return insn.opcode == kNarrow || insn.opcode == kWide ? 1u << insn.src() : 0;
}

// Whether nothing else in the state is the pointer that the jump tests for null.
[[gnu::noinline]] bool is_only_copy(const Analysis &analysis, const State &state, const Insn &jump) {
  const Value &tested = state.frame().regs[jump.dst()];
  if (!tests_map_value(jump, tested))
    return false;
  if (analysis.is_behind_call(state.insn))
    return true;
  uint32_t copies = 0;
  for_each_value(state,
                 [&](const Value &value) { copies += value.id == tested.id && value.kind == tested.kind; });
  return copies == 1;
}

// A store to what is no part of the state, a map's value or the packet. changed: registers, by what is before
// it.
[[gnu::always_inline]] inline bool is_store_elsewhere(const Insn &insn, const State &state, const Insn &jump,
                                                      uint32_t &changed) {
  const Kind to = state.frame().regs[insn.dst()].kind;
  if ((insn.cls() != KBPF_CLASS_ST && insn.cls() != KBPF_CLASS_STX) || changed >> insn.dst() & 1 ||
      (to != Kind::map_value && to != Kind::packet &&
       (to != Kind::map_value_or_null || jump.dst() != insn.dst())))
    return false;
  if (insn.cls() == KBPF_CLASS_STX && insn.mode() == KBPF_MODE_ATOMIC)
    changed |= 1u << insn.src() | 1u; // what some of them write
  return true;
}

struct Body { // what is between a jump and its target
  const Insn *first, *end;
  const uint8_t *joins; // Cfg::is_join of these
};

// The registers that it writes, or links, as bits, where it does no more than compute and store elsewhere.
[[gnu::noinline]] std::optional<uint32_t> changed_registers(const Body &body, const State &state,
                                                            const Insn &jump) {
  uint32_t changed = 0, linked = 0;
  for (const Insn *insn = body.first; insn != body.end; insn++) {
    if (body.joins[insn - body.first])
      return {};
    if (computes(*insn)) {
      changed |= 1u << insn->dst();
      linked |= links(*insn);
    } else if (!is_store_elsewhere(*insn, state, jump, changed)) {
      return {};
    }
  }
  return changed | linked;
}

} // namespace

std::optional<uint32_t> skipped_registers(const Analysis &analysis, const State &state) {
  constexpr uint16_t kMostSkipped = 4;
  const Insn &jump = analysis.insn(state.insn);
  const Value *regs = state.frame().regs;
  const uint16_t count = static_cast<uint16_t>(jump.off);
  if (count > kMostSkipped || jump.src_is_reg())
    return {};
  const uint8_t *const joins = &analysis.cfg.is_join[state.insn + 1];
  const uint32_t live = analysis.cfg.live[state.insn + 1 + count];
  const Value &compared = regs[jump.dst()];
  if (joins[count] & Cfg::kIteration ||
      (compared.is_scalar() ? compared.id != 0 : !is_only_copy(analysis, state, jump)))
    return {};
  uint32_t differing = 1u << jump.dst(); // narrowed, at least
  if (count == 1 && computes((&jump)[1]) && !joins[0]) {
    differing |= 1u << (&jump)[1].dst() | links((&jump)[1]);
  } else {
    const std::optional<uint32_t> changed =
        changed_registers({&jump + 1, &jump + 1 + count, joins}, state, jump);
    if (!changed)
      return {};
    differing |= *changed;
  }
  differing &= live;
  for (uint32_t left = differing; left; left &= left - 1)
    if (!regs[std::countr_zero(left)].is_scalar())
      return {};
  return differing;
}

bool is_within_skipped(const Skip &skip, const State &jumped, const State &passed) {
  for (uint32_t left = skip.registers; left; left &= left - 1) {
    const unsigned reg = static_cast<unsigned>(std::countr_zero(left));
    const Value &inner = jumped.reg(reg), &outer = passed.reg(reg);
    if (!inner.is_scalar() || !outer.is_scalar() || outer.id != 0 || !is_subset(inner.number, outer.number))
      return false;
  }
  for (uint32_t left = skip.registers; left; left &= left - 1)
    rely_on(jumped, jumped.reg(static_cast<unsigned>(std::countr_zero(left))));
  return true;
}

} // namespace kbpf
