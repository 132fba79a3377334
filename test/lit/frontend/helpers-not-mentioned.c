// SPDX-License-Identifier: MIT OR Apache-2.0
// Only the helpers whose names the source mentions are declared for it. That is not to be seen: an error is one of
// all the declarations, a warning comes once, and the object is what it is with all of them (-v has all).
// RUN: %bpfcc --no-preamble-cache -Wall %s -o %t.o 2>&1 | FileCheck %s --check-prefix=WARNING --implicit-check-not=warning
// RUN: %bpfcc --no-preamble-cache -v -Wall %s -o %t.all.o 2>/dev/null
// RUN: cmp %t.o %t.all.o
// RUN: not %bpfcc --no-preamble-cache -Wall -DTYPO %s -o %t.o 2>&1 | FileCheck %s --check-prefix=TYPO
// RUN: not %bpfcc --no-preamble-cache -DTYPO --diagnostics-format=json %s -o %t.o 2>&1 | FileCheck %s --check-prefix=JSON
// RUN: not %bpfcc --no-preamble-cache -DBACK_END %s -o %t.o 2>&1 | FileCheck %s --check-prefix=BACK-END
// RUN: %bpfcc -E %s | FileCheck %s --check-prefix=TEXT
#include <bpf/bpf_helpers.h>
SEC("kprobe/f") int first(void *ctx) {
  int unused;
#ifdef TYPO
  bpf_get_current_pid_tgid_(); // near to a helper that is not mentioned
#endif
#ifdef BACK_END
  volatile char large[600];
  large[599] = 0;
  for (int i = 0; i < 600; i++)
    bpf_printk("%d", large[i]);
#endif
  return bpf_get_prandom_u32();
}
// WARNING: :[[#@LINE-12]]:7: warning: unused variable 'unused'
// WARNING: {{^}}1 warning generated.
// TYPO: :[[#@LINE-12]]:3: error: call to undeclared function 'bpf_get_current_pid_tgid_'
// TYPO: warning: unused variable 'unused'
// TYPO: 1 warning and 1 error generated.
// JSON: call to undeclared function 'bpf_get_current_pid_tgid_'
// BACK-END: error: stack of 'first' is larger than 512 bytes
// TEXT: bpf_clone_redirect
char LICENSE[] SEC("license") = "GPL";
