// SPDX-License-Identifier: MIT OR Apache-2.0
// An event of perf_event_open(2) that can run a program.
#pragma once
#include "kernel/program.h"

namespace kbpf {

class RunningEvent : public Object {
public:
  // From system calls. Errors: already_exists (it has one), invalid (a program that does not fit), what
  // attaching says.
  virtual Result<void> set_program(Ref<Program> program, uint64_t cookie) = 0;
  virtual void take_program() = 0; // gone, where there was one

protected:
  explicit RunningEvent(Kind event_kind) : Object(event_kind) {}
  ~RunningEvent() = default;
};

// Whether the object is one.
inline bool is_running_event(const Object &object) {
  return object.kind == Object::Kind::probe_event || object.kind == Object::Kind::perf_event;
}

} // namespace kbpf
