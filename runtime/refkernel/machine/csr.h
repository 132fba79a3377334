// SPDX-License-Identifier: MIT OR Apache-2.0
// Control and status registers of supervisor mode (RISC-V Privileged Specification, chapter 4), and the
// fences.
#pragma once
#include <cstdint>

#define REFKERNEL_CSR_READ(name)                                                                             \
  ({                                                                                                         \
    uintptr_t csr_value;                                                                                     \
    asm volatile("csrr %0, " #name : "=r"(csr_value)::"memory");                                             \
    csr_value;                                                                                               \
  })
#define REFKERNEL_CSR_WRITE(name, value) asm volatile("csrw " #name ", %0" ::"r"(value) : "memory")
#define REFKERNEL_CSR_SET(name, bits) asm volatile("csrs " #name ", %0" ::"r"(bits) : "memory")
#define REFKERNEL_CSR_CLEAR(name, bits) asm volatile("csrc " #name ", %0" ::"r"(bits) : "memory")

namespace refkernel {

enum : uintptr_t {
  kStatusSie = 1ul << 1,  // interrupts on
  kStatusSpie = 1ul << 5, // interrupts were on before the trap
  kStatusSpp = 1ul << 8,  // the trap came from supervisor mode
  kStatusFs = 3ul << 13,  // floating-point state
  kStatusFsInitial = 1ul << 13,
  kStatusFsClean = 2ul << 13,
  kStatusFsDirty = 3ul << 13,
  kStatusSum = 1ul << 18, // supervisor may access user pages
};

enum : uintptr_t { // sie and sip
  kInterruptSoftware = 1ul << 1,
  kInterruptTimer = 1ul << 5,
  kInterruptExternal = 1ul << 9,
};

enum : uintptr_t { // scause
  kCauseInterrupt = 1ul << 63,
  kCauseFetchMisaligned = 0,
  kCauseFetchAccess = 1,
  kCauseIllegal = 2,
  kCauseBreakpoint = 3,
  kCauseLoadMisaligned = 4,
  kCauseLoadAccess = 5,
  kCauseStoreMisaligned = 6,
  kCauseStoreAccess = 7,
  kCauseUserEcall = 8,
  kCauseFetchPage = 12,
  kCauseLoadPage = 13,
  kCauseStorePage = 15,
};

constexpr uintptr_t kSatpSv39 = 8ul << 60;

// Interrupts of this hart: off, giving back what irq_restore() needs.
inline uintptr_t irq_save() {
  uintptr_t status;
  asm volatile("csrrci %0, sstatus, 2" : "=r"(status)::"memory");
  return status & kStatusSie;
}
inline void irq_restore(uintptr_t state) { REFKERNEL_CSR_SET(sstatus, state & kStatusSie); }
inline void irq_enable() { REFKERNEL_CSR_SET(sstatus, kStatusSie); }
inline void irq_disable() { REFKERNEL_CSR_CLEAR(sstatus, kStatusSie); }
inline bool irq_enabled() { return REFKERNEL_CSR_READ(sstatus) & kStatusSie; }

inline void flush_tlb() { asm volatile("sfence.vma" ::: "memory"); }
inline void flush_tlb_page(uintptr_t address) {
  asm volatile("sfence.vma %0, zero" ::"r"(address) : "memory");
}
inline void flush_icache() { asm volatile("fence.i" ::: "memory"); }
inline uint64_t read_time() { return REFKERNEL_CSR_READ(time); }
inline void wait_for_interrupt() { asm volatile("wfi" ::: "memory"); }

} // namespace refkernel
