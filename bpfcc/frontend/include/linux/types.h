/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Fixed-width integers under the kernel's names. Repeating a typedef is legal C, so this header and a
 * vmlinux.h may both be included. */
#ifndef _LINUX_TYPES_H
#define _LINUX_TYPES_H

#include <kbpf/types.h>

/* Also what the kernel's own header of that name brings along. */
#include <linux/posix_types.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#ifndef __bitwise
#define __bitwise
#define __bitwise__
#endif
typedef unsigned int __poll_t;
#define __aligned_be64 __be64 __attribute__((aligned(8)))
#define __aligned_le64 __le64 __attribute__((aligned(8)))
#define __aligned_s64 __s64 __attribute__((aligned(8)))
#define __aligned_u64 __u64 __attribute__((aligned(8)))

#endif
