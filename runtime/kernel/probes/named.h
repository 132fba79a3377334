// SPDX-License-Identifier: MIT OR Apache-2.0
// Attaching by name, "kind$name" (abi/prog_types.def): what a kind's name is, and where such programs go.
#pragma once
#include "kernel/probes/probes.h"

namespace kbpf {

// Of a function: as attach_probe. Of an event (tracepoint$SYSTEM/EVENT, raw_tracepoint$EVENT, tp_btf$EVENT):
// errors not_found (no such event), invalid (a program that does not fit), already_exists, no_memory. A
// tracing program goes where it was loaded for and nowhere else. why gets one line that names the cause.
Result<void> attach_named(Ref<Program> program, std::string_view target, TextSink &why);
// What attach_named did. Errors: as above; not_found where it is not attached.
Result<void> detach_named(const Program &program, std::string_view target, TextSink &why);

} // namespace kbpf
