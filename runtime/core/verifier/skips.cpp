// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/skips.h"
#include "core/isa/encoding.h"

namespace kbpf {

std::optional<uint32_t> skipped_registers(const Analysis &analysis, const State &state) {
  constexpr int16_t kMostSkipped = 4;
  const Insn &jump = analysis.insn(state.insn);
  const Value *regs = state.frame().regs;
  if (jump.off < 0 || jump.off > kMostSkipped || jump.src_is_reg() || regs[jump.dst()].id != 0)
    return {};
  uint32_t written = 1u << jump.dst(); // narrowed, at least
  const uint32_t meeting = static_cast<uint32_t>(jump_target(state.insn, jump));
  for (uint32_t at = state.insn + 1; at != meeting; at++) {
    const Insn &insn = analysis.insn(at);
    if (analysis.cfg.is_join[at] || !(insn.is_alu() || insn.cls() == KBPF_CLASS_LDX))
      return {};
    written |= 1u << insn.dst();
    if (insn.is_alu() && insn.code() == KBPF_ALU_MOV && insn.src_is_reg())
      written |= 1u << insn.src(); // it is linked to its copy
  }
  if (analysis.cfg.is_join[meeting] & Cfg::kIteration)
    return {};
  written &= analysis.cfg.live[meeting];
  for (uint32_t left = written; left; left &= left - 1)
    if (!regs[std::countr_zero(left)].is_scalar())
      return {};
  return written;
}

} // namespace kbpf
