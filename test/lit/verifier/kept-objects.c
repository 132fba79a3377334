// SPDX-License-Identifier: MIT OR Apache-2.0
// Pointers to objects of the kernel in values of maps, also in arrays, structures and global variables: what is said of them.
// RUN: %clang -target bpf -mcpu=v4 -g -O2 -c %s -o %t.o
// RUN: not %bindir/kbpf-verify --kernel-btf %source/test/oracle/linux_types.btf %t.o | FileCheck %s
#define SEC(name) __attribute__((section(name), used))
#define __kptr __attribute__((btf_type_tag("kptr")))
#define __kptr_untrusted __attribute__((btf_type_tag("kptr_untrusted")))
#define __ksym __attribute__((section(".ksyms")))
struct task_struct {
  int pid;
} __attribute__((preserve_access_index));
struct file {
  int unknown;
};
struct pair {
  long before;
  struct task_struct __kptr *held[2];
  struct task_struct __kptr_untrusted *loose;
  struct file __kptr *nobody_gives_back;
};
struct {
  int (*type)[2];
  int (*max_entries)[1];
  int *key;
  struct pair *value;
} pairs SEC(".maps");
struct task_struct __kptr *global SEC(".data.held");

static void *(*const lookup)(void *map, const void *key) = (void *)1;
static void *(*const exchange)(void *field, void *object) = (void *)194;
extern struct task_struct *bpf_task_from_pid(int pid) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;
char _license[] SEC("license") = "GPL";

static __attribute__((always_inline)) struct pair *first(void) {
  int key = 0;
  return lookup(&pairs, &key);
}

// CHECK: puts: accepted
SEC("tp_btf/sched_switch") int puts(void *context) {
  struct pair *pair = first();
  struct task_struct *task = pair ? bpf_task_from_pid(1) : 0;
  if (!task)
    return 0;
  struct task_struct *old = exchange(&pair->held[1], task);
  if (old)
    bpf_task_release(old);
  return 0;
}
// CHECK: global_one: accepted
SEC("tp_btf/sched_switch") int global_one(void *context) {
  struct task_struct *task = bpf_task_from_pid(1);
  if (!task)
    return 0;
  task = exchange(&global, task);
  if (task)
    bpf_task_release(task);
  return 0;
}
// CHECK: forgets: refused: V047 {{.*}}the program ends while what was acquired at instruction {{[0-9]+}} has not been given back
SEC("tp_btf/sched_switch") int forgets(void *context) {
  struct pair *pair = first();
  if (pair)
    exchange(&pair->held[0], 0);
  return 0;
}
// CHECK: stores: refused: V054 {{.*}}offset 8: the value's pointer to an object of the kernel lies there, and what is put there is held: bpf_kptr_xchg does that
SEC("tp_btf/sched_switch") int stores(void *context) {
  struct pair *pair = first();
  if (pair)
    *(volatile long *)&pair->held[0] = 0;
  return 0;
}
// CHECK: stores_number: refused: V054 {{.*}}offset 24 of the value keeps a pointer to an object of the kernel, or 0; 1 is stored
SEC("tp_btf/sched_switch") int stores_number(void *context) {
  struct pair *pair = first();
  if (pair)
    asm volatile("*(u64 *)(%0 + 24) = 1" : : "r"(pair) : "memory");
  return 0;
}
// CHECK: half: refused: V054 {{.*}}it is accessed as a whole, at a fixed offset
SEC("tp_btf/sched_switch") int half(void *context) {
  struct pair *pair = first();
  return pair ? *(volatile int *)&pair->loose & 1 : 0;
}
// CHECK: untested: refused: V023 {{.*}}may be null
SEC("tp_btf/sched_switch") int untested(void *context) {
  struct pair *pair = first();
  if (pair)
    bpf_task_release(exchange(&pair->held[0], 0));
  return 0;
}
// CHECK: number: refused: V048 {{.*}}r2, given to bpf_kptr_xchg, was not acquired, or not here
SEC("tp_btf/sched_switch") int number(unsigned long *arguments) {
  struct pair *pair = first();
  struct task_struct *old = pair ? exchange(&pair->held[0], (void *)arguments[1]) : 0;
  if (old)
    bpf_task_release(old);
  return 0;
}
// CHECK: beside: refused: V054 {{.*}}r1, given to bpf_kptr_xchg, does not point to a field that keeps a held object (__kptr)
SEC("tp_btf/sched_switch") int beside(void *context) {
  struct pair *pair = first();
  struct task_struct *old = pair ? exchange(&pair->loose, 0) : 0;
  if (old)
    bpf_task_release(old);
  return 0;
}
// CHECK: no_destructor: refused: V054 {{.*}}it points to a type that Linux 6.12 has no destructor for, or that is not the kernel's
SEC("tp_btf/sched_switch") int no_destructor(void *context) {
  struct pair *pair = first();
  return pair ? *(volatile long *)&pair->nobody_gives_back & 1 : 0;
}
