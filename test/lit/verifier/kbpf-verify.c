// SPDX-License-Identifier: MIT OR Apache-2.0
// kbpf-verify gives the same verdicts, ids and statistics for bpfcc's object and for plain clang's.
// RUN: %bpfcc -O2 -fno-bpf-verify %s -o %t.o
// RUN: not %bindir/kbpf-verify %t.o > %t.finished
// RUN: FileCheck %s < %t.finished
// RUN: %clang -target bpf -g -O2 -c %s -o %t.plain.o
// RUN: not %bindir/kbpf-verify %t.plain.o > %t.plain
// RUN: FileCheck %s < %t.plain
// RUN: %bindir/kbpf-verify --prog good %t.o | FileCheck --check-prefix=GOOD %s
// RUN: not %bindir/kbpf-verify --prog bad --log 1 %t.o | FileCheck --check-prefix=LOG %s
// RUN: not %bindir/kbpf-verify --json %t.o | %python -m json.tool | FileCheck --check-prefix=JSON %s
// RUN: not %bindir/kbpf-verify --prog path --log 1 %t.o | FileCheck --check-prefix=LINES %s
// RUN: not %bindir/kbpf-verify --prog path --log 1 %t.plain.o | FileCheck --check-prefix=LINES %s
// RUN: not %bindir/kbpf-verify --prog path --log 1 --json %t.o | %python -m json.tool | FileCheck --check-prefix=PATH %s
// RUN: not %bindir/kbpf-verify --prog absent %t.o 2>&1 | FileCheck --check-prefix=ABSENT %s
#include "../relocator/Inputs/defs.h"

int counters[4];

// CHECK: {{.*}}.o: good: accepted ([[#]] insns processed, [[#]] states, peak [[#]], [[#]] bytes, stack 0, longest path [[#]] insns to [[#]])
// GOOD: good: accepted
// GOOD-NOT: bad
SEC("kprobe/f")
int good(void *ctx) {
  counters[1]++;
  return 0;
}

// CHECK: {{.*}}.o: bad: refused: V028 map-value-out-of-bounds: instruction [[#]]:
// LOG: the path to the refusal, of [[#]] instructions:
// LOG: {{^}}0: {{.*}}
// LOG: {{^}}V028 map-value-out-of-bounds: instruction
// LOG-NEXT: {{^}}processed [[#]] insns (limit 1000000) max_states_per_insn [[#]] total_states [[#]] peak_states [[#]] mark_read [[#]]{{$}}
// LOG: bad: refused: V028
// ABSENT: kbpf-verify: error: no object has a program named 'absent'
SEC("kprobe/g")
int bad(void *ctx) {
  return counters[ktime_get_ns() & 7];
}

// JSON: "program": "good"
// JSON: "accepted": true
// JSON: "processed_insns": {{[1-9]}}
// JSON: "program": "bad"
// JSON: "accepted": false
// JSON: "id": "V028"

// LINES: ; if (ktime_get_ns() > 5) @ kbpf-verify.c:[[#@LINE+4]]
// LINES: if [[R:r[0-9]]] {{[<>].*}} goto {{.*}}    ; {{(not )?}}taken: [[R]]={{.*}}
SEC("kprobe/h")
int path(void *ctx) {
  if (ktime_get_ns() > 5)
    return 0;
  return counters[ktime_get_ns() & 7];
}

// PATH: "path_length": {{[1-9]}}
// PATH: "path": [
// PATH: "kind": "branch",
// PATH: "number": {{[0-9]+}},
// PATH: "insn": {{[0-9]+}},
// PATH: "next": {{[0-9]+}},
// PATH: "depth": 1,
// PATH: "taken": {{true|false}},
// PATH: "forced": false,
// PATH: "file": "kbpf-verify.c",
// PATH: "line": [[#@LINE-15]]
