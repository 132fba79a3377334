/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Constants that assembly reads too, and rounding. */
#ifndef _KBPF_LINUX_CONST_H
#define _KBPF_LINUX_CONST_H
#define _AC(X, Y) X##Y
#define _UL(x) x##UL
#define _ULL(x) x##ULL
#define _BITUL(x) (1UL << (x))
#define _BITULL(x) (1ULL << (x))
#define __ALIGN_KERNEL(x, a) (((x) + (__typeof__(x))(a) - 1) & ~((__typeof__(x))(a) - 1))
#define __KERNEL_DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#endif
