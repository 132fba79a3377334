// SPDX-License-Identifier: MIT OR Apache-2.0
// kprobes: programs at kernel functions. Attach kinds are those of abi/prog_types.def. Any number of programs
// may be on one address; they run in the order of attaching. An attachment holds a reference on its program
// until it is detached.
#pragma once
#include "core/base/result.h"
#include "core/base/text.h"
#include "kernel/kbpf.h"
#include "kernel/probes/owner.h"
#include "kernel/program.h"
#include <string_view>

namespace kbpf {

// target: "kind$symbol", "kind$symbol+0xOFF" or "kind$0xADDRESS". Errors: invalid (form, kind, not an
// instruction boundary, program type does not fit), not_found (no such symbol), ambiguous (why lists the
// matches), not_permitted (code that may not be probed), already_exists (this program is on this target
// already), no_memory. why gets one line that names the cause.
Result<void> attach_probe(Ref<Program> program, std::string_view target, TextSink &why);

namespace probes {
struct Target;
}
// The same for a place that is resolved already, and an owner other than the caller by name.
Result<void> attach_at(const probes::Target &target, Ref<Program> program, const AttachOwner &owner,
                       TextSink &why);
Result<void> detach_at(const probes::Target &target, const AttachOwner &owner, TextSink &why);

// Where target is, if a probe can be put there. Errors: as above.
Result<probes::Target> find_probe_target(std::string_view target, TextSink &why);

// program null: every program on target. Errors: as above; not_found where it is not attached. On return no
// program of the attachment runs any more, and with the last one the text is back to the byte.
Result<void> detach_probe(const Program *program, std::string_view target, TextSink &why);

Result<void> init_probes(); // once, from kbpf_init. Error: not_supported (more than kMaxCpus harts)

// Times that a program did not run although its probe was hit: inside another program, or no room for one
// more pending return.
uint64_t missed_probe_hits();

// The loader's part of kbpf_on_fault. Where epc is a load in a program's machine code that may fault, makes
// the load read zero, moves epc behind it and returns true.
bool resume_program_fault(kbpf_regs &regs);

} // namespace kbpf
