// SPDX-License-Identifier: MIT OR Apache-2.0
// Drives a compilation: scan, find demands, measure, relax; later, write. Time is linear in the program's
// length but for relaxation, which repeats a cheap walk while transfers still grow.
#include "core/jit/rv64/jit.h"
#include "core/jit/rv64/lower.h"

namespace kbpf::rv64 {
namespace {

void place_faults(Plan &plan) {
  for (FaultEntry &entry : plan.faults) {
    uint32_t insn = entry.resume;
    entry.fault += plan.offsets[insn];
    entry.resume = plan.offsets[insn] + plan.sizes[insn];
  }
}

} // namespace

Result<Plan *> plan(const VerifiedProgram &program, const JitOptions &options, Arena &arena) {
  Plan *plan = arena.make<Plan>(program, options);
  if (!plan)
    return Error::no_memory;
  KBPF_TRY(scan(*plan, arena));
  KBPF_TRY(find_undemanded(*plan, arena));
  Emitter measure(options.cpu, {});
  Lowering lowering(*plan, measure, 0, true);
  KBPF_TRY(lowering.run());
  plan->transfers = plan->transfers.first(lowering.transfers());
  plan->faults = plan->faults.first(lowering.faults());
  KBPF_TRY(relax(*plan));
  place_faults(*plan);
  return plan;
}

size_t code_size(const Plan &plan) { return (plan.offsets.back() + 3) & ~size_t{3}; }

Result<void> emit(const Plan &plan, std::span<std::byte> out, uint64_t run_address) {
  CodeRegion region = plan.options.region;
  size_t size = code_size(plan);
  if (out.size() < size)
    return Error::out_of_range;
  bool inside = run_address >= region.low && run_address < region.high && region.high - run_address >= size;
  if (region.low < region.high && !inside)
    return Error::out_of_range;
  Emitter emitter(plan.options.cpu, out.first(size));
  Lowering lowering(plan, emitter, run_address, false);
  KBPF_TRY(lowering.run());
  while (emitter.position() < size) // an all-zero half-word is no instruction
    emitter.padding();
  return {};
}

uint32_t native_offset(const Plan &plan, uint32_t insn) {
  return plan.offsets[insn < plan.offsets.size() ? insn : plan.offsets.size() - 1];
}

std::span<const FaultEntry> fault_table(const Plan &plan) { return plan.faults; }

} // namespace kbpf::rv64
