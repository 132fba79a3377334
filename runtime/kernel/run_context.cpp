// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/run_context.h"
#include "kernel/epoch.h"
#include "kernel/port.h"

namespace kbpf {
namespace {

struct alignas(64) CpuRun {
  const RunContext *run = nullptr; // touched by its own CPU only, interrupts off
};
constinit CpuRun runs[kMaxCpus];
constexpr RunContext kNone{};

} // namespace

RunScope::RunScope(const RunContext &run) : slot_(runs[kbpf_port_cpu()].run), outer_(slot_) { slot_ = &run; }
RunScope::~RunScope() { slot_ = outer_; }

const RunContext &current_run() {
  const RunContext *run = runs[kbpf_port_cpu()].run;
  return run ? *run : kNone;
}

} // namespace kbpf
