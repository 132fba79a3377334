// SPDX-License-Identifier: MIT OR Apache-2.0
// Probes that are made by writing to kprobe_events of the tracing file system: each is an event with a
// number, which perf_event_open(2) opens as it does a tracepoint's. So do libbpf's "legacy" kprobes.
#pragma once
#include "refkernel/linux/fs/inode.h"

struct kbpf_object;

namespace refkernel {

// kprobe_events, available_filter_functions and available_filter_functions_addrs, in a directory of the
// tracing file system. events: where the directories of these probes' groups go.
SysResult<void> add_kprobe_files(Inode &tracing, Inode &events);

// An event of perf_event_open(2) at the probe of that number, which cannot be deleted as long as the event is
// there. Errors: enoent (no such probe), what the runtime says.
SysResult<kbpf_object *> open_kprobe_event(uint64_t id);

} // namespace refkernel
