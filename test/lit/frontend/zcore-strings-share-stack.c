// SPDX-License-Identifier: MIT OR Apache-2.0
// Each lives around its call only: ten of 100 bytes fit into 512.
// RUN: %bpfcc --abi=zcore -S %s -o - | FileCheck %s --implicit-check-not=rodata
// CHECK: entry:
static int (*const trace)(const char *, int, long, long, long) = (void *)6;
#define TEN "0123456789"
#define LONG(c) c TEN TEN TEN TEN TEN TEN TEN TEN TEN
int entry(long *ctx) {
  trace(LONG("a"), 92, 0, 0, 0);
  trace(LONG("b"), 92, 0, 0, 0);
  trace(LONG("c"), 92, 0, 0, 0);
  trace(LONG("d"), 92, 0, 0, 0);
  trace(LONG("e"), 92, 0, 0, 0);
  trace(LONG("f"), 92, 0, 0, 0);
  trace(LONG("g"), 92, 0, 0, 0);
  trace(LONG("h"), 92, 0, 0, 0);
  trace(LONG("i"), 92, 0, 0, 0);
  trace(LONG("j"), 92, 0, 0, 0);
  return 0;
}
