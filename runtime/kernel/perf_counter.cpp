// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/perf_counter.h"
#include "kernel/epoch.h"
#include "kernel/perf_event.h"
#include "kernel/port.h"
#include "kernel/run_context.h"
#include "kernel/spinlock.h"
#include <algorithm>

namespace kbpf {
namespace {

constexpr uint64_t kNever = UINT64_MAX;
constexpr uint64_t kMinGap = 10'000;                      // ns, between two samples
constexpr uint64_t kUserMode = 0, kPreviousMode = 1 << 8; // sstatus.SPP

// The events that were enabled on a CPU. Changed under the lock; its timer interrupt walks it without.
struct CpuList {
  std::atomic<PerfCounter *> first{nullptr};
  uint64_t next_sample = kNever; // the CPU's alone
};
constinit CpuList lists[kMaxCpus];
constinit SpinLock lists_lock;

bool is_user(const kbpf_regs &regs) { return (regs.status & kPreviousMode) == kUserMode; }

// Linux's struct bpf_perf_event_data: the first words of kbpf_regs are user_regs_struct.
struct SampleContext {
  uint64_t registers[32];
  uint64_t period, address;
};
static_assert(sizeof(SampleContext) == 272 && offsetof(kbpf_regs, x) == 8);

} // namespace

Result<void> EventProgram::set(Ref<Program> program, uint64_t cookie) {
  while (lock_.exchange(true, std::memory_order_acquire))
    kbpf_port_relax();
  const bool is_free = !program_.load(std::memory_order_relaxed);
  if (is_free) {
    cookie_ = cookie;
    program_.store(program.release(), std::memory_order_release);
  }
  lock_.store(false, std::memory_order_release);
  return is_free ? Result<void>() : Error::already_exists;
}

void EventProgram::take() {
  while (lock_.exchange(true, std::memory_order_acquire))
    kbpf_port_relax();
  Ref<Program> program = Ref<Program>::adopt(program_.exchange(nullptr, std::memory_order_relaxed));
  if (program)
    wait_for_readers();
  lock_.store(false, std::memory_order_release);
}

Result<uint64_t> read_counter(uint8_t source) {
  uint64_t value = 0;
  if (source == KBPF_EVENT_CLOCK)
    return kbpf_port_time_ns();
  const kbpf_counter counter = source == KBPF_EVENT_CYCLES ? KBPF_COUNTER_CYCLES : KBPF_COUNTER_INSTRUCTIONS;
  if (kbpf_port_counter(counter, &value) != 0)
    return Error::unsupported_operation;
  return value;
}

// Its CPU serves the event at least once after this call began.
void PerfCounter::ask_cpu() {
  const uint32_t turn = asked_.fetch_add(1, std::memory_order_acq_rel) + 1;
  kbpf_port_cpu_kick(static_cast<uint32_t>(attr_.cpu));
  while (static_cast<int32_t>(served_.load(std::memory_order_acquire) - turn) < 0)
    kbpf_port_relax();
}

void PerfCounter::enable(bool enabled) {
  {
    SpinGuard guard(lists_lock);
    if (!linked_) {
      if (!enabled)
        return;
      std::atomic<PerfCounter *> &first = lists[attr_.cpu].first;
      next_.store(first.load(std::memory_order_relaxed), std::memory_order_relaxed);
      first.store(this, std::memory_order_release);
      linked_ = true;
    }
  }
  wanted_.store(enabled, std::memory_order_release);
  ask_cpu();
}

PerfCounter::Value PerfCounter::read() {
  bool is_linked;
  {
    SpinGuard guard(lists_lock);
    is_linked = linked_;
  }
  if (!is_linked)
    return {};
  ask_cpu();
  SpinGuard guard(lists_lock);
  return last_;
}

void PerfCounter::end() {
  program_.take();
  bool was_linked;
  {
    SpinGuard guard(lists_lock);
    was_linked = linked_;
    std::atomic<PerfCounter *> *link = &lists[attr_.cpu < 0 ? 0 : attr_.cpu].first;
    while (was_linked && link->load(std::memory_order_relaxed) != this)
      link = &link->load(std::memory_order_relaxed)->next_;
    if (was_linked)
      link->store(next_.load(std::memory_order_relaxed), std::memory_order_release);
    linked_ = false;
  }
  if (was_linked)
    wait_for_readers();
}

PerfCounter::Value PerfCounter::value_at(uint64_t now) const {
  Value value{count_, enabled_ns_};
  if (!running_.load(std::memory_order_relaxed))
    return value;
  Result<uint64_t> counter = read_counter(attr_.source);
  value.count += counter.ok() ? *counter - base_ : 0;
  value.enabled_ns += now - started_;
  return value;
}

Result<PerfCounter::Value> PerfCounter::read_here() const {
  if (static_cast<uint32_t>(attr_.cpu) != kbpf_port_cpu())
    return Error::invalid;
  return value_at(kbpf_port_time_ns());
}

bool PerfCounter::is_excluded(const kbpf_regs &regs) const {
  if (is_user(regs) ? attr_.exclude_user : attr_.exclude_kernel)
    return true;
  kbpf_thread thread{};
  if (attr_.exclude_idle)
    kbpf_port_current(&thread);
  return attr_.exclude_idle && !is_user(regs) && thread.tid == 0;
}

void PerfCounter::sample(kbpf_regs &regs) {
  if (is_excluded(regs))
    return;
  if (const Program *program = program_.get()) {
    SampleContext context;
    context.registers[0] = regs.epc;
    std::copy(regs.x, regs.x + 31, context.registers + 1);
    context.period = attr_.period;
    context.address = 0;
    RunContext run{is_user(regs) ? nullptr : &regs, 0, program_.cookie()};
    run.event = &event_;
    RunScope scope(run);
    if (!program->run(&context))
      return;
  }
  (void)event_.write_sample(regs.epc).ok(); // nobody may have mapped it, or read it in time
}

void PerfCounter::serve(kbpf_regs *regs, uint64_t now) {
  const uint32_t turn = asked_.load(std::memory_order_acquire);
  const bool wanted = wanted_.load(std::memory_order_acquire);
  const bool running = running_.load(std::memory_order_relaxed);
  if (running && !wanted) {
    const Value value = value_at(now);
    count_ = value.count;
    enabled_ns_ = value.enabled_ns;
    running_.store(false, std::memory_order_relaxed);
  } else if (!running && wanted) {
    started_ = now;
    Result<uint64_t> counter = read_counter(attr_.source);
    base_ = counter.ok() ? *counter : 0;
    due_ = samples() ? now + attr_.period : kNever;
    running_.store(true, std::memory_order_relaxed);
  } else if (running && now >= due_ && regs) {
    due_ = now + attr_.period - (now - due_) % attr_.period;
    sample(*regs);
    // A program that takes longer than the period must not keep the CPU for itself.
    const uint64_t end = kbpf_port_time_ns();
    due_ = std::max(due_, end + std::max(kMinGap, end - now));
  }
  if (turn == served_.load(std::memory_order_relaxed))
    return;
  {
    SpinGuard guard(lists_lock);
    last_ = value_at(now);
  }
  served_.store(turn, std::memory_order_release);
}

uint64_t serve_perf_counters(kbpf_regs *regs) {
  CpuList &list = lists[kbpf_port_cpu() % kMaxCpus];
  const uint64_t start = kbpf_port_time_ns();
  uint64_t next = kNever;
  for (PerfCounter *at = list.first.load(std::memory_order_acquire); at;
       at = at->next_.load(std::memory_order_acquire)) {
    at->serve(regs, kbpf_port_time_ns());
    if (at->running_.load(std::memory_order_relaxed))
      next = std::min(next, at->due_);
  }
  // However many they are, together they leave the CPU three quarters of its time (Linux: perf_cpu_time_max_percent).
  const uint64_t end = kbpf_port_time_ns();
  if (next != kNever)
    next = std::max(next, end + 3 * (end - start));
  list.next_sample = next;
  return next;
}

uint64_t next_sample_ns() { return lists[kbpf_port_cpu() % kMaxCpus].next_sample; }

} // namespace kbpf
