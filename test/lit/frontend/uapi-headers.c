// SPDX-License-Identifier: MIT OR Apache-2.0
// Programs in a kernel's tree write <uapi/linux/...>: the same file, included once under both names.
// RUN: %bpfcc -Werror -fsyntax-only %s
// RUN: not %bpfcc -fsyntax-only -DMISSING %s 2>&1 | FileCheck %s
#include <uapi/linux/bpf.h>
#include <linux/bpf.h>
#include <uapi/linux/tcp.h>
#ifdef MISSING
#include <uapi/linux/no_such.h>
// CHECK: [[#@LINE-1]]:10: fatal error: 'uapi/linux/no_such.h' file not found
#endif
enum bpf_map_type type = BPF_MAP_TYPE_HASH;
