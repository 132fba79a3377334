/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The symbol table of the first link, for the second (symbols.cpp reads it). */
.section .kernel_symbols, "a"
.balign 8
.incbin KERNEL_SYMBOLS
