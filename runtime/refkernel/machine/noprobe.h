// SPDX-License-Identifier: MIT OR Apache-2.0
// Marks a function that runs between a probe's breakpoint and its resumption: no probe may be put into it.
// Everything in machine/ and the BPF runtime is such without the mark (kernel.ld).
#pragma once

#define REFKERNEL_NOPROBE [[gnu::section(".text.noprobe")]]
