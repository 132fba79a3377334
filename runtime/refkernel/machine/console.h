// SPDX-License-Identifier: MIT OR Apache-2.0
// The console: a 16550 UART, written by polling and read by interrupt. console_write() is in log.h.
#pragma once
#include <cstdint>

namespace refkernel {

void init_console();         // after the device tree was read; before, text goes through the firmware
void enable_console_input(); // once the Linux half takes characters
void console_interrupt();    // hands every received character to console_input()
void seize_console();        // panic: whoever holds the console's lock will never give it back

} // namespace refkernel
