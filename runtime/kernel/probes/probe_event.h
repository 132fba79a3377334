// SPDX-License-Identifier: MIT OR Apache-2.0
// An event of perf_event_open(2) that runs a program: a place in the kernel's text, or an event that the
// kernel reports, and the program that the process gave it, which runs until it is taken away or the event
// ends, whether the event is enabled or not.
#pragma once
#include "core/base/text.h"
#include "kernel/probes/events.h"
#include "kernel/probes/probes.h"
#include "kernel/probes/target.h"
#include "kernel/running_event.h"

namespace kbpf {

class ProbeEvent final : public RunningEvent {
public:
  // Errors: those of find_probe_target, no_memory.
  static Result<Ref<ProbeEvent>> create(std::string_view target, TextSink &why);
  static Result<Ref<ProbeEvent>> create(kbpf_event &event);

  Result<void> set_program(Ref<Program> program, uint64_t cookie) override;
  void take_program() override;
  Result<void> enable_event(bool) override { return {}; }

  // Shares: the program may be taken away meanwhile.
  Ref<Program> program();
  void on_end(void (*ended)(void *user), void *user) {
    ended_ = ended;
    ended_user_ = user;
  }
  uint64_t id() const { return id_; }
  uint64_t cookie() const { return cookie_; }
  const kbpf_event *event() const { return event_; }       // null: a probe
  const probes::Target &target() const { return target_; } // of a probe
  bool is_return() const { return target_.kind == probes::AttachKind::kretprobe_exit; }

  void destroy() override;

private:
  template <typename T, typename... Args> friend T *allocate_object(Args &&...args);
  template <typename T> friend void free_object(T *object);
  ProbeEvent();
  ~ProbeEvent() = default;
  Result<void> attach();
  void detach();
  AttachOwner owner() const { return {this, cookie_}; }

  kbpf_event *event_ = nullptr;
  probes::Target target_;
  const uint64_t id_;
  void (*ended_)(void *user) = nullptr;
  void *ended_user_ = nullptr;
  std::atomic<bool> lock_{false}; // of what follows; system calls wait for each other
  Ref<Program> program_;
  uint64_t cookie_ = 0;
};

} // namespace kbpf
