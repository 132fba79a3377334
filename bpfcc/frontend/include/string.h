/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Copying, filling and comparing. The compiler expands calls of a small constant size; no kernel offers
 * functions for the others. */
#ifndef _KBPF_STRING_H
#define _KBPF_STRING_H

/* Not all of it: a vmlinux.h has a wchar_t of its own. */
#define __need_size_t
#define __need_NULL
#include <stddef.h>

#define memcpy(dst, src, n) __builtin_memcpy(dst, src, n)
#define memmove(dst, src, n) __builtin_memmove(dst, src, n)
#define memset(dst, c, n) __builtin_memset(dst, c, n)
#define memcmp(a, b, n) __builtin_memcmp(a, b, n)
#define strlen(s) __builtin_strlen(s)
#define strcmp(a, b) __builtin_strcmp(a, b)
#define strncmp(a, b, n) __builtin_strncmp(a, b, n)

#endif
