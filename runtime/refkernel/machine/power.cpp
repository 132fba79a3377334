// SPDX-License-Identifier: MIT OR Apache-2.0
// The end: shutdown through the firmware; a failing status through the virt machine's test device, which
// makes it QEMU's own exit status.
#include "refkernel/machine/csr.h"
#include "refkernel/machine/device_tree.h"
#include "refkernel/machine/log.h"
#include "refkernel/machine/sbi.h"
#include "refkernel/mm/layout.h"

namespace refkernel {

void power_off(int status) {
  constexpr uint32_t kFinisherFail = 0x3333;
  irq_disable();
  if (status && machine.test_finisher) {
    uint32_t code = static_cast<uint32_t>(status & 0xff ? status & 0xff : 1);
    *static_cast<volatile uint32_t *>(to_direct(machine.test_finisher)) = code << 16 | kFinisherFail;
  }
  sbi_shutdown(status != 0);
  for (;;)
    wait_for_interrupt();
}

} // namespace refkernel
