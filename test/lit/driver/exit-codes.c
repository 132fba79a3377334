// SPDX-License-Identifier: MIT OR Apache-2.0
// 0: done. 1: the user's error. (70 is ours; nothing here may reach it.)
// RUN: %bpfcc -fsyntax-only -DVALUE=1 %s
// RUN: sh -c '%bpfcc -fsyntax-only %s; test $? -eq 1'
// RUN: sh -c '%bpfcc --no-such-option; test $? -eq 1'
int x = VALUE;
