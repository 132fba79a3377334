// SPDX-License-Identifier: MIT OR Apache-2.0
// Processors for which there is no code generator.
#include "kernel/engine.h"

namespace kbpf {

void init_engine(const char *) {}

// The interpreter asks the helpers.
uint32_t told_helpers() {
  return told_bit(kKtimeGetNs) | told_bit(kGetSmpProcessorId) | told_bit(kGetCurrentPidTgid);
}

Result<MachineCode> compile(const VerifiedProgram &, std::span<const kbpf_line_info>, Arena &, Arena &) { return MachineCode{}; }

} // namespace kbpf
