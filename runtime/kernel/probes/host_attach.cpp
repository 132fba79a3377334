// SPDX-License-Identifier: MIT OR Apache-2.0
// Probes for the kernel that hosts the runtime: what it attaches for its own interfaces (Linux's perf events)
// instead of a command of bpf(2). Why something was refused goes to the kernel's log.
#include "kernel/log.h"
#include "kernel/probes/probes.h"

namespace kbpf {
namespace {

// One line of explanation, for the log.
class Reason {
public:
  TextSink &sink() { return text_; }
  int report(std::string_view what, Error error) {
    std::string_view text = text_.text();
    if (text.ends_with('\n'))
      text.remove_suffix(1);
    log_info("{}: {}", what, text);
    return -to_errno(error);
  }

private:
  char buffer_[kLogLine];
  TextBuffer text_{buffer_, sizeof(buffer_)};
};

} // namespace
} // namespace kbpf

using namespace kbpf;

int kbpf_probe_check(const char *target, size_t size) {
  Reason reason;
  Result<void> checked = check_probe_target({target, size}, reason.sink());
  return checked.ok() ? 0 : reason.report("no place for a probe", checked.error());
}

int kbpf_probe_attach(kbpf_object *object, const char *target, size_t size) {
  if (object->kind != kbpf_object::Kind::program)
    return -to_errno(Error::invalid);
  Reason reason;
  Result<void> attached =
      attach_probe(Ref<Program>::share(static_cast<Program *>(object)), {target, size}, reason.sink());
  return attached.ok() ? 0 : reason.report("not attached", attached.error());
}

int kbpf_probe_detach(kbpf_object *object, const char *target, size_t size) {
  if (object->kind != kbpf_object::Kind::program)
    return -to_errno(Error::invalid);
  Reason reason;
  Result<void> detached = detach_probe(static_cast<Program *>(object), {target, size}, reason.sink());
  return detached.ok() ? 0 : reason.report("not detached", detached.error());
}
