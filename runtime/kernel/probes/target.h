// SPDX-License-Identifier: MIT OR Apache-2.0
// Where a probe goes: "kind$symbol", "kind$symbol+0xOFF" or "kind$0xADDRESS", and the instruction that is
// there.
#pragma once
#include "core/base/result.h"
#include "core/base/text.h"
#include "kernel/port.h"
#include "kernel/probes/registry.h"
#include <string_view>

namespace kbpf::probes {

struct Target {
  AttachKind kind{};
  uint32_t prog_type = 0; // number of the program type that the kind runs
  kbpf_symbol symbol{};   // the function
  uintptr_t address = 0;
};

// "kind$name" in parts. Error: invalid (another form, or no such kind); why gets one line.
struct NamedPlace {
  AttachKind kind;
  uint32_t prog_type;
  std::string_view name;
};
Result<NamedPlace> split_target(std::string_view text, TextSink &why);

// Of kinds whose place is a function. Errors: invalid, not_found, ambiguous, not_permitted; why gets one
// line.
Result<Target> resolve_target(std::string_view text, TextSink &why);

// The function that a tracing program is for. Error: not_permitted; why gets one line.
Result<Target> target_of(const TracingTarget &tracing, TextSink &why);

// The instruction at target, as the text holds it without probes. Walks the function from its start, under
// the attach lock. Errors: invalid (not the start of an instruction, or one that cannot be probed),
// bad_address; why gets one line.
Result<NativeInsn> instruction_of(const Target &target, TextSink &why);

} // namespace kbpf::probes
