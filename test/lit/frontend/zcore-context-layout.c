// SPDX-License-Identifier: MIT OR Apache-2.0
// Where those kernels put the registers.
// RUN: %bpfcc --abi=zcore -fsyntax-only %s
#include <kbpf/zcore.h>
#define AT(field, offset) _Static_assert(offsetof(struct zcore_probe, field) == (offset), #field)
AT(ptype, 0);
AT(paddr, 8);
AT(regs, 16);
AT(sstatus, 272);
AT(sepc, 280);
_Static_assert(sizeof(struct zcore_probe) == 288, "size");
