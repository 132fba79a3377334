/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The kernel's own types, made from the first link, for the second. */
.section .kernel_btf, "a"
.balign 8
.incbin KERNEL_BTF
