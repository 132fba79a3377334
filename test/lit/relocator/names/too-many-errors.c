// SPDX-License-Identifier: MIT OR Apache-2.0
// A hundred errors are printed; the rest is only counted.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | grep -c error: | FileCheck %s --check-prefix=COUNT
#include "../Inputs/defs.h"
static u64 (*const nothing)(void) = (void *)9999;
#define FOUR nothing(); nothing(); nothing(); nothing();
#define TWENTY FOUR FOUR FOUR FOUR FOUR
SEC("kprobe/f") int p(void *ctx) {
  TWENTY TWENTY TWENTY TWENTY TWENTY nothing();
  return 0;
}
// CHECK: note: too many errors; further ones are not shown
// COUNT: 100
