// SPDX-License-Identifier: MIT OR Apache-2.0
// What the firmware's flattened device tree (Devicetree Specification 0.4, chapter 5) says about this
// machine.
#pragma once
#include "refkernel/mm/pages.h"
#include <cstdint>

namespace refkernel {

constexpr uint32_t kMaxHarts = 8;

struct MachineDescription {
  MemoryRange memory[8]; // physical
  uint32_t memory_count;
  MemoryRange reserved[8]; // inside of it: the firmware's, the device tree's own
  uint32_t reserved_count;
  MemoryRange initrd; // physical; empty where there is none

  struct Cpu {
    uint32_t id;           // the firmware's hart id
    uint32_t intc;         // phandle of its interrupt controller
    uint32_t plic_context; // supervisor context number at the PLIC
    bool has_plic_context;
  } cpus[kMaxHarts];
  uint32_t cpu_count;
  uint64_t timebase_hz;

  uintptr_t uart; // physical; 0 where there is none
  uint32_t uart_irq;
  uintptr_t plic;
  uintptr_t rtc;            // Goldfish; physical; 0 where there is none
  uintptr_t test_finisher;  // SiFive test device
  const char *command_line; // in the direct map; never null
  const char *isa;          // of the first CPU; null where the tree does not say
};

extern MachineDescription machine;

// Fills `machine`. False where this is no device tree or it lacks memory or CPUs.
bool read_device_tree(uintptr_t physical);

} // namespace refkernel
