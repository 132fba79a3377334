/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Fixed-width integers under the kernel's names. Repeating a typedef is legal C, so this header and a
 * vmlinux.h may both be included. */
#ifndef _LINUX_TYPES_H
#define _LINUX_TYPES_H

typedef __INT8_TYPE__ __s8;
typedef __UINT8_TYPE__ __u8;
typedef __INT16_TYPE__ __s16;
typedef __UINT16_TYPE__ __u16;
typedef __INT32_TYPE__ __s32;
typedef __UINT32_TYPE__ __u32;
typedef long long __s64;
typedef unsigned long long __u64;

/* Numbers in a fixed byte order, and checksums: the names are documentation. */
typedef __u16 __le16;
typedef __u16 __be16;
typedef __u32 __le32;
typedef __u32 __be32;
typedef __u64 __le64;
typedef __u64 __be64;
typedef __u16 __sum16;
typedef __u32 __wsum;

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
