/* SPDX-License-Identifier: MIT OR Apache-2.0
 * What of it makes sense in a program without a library. */
#ifndef _KBPF_STDLIB_H
#define _KBPF_STDLIB_H

/* Not all of it: a vmlinux.h has a wchar_t of its own. */
#define __need_size_t
#define __need_NULL
#include <stddef.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define abs(x) __builtin_abs(x)

#endif
