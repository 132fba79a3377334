// SPDX-License-Identifier: MIT OR Apache-2.0
// Functions that bpf_user_ringbuf_drain and bpf_find_vma call: what they get, and what they may do with it.
// RUN: %clang -target bpf -g -O2 -c %s -o %t.o
// RUN: not %bindir/kbpf-verify %t.o | FileCheck %s
#define SEC(name) __attribute__((section(name), used))
struct bpf_dynptr {
  unsigned long opaque[2];
} __attribute__((aligned(8)));
static void *(*const current_task)(void) = (void *)158;
static long (*const find_vma)(void *, unsigned long, void *, void *, unsigned long) = (void *)180;
static void *(*const dynptr_data)(struct bpf_dynptr *, unsigned, unsigned) = (void *)203;
static void (*const discard_dynptr)(struct bpf_dynptr *, unsigned long) = (void *)199;
static long (*const drain)(void *, void *, void *, unsigned long) = (void *)209;
char _license[] SEC("license") = "GPL";
struct {
  int (*type)[31];
  int (*max_entries)[4096];
} records SEC(".maps");

static long add(struct bpf_dynptr *record, unsigned long *sum) {
  unsigned long *number = dynptr_data(record, 0, sizeof *number);
  if (!number)
    return 1;
  *sum += *number;
  return 0;
}
// CHECK: sums: accepted
SEC("kprobe/a") int sums(void *context) {
  unsigned long sum = 0;
  drain(&records, add, &sum, 0);
  return sum;
}

static long follow(unsigned long *record, void *context) { return *record; }
// CHECK: follows: refused: V024 {{.*}} only helpers look into it
SEC("kprobe/b") int follows(void *context) { return drain(&records, follow, 0, 0); }

static long discard(struct bpf_dynptr *record, void *context) {
  discard_dynptr(record, 0);
  return 0;
}
// CHECK: discards: refused: V048
SEC("kprobe/c") int discards(void *context) { return drain(&records, discard, 0, 0); }

static long count(void *task, void *area, long *found) {
  *found += 1;
  return 0;
}
// CHECK: finds: accepted
SEC("kprobe/d") int finds(void *context) {
  long found = 0;
  find_vma(current_task(), 0, count, &found, 0);
  return found;
}
// CHECK: finds_nobody: refused: V043
SEC("kprobe/e") int finds_nobody(void *context) {
  long found = 0;
  find_vma(0, 0, count, &found, 0);
  return found;
}
