// SPDX-License-Identifier: MIT OR Apache-2.0
// A type that only Linux has.
// RUN: %bpfcc --abi=linux %s --stop-after=collect_programs --print-after=collect_programs | FileCheck %s
#include "../Inputs/defs.h"
SEC("xdp") int p(void *ctx) { return 0; }
// CHECK: program 0 p section xdp type xdp
