// SPDX-License-Identifier: MIT OR Apache-2.0
// One object a line, from the front end as from the relocator, and nothing else.
// RUN: not %bpfcc --diagnostics-format=json -DBAD %s -o %t.o 2>&1 | FileCheck %s --check-prefix=FRONTEND --implicit-check-not=generated
// RUN: not %bpfcc --diagnostics-format=json %s -o %t.o 2>&1 | FileCheck %s --check-prefix=RELOCATOR
// RUN: not %bpfcc --diagnostics-format=json %t.none.c -o %t.o 2>&1 | FileCheck %s --check-prefix=DRIVER
// RUN: not %bpfcc --diagnostics-format=xml %s -o %t.o 2>&1 | FileCheck %s --check-prefix=FORMAT
// DRIVER: {"severity":"error","message":"{{.*}}none.c{{.*}}"
// FORMAT: error: unknown format 'xml' of diagnostics: expected text, json or sarif
#ifdef BAD
// FRONTEND: {"severity":"error","message":"expected \"a\\b\" 'not this'","file":"{{.*}}diagnostics-json.c","line":[[#@LINE+1]],"column":2}
#error expected "a\b" 'not this'
#endif
extern int gone(void);
__attribute__((section("kprobe/f"))) int p(void *ctx) {
  // RELOCATOR: {"severity":"error","message":"undefined function 'gone'{{.*}}","file":"{{.*}}","line":[[#@LINE+1]],"column":{{[0-9]+}},"source":"  return gone();"}
  return gone();
}
