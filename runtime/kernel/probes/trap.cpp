// SPDX-License-Identifier: MIT OR Apache-2.0
// What happens when a probe fires: the programs run, then the instruction that the breakpoint replaced is
// emulated or continued in its slot. This path takes no lock and allocates nothing.
//
// Order of events that makes races harmless: a site is linked before its breakpoint is written, and unlinked
// after the text was restored and every hart has fetched it. So a hit without a site is a breakpoint that is
// gone: the text holds the instruction again, and executing it is right. Unless the next probe is armed
// between the two looks: its breakpoint is then seen, and so is its site by a second look. There is no third
// probe in that time, since who disarms waits for this section.
//
// Recursion: programs run inside a ReadSection. A hit whose own section is nested interrupted a program or
// the runtime itself; it runs no program but still executes the instruction. Its path calls nothing that may
// be probed.
#include "kernel/epoch.h"
#include "kernel/kbpf.h"
#include "kernel/port.h"
#include "kernel/probes/probes.h"
#include "kernel/probes/registry.h"
#include "kernel/probes/returns.h"
#include "kernel/probes/rv64_emulate.h"
#include "kernel/probes/slots.h"
#include "kernel/run_context.h"
#include <atomic>

namespace kbpf {
namespace probes {
namespace {

constinit std::atomic<uint64_t> missed_hits{0};

// The context of a zcore program (docs/abi.md): the trap frame of those kernels.
struct ZcoreContext {
  uint64_t ptype, paddr;
  uint64_t regs[32];
  uint64_t sstatus, sepc;
};

[[gnu::noinline]] void run_zcore(const Attachment &attachment, const kbpf_regs &regs, uintptr_t address) {
  ZcoreContext context;
  context.ptype = static_cast<uint64_t>(attachment.kind);
  context.paddr = address;
  context.regs[0] = 0;
  for (unsigned i = 1; i < 32; i++)
    context.regs[i] = regs.x[i - 1];
  context.sstatus = regs.status;
  context.sepc = regs.epc;
  attachment.program->run(&context);
}

// function: 0 where the probe is inside of one.
void run_program(const Attachment &attachment, kbpf_regs &regs, uintptr_t address, uintptr_t function) {
  const RunContext run{&regs, function, attachment.owner.cookie};
  RunScope scope(run);
  if (attachment.program->profile().number == KBPF_PROFILE_ZCORE)
    run_zcore(attachment, regs, address);
  else
    attachment.program->run(&regs);
}

const Attachment *first_of(const Site &site) { return site.attachments.load(std::memory_order_acquire); }
const Attachment *next_of(const Attachment *at) { return at->next.load(std::memory_order_acquire); }

void count_missed() { missed_hits.fetch_add(1, std::memory_order_relaxed); }

// Runs the programs of a site, those that want the call's beginning now; the others make its return come back
// to us.
void run_site(const Site &site, kbpf_regs &regs) {
  ProbedCall call{site.address, 0};
  for (const Attachment *at = first_of(site); at; at = next_of(at)) {
    if (at->kind == AttachKind::kretprobe_exit)
      call.serial = at->serial;
    else
      run_program(*at, regs, site.address, site.at_entry ? site.address : 0);
  }
  if (call.serial && !divert_return(regs, call))
    count_missed();
}

// The programs that wait for the call's return and were attached when it began.
void run_return(const ProbedCall &call, kbpf_regs &regs) {
  const Site *site = find_site(call.function);
  if (!site)
    return;
  for (const Attachment *at = first_of(*site); at && at->serial <= call.serial; at = next_of(at))
    if (at->kind == AttachKind::kretprobe_exit)
      run_program(*at, regs, call.function, call.function);
}

bool finish_calls(kbpf_regs &regs, bool nested) {
  EndedCall ended;
  do {
    if (!end_call(regs, ended))
      return false;
    if (nested)
      count_missed();
    else
      run_return(ended.call, regs);
  } while (!ended.last);
  return true;
}

// Runs the programs of the site at epc and moves epc on; false where there is no site.
bool hit_site(kbpf_regs &regs, bool nested) {
  const Site *site = find_site(regs.epc);
  if (!site)
    return false;
  if (!nested) {
    run_site(*site, regs);
    if (regs.epc != site->address) { // a program returned in the function's place (bpf_override_return)
      constexpr unsigned kRa = 0;    // x1; where a return probe waits too, its trampoline by now
      regs.epc = regs.x[kRa];
      return true;
    }
  } else if (first_of(*site)) {
    count_missed();
  }
  if (site->slot)
    regs.epc = site->slot;
  else
    emulate(site->insn, regs);
  return true;
}

bool holds_breakpoint(uintptr_t address) {
  constexpr uint16_t kBreakpoint[2] = {0x0073, 0x0010}; // ebreak
  uint16_t halfwords[2] = {};
  if (kbpf_port_read_kernel(&halfwords[0], address, 2) != 0)
    return true;
  if (halfwords[0] == kCompressedBreakpoint)
    return true;
  return halfwords[0] == kBreakpoint[0] && kbpf_port_read_kernel(&halfwords[1], address + 2, 2) == 0 &&
         halfwords[1] == kBreakpoint[1];
}

} // namespace
} // namespace probes

uint64_t missed_probe_hits() { return probes::missed_hits.load(std::memory_order_relaxed); }

} // namespace kbpf

int kbpf_on_breakpoint(kbpf_regs *regs) {
  using namespace kbpf;
  using namespace kbpf::probes;
  ReadSection section;
  const uintptr_t address = regs->epc;
  if (hit_site(*regs, section.nested()))
    return 1;
  if (const uintptr_t continuation = slot_continuation(address)) {
    regs->epc = continuation;
    return 1;
  }
  if (is_trampoline(address))
    return finish_calls(*regs, section.nested());
  if (!holds_breakpoint(address))
    return 1;
  std::atomic_thread_fence(std::memory_order_acquire);
  return hit_site(*regs, section.nested()) || !holds_breakpoint(address);
}

int kbpf_on_fault(kbpf_regs *regs) {
  if (kbpf::resume_program_fault(*regs))
    return 1;
  // The kernel handles the fault of a copied instruction as the original's; a restart there fires the probe
  // again.
  if (const uintptr_t origin = kbpf::probes::slot_origin(regs->epc))
    regs->epc = origin;
  return 0;
}

void kbpf_on_thread_exit(uint64_t id) {
  kbpf::ReadSection interrupts_off;
  kbpf::probes::forget_thread(id);
}
