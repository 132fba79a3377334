// SPDX-License-Identifier: MIT OR Apache-2.0
// Two 32-bit registers hold nanoseconds since 1970. Reading the low one latches the high one, so it comes
// first.
#include "refkernel/machine/rtc.h"
#include "refkernel/machine/device_tree.h"
#include "refkernel/mm/layout.h"

namespace refkernel {

uint64_t read_rtc_ns() {
  if (!machine.rtc)
    return 0;
  volatile uint32_t *registers = static_cast<volatile uint32_t *>(to_direct(machine.rtc));
  uint64_t low = registers[0];
  return uint64_t{registers[1]} << 32 | low;
}

} // namespace refkernel
