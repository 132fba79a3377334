// SPDX-License-Identifier: MIT OR Apache-2.0
// Drives a compilation: scan, lower, relax; later, write. Each step is one walk over the
// program or, where it repeats, over the transfers only: time is linear in the program's length.
#include "core/jit/rv64/jit.h"
#include "core/jit/rv64/lower.h"

namespace kbpf::rv64 {
namespace {

void place_constants(Plan &plan) {
  uint32_t align = plan.constants.empty() && plan.callees.empty() ? 4 : 8;
  plan.constants_offset = (plan.code.size + plan.fixups.back().growth + align - 1) & ~(align - 1);
  plan.callees_offset = plan.constants_offset + static_cast<uint32_t>(plan.constants.size()) * kConstantSize;
  plan.size = plan.callees_offset + static_cast<uint32_t>(plan.callees.size()) * kCalleeSize;
}

void place_faults(Plan &plan) {
  for (FaultEntry &entry : plan.faults) {
    entry.fault = final_offset(plan, entry.fault);
    entry.resume = final_offset(plan, entry.resume);
  }
}

} // namespace

Result<Plan *> plan(const VerifiedProgram &program, const JitOptions &options, Arena &arena) {
  Plan *plan = arena.make<Plan>(program, options);
  if (!plan)
    return Error::no_memory;
  KBPF_TRY(scan(*plan, arena));
  KBPF_TRY(Lowering(*plan, options.cpu, arena).run());
  KBPF_TRY(relax(*plan));
  place_constants(*plan);
  place_faults(*plan);
  return plan;
}

size_t code_size(const Plan &plan) { return plan.size; }

uint32_t native_offset(const Plan &plan, uint32_t insn) {
  size_t index = insn < plan.offsets.size() ? insn : plan.offsets.size() - 1;
  return final_offset(plan, plan.offsets[index]);
}

uint32_t subprogram_offset(const Plan &plan, size_t number) {
  if (number == 0) // what counts tail calls is in front of it
    return 0;
  if (number >= plan.layouts.size())
    return plan.constants_offset;
  const Layout &layout = plan.layouts[number];
  return layout.start + plan.fixups[layout.fixups_before].growth;
}

uint32_t tail_entry(const Plan &plan) {
  const Layout &entry = plan.layouts[0];
  return entry.start + plan.fixups[entry.fixups_before].growth;
}

std::span<const FaultEntry> fault_table(const Plan &plan) { return plan.faults; }

} // namespace kbpf::rv64
