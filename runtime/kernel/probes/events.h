// SPDX-License-Identifier: MIT OR Apache-2.0
// Programs at the events that the host kernel reports (kbpf_event in kbpf.h): those of type tracepoint get
// the event's record, those of types raw_tracepoint and tracing its arguments.
#pragma once
#include "core/base/result.h"
#include "kernel/kbpf.h"
#include "kernel/probes/owner.h"
#include "kernel/program.h"
#include <string_view>

namespace kbpf {

// By its number, or by its name, which for raw tracepoints is all that there is. Null: none.
kbpf_event *find_event(uint32_t id);
kbpf_event *find_event(std::string_view system, std::string_view name);
kbpf_event *find_raw_event(std::string_view name);

// Errors: invalid (no program for it, or a form that the event does not have), already_exists (the owner has
// that program there), no_memory.
Result<void> attach_event(kbpf_event &event, Ref<Program> program, const AttachOwner &owner);
// On return the owner's programs run there no more; program, where not null: that one of them. Error:
// not_found.
Result<void> detach_event(kbpf_event &event, const AttachOwner &owner, const Program *program = nullptr);

} // namespace kbpf
