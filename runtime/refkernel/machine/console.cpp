// SPDX-License-Identifier: MIT OR Apache-2.0
// The 16550's registers are bytes. Output waits for the transmitter; input comes by the interrupt controller.
// Probe code writes here too, so the lock is a bare one that only this file takes.
#include "refkernel/machine/console.h"
#include "refkernel/linux/hooks.h"
#include "refkernel/machine/csr.h"
#include "refkernel/machine/device_tree.h"
#include "refkernel/machine/log.h"
#include "refkernel/machine/sbi.h"
#include "refkernel/mm/layout.h"
#include "refkernel/sched/hart.h"

namespace refkernel {
namespace {

enum Register { kData = 0, kInterruptEnable = 1, kFifoControl = 2, kLineStatus = 5 };
enum : uint8_t {
  kReceived = 1 << 0,
  kTransmitterEmpty = 1 << 5,
  kInterruptOnReceive = 1 << 0,
  kFifoOn = 1 << 0
};

volatile uint8_t *uart; // null: not known yet
RawLock console_lock;

void put(char c) {
  if (!uart) {
    sbi_console_putchar(c);
    return;
  }
  while (!(uart[kLineStatus] & kTransmitterEmpty)) {
  }
  uart[kData] = static_cast<uint8_t>(c);
}

} // namespace

void init_console() {
  if (!machine.uart)
    return;
  volatile uint8_t *registers = static_cast<volatile uint8_t *>(to_direct(machine.uart));
  registers[kFifoControl] = kFifoOn;
  registers[kInterruptEnable] = 0;
  uart = registers;
}

void enable_console_input() {
  if (uart)
    uart[kInterruptEnable] = kInterruptOnReceive;
}

void console_interrupt() {
  while (uart && (uart[kLineStatus] & kReceived))
    console_input(static_cast<char>(uart[kData]));
}

void console_write(const char *text, size_t size) {
  uintptr_t irq = irq_save();
  console_lock.lock();
  for (size_t i = 0; i < size; i++)
    put(text[i]);
  console_lock.unlock();
  irq_restore(irq);
}

void seize_console() { console_lock.unlock(); }

} // namespace refkernel
