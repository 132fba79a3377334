// SPDX-License-Identifier: MIT OR Apache-2.0
// Machine code of one program: compiled, written to memory that is executable but nowhere writable, and only
// then seen by anyone.
#include "kernel/engine.h"
#include "kernel/helpers/helpers.h"
#include "kernel/log.h"
#include <cstring>

namespace kbpf {
namespace {

constinit rv64::CpuFeatures cpu_features{};
constinit bool pages_can_execute = false;
constinit const kbpf_machine *machine = nullptr;

// Whether the extension of that name stands in a string like "rv64imafdc_zba_zbb".
bool has_extension(std::string_view isa, std::string_view name) {
  for (size_t at = isa.find('_'); at != std::string_view::npos; at = isa.find('_', at + 1)) {
    std::string_view rest = isa.substr(at + 1);
    if (rest.substr(0, rest.find('_')) == name)
      return true;
  }
  return false;
}

// The tables of functions and lines.
Result<void> keep_places(const rv64::Plan &plan, const VerifiedProgram &program,
                         std::span<const kbpf_line_info> lines, Arena &memory, MachineCode &code) {
  std::span<const Subprogram> subprograms = program.subprograms();
  std::span<uint32_t> functions = memory.make_array<uint32_t>(subprograms.size() + 1);
  std::span<uint32_t> places = memory.make_array<uint32_t>(lines.size());
  if (!functions.data() || !places.data())
    return Error::no_memory;
  for (size_t i = 0; i < functions.size(); i++)
    functions[i] = rv64::subprogram_offset(plan, i);
  size_t function = 0;
  for (size_t i = 0; i < lines.size(); i++) {
    while (function < subprograms.size() && subprograms[function].first < lines[i].insn_off)
      function++;
    bool begins = function < subprograms.size() && subprograms[function].first == lines[i].insn_off;
    places[i] = begins ? functions[function] : rv64::native_offset(plan, lines[i].insn_off);
  }
  code.functions = functions;
  code.lines = places;
  return {};
}

} // namespace

void init_engine(const char *isa) {
  std::string_view extensions = isa ? isa : "";
  cpu_features.zba = has_extension(extensions, "zba");
  cpu_features.zbb = has_extension(extensions, "zbb");
  cpu_features.zbc = has_extension(extensions, "zbc");
  machine = kbpf_port_machine();
  Result<Pages> trial = Pages::create(1);
  pages_can_execute = trial.ok() && trial->protect(KBPF_PROT_READ_EXEC);
  if (!pages_can_execute)
    log_info("no executable pages: programs are interpreted");
}

uint32_t told_helpers() {
  if (!machine)
    return 0;
  return (machine->time.multiplier ? told_bit(kKtimeGetNs) : 0) |
         (machine->cpu.base ? told_bit(kGetSmpProcessorId) : 0) |
         (machine->pid_tgid.base ? told_bit(kGetCurrentPidTgid) : 0);
}

Result<MachineCode> compile(const VerifiedProgram &program, std::span<const kbpf_line_info> lines,
                            Arena &scratch, Arena &memory) {
  if (!pages_can_execute)
    return MachineCode{};
  rv64::JitOptions options{cpu_features, &helper_environment(program.profile()), machine};
  Result<rv64::Plan *> planned = rv64::plan(program, options, scratch);
  if (!planned.ok()) {
    if (planned.error() != Error::not_supported)
      return planned.error();
    return MachineCode{};
  }
  MachineCode code;
  const rv64::Plan &plan = **planned;
  const size_t size = rv64::code_size(plan);
  code.memory = KBPF_TRY(CodeMemory::create(size, scratch));
  KBPF_TRY(rv64::emit(plan, code.memory.draft(), code.address()));
  KBPF_TRY(code.memory.publish());
  code.size = size;

  std::span<const rv64::FaultEntry> faults = rv64::fault_table(plan);
  if (!faults.empty()) {
    std::span<rv64::FaultEntry> kept = memory.make_array<rv64::FaultEntry>(faults.size());
    if (!kept.data())
      return Error::no_memory;
    memcpy(kept.data(), faults.data(), faults.size_bytes());
    code.faults = kept;
  }
  KBPF_TRY(keep_places(plan, program, lines, memory, code));
  code.tail_entry = code.address() + rv64::tail_entry(plan);
  code.entry = reinterpret_cast<uint64_t (*)(void *)>(code.memory.data());
  return code;
}

} // namespace kbpf
