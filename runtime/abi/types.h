/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Fixed-width types for the ABI headers: the compiler's own, so that a freestanding C, C++ or BPF C
 * translation unit can include them without any library. */
#ifndef KBPF_ABI_TYPES_H
#define KBPF_ABI_TYPES_H
typedef __UINT8_TYPE__ kbpf_u8;
typedef __UINT16_TYPE__ kbpf_u16;
typedef __UINT32_TYPE__ kbpf_u32;
typedef __UINT64_TYPE__ kbpf_u64;
typedef __INT8_TYPE__ kbpf_s8;
typedef __INT16_TYPE__ kbpf_s16;
typedef __INT32_TYPE__ kbpf_s32;
typedef __INT64_TYPE__ kbpf_s64;
#endif
