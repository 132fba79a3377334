// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/run_context.h"
#include "kernel/epoch.h"

namespace kbpf {

constinit RunScope::CpuRun RunScope::runs[kMaxCpus];

const RunContext &current_run() {
  static constexpr RunContext kNone{};
  const RunContext *run = RunScope::runs[kbpf_port_cpu()].run;
  return run ? *run : kNone;
}

} // namespace kbpf
