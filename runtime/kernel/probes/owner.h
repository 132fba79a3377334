// SPDX-License-Identifier: MIT OR Apache-2.0
// Who attached a program, and what a program may know of its attachment while it runs.
#pragma once
#include "kernel/epoch.h"
#include "kernel/port.h"
#include <cstdint>

namespace kbpf {

// A program may be at one place once for each owner.
struct AttachOwner {
  const void *object = nullptr; // a link or an event; null: attached by name
  uint64_t cookie = 0;          // the program's to ask for: bpf_get_attach_cookie
};

// What the program that runs on this CPU runs for.
struct AttachedRun {
  uint64_t cookie = 0;
  uintptr_t function = 0; // the probed function; 0: an event
};
extern AttachedRun attached_runs[kMaxCpus];

// [any] Inside the ReadSection of the run.
inline const AttachedRun &current_attached_run() { return attached_runs[kbpf_port_cpu()]; }

} // namespace kbpf
