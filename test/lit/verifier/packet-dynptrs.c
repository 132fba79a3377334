// SPDX-License-Identifier: MIT OR Apache-2.0
// Dynptrs to packets, iterators of other kinds and what else kernel functions of Linux ask: what is said of them.
// RUN: %clang -target bpf -g -O2 -c %s -o %t.o
// RUN: not %bindir/kbpf-verify --kernel-btf %source/test/oracle/linux_types.btf %t.o | FileCheck %s
#define SEC(name) __attribute__((section(name), used))
#define __ksym __attribute__((section(".ksyms")))
struct __sk_buff;
struct bpf_dynptr {
  unsigned long opaque[2];
};
struct bpf_iter_bits {
  unsigned long opaque[2];
};
struct bpf_iter_task {
  unsigned long opaque[3];
};
struct task_struct;
extern int bpf_dynptr_from_skb(struct __sk_buff *skb, unsigned long flags, struct bpf_dynptr *made) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *p, unsigned offset, void *buffer, unsigned size) __ksym;
extern void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *p, unsigned offset, void *buffer, unsigned size) __ksym;
extern int bpf_iter_bits_new(struct bpf_iter_bits *it, const unsigned long *words, unsigned count) __ksym;
extern int *bpf_iter_bits_next(struct bpf_iter_bits *it) __ksym;
extern void bpf_iter_bits_destroy(struct bpf_iter_bits *it) __ksym;
extern int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *task, unsigned flags) __ksym;
extern void bpf_iter_task_destroy(struct bpf_iter_task *it) __ksym;
extern void bpf_preempt_disable(void) __ksym;
extern void bpf_preempt_enable(void) __ksym;
static long (*const pull)(struct __sk_buff *skb, unsigned length) = (void *)39;
static unsigned (*const random)(void) = (void *)7;
extern void bpf_throw(unsigned long cookie) __ksym;
char _license[] SEC("license") = "GPL";

// CHECK: reads: accepted
SEC("socket") int reads(struct __sk_buff *skb) {
  struct bpf_dynptr packet;
  char buffer[14] = {};
  bpf_dynptr_from_skb(skb, 0, &packet);
  const unsigned char *header = bpf_dynptr_slice(&packet, 0, buffer, sizeof(buffer));
  return header ? header[13] : 0;
}
// CHECK: untested: refused: V023 {{.*}}r0 is a memory pointer or null: compare it with null first
SEC("socket") int untested(struct __sk_buff *skb) {
  struct bpf_dynptr packet;
  char buffer[14] = {};
  bpf_dynptr_from_skb(skb, 0, &packet);
  return *(char *)bpf_dynptr_slice(&packet, 0, buffer, sizeof(buffer));
}
// CHECK: writes: refused: V030 {{.*}}programs of type socket_filter may not write to packets, as bpf_dynptr_slice_rdwr is for
SEC("socket") int writes(struct __sk_buff *skb) {
  struct bpf_dynptr packet;
  char buffer[14] = {};
  bpf_dynptr_from_skb(skb, 0, &packet);
  return !bpf_dynptr_slice_rdwr(&packet, 0, buffer, sizeof(buffer));
}
// CHECK: any_size: refused: V044 {{.*}}r4, a size that bpf_dynptr_slice gives memory of, is no constant
SEC("socket") int any_size(struct __sk_buff *skb) {
  struct bpf_dynptr packet;
  char buffer[14] = {};
  bpf_dynptr_from_skb(skb, 0, &packet);
  return !bpf_dynptr_slice(&packet, 0, buffer, random() & 7);
}
// CHECK: moved: refused: V022 {{.*}}is a number, no pointer
SEC("tc") int moved(struct __sk_buff *skb) {
  struct bpf_dynptr packet;
  char buffer[14] = {};
  bpf_dynptr_from_skb(skb, 0, &packet);
  volatile unsigned char *header = bpf_dynptr_slice(&packet, 0, buffer, sizeof(buffer));
  if (!header)
    return 0;
  pull(skb, 100);
  return header[13];
}
// CHECK: as_task: refused: V053 {{.*}}r1, an argument of bpf_iter_task_destroy, does not point to an iterator that was made
SEC("kprobe/f") int as_task(void *context) {
  struct {
    struct bpf_iter_bits bits;
    long more;
  } it;
  unsigned long word = 5;
  bpf_iter_bits_new(&it.bits, &word, 1);
  bpf_iter_task_destroy((struct bpf_iter_task *)&it);
  return 0;
}
// CHECK: awake: accepted
SEC("kprobe/f") int awake(void *context) {
  struct bpf_iter_task it;
  bpf_iter_task_new(&it, 0, 0);
  bpf_iter_task_destroy(&it);
  return 0;
}
// CHECK: off: refused: V047 {{.*}}the program ends without bpf_preempt_enable, after bpf_preempt_disable at instruction 0
SEC("kprobe/f") int off(void *context) {
  bpf_preempt_disable();
  return 0;
}
// CHECK: throws: refused: V008 {{.*}}bpf_throw is not followed here: exceptions
SEC("kprobe/f") int throws(void *context) {
  bpf_throw(1);
  return 0;
}
// CHECK: on: refused: V048 {{.*}}bpf_preempt_enable without bpf_preempt_disable
SEC("kprobe/f") int on(void *context) {
  bpf_preempt_enable();
  return 0;
}
// CHECK: asleep: refused: V041 {{.*}}bpf_iter_task_new is for read sections: call bpf_rcu_read_lock first
SEC("lsm.s/file_open") int asleep(void *context) {
  struct bpf_iter_task it;
  bpf_iter_task_new(&it, 0, 0);
  bpf_iter_task_destroy(&it);
  return 0;
}
