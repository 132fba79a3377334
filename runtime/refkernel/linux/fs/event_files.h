// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once
#include "refkernel/linux/fs/inode.h"

namespace refkernel {

// events, available_events and the files of probes, in a directory of the tracing file system.
SysResult<void> add_event_files(Inode &tracing);

// What is in an event's directory. fields: lines "declaration;offset;size"; print: what stands behind "print
// fmt:".
void write_event_format(kbpf::TextSink &sink, std::string_view name, uint32_t id, std::string_view fields,
                        std::string_view print);
SysResult<Ref<Inode>> make_enable_file();

// A directory in events that processes cannot change; the rest needs namespace_lock.
SysResult<Ref<Inode>> make_event_directory();
SysResult<void> add_to_event_directory(Inode &directory, std::string_view name, Ref<Inode> inode); // eexist
// Takes the event out, and its group's directory where it was the last one.
void forget_event(Inode &events, std::string_view group, std::string_view name);

} // namespace refkernel
