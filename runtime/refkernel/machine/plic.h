// SPDX-License-Identifier: MIT OR Apache-2.0
// The platform-level interrupt controller (RISC-V PLIC specification 1.0), for the one device that
// interrupts: the UART.
#pragma once

namespace refkernel {

void init_plic();          // on the boot hart, which takes the device interrupts
void external_interrupt(); // claims, serves and completes

} // namespace refkernel
