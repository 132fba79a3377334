// SPDX-License-Identifier: MIT OR Apache-2.0
// A weak function that is missing may stand where no path leads.
// RUN: %bpfcc %s -o %t.o
#include "../Inputs/defs.h"
extern void missing(void) __weak;
SEC("kprobe/f") int p(void *ctx) {
  if (missing)
    missing();
  return 0;
}
