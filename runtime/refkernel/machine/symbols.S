/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The symbol table of the first link, for the second (symbols.cpp reads it). */
.section .kernel_symbols, "a"
.balign 8
.incbin KERNEL_SYMBOLS
/* Not part of the image: kbpf-export-profile and bpfcc --kernel read it. */
.section .kbpf.aliases, ""
.incbin KERNEL_ALIASES
#ifdef KERNEL_NAMES
.incbin KERNEL_NAMES
#endif
