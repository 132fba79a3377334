// SPDX-License-Identifier: MIT OR Apache-2.0
// Why something was refused goes to the kernel's log: perf_event_open(2) has no place for it.
//
// Whether an event is enabled decides over its samples and counts, of which there are none here. Its program
// is in the list of the place's programs as long as the event has it, as on Linux, where libbpf disables an
// event whose pinned link is to go on running.
#include "kernel/probes/probe_event.h"
#include "kernel/log.h"
#include "kernel/memory.h"

namespace kbpf {
namespace {

constinit std::atomic<uint64_t> last_id{0};

// One line of explanation, for the log.
class Reason {
public:
  TextSink &sink() { return text_; }
  Error report(std::string_view what, Error error) {
    std::string_view text = text_.text();
    if (text.ends_with('\n'))
      text.remove_suffix(1);
    log_info("{}: {}", what, text);
    return error;
  }

private:
  char buffer_[kLogLine];
  TextBuffer text_{buffer_, sizeof(buffer_)};
};

class CallLock {
public:
  explicit CallLock(std::atomic<bool> &lock) : lock_(lock) {
    while (lock_.exchange(true, std::memory_order_acquire))
      kbpf_port_relax();
  }
  ~CallLock() { lock_.store(false, std::memory_order_release); }
  CallLock(const CallLock &) = delete;
  CallLock &operator=(const CallLock &) = delete;

private:
  std::atomic<bool> &lock_;
};

} // namespace

ProbeEvent::ProbeEvent()
    : RunningEvent(Kind::probe_event), id_(last_id.fetch_add(1, std::memory_order_relaxed) + 1) {}

Result<Ref<ProbeEvent>> ProbeEvent::create(std::string_view target, TextSink &why) {
  probes::Target place = KBPF_TRY(find_probe_target(target, why));
  ProbeEvent *event = allocate_object<ProbeEvent>();
  if (!event)
    return Error::no_memory;
  event->target_ = place;
  return Ref<ProbeEvent>::adopt(event);
}

Result<Ref<ProbeEvent>> ProbeEvent::create(kbpf_event &event) {
  ProbeEvent *made = allocate_object<ProbeEvent>();
  if (!made)
    return Error::no_memory;
  made->event_ = &event;
  return Ref<ProbeEvent>::adopt(made);
}

Result<void> ProbeEvent::attach() {
  if (event_)
    return attach_event(*event_, Ref<Program>::share(program_.get()), owner());
  Reason reason;
  Result<void> attached = attach_at(target_, Ref<Program>::share(program_.get()), owner(), reason.sink());
  return attached.ok() ? Result<void>() : reason.report("not attached", attached.error());
}

void ProbeEvent::detach() {
  Reason reason;
  Result<void> detached =
      event_ ? detach_event(*event_, owner()) : detach_at(target_, owner(), reason.sink());
  if (!detached.ok())
    (void)reason.report("not detached", detached.error());
}

Result<void> ProbeEvent::set_program(Ref<Program> program, uint64_t cookie) {
  CallLock guard(lock_);
  if (program_)
    return Error::already_exists;
  constexpr uint32_t kRawTracepoint = 17, kPerfEventProgram = 7;
  if ((event_ && program->type().number == kRawTracepoint) || program->type().number == kPerfEventProgram)
    return Error::invalid;
  program_ = std::move(program);
  cookie_ = cookie;
  Result<void> attached = attach();
  if (!attached.ok())
    program_.reset();
  return attached;
}

void ProbeEvent::take_program() {
  CallLock guard(lock_);
  if (program_)
    detach();
  program_.reset();
}

Ref<Program> ProbeEvent::program() {
  CallLock guard(lock_);
  return Ref<Program>::share(program_.get());
}

void ProbeEvent::destroy() {
  take_program();
  if (ended_)
    ended_(ended_user_);
  free_object(this);
}

} // namespace kbpf

using namespace kbpf;

int kbpf_probe_event_create(const char *target, size_t size, kbpf_object **event) {
  Reason reason;
  Result<Ref<ProbeEvent>> made = ProbeEvent::create({target, size}, reason.sink());
  if (!made.ok())
    return -to_errno(reason.report("no place for a probe", made.error()));
  *event = (*made).release();
  return 0;
}

int kbpf_event_create(uint64_t id, kbpf_object **event) {
  kbpf_event *reported = id <= UINT32_MAX ? find_event(static_cast<uint32_t>(id)) : nullptr;
  if (!reported)
    return -to_errno(Error::not_found);
  Result<Ref<ProbeEvent>> made = ProbeEvent::create(*reported);
  if (!made.ok())
    return -to_errno(made.error());
  *event = (*made).release();
  return 0;
}

int kbpf_perf_event_set_program(kbpf_object *event, kbpf_object *program) {
  if (!is_running_event(*event) || program->kind != kbpf_object::Kind::program)
    return -to_errno(Error::invalid);
  Result<void> set = static_cast<RunningEvent *>(event)->set_program(
      Ref<Program>::share(static_cast<Program *>(program)), 0);
  return set.ok() ? 0 : -to_errno(set.error());
}

void kbpf_probe_event_on_end(kbpf_object *event, void (*ended)(void *user), void *user) {
  static_cast<ProbeEvent *>(event)->on_end(ended, user);
}

int kbpf_is_perf_event(const kbpf_object *object) { return is_running_event(*object); }
