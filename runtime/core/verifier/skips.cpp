// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/skips.h"
#include "core/isa/encoding.h"
#include "core/verifier/cover.h"
#include "core/verifier/precision.h"

namespace kbpf {

std::optional<uint32_t> skipped_registers(const Analysis &analysis, const State &state) {
  constexpr int16_t kMostSkipped = 4;
  const Insn &jump = analysis.insn(state.insn);
  const Value *regs = state.frame().regs;
  if (jump.off < 0 || jump.off > kMostSkipped || jump.src_is_reg() || regs[jump.dst()].id != 0)
    return {};
  uint32_t written = 1u << jump.dst(); // narrowed, at least
  const uint32_t meeting = state.insn + 1 + static_cast<uint32_t>(jump.off);
  for (uint32_t at = state.insn + 1; at != meeting; at++) {
    const Insn &insn = analysis.insn(at);
    if (analysis.cfg.is_join[at] || !(insn.is_alu() || insn.cls() == KBPF_CLASS_LDX))
      return {};
    written |= 1u << insn.dst();
    if (insn.is_alu() && insn.code() == KBPF_ALU_MOV && insn.src_is_reg())
      written |= 1u << insn.src(); // it is linked to its copy
  }
  written &= analysis.cfg.live[meeting];
  if (analysis.cfg.is_join[meeting] & Cfg::kIteration ||
      static_cast<uint32_t>(std::popcount(written)) > Skip::kMostRegisters)
    return {};
  return written;
}

bool ends_at_meeting(const Skip &skip, const State &state) {
  const Snapshot &meeting = *skip.meeting;
  if (meeting.depends_on || meeting.waits_for || meeting.open_paths != 0)
    return false;
  const FrameRecord &frame = meeting.frames()[meeting.frame_count - 1];
  const Value *now = skip.values();
  uint64_t sources = 0;
  for (uint32_t left = skip.registers; left; left &= left - 1, now++) {
    const uint32_t reg = static_cast<uint32_t>(std::countr_zero(left));
    if (!(frame.live >> reg & 1)) // nothing can be asked of it
      continue;
    const PackedValue was(meeting, frame.value_of_register(reg));
    if (was.kind() != Kind::scalar || !now->is_scalar())
      return false;
    if (!(meeting.relied_on >> was.number() & 1))
      continue;
    if (was.id() != 0 || !number_covers(was, now->number))
      return false;
    sources |= now->sources;
  }
  // All else is what it is there, and what was relied on of that was handed on already.
  rely_on(skip.parent, sources, state.longest_demand);
  return true;
}

void take_side(const Skip &skip, State &state) {
  state.insn = skip.insn;
  state.parent = skip.parent;
  state.path_length = skip.path_length;
  const Value *value = skip.values();
  for (uint32_t left = skip.registers; left; left &= left - 1)
    state.reg(static_cast<unsigned>(std::countr_zero(left))) = *value++;
}

} // namespace kbpf
