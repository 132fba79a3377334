// SPDX-License-Identifier: MIT OR Apache-2.0
// Constants are converted while compiling.
// RUN: %bpfcc -fsyntax-only %s
#include <bpf/bpf_endian.h>
_Static_assert(bpf_htons(0x1234) == 0x3412 && bpf_ntohl(0x12345678) == 0x78563412, "");
_Static_assert(bpf_cpu_to_be64(1) == 1ull << 56 && bpf_cpu_to_le32(5) == 5, "");
