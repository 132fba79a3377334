# SPDX-License-Identifier: MIT OR Apache-2.0
# --elf takes an object instead of bare instructions, and runs its first section of code.
# RUN: llvm-mc -triple=bpfel -filetype=obj %s -o %t.o
# RUN: od -An -v -tx1 %t.o | %bindir/kbpf-interp --elf | FileCheck %s
# RUN: od -An -v -tx1 %t.o | %bindir/kbpf-jit --elf | FileCheck %s
# RUN: head -c 100 %t.o | od -An -v -tx1 | not %bindir/kbpf-interp --elf 2>&1 | FileCheck %s --check-prefix=CUT
# CHECK: {{^2a$}}
# CUT: not a BPF object
.section prog,"ax"
r0 = 42
exit
