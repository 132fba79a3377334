// SPDX-License-Identifier: MIT OR Apache-2.0
// The firmware starts one hart and holds the others until hart_start (SBI extension HSM). Each gets an idle
// thread, whose stack it runs on, and a spare stack for reports of full ones.
#include "refkernel/machine/harts.h"
#include "refkernel/machine/csr.h"
#include "refkernel/machine/device_tree.h"
#include "refkernel/machine/log.h"
#include "refkernel/machine/panic.h"
#include "refkernel/machine/sbi.h"
#include "refkernel/mm/kernel_map.h"
#include "refkernel/mm/pages.h"
#include "refkernel/sched/scheduler.h"

extern "C" char secondary_start[], percpu_last[];

namespace refkernel {
namespace {

constexpr unsigned kOverflowStackOrder = 1; // 8 KiB: enough to report with

uintptr_t make_overflow_stack() {
  Page *block = allocate_block(kOverflowStackOrder);
  return block ? reinterpret_cast<uintptr_t>(page_address(block)) + (kPageSize << kOverflowStackOrder) : 0;
}

void find_own_variables(Hart &hart) {
  hart.run_queue = &on_hart(runqueues, hart.index);
  hart.statistics = &on_hart(kstat, hart.index);
  hart.run_queue->cpu = on_hart(cpu_number, hart.index) = static_cast<int>(hart.index);
}

} // namespace

// What boot.S gives the hart that is being started, one at a time.
extern "C" constinit std::atomic<Thread::SchedState *> starting_hart_state{nullptr};

uint64_t other_online_harts() {
  uint64_t mask = 0;
  const Hart *self = &this_hart();
  for (uint32_t i = 0; i < hart_count; i++)
    if (&harts[i] != self && harts[i].online.load())
      mask |= firmware_mask(harts[i]);
  return mask;
}

void init_boot_hart(uint32_t firmware_id) {
  harts[0].id = firmware_id;
  hart_count = 1;
  for (uint32_t i = 0; i < machine.cpu_count; i++)
    if (machine.cpus[i].id != firmware_id) {
      harts[hart_count].index = hart_count;
      harts[hart_count++].id = machine.cpus[i].id;
    }
  if (&on_hart(*percpu_start, kMaxHarts) != percpu_last)
    panic("kernel.ld has room for another number of harts");
  for (uint32_t i = 0; i < hart_count; i++)
    find_own_variables(harts[i]);
  harts[0].online.store(true);
  harts[0].overflow_stack = current_state()->overflow_stack = make_overflow_stack();
}

void enable_interrupts_of_hart() {
  REFKERNEL_CSR_SET(sstatus, kStatusFsInitial);
  REFKERNEL_CSR_SET(sie, kInterruptSoftware | kInterruptTimer);
}

void start_other_harts() {
  for (uint32_t i = 1; i < hart_count; i++) {
    Hart &hart = harts[i];
    hart.overflow_stack = make_overflow_stack();
    Thread *idle = hart.overflow_stack ? create_idle_thread(hart) : nullptr;
    if (idle)
      starting_hart_state.store(idle->sched);
    uintptr_t entry = reinterpret_cast<uintptr_t>(secondary_start) - kImageOffset;
    if (!idle || !sbi_hart_start(hart.id, entry, 0)) {
      log(LogLevel::error, "machine", "hart {} does not start", hart.id);
      continue;
    }
    while (!hart.online.load()) {
    }
  }
}

extern "C" [[noreturn]] void secondary_main() {
  Hart &hart = this_hart();
  enable_interrupts_of_hart();
  become_idle_thread(hart);
  start_ticking();
  hart.online.store(true);
  idle_loop();
}

} // namespace refkernel
