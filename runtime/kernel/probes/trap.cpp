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
#include "kernel/maps/task_storage.h"
#include "kernel/port.h"
#include "kernel/probes/probes.h"
#include "kernel/probes/registry.h"
#include "kernel/probes/returns.h"
#include "kernel/probes/rv64_emulate.h"
#include "kernel/probes/slots.h"
#include "kernel/registers.h"
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
void run_program(const Attachment &attachment, kbpf_regs &regs, uintptr_t address, uintptr_t function,
                 uint32_t cpu) {
  const RunContext run{&regs, function, attachment.owner.cookie};
  RunScope scope(run, cpu);
  if (attachment.program->profile().number == KBPF_PROFILE_ZCORE)
    run_zcore(attachment, regs, address);
  else
    attachment.program->run(&regs);
}

// At the function's entry.
void read_arguments(const kbpf_regs &regs, const TracingTarget &function, CallWords &call) {
  call.count = function.arguments;
  for (uint32_t i = 0; i < call.count && i < kArgumentRegisters; i++)
    call.words[i] = regs.x[kRegA0 + i];
  if (call.count <= kArgumentRegisters)
    return;
  const uint32_t on_stack = call.count - kArgumentRegisters;
  if (kbpf_port_read_kernel(&call.words[kArgumentRegisters], regs.x[kRegSp], on_stack * sizeof(uint64_t)) !=
      0)
    for (uint32_t i = kArgumentRegisters; i < call.count; i++)
      call.words[i] = 0;
}

// What programs of type tracing are told, while one of them after the other runs. Programs cannot change what
// they are given.
class TracedRuns {
public:
  // has_result: it stands behind the arguments.
  TracedRuns(const kbpf_regs &regs, uintptr_t function, CallWords &call, bool has_result, uint32_t cpu)
      : call_(call), run_{&regs, function, 0, call.words, call.count, has_result}, scope_(run_, cpu) {}
  uint64_t run(const Attachment &attachment) {
    run_.cookie = attachment.owner.cookie;
    return attachment.program->run(call_.words);
  }

private:
  CallWords &call_;
  RunContext run_;
  RunScope scope_;
};

const Attachment *first_of(const Site &site) { return site.attachments.load(std::memory_order_acquire); }
const Attachment *next_of(const Attachment *at) { return at->next.load(std::memory_order_acquire); }

void count_missed_programs(const Site &site, uint64_t last_serial, bool at_return) {
  for (const Attachment *at = first_of(site); at && at->serial <= last_serial; at = next_of(at))
    if (is_at_return(at->kind) == at_return)
      at->program->count_missed_run();
}

void count_missed() { missed_hits.fetch_add(1, std::memory_order_relaxed); }

// Inside another program, or the runtime.
void count_missed_entry(const Site &site) {
  if (!first_of(site))
    return;
  count_missed();
  // None of the site's programs sees this call, neither now nor at its return.
  count_missed_programs(site, UINT64_MAX, false);
  count_missed_programs(site, UINT64_MAX, true);
}
void count_missed_return(const ProbedCall &call) {
  count_missed();
  if (const Site *site = find_site(call.function))
    count_missed_programs(*site, call.serial, true);
}

// The programs that may end the call here, by a value that is not 0, until one does.
[[gnu::noinline]] void run_modifiers(const Attachment *at, kbpf_regs &regs, uintptr_t function,
                                     CallWords &words, uint32_t cpu) {
  TracedRuns runs(regs, function, words, true, cpu);
  for (; at; at = next_of(at)) {
    if (at->kind != AttachKind::fmod_ret)
      continue;
    words.words[words.count] = 0; // the result so far
    if (const uint64_t result = runs.run(*at)) {
      regs.x[kRegA0] = result;
      regs.epc = regs.x[kRegRa];
      return;
    }
  }
}

// The programs from at on that want the call's arguments: first all that look on.
[[gnu::noinline]] void run_traced_site(const Attachment *at, kbpf_regs &regs, const ProbedCall &call,
                                       uint32_t cpu) {
  CallWords words;
  read_arguments(regs, at->program->tracing(), words);
  const Attachment *modifier = nullptr;
  {
    TracedRuns runs(regs, call.function, words, false, cpu);
    for (; at; at = next_of(at)) {
      if (at->kind == AttachKind::fentry)
        runs.run(*at);
      else if (at->kind == AttachKind::fmod_ret && !modifier)
        modifier = at;
    }
  }
  if (modifier && regs.epc == call.function)
    run_modifiers(modifier, regs, call.function, words, cpu);
  if (call.serial && !divert_return(regs, call, words.words, words.count))
    count_missed_return(call);
}

// A site with one program of the kind that is most common by far: the words that it gets are still in the
// registers, which it cannot change.
void run_single(const Attachment &attachment, kbpf_regs &regs, uint32_t cpu) {
  const Program &program = *attachment.program;
  uint64_t *const words = &regs.x[kRegA0];
  const uint32_t count = program.tracing().arguments;
  if (attachment.kind == AttachKind::fentry) {
    const RunContext run{&regs, regs.epc, attachment.owner.cookie, words, count};
    RunScope scope(run, cpu);
    program.run(words);
    return;
  }
  const ProbedCall call{regs.epc, attachment.serial};
  if (!divert_return(regs, call, words, count))
    count_missed_return(call);
}

