// SPDX-License-Identifier: MIT OR Apache-2.0
// Flags for a host are tolerated.
// RUN: %bpfcc -fsyntax-only -march=native -fPIC -fno-stack-protector -pipe -pthread %s 2>&1 | FileCheck %s --implicit-check-not=fPIC
// CHECK-DAG: bpfcc: warning: argument unused: '-march=native' means nothing for BPF
// CHECK-DAG: bpfcc: warning: argument unused: '-pthread' means nothing for BPF
int x;
