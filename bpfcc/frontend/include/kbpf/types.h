/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Fixed-width integers under the kernel's names: what the headers below bpf/ need. They include this and not
 * <linux/types.h>, because in a kernel's tree a -I leads that name to a header which contradicts the program's
 * vmlinux.h. Repeating a typedef is legal C. */
#ifndef KBPF_TYPES_H
#define KBPF_TYPES_H

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

#endif
