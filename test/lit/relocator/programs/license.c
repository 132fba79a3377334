// SPDX-License-Identifier: MIT OR Apache-2.0
// The licence section decides whether GPL-only helpers may be called.
// RUN: %bpfcc %s "-DLICENSE=\"GPL\"" --stop-after=collect_programs --print-after=collect_programs | FileCheck %s --check-prefix=GPL
// RUN: %bpfcc %s "-DLICENSE=\"Dual MIT/GPL\"" --stop-after=collect_programs --print-after=collect_programs | FileCheck %s --check-prefix=DUAL
// RUN: %bpfcc %s "-DLICENSE=\"MIT\"" --stop-after=collect_programs --print-after=collect_programs | FileCheck %s --check-prefix=MIT
#include "../Inputs/defs.h"
char text[] SEC("license") = LICENSE;
SEC("kprobe/f") int p(void *ctx) { return 0; }
// GPL: license "GPL" gpl-compatible
// DUAL: license "Dual MIT/GPL" gpl-compatible
// MIT: license "MIT"{{$}}
