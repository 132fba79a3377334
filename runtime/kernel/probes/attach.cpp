// SPDX-License-Identifier: MIT OR Apache-2.0
// Attaching and detaching. System calls take turns (the attach lock); the trap handler never waits for them.
#include "kernel/epoch.h"
#include "kernel/log.h"
#include "kernel/memory.h"
#include "kernel/port.h"
#include "kernel/probes/jump_entry.h"
#include "kernel/probes/probes.h"
#include "kernel/probes/registry.h"
#include "kernel/probes/returns.h"
#include "kernel/probes/slots.h"
#include "kernel/probes/target.h"
#include <utility>

namespace kbpf {
namespace probes {
namespace {

class AttachLock {
public:
  AttachLock() {
    while (held.exchange(true, std::memory_order_acquire))
      kbpf_port_relax();
  }
  ~AttachLock() { held.store(false, std::memory_order_release); }
  AttachLock(const AttachLock &) = delete;
  AttachLock &operator=(const AttachLock &) = delete;

private:
  static constinit inline std::atomic<bool> held{false};
};

constinit uint64_t last_serial = 0; // under the attach lock

// Owns a node until it is linked.
template <typename T> class Owned {
public:
  explicit Owned(T *object) : object_(object) {}
  ~Owned() {
    if (object_)
      free_object(object_);
  }
  Owned(const Owned &) = delete;
  Owned &operator=(const Owned &) = delete;
  T *operator->() const { return object_; }
  T &operator*() const { return *object_; }
  explicit operator bool() const { return object_; }
  T &release() { return *std::exchange(object_, nullptr); }

private:
  T *object_;
};

bool write_halfword(uintptr_t address, uint32_t value) {
  const uint16_t halfword = static_cast<uint16_t>(value);
  return kbpf_port_text_write(address, &halfword, sizeof(halfword)) == 0;
}

// Puts a new site with its first attachment into the text.
Result<void> arm(const Target &target, Owned<Attachment> &attachment, TextSink &why) {
  Owned<Site> site(allocate_object<Site>());
  if (!site)
    return Error::no_memory;
  site->address = target.address;
  site->at_entry = target.address == target.symbol.address;
  site->insn = KBPF_TRY(instruction_of(target, why));
  site->by_jump = site->at_entry && prepare_jump(target.address, site->insn);
  if (site->by_jump || site->insn.operation == Operation::out_of_line)
    site->slot = KBPF_TRY(slot_for(target.address, site->insn));

  append_attachment(*site, *attachment);
  link_site(*site);
  if (!write_halfword(target.address, site->by_jump ? kJumpToRoom : kCompressedBreakpoint)) {
    unlink_site(*site);
    wait_for_readers();
    print(why, "{}: the kernel's text cannot be written\n", target.symbol.demangled);
    return Error::not_permitted;
  }
  site.release();
  attachment.release();
  return {};
}

// Restores the text and forgets the site. On return no hart looks at it any more.
Result<void> disarm(Site &site, TextSink &why) {
  if (!write_halfword(site.address, site.insn.encoding)) {
    print(why, "{x}: the kernel's text cannot be written; the probe stays, without a program\n",
          site.address);
    return Error::not_permitted;
  }
  unlink_site(site);
  wait_for_readers();
  free_object(&site);
  return {};
}

// What is asked for: program null stands for all of the owner's, and with no owner for everything.
struct Wanted {
  AttachKind kind;
  const Program *program;
  const void *owner;
  bool match(const Attachment &attachment) const {
    bool whole_target = !program && !owner;
    return attachment.kind == kind && (!program || attachment.program.get() == program) &&
           (whole_target || attachment.owner.object == owner);
  }
};

// Unlinks what is wanted and gives it, chained by `removed`: readers may still stand on these nodes, so their
// own links stay as they are.
Attachment *unlink_matching(Site &site, const Wanted &wanted) {
  Attachment *removed = nullptr;
  std::atomic<Attachment *> *link = &site.attachments;
  while (Attachment *at = link->load(std::memory_order_relaxed)) {
    if (!wanted.match(*at)) {
      link = &at->next;
      continue;
    }
    link->store(at->next.load(std::memory_order_relaxed), std::memory_order_release);
    at->removed = removed;
    removed = at;
  }
  return removed;
}

bool overrides_returns(const Program &program) {
  constexpr int32_t kOverrideReturn = 58;
  for (const Insn &insn : program.insns())
    if (insn.is_call() && insn.src() == 0 && insn.imm == kOverrideReturn)
      return true;
  return false;
}

// Only at the entry of a function that the kernel has marked, where no instruction of it has run.
bool may_override(const Target &target) {
  return target.kind == AttachKind::kprobe && target.address == target.symbol.address &&
         kbpf_port_may_override(target.address);
}

bool is_attached(Site &site, const Wanted &wanted) {
  for (Attachment *at = site.attachments.load(std::memory_order_relaxed); at;
       at = at->next.load(std::memory_order_relaxed))
    if (wanted.match(*at))
      return true;
  return false;
}

bool is_anywhere_attached(Site &site, const Program &program) {
  for (Attachment *at = site.attachments.load(std::memory_order_relaxed); at;
       at = at->next.load(std::memory_order_relaxed))
    if (at->program.get() == &program)
      return true;
  return false;
}

Result<void> detach(const Target &target, const Wanted &wanted, TextSink &why) {
  AttachLock lock;
  Site *site = find_site(target.address);
  Attachment *removed = site ? unlink_matching(*site, wanted) : nullptr;
  if (site)
    note_single(*site);
  if (!removed) {
    print(why, "{}: not attached there\n", target.symbol.demangled);
    return Error::not_found;
  }
  const bool last = !site->attachments.load(std::memory_order_relaxed);
  Result<void> result = last ? disarm(*site, why) : Result<void>();
  if (!last || !result)
    wait_for_readers();
  while (removed)
    free_object(std::exchange(removed, removed->removed));
  return result;
}

} // namespace
} // namespace probes

using namespace probes;

Result<void> attach_at(const Target &target, Ref<Program> program, const AttachOwner &owner, TextSink &why) {
  if (program->type().number != target.prog_type) {
    print(why, "{}: a program of type {} cannot be attached there\n", target.symbol.demangled,
          program->type().name);
    return Error::invalid;
  }
  if (overrides_returns(*program) && !may_override(target)) {
    print(why, "{}: returns can be overridden at the entry of marked functions only\n",
          target.symbol.demangled);
    return Error::invalid;
  }
  if (is_traced(target.kind) &&
      (program->tracing().function.address != target.address ||
       attach_type_of(static_cast<uint32_t>(target.kind)) != program->tracing().attach_type)) {
    print(why, "{}: the program was loaded for another place\n", target.symbol.demangled);
    return Error::invalid;
  }
  if (program->record().sleepable) {
    print(why, "{}: a sleepable program cannot be attached there\n", target.symbol.demangled);
    return Error::invalid;
  }
  AttachLock lock;
  Site *site = find_site(target.address);
  if (site && is_traced(target.kind) && is_anywhere_attached(*site, *program)) {
    print(why, "{}: this program is attached there already\n", target.symbol.demangled);
    return Error::busy;
  }
  if (site && is_attached(*site, {target.kind, program.get(), owner.object})) {
    print(why, "{}: this program is attached there already\n", target.symbol.demangled);
    return Error::already_exists;
  }
  if (is_at_return(target.kind))
    KBPF_TRY(prepare_returns());
  if (target.kind == AttachKind::fexit)
    KBPF_TRY(prepare_arguments());
  Owned<Attachment> attachment(allocate_object<Attachment>());
  if (!attachment)
    return Error::no_memory;
  attachment->program = std::move(program);
  attachment->kind = target.kind;
  attachment->owner = owner;
  attachment->serial = ++last_serial;
  if (!site)
    return arm(target, attachment, why);
  append_attachment(*site, attachment.release());
  return {};
}

Result<void> attach_probe(Ref<Program> program, std::string_view text, TextSink &why) {
  const Target target = KBPF_TRY(resolve_target(text, why));
  const size_t separator = text.find('$');
  log_info("tracepoint parsed: type={} fn={}", text.substr(0, separator), text.substr(separator + 1));
  log_info("symbol resolved, addr: {x}", target.address);
  return attach_at(target, std::move(program), {}, why);
}

Result<Target> find_probe_target(std::string_view text, TextSink &why) {
  const Target target = KBPF_TRY(resolve_target(text, why));
  AttachLock lock;
  KBPF_TRY(instruction_of(target, why));
  return target;
}

Result<void> detach_at(const Target &target, const AttachOwner &owner, TextSink &why) {
  return detach(target, {target.kind, nullptr, owner.object}, why);
}

Result<void> detach_probe(const Program *program, std::string_view text, TextSink &why) {
  const Target target = KBPF_TRY(resolve_target(text, why));
  return detach(target, {target.kind, program, nullptr}, why);
}

Result<void> init_probes() {
  if (kbpf_port_cpu_count() > kMaxCpus)
    return Error::not_supported;
  return {};
}

} // namespace kbpf
