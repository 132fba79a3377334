// SPDX-License-Identifier: MIT OR Apache-2.0
// Attaching by name: "kind$symbol".
#include "kernel/log.h"
#include "kernel/probes/named.h"
#include "kernel/syscall/command.h"

namespace kbpf::commands {
namespace {

using Attr = kbpf_attr_attach;

struct Target {
  char buffer[KBPF_MAX_NAME];
  std::string_view text;
};

Result<void> copy_target(const Attr &attr, Target &target) {
  if (attr.target_len == 0)
    return Error::invalid;
  if (attr.target_len >= sizeof(target.buffer))
    return Error::too_big;
  KBPF_TRY(UserPtr(attr.target).copy_in(target.buffer, attr.target_len));
  target.text = {target.buffer, attr.target_len};
  // Some callers count the terminator.
  if (target.text.back() == '\0')
    target.text.remove_suffix(1);
  return {};
}

void report(std::string_view what, std::string_view why) {
  while (!why.empty() && why.back() == '\n')
    why.remove_suffix(1);
  log_info("{}: {}", what, why);
}

} // namespace

Result<int64_t> prog_attach(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(sizeof(Attr)));
  KBPF_TRY(require_for_programs());
  Target target;
  KBPF_TRY(copy_target(attr, target));
  log_info("attach target: {}", target.text);
  Ref<Program> program = KBPF_TRY(program_from_fd(attr.prog_fd));
  log_info("prog found: {}", program->name()[0] ? program->name() : "unnamed");
  char buffer[kLogLine];
  TextBuffer why(buffer, sizeof(buffer));
  Result<void> attached = attach_named(std::move(program), target.text, why);
  if (!attached.ok()) {
    report("not attached", why.text());
    return attached.error();
  }
  log_info("kprobe registered");
  return 0;
}

Result<int64_t> prog_detach(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(sizeof(Attr)));
  KBPF_TRY(require_for_programs());
  Target target;
  KBPF_TRY(copy_target(attr, target));
  Ref<Program> program = KBPF_TRY(program_from_fd(attr.prog_fd));
  char buffer[kLogLine];
  TextBuffer why(buffer, sizeof(buffer));
  Result<void> detached = detach_named(*program, target.text, why);
  if (!detached.ok()) {
    report("not detached", why.text());
    return detached.error();
  }
  log_info("detached: {}", target.text);
  return 0;
}

} // namespace kbpf::commands
