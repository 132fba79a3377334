// SPDX-License-Identifier: MIT OR Apache-2.0
// A program made ready to run: its address space is built while the old program, if there is one, still runs.
#pragma once
#include "core/base/text.h"
#include "refkernel/linux/fs/inode.h"
#include "refkernel/linux/process.h"

namespace refkernel {

// Arguments and environment: NUL-terminated strings behind each other in kernel memory.
struct ExecStrings {
  char *bytes = nullptr; // heap
  size_t capacity = 0, used = 0;
  size_t argument_count = 0, environment_count = 0, argument_bytes = 0;
  ~ExecStrings() { heap_free(bytes, capacity, 1); }
  SysResult<void> append_raw(std::string_view text); // as it is
  SysResult<void> append(std::string_view text);     // with a terminator; e2big beyond 2 MiB in all
};

struct HeapText final : kbpf::TextSink {
  char *bytes = nullptr;
  size_t size = 0;
  bool failed = false;
  void append(std::string_view text) override;
  ~HeapText() { heap_free(bytes, size, 1); }
};

struct PreparedProgram {
  Ref<AddressSpace> space;
  uintptr_t entry = 0, stack_pointer = 0, argument_start = 0, argument_end = 0, environment_end = 0;
  HeapText path;
  Ref<Inode> inode;
  void describe(Process &process); // swaps all of it into process; with tasks_lock held where others see it
};

// Finds, checks and maps the program (and its script interpreter and dynamic loader) with the caller's
// credentials.
SysResult<void> prepare_program(std::string_view path, Ref<Inode> directory, ExecStrings &strings,
                                PreparedProgram &prepared);

} // namespace refkernel
