// SPDX-License-Identifier: MIT OR Apache-2.0
// Registers: a priority for each source; enable bits and a threshold for each context (hart and mode);
// reading a context's claim register takes an interrupt, writing the source back ends it.
#include "refkernel/machine/plic.h"
#include "refkernel/machine/console.h"
#include "refkernel/machine/csr.h"
#include "refkernel/machine/device_tree.h"
#include "refkernel/mm/layout.h"
#include "refkernel/sched/hart.h"

namespace refkernel {
namespace {

constexpr uintptr_t kPriority = 0, kEnable = 0x2000, kEnableStride = 0x80, kContext = 0x200000,
                    kContextStride = 0x1000;
uint32_t boot_context;
bool present;

volatile uint32_t &plic_register(uintptr_t offset) {
  return *static_cast<volatile uint32_t *>(to_direct(machine.plic + offset));
}

} // namespace

void init_plic() {
  for (uint32_t i = 0; i < machine.cpu_count; i++)
    if (machine.cpus[i].id == harts[0].id && machine.cpus[i].has_plic_context) {
      boot_context = machine.cpus[i].plic_context;
      present = true;
    }
  if (!present || !machine.plic || !machine.uart_irq)
    return;
  plic_register(kPriority + 4 * machine.uart_irq) = 1;
  plic_register(kEnable + kEnableStride * boot_context + machine.uart_irq / 32 * 4) |=
      1u << machine.uart_irq % 32;
  plic_register(kContext + kContextStride * boot_context) = 0; // threshold
  REFKERNEL_CSR_SET(sie, kInterruptExternal);
}

void external_interrupt() {
  volatile uint32_t &claim = plic_register(kContext + kContextStride * boot_context + 4);
  while (uint32_t source = claim) {
    if (source == machine.uart_irq)
      console_interrupt();
    claim = source;
  }
}

} // namespace refkernel
