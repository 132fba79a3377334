// SPDX-License-Identifier: MIT OR Apache-2.0
// A device is written to, not replaced.
// RUN: %bpfcc -S %s -o /dev/null
// RUN: test -c /dev/null
int x;