// Runs the programs of a site, those that want the call's beginning now; the others make its return come back
// to us.
void run_site(const Site &site, kbpf_regs &regs, uint32_t cpu) {
  ProbedCall call{site.address, 0};
  const Attachment *traced = nullptr;
  for (const Attachment *at = first_of(site); at; at = next_of(at)) {
    if (is_at_return(at->kind))
      call.serial = at->serial;
    if (is_traced(at->kind))
      traced = traced ? traced : at;
    else if (!is_at_return(at->kind))
      run_program(*at, regs, site.address, site.at_entry ? site.address : 0, cpu);
  }
  if (traced)
    run_traced_site(traced, regs, call, cpu);
  else if (call.serial && !divert_return(regs, call, nullptr, 0))
    count_missed_return(call);
}

void run_traced_return(const Attachment &attachment, EndedCall &ended, const kbpf_regs &regs, uint32_t cpu) {
  CallWords &words = ended.arguments;
  const uint32_t results = attachment.program->tracing().results;
  for (uint32_t i = 0; i < TracingTarget::kMaxResults; i++)
    words.words[words.count + i] = i < results ? regs.x[kRegA0 + i] : 0;
  TracedRuns(regs, ended.call.function, words, true, cpu).run(attachment);
}

// The programs that wait for the call's return and were attached when it began.
void run_return(EndedCall &ended, kbpf_regs &regs, uint32_t cpu) {
  const ProbedCall &call = ended.call;
  const Site *site = find_site(call.function);
  if (!site)
    return;
  for (const Attachment *at = first_of(*site); at && at->serial <= call.serial; at = next_of(at)) {
    if (at->kind == AttachKind::kretprobe_exit)
      run_program(*at, regs, call.function, call.function, cpu);
    else if (at->kind == AttachKind::fexit && ended.has_arguments)
      run_traced_return(*at, ended, regs, cpu);
  }
}

bool finish_calls(kbpf_regs &regs, const ReadSection &section) {
  EndedCall ended;
  do {
    if (!end_call(regs, ended))
      return false;
    if (section.nested())
      count_missed_return(ended.call);
    else
      run_return(ended, regs, section.cpu());
  } while (!ended.last);
  return true;
}

[[gnu::noinline]] bool enter_any_site(const Site &site, kbpf_regs &regs, const ReadSection &section) {
  if (section.nested()) {
    count_missed_entry(site);
    return true;
  }
  run_site(site, regs, section.cpu());
  if (regs.epc == site.address)
    return true;
  regs.epc = regs.x[kRegRa];
  return false;
}

// Runs the programs of the site. False where one of them has returned in the function's place
// (bpf_override_return): epc is then the caller's, or where a return probe waits too, its trampoline.
bool enter_site(const Site &site, kbpf_regs &regs, const ReadSection &section) {
  const Attachment *single = site.single.load(std::memory_order_acquire);
  if (!single || section.nested())
    return enter_any_site(site, regs, section);
  run_single(*single, regs, section.cpu());
  return true;
}

// Runs the programs of the site at epc and moves epc on; false where there is no site.
bool hit_site(kbpf_regs &regs, const ReadSection &section) {
  const Site *site = find_site(regs.epc);
  if (!site)
    return false;
  if (!enter_site(*site, regs, section))
    return true;
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
  if (hit_site(*regs, section))
    return 1;
  if (const uintptr_t continuation = slot_continuation(address)) {
    regs->epc = continuation;
    return 1;
  }
  if (is_trampoline(address))
    return finish_calls(*regs, section);
  if (!holds_breakpoint(address))
    return 1;
  std::atomic_thread_fence(std::memory_order_acquire);
  return hit_site(*regs, section) || !holds_breakpoint(address);
}

// Of the stubs (rv64_stubs.S): where to go on.
extern "C" uintptr_t kbpf_on_entry(kbpf_regs *regs);
extern "C" uintptr_t kbpf_on_return(kbpf_regs *regs);

// No site, or one with a breakpoint: the jump that led here is gone, and the text tells what is there now.
uintptr_t kbpf_on_entry(kbpf_regs *regs) {
  using namespace kbpf;
  using namespace kbpf::probes;
  ReadSection section;
  const Site *site = find_site(regs->epc);
  if (!site || !site->by_jump)
    return regs->epc;
  return enter_site(*site, *regs, section) ? site->slot : regs->epc;
}

uintptr_t kbpf_on_return(kbpf_regs *regs) {
  kbpf::ReadSection section;
  if (!kbpf::probes::finish_calls(*regs, section))
    kbpf_port_panic("a probed function returns, and nobody knows where to");
  return regs->epc;
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
  kbpf::maps::forget_task(id);
}
