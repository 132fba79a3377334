// SPDX-License-Identifier: MIT OR Apache-2.0
// A vmlinux.h declares types that the C library's and a kernel tree's headers declare otherwise: wchar_t, int64_t, gfp_t.
// The embedded headers bring none of them.
// RUN: rm -rf %t && mkdir -p %t/linux
// RUN: printf 'typedef unsigned short u16; typedef u16 wchar_t; typedef long long int64_t; typedef unsigned int gfp_t;\n' > %t/vmlinux.h
// RUN: printf 'typedef int gfp_t[2];\n' > %t/linux/types.h
// RUN: %bpfcc -Werror -I%t -fsyntax-only %s
#include "vmlinux.h"
#include <string.h>
#include <stdlib.h>
#include <time.h>
#include <linux/stddef.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
size_t size_of_nothing(void) { return NULL ? 1 : 0; }
__u64 now(void) { return bpf_ktime_get_ns(); }
