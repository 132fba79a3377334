// SPDX-License-Identifier: MIT OR Apache-2.0
// Attributes that the back end crashes at, or drops without a word.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error: --implicit-check-not=warning:
// RUN: %bpfcc --abi=linux -DSTARTED %s -o %t.o 2>&1 | FileCheck %s --check-prefix=STARTED
int second(int x) { return x + 1; }
#ifndef STARTED
// CHECK: [[#@LINE+1]]:33: error: alias: a BPF object has no second names; write a function that calls the other
int third(int x) __attribute__((alias("second")));
static void *chosen(void) { return 0; }
// CHECK: [[#@LINE+1]]:31: error: ifunc: nothing runs at a BPF object's load that could choose a function
int other(int) __attribute__((ifunc("chosen")));
#else
// STARTED: [[#@LINE+1]]:16: warning: constructor: nothing calls it in a BPF object
__attribute__((constructor)) static void start(void) {}
// STARTED: [[#@LINE+1]]:16: warning: destructor: nothing calls it in a BPF object
__attribute__((destructor)) static void stop(void) {}
#endif
