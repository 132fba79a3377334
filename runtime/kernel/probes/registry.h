// SPDX-License-Identifier: MIT OR Apache-2.0
// Which programs are at which address. The trap handler walks this without a lock, inside a ReadSection;
// system calls change it under the attach lock. Nodes are linked by release stores, unlinked, and freed after
// wait_for_readers.
#pragma once
#include "kernel/probes/owner.h"
#include "kernel/probes/rv64_insn.h"
#include "kernel/program.h"
#include <atomic>

namespace kbpf::probes {

// Attach kinds, numbered as in abi/prog_types.def.
enum class AttachKind : uint32_t {
#define KBPF_PROG_TYPE(number, name, NAME, context, since, text)
#define KBPF_SECTION(prefix, prog_type, attach_kind, extra, since)
#define KBPF_ATTACH_KIND(number, name, text, prog_type, since) name = number,
#include "abi/prog_types.def"
#undef KBPF_PROG_TYPE
#undef KBPF_SECTION
#undef KBPF_ATTACH_KIND
};

// Whose place is no function but an event of the kernel.
constexpr bool is_event(AttachKind kind) {
  return kind == AttachKind::tracepoint || kind == AttachKind::raw_tracepoint || kind == AttachKind::tp_btf;
}
// Of programs of type tracing, which get the function's arguments.
constexpr bool is_traced(AttachKind kind) {
  return kind == AttachKind::fentry || kind == AttachKind::fexit || kind == AttachKind::fmod_ret;
}
constexpr bool is_at_return(AttachKind kind) {
  return kind == AttachKind::kretprobe_exit || kind == AttachKind::fexit;
}

constexpr uint32_t kArgumentRegisters = 8;

struct Attachment {
  std::atomic<Attachment *> next{nullptr};
  Ref<Program> program;
  AttachKind kind{};
  AttachOwner owner;
  uint64_t serial = 0; // grows with each attachment: a return runs only what was attached when its call began
  Attachment *removed = nullptr; // chains what is unlinked and waits for its readers
};

// A probed instruction. Everything but the links is constant while the site is in the registry.
struct Site {
  std::atomic<Site *> next{nullptr};
  std::atomic<Attachment *> attachments{nullptr}; // in the order of attaching
  // The only attachment, where it is of kind fentry or fexit and the function's arguments are all in
  // registers.
  std::atomic<const Attachment *> single{nullptr};
  uintptr_t address = 0;
  uintptr_t slot = 0; // where the copy runs; 0: emulated
  NativeInsn insn;
  bool at_entry = false; // of a function
  bool by_jump = false;  // no breakpoint: a jump leads to the entry stub (jump_entry.h)
};

// Any context, in a ReadSection or under the attach lock. Null where nothing is at address.
Site *find_site(uintptr_t address);

// Under the attach lock.
void link_site(Site &site);
void unlink_site(Site &site);
void append_attachment(Site &site, Attachment &attachment);
void note_single(Site &site); // after each change of its attachments, before their readers are waited for

} // namespace kbpf::probes
